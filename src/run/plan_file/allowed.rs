//! Whether an audit under the configuration in force could have planned each action of a plan (rules 8.1).
//!
//! A plan can be edited and hashed again by hand, so what an audit never plans is refused whatever its hash is. Left out: the shape of
//! an action, which no configuration changes (the parent module).

use super::{PlanError, PlanFile, PlannedAction};
use crate::catalogue::ActionCode;
use crate::model::account_key::account_key;
use crate::model::precondition::Precondition;
use crate::model::settings::{DomainRules, Settings, UserRules};
use crate::reference;
use std::collections::HashMap;

impl PlanFile {
    /// Checks that an audit under these settings could have planned each action: its account has an id that a reference may hold,
    /// no precondition is missing that the settings demand, no domain is one that they leave out, and the actions of one account
    /// fit together. Errors: [`PlanError::Action`], for the first action that does not.
    pub fn check_settings(&self, settings: &Settings) -> Result<(), PlanError> {
        let mut accounts = Accounts::default();
        for action in &self.actions {
            check_id(action)
                .and_then(|()| check_preconditions(action, &settings.users))
                .and_then(|()| check_issue(action))
                .and_then(|()| check_domains(action, &settings.domains))
                .and_then(|()| accounts.check(action))
                .map_err(|what| PlanError::Action { action_id: action.action_id.to_string(), what })?;
        }
        Ok(())
    }
}

/// A reference with such an id is refused, and a doubtful one is never itself written.
fn check_id(action: &PlannedAction) -> Result<(), String> {
    let id = &*action.sf_account_id;
    if let Some(what) = reference::spoiled_id(id) {
        return Err(format!("its account is invalid in a reference: {what}"));
    }
    if action.action_code == ActionCode::SetOrgExternalId && reference::is_doubtful_id(id) {
        return Err(format!("the id `{id}` is doubtful, and a doubtful id is never written to Zendesk"));
    }
    Ok(())
}

fn check_preconditions(action: &PlannedAction, users: &UserRules) -> Result<(), String> {
    let of_user = matches!(action.action_code, ActionCode::AssignUserToOrg | ActionCode::MoveUserToOrg);
    let is_assign = action.action_code == ActionCode::AssignUserToOrg;
    let demanded = [
        (Precondition::UserNotSuspended, of_user && !users.include_suspended),
        (Precondition::UserVerified, is_assign && users.require_verified),
    ];
    match demanded.iter().find(|(demand, is)| *is && !action.preconditions.contains(demand)) {
        Some((demand, _)) => Err(format!("it lacks the precondition {demand}, which this configuration requires")),
        None => Ok(()),
    }
}

/// A suppression may name the issue.
fn check_issue(action: &PlannedAction) -> Result<(), String> {
    let issue_id = action.expected_issue_id();
    if action.issue_id == issue_id {
        return Ok(());
    }
    Err(format!("`issue_id` is \"{}\", but must be \"{issue_id}\"", action.issue_id))
}

fn check_domains(action: &PlannedAction, domains: &DomainRules) -> Result<(), String> {
    for domain in action.domains() {
        let kind = if domains.personal.contains(domain) {
            "a personal domain"
        } else if domains.platforms.is_platform(domain) {
            "the domain of a platform"
        } else if domains.ignored.contains(domain) {
            "an ignored domain"
        } else {
            continue;
        };
        return Err(format!("{domain} is {kind} in this configuration, so no audit plans with it"));
    }
    Ok(())
}

/// What the actions so far say of accounts, orgs and domains: an audit gives an account one org, an org one account, and a domain to
/// one account alone.
#[derive(Default)]
struct Accounts<'p> {
    /// Spelling and org, by account key.
    orgs: HashMap<String, (&'p str, u64)>,
    /// The account key of an org.
    accounts: HashMap<u64, String>,
    /// The account key of a domain.
    domains: HashMap<&'p str, String>,
    /// The link of an account, by its key: everything else of the account depends on it.
    links: HashMap<String, &'p str>,
}

