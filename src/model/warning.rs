//! Warnings: what the operator should know, although nothing failed (rules 3).

use crate::catalogue::WarningCode;
use serde::{Deserialize, Serialize};

/// One warning. Its texts may quote other systems: escape them where you show them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Warning {
    pub code: WarningCode,
    /// The line of the reference CSV on which the row starts.
    pub line: Option<u32>,
    pub sf_account_id: Option<String>,
    pub domain: Option<String>,
    pub message: String,
}

impl Warning {
    /// A warning that belongs to no row.
    pub fn general(code: WarningCode, message: String) -> Self {
        Self { code, line: None, sf_account_id: None, domain: None, message }
    }
}

/// Orders warnings: by code, line, domain.
pub fn sort(warnings: &mut [Warning]) {
    warnings.sort_by(|a, b| (a.code, a.line, &a.domain).cmp(&(b.code, b.line, &b.domain)));
}
