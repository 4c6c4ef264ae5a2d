//! The accounts that are in the baseline but not in the reference (rules 6.2). A missing row can make a shared domain look as if
//! one account owned it, and a user who needs a review would then get access.

use crate::catalogue::WarningCode;
use crate::model::accounts::{BaselineAccounts, Reference};
use crate::model::untrusted::Untrusted;
use crate::model::warning::Warning;
use crate::text::words::counted;
use std::collections::HashSet;

/// An account of the baseline that is not in the reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostAccount {
    pub account_key: String,
    /// As the baseline had it.
    pub sf_account_id: Untrusted,
    pub account_name: Untrusted,
}

/// The lost accounts, ordered by `sf_account_id`, byte by byte.
pub fn lost(reference: &Reference, baseline: &BaselineAccounts) -> Vec<LostAccount> {
    let present: HashSet<_> = reference.accounts.iter().map(|account| account.key()).collect();
    let gone = baseline.accounts.iter().filter(|(key, _)| !present.contains(key.as_str()));
    let mut lost: Vec<LostAccount> = gone
        .map(|(key, account)| LostAccount {
            account_key: key.clone(),
            sf_account_id: Untrusted::verbatim(&account.sf_account_id),
            account_name: Untrusted::verbatim(&account.account_name),
        })
        .collect();
    lost.sort_by(|a, b| (&a.sf_account_id, &a.account_key).cmp(&(&b.sf_account_id, &b.account_key)));
    lost
}

/// The warning that a reference shrank, if more of the baseline's accounts are lost than `max_lost_percent` allows.
pub fn warning(lost: usize, baseline: &BaselineAccounts, max_lost_percent: u64) -> Option<Warning> {
    shrank(lost, baseline, max_lost_percent).then(|| {
        let message = format!(
            "{lost} of the {} of the baseline are not in this reference, more than {max_lost_percent} %, so no \
                action is prepared (salesforce.max_lost_percent)",
            counted(baseline.accounts.len() as u64, "account")
        );
        Warning::general(WarningCode::ReferenceShrank, message)
    })
}

fn shrank(lost: usize, baseline: &BaselineAccounts, max_lost_percent: u64) -> bool {
    lost as u128 * 100 > u128::from(max_lost_percent) * baseline.accounts.len() as u128
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::accounts::BaselineAccount;

    fn baseline(accounts: usize) -> BaselineAccounts {
        let one = |number: usize| {
            let account = BaselineAccount { sf_account_id: format!("S{number}"), account_name: String::new() };
            (format!("s{number}"), account)
        };
        BaselineAccounts { run_id: String::new(), accounts: (0..accounts).map(one).collect() }
    }

    #[test]
    fn a_reference_shrank_when_more_than_the_share_is_lost() {
        assert!(!shrank(1, &baseline(20), 5), "exactly the share");
        assert!(shrank(2, &baseline(20), 5) && shrank(1, &baseline(19), 5));
        assert!(!shrank(0, &baseline(20), 0) && shrank(1, &baseline(20), 0));
        assert!(!shrank(20, &baseline(20), 100) && !shrank(0, &baseline(0), 0));
        assert!(!shrank(20, &baseline(20), u64::MAX));
    }

    #[test]
    fn without_any_row_left_all_are_lost_in_the_order_of_their_ids() {
        let lost = lost(&Reference::default(), &baseline(11));
        let ids: Vec<&str> = lost.iter().map(|account| account.sf_account_id.raw()).collect();
        assert_eq!(ids, ["S0", "S1", "S10", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9"]);
    }
}
