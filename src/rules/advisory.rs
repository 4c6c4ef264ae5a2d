//! Advisories: what an operator should know and no code covers (rules 6.6). They are never counted as issues and never acted
//! on.

use crate::catalogue::AdvisoryCode;
use crate::model::at::OrgAt;

/// One row of `advisories.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advisory {
    pub code: AdvisoryCode,
    /// The index in `Audit::lost`, for `account_lost` alone.
    pub lost: Option<usize>,
    /// For the codes about orgs.
    pub org: Option<OrgAt>,
    /// In its normal form.
    pub domain: Option<Box<str>>,
    /// In-scope users with this default org or, without an org, with this domain.
    pub user_count: Option<u64>,
    /// Tickets of the window in the org or, without an org, requested by these users; absent when tickets are not read.
    pub ticket_count: Option<u64>,
    /// One sentence for a person. It may hold outside text: escape it where it is shown.
    pub detail: String,
}
