//! Narrows a plan before anything is read: the operator's choice, the kinds that may be applied, the suppressions in
//! force now and the reference as it is now (rules 8.2).

use crate::catalogue::{ActionCode, SkipReason};
use crate::model::account_key::account_key;
use crate::model::accounts::Reference;
use crate::model::domains::DomainTable;
use crate::model::settings::Suppression;
use crate::run::plan_file::PlannedAction;
use std::collections::{BTreeSet, HashMap, HashSet};

/// The filters that an action must pass.
#[derive(Debug, Clone)]
pub struct Narrowing {
    /// Account keys of `--only-account`; empty keeps all.
    pub accounts: BTreeSet<String>,
    /// `--only-action`; empty keeps all.
    pub actions: BTreeSet<String>,
    /// The kinds of `apply.actions`.
    pub allowed: BTreeSet<ActionCode>,
    /// The suppressions that are in force now.
    pub suppressions: Vec<Suppression>,
    /// The reference as it is now; `None` if there is none.
    pub expected: Option<StillExpected>,
}

impl Default for Narrowing {
    /// Keeps every action.
    fn default() -> Self {
        Self {
            accounts: BTreeSet::new(),
            actions: BTreeSet::new(),
            allowed: ActionCode::ALL.into_iter().collect(),
            suppressions: Vec::new(),
            expected: None,
        }
    }
}

impl Narrowing {
    /// Why the action is left out: the first rule that excludes it. `None` if none does.
    pub fn leaves_out(&self, action: &PlannedAction) -> Option<SkipReason> {
        let key = account_key(&action.sf_account_id);
        let is_selected = (self.accounts.is_empty() || self.accounts.contains(&key))
            && (self.actions.is_empty() || self.actions.contains(&*action.action_id));
        if !is_selected {
            Some(SkipReason::NotSelected)
        } else if !self.allowed.contains(&action.action_code) {
            Some(SkipReason::ActionNotAllowed)
        } else if self.suppressions.iter().any(|suppression| silences(suppression, action, &key)) {
            Some(SkipReason::SuppressedSince)
        } else if self.expected.as_ref().is_some_and(|expected| !expected.still_plans(action, &key)) {
            Some(SkipReason::ReferenceChanged)
        } else {
            None
        }
    }
}

/// Whether a suppression hides the issue that the action repairs.
fn silences(suppression: &Suppression, action: &PlannedAction, key: &str) -> bool {
    let Suppression { code, sf_account_id: _, org_id, user_id, domain, issue_id, reason: _, expires: _ } = suppression;
    *code == action.issue_code()
        && suppression.account_key().is_none_or(|wanted| wanted == key)
        && org_id.is_none_or(|wanted| wanted == action.org_id)
        && user_id.is_none_or(|wanted| Some(wanted) == action.user_id)
        && domain.as_deref().is_none_or(|wanted| Some(wanted) == action.issue_domain())
        && issue_id.as_deref().is_none_or(|wanted| wanted == action.issue_id)
}

/// The current accounts, and the domains that only one account expects.
#[derive(Debug, Clone, Default)]
pub struct StillExpected {
    accounts: HashSet<String>,
    /// The key of the one account that expects the domain.
    alone: HashMap<String, String>,
}

impl StillExpected {
    /// Keeps the parts of a reference that a plan depends on; the texts of the domains are in `domains`.
    pub fn of(reference: &Reference, domains: &DomainTable) -> Self {
        let mut expected = Self::default();
        for account in &reference.accounts {
            let key = account.key().into_owned();
            let alone = account.domains.iter().filter(|domain| !reference.is_shared(**domain));
            expected.alone.extend(alone.map(|domain| (domains.text(*domain).to_owned(), key.clone())));
            expected.accounts.insert(key);
        }
        expected
    }