impl<'p> Accounts<'p> {
    fn check(&mut self, action: &'p PlannedAction) -> Result<(), String> {
        let (id, org, key) = (&*action.sf_account_id, action.org_id, account_key(&action.sf_account_id));
        let first = *self.orgs.entry(key.clone()).or_insert((id, org));
        if first != (id, org) {
            let (id, org) = first;
            return Err(format!("an earlier action has the same account as `{id}` with org {org}"));
        }
        if *self.accounts.entry(org).or_insert_with(|| key.clone()) != key {
            return Err(format!("an earlier action takes org {org} for another account's"));
        }
        for domain in action.domains() {
            if *self.domains.entry(domain).or_insert_with(|| key.clone()) != key {
                return Err(format!("an earlier action takes {domain} for another account's domain"));
            }
        }
        let link = self.links.get(&key).copied();
        if action.depends_on.iter().map(|id| &**id).ne(link) {
            let must = link.map_or_else(|| "nothing".to_owned(), |link| format!("{link}, which links its account"));
            return Err(format!("it must depend on {must}"));
        }
        if action.action_code == ActionCode::SetOrgExternalId {
            self.links.insert(key, &action.action_id);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ALL_CODES, first, rehashed};
    use super::*;
    use crate::model::platforms::Platforms;
    use serde_json::{Value, json};

    /// Why the plan with this change, and the hash that is then right, is refused.
    fn refused(change: impl FnOnce(&mut Value)) -> String {
        let plan = rehashed(change).expect("its shape is right");
        assert_eq!(plan.hash, plan.stated_hash);
        plan.check_settings(&Settings::default()).expect_err("refused").to_string()
    }

    /// Replaces the account's id in each action of the file, with the ids of issues that follow from it.
    fn renamed(file: &mut Value, from: &str, to: &str) {
        let text = file["plan"]["actions"].to_string().replace(&format!("\"{from}\""), &format!("\"{to}\""));
        file["plan"]["actions"] = serde_json::from_str(&text).expect("JSON");
        for action in file["plan"]["actions"].as_array_mut().expect("a list") {
            if action["sf_account_id"] == to {
                let read: PlannedAction = serde_json::from_value(action.clone()).expect("an action");
                action["issue_id"] = read.expected_issue_id().into();
                if action["action_code"] == "set_org_external_id" {
                    action["to"] = crate::model::account_key::external_id_for(to).into();
                }
            }
        }
    }

    #[test]
    fn an_id_that_no_audit_writes_is_refused_whatever_the_hash() {
        let plan = PlanFile::parse(ALL_CODES.as_bytes()).expect("a plan");
        let set = plan.actions[first(ActionCode::SetOrgExternalId)].sf_account_id.to_string();
        for (id, cause) in [
            ("0015G00000ABCDE", "the id `0015G00000ABCDE` is doubtful"),
            ("0015g00000AbCdEBAV", "the id `0015g00000AbCdEBAV` is doubtful"),
            ("0035g00000AbCdEAAV", "`0035g00000AbCdEAAV` is the id of a contact"),
            ("1.50E+16", "the id `1.50E+16` is a number from a spreadsheet"),
            ("001\u{200b}A", "contains an invisible character (U+200B)"),
        ] {
            let error = refused(|file| renamed(file, &set, id));
            assert!(error.contains(cause), "{id}: {error}");
        }
        let fine = rehashed(|file| renamed(file, &set, "0015g00000AbCdEAAV")).expect("a plan");
        assert_eq!(fine.check_settings(&Settings::default()), Ok(()));
    }

    #[test]
    fn a_linked_account_with_a_doubtful_id_may_have_its_domains_added() {
        let plan = PlanFile::parse(ALL_CODES.as_bytes()).expect("a plan");
        let is_linked = |action: &&PlannedAction| action.depends_on.is_empty() && action.user_id.is_some();
        let linked = plan.actions.iter().find(is_linked).expect("a linked account").sf_account_id.to_string();
        let plan = rehashed(|file| renamed(file, &linked, "0015G00000ABCDE")).expect("a plan");
        assert_eq!(plan.check_settings(&Settings::default()), Ok(()), "its org holds that id already");
    }

    #[test]
    fn the_actions_of_an_account_fit_together() {
        let plan = PlanFile::parse(ALL_CODES.as_bytes()).expect("a plan");
        let dependent = plan.actions.iter().position(|action| !action.depends_on.is_empty()).expect("in the fixture");
        let error = refused(|file| file["plan"]["actions"][dependent]["depends_on"] = json!([]));
        assert!(error.contains("it must depend on A"), "{error}");
        let twice: Vec<Value> =
            plan.actions[dependent].depends_on.iter().flat_map(|id| [json!(id), json!(id)]).collect();
        let error = refused(|file| file["plan"]["actions"][dependent]["depends_on"] = json!(twice));
        assert!(error.contains("it must depend on A"), "{error}");

        // The org of another account, with everything else as it must be.
        let sets: Vec<usize> = (0..plan.actions.len())
            .filter(|at| plan.actions[*at].action_code == ActionCode::SetOrgExternalId)
            .collect();
        let assign = first(ActionCode::AssignUserToOrg);
        let [one, other] = [&plan.actions[sets[0]], &plan.actions[assign]];
        assert_ne!(one.org_id, other.org_id);
        let reorg = |file: &mut Value| {
            let action = &mut file["plan"]["actions"][assign];
            (action["org_id"], action["to"]) = (json!(one.org_id), json!(one.org_id.to_string()));
            action["depends_on"] = json!([]);
            let read: PlannedAction = serde_json::from_value(action.clone()).expect("an action");
            action["issue_id"] = read.expected_issue_id().into();
        };
        let error = refused(reorg);
        assert!(error.contains("an earlier action"), "{error}");

        // The domain of another account.
        let domain = one.domains().next().expect("a domain").to_owned();
        let error = refused(|file| {
            let action = &mut file["plan"]["actions"][assign];
            let own = other.domain.as_deref().expect("a domain");
            let text = action.to_string().replace(own, &domain);
            *action = serde_json::from_str(&text).expect("JSON");
            let read: PlannedAction = serde_json::from_value(action.clone()).expect("an action");
            action["issue_id"] = read.expected_issue_id().into();
        });
        assert!(error.contains(&format!("an earlier action takes {domain} for another account's domain")), "{error}");
    }

    #[test]
    fn the_configuration_in_force_must_allow_each_action() {
        let plan = PlanFile::parse(ALL_CODES.as_bytes()).expect("a plan");
        let settings = Settings::default();
        assert_eq!(plan.check_settings(&settings), Ok(()));
        for action in &plan.actions {
            for domain in action.domains() {
                for kind in ["a personal domain", "an ignored domain"] {
                    let mut settings = Settings::default();
                    let list = if kind.contains("personal") {
                        &mut settings.domains.personal
                    } else {
                        &mut settings.domains.ignored
                    };
                    list.insert(domain.to_owned());
                    let error = plan.check_settings(&settings).expect_err("refused").to_string();
                    assert!(error.contains(&format!("{domain} is {kind} in this configuration")), "{error}");
                }
            }
        }
        for code in [ActionCode::SetOrgExternalId, ActionCode::AddOrgDomain] {
            let of_a_platform = rehashed(|file| {
                let action = &mut file["plan"]["actions"][first(code)];
                let domain = plan.actions[first(code)].domains().next().expect("a domain").to_owned();
                let changed = action.to_string().replace(&domain, "acme.wordpress.com");
                *action = serde_json::from_str(&changed).expect("JSON");
            });
            let of_a_platform = of_a_platform.expect("its shape is right");
            let error = of_a_platform.check_settings(&settings).expect_err("refused").to_string();
            let cause = "acme.wordpress.com is the domain of a platform in this configuration";
            assert!(error.contains(cause), "{code}: {error}");
            let mut allowing = Settings::default();
            allowing.domains.platforms = Platforms::without(["acme.wordpress.com".to_owned()].into_iter().collect());
            assert_eq!(of_a_platform.check_settings(&allowing), Ok(()), "{code}");
        }
        let without = |precondition: &str| {
            let result = rehashed(|file| {
                for action in file["plan"]["actions"].as_array_mut().expect("a list") {
                    action["preconditions"].as_array_mut().expect("a list").retain(|one| one != precondition);
                }
            });
            result.expect("a plan of another configuration")
        };
        let other = rehashed(|file| file["plan"]["actions"][0]["issue_id"] = "i0000000000000000".into());
        assert!(other.expect("its shape is right").check_settings(&settings).is_err());
        let mut lenient = Settings::default();
        lenient.users.require_verified = false;
        assert_eq!(without("user_verified").check_settings(&lenient), Ok(()));
        assert!(without("user_verified").check_settings(&settings).is_err());
        lenient.users = crate::model::settings::UserRules { include_suspended: true, ..Settings::default().users };
        assert_eq!(without("user_not_suspended").check_settings(&lenient), Ok(()));
        assert!(without("user_not_suspended").check_settings(&settings).is_err());
    }
}
