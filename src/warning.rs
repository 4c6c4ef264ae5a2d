//! Warnings: what the operator should know, although nothing failed (contract 3).

use crate::catalogue::WarningCode;
use serde::Serialize;

/// One warning. Its texts may hold outside text: they are escaped where they are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
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

impl Serialize for Warning {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let Self { code, line, sf_account_id, domain, message } = self;
        let mut fields = serializer.serialize_struct("Warning", 5)?;
        fields.serialize_field("code", code.as_str())?;
        fields.serialize_field("line", line)?;
        fields.serialize_field("sf_account_id", sf_account_id)?;
        fields.serialize_field("domain", domain)?;
        fields.serialize_field("message", message)?;
        fields.end()
    }
}

/// Orders warnings: by code, line, domain.
pub fn sort(warnings: &mut [Warning]) {
    warnings.sort_by(|a, b| (a.code, a.line, &a.domain).cmp(&(b.code, b.line, &b.domain)));
}