    /// Whether the account still exists and is the only one that expects the action's domain (for a link: at least one of the
    /// linking domains).
    fn still_plans(&self, action: &PlannedAction, key: &str) -> bool {
        self.accounts.contains(key)
            && action.domains().any(|domain| self.alone.get(domain).is_some_and(|holder| holder == key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::IssueCode;
    use crate::model::precondition::Precondition;
    use crate::run::plan_file::PlanFile;

    fn actions() -> Vec<PlannedAction> {
        let plan = include_bytes!("../../fixtures/all_codes/expected/fix_plan.json");
        PlanFile::parse(plan).expect("a plan").actions
    }

    fn of(code: ActionCode) -> PlannedAction {
        actions().into_iter().find(|action| action.action_code == code).expect("in the fixture")
    }

    fn suppression(code: IssueCode) -> Suppression {
        Suppression {
            code,
            sf_account_id: None,
            org_id: None,
            user_id: None,
            domain: None,
            issue_id: None,
            reason: "known".to_owned(),
            expires: None,
        }
    }

    #[test]
    fn nothing_is_left_out_by_default() {
        assert!(actions().iter().all(|action| Narrowing::default().leaves_out(action).is_none()));
    }

    #[test]
    fn a_suppression_silences_by_every_selector_of_the_issue() {
        for code in ActionCode::ALL {
            let action = of(code);
            let leaves = |suppression: Suppression| {
                Narrowing { suppressions: vec![suppression], ..Narrowing::default() }.leaves_out(&action)
            };
            let base = suppression(action.issue_code());
            let of_user = action.user_id.is_some();
            let matching = [
                base.clone(),
                Suppression { sf_account_id: Some(action.sf_account_id.to_lowercase()), ..base.clone() },
                Suppression { org_id: Some(action.org_id), ..base.clone() },
                Suppression { issue_id: Some(action.issue_id.to_string()), ..base.clone() },
            ];
            let opaque =
                crate::model::account_key::form(&action.sf_account_id) == crate::model::account_key::IdForm::Opaque;
            for suppression in matching {
                if suppression.sf_account_id.is_none() || opaque {
                    assert_eq!(leaves(suppression), Some(SkipReason::SuppressedSince), "{code}");
                }
            }
            let by_domain = Suppression {
                domain: Some(action.domain.as_deref().unwrap_or("x.example").to_owned()),
                ..base.clone()
            };
            assert_eq!(leaves(by_domain).is_some(), of_user, "{code}: the issue of an org has no domain");
            let by_user = Suppression { user_id: Some(action.user_id.unwrap_or(1)), ..base.clone() };
            assert_eq!(leaves(by_user).is_some(), of_user, "{code}");
            for other in [
                Suppression { org_id: Some(1), ..base.clone() },
                Suppression { sf_account_id: Some("other".to_owned()), ..base.clone() },
                suppression(IssueCode::TicketOrgMismatch),
            ] {
                assert_eq!(leaves(other), None, "{code}");
            }
        }
    }

    /// The reference as the action needs it.
    fn whole(action: &PlannedAction) -> StillExpected {
        let key = account_key(&action.sf_account_id);
        let alone = action.domains().map(|domain| (domain.to_owned(), key.clone())).collect();
        StillExpected { accounts: HashSet::from([key]), alone }
    }

    fn leaves(action: &PlannedAction, expected: StillExpected) -> Option<SkipReason> {
        Narrowing { expected: Some(expected), ..Narrowing::default() }.leaves_out(action)
    }

    #[test]
    fn an_account_must_still_expect_the_domain_alone() {
        for code in ActionCode::ALL {
            let action = of(code);
            assert_eq!(leaves(&action, whole(&action)), None, "{code}");
            let gone = StillExpected { accounts: HashSet::new(), ..whole(&action) };
            assert_eq!(leaves(&action, gone), Some(SkipReason::ReferenceChanged), "{code}: its account is gone");
            let shared = StillExpected { alone: HashMap::new(), ..whole(&action) };
            assert_eq!(leaves(&action, shared), Some(SkipReason::ReferenceChanged), "{code}: its domains are shared");
            let mut moved = whole(&action);
            moved.alone.values_mut().for_each(|holder| "other".clone_into(holder));
            assert_eq!(leaves(&action, moved), Some(SkipReason::ReferenceChanged), "{code}: its domains have moved");
        }
    }

    #[test]
    fn a_link_stays_planned_while_one_of_its_domains_is_still_expected_alone() {
        let mut set = of(ActionCode::SetOrgExternalId);
        set.preconditions.push(Precondition::OrgHasDomain("second.example".to_owned()));
        let domains: Vec<String> = set.domains().map(str::to_owned).collect();
        assert!(domains.len() > 1);
        for kept in &domains {
            let mut shared = whole(&set);
            shared.alone.retain(|domain, _| domain == kept);
            assert_eq!(leaves(&set, shared.clone()), None, "{kept} is left");
            let moved = domains.iter().filter(|domain| *domain != kept);
            shared.alone.extend(moved.map(|domain| (domain.clone(), "other".to_owned())));
            assert_eq!(leaves(&set, shared), None, "{kept} is left, the others have moved");
        }
    }

    #[test]
    fn the_reasons_come_in_their_order() {
        let action = of(ActionCode::AddOrgDomain);
        let mut narrowing = Narrowing {
            actions: BTreeSet::from(["A999".to_owned()]),
            allowed: BTreeSet::new(),
            suppressions: vec![suppression(action.issue_code())],
            expected: Some(StillExpected::default()),
            ..Narrowing::default()
        };
        assert_eq!(narrowing.leaves_out(&action), Some(SkipReason::NotSelected));
        narrowing.actions.clear();
        assert_eq!(narrowing.leaves_out(&action), Some(SkipReason::ActionNotAllowed));
        narrowing.allowed.insert(action.action_code);
        assert_eq!(narrowing.leaves_out(&action), Some(SkipReason::SuppressedSince));
        narrowing.suppressions.clear();
        assert_eq!(narrowing.leaves_out(&action), Some(SkipReason::ReferenceChanged));
        narrowing.expected = None;
        assert_eq!(narrowing.leaves_out(&action), None);
    }
}
