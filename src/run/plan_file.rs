//! `fix_plan.json` read back: parsed, its hash recomputed, and every action checked to be one that an audit could have
//! planned (contract 7).
//!
//! A plan is read strictly. The hash shows that nobody changed the file by accident; the shape of each action makes sure
//! that no precondition was left out on purpose. Left out: whether the plan may be applied now (`apply`).

use crate::catalogue::ActionCode;
use crate::digest::sha256;
use crate::model::account_key::external_id_for;
use crate::model::domain;
use crate::model::precondition::Precondition;
use crate::model::time::Instant;
use crate::run::artifacts::Source;
use crate::run::artifacts::plan::SCHEMA;
use crate::run::artifacts::rows;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;

/// A prepared action that was read.
pub type PlannedAction = rows::PlannedAction<'static>;
/// A blocked action that was read.
pub type BlockedAction = rows::BlockedAction<'static>;

/// A plan as its file tells it.
#[derive(Debug, Clone)]
pub struct PlanFile {
    /// The hash that the file states.
    pub stated_hash: String,
    /// The hash of what the file holds: 64 lower-case hex digits.
    pub hash: String,
    pub run_id: String,
    pub created_at: Instant,
    pub as_of: Instant,
    pub source: Source,
    /// `scheme://host[:port]`.
    pub zendesk: String,
    pub actions: Vec<PlannedAction>,
    pub blocked: Vec<BlockedAction>,
}

/// Why a text is no plan that this program may work with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("it is not JSON: {0}")]
    NotJson(String),
    #[error("it is no fix plan: it has no `schema`")]
    NoSchema,
    #[error("its schema is \"{0}\", and this program knows {SCHEMA}")]
    UnknownSchema(String),
    #[error("it is no fix plan: {0}")]
    Shape(String),
    #[error("action {action_id}: {what}")]
    Action { action_id: String, what: String },
    /// The content is not what an audit writes, and has another hash than the file states: somebody has changed it.
    #[error("the plan was changed: its content has the hash {found}, and it says {stated}")]
    Changed { stated: String, found: String },
}

#[derive(Deserialize)]
struct File {
    plan_hash: String,
    run_id: String,
    created_at: String,
    as_of: String,
    plan: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    source: Source,
    zendesk: String,
    actions: Vec<PlannedAction>,
    blocked: Vec<BlockedAction>,
}

impl PlanFile {
    /// Reads the bytes of a plan file. Whether its two hashes agree is the caller's question, unless the content makes no
    /// sense: then a hash that does not agree is the better answer.
    pub fn parse(bytes: &[u8]) -> Result<Self, PlanError> {
        let value: Value = serde_json::from_slice(bytes).map_err(|error| PlanError::NotJson(error.to_string()))?;
        match value.get("schema") {
            Some(Value::String(schema)) if schema == SCHEMA => {}
            Some(Value::String(schema)) => return Err(PlanError::UnknownSchema(schema.clone())),
            _ => return Err(PlanError::NoSchema),
        }
        let shape = |error: serde_json::Error| PlanError::Shape(error.to_string());
        let File { plan_hash, run_id, created_at, as_of, plan } = serde_json::from_value(value).map_err(shape)?;
        let time = |name: &str, text: &str| {
            Instant::parse(text).ok_or_else(|| PlanError::Shape(format!("`{name}` is no time: \"{text}\"")))
        };
        let canonical = serde_json_canonicalizer::to_vec(&plan).map_err(|error| PlanError::Shape(error.to_string()))?;
        let hash = sha256(&canonical);
        let (created_at, as_of) = (time("created_at", &created_at)?, time("as_of", &as_of)?);
        let content = Plan::read(plan);
        let Plan { source, zendesk, actions, blocked } = match content {
            Err(_) if hash != plan_hash => return Err(PlanError::Changed { stated: plan_hash, found: hash }),
            content => content?,
        };
        Ok(Self { stated_hash: plan_hash, hash, run_id, created_at, as_of, source, zendesk, actions, blocked })
    }
}

impl Plan {
    fn read(value: Value) -> Result<Self, PlanError> {
        let plan: Self = serde_json::from_value(value).map_err(|error| PlanError::Shape(error.to_string()))?;
        check_order(&plan.actions)?;
        for action in &plan.actions {
            let action_id = action.action_id.to_string();
            check(action).map_err(|what| PlanError::Action { action_id, what })?;
        }
        Ok(plan)
    }
}

/// Every action has an id of its own, and depends on earlier ones of the same account and org only.
fn check_order(actions: &[PlannedAction]) -> Result<(), PlanError> {
    let mut earlier: HashMap<&str, &PlannedAction> = HashMap::new();
    for action in actions {
        // It names the action on the command line, in the journal and on terminals.
        if !action.action_id.strip_prefix('A').is_some_and(|n| !n.is_empty() && n.bytes().all(|c| c.is_ascii_digit())) {
            return Err(PlanError::Shape(format!("\"{}\" is no id of an action", action.action_id)));
        }
        let wrong = |what: String| PlanError::Action { action_id: action.action_id.to_string(), what };
        for dependency in &action.depends_on {
            match earlier.get(&**dependency) {
                Some(first)
                    if first.action_code == ActionCode::SetOrgExternalId
                        && first.org_id == action.org_id
                        && first.sf_account_id == action.sf_account_id => {}
                _ => {
                    return Err(wrong(format!(
                        "it depends on {dependency}, which is no link of its account before it"
                    )));
                }
            }
        }
        if earlier.insert(&action.action_id, action).is_some() {
            return Err(wrong("another action has the same id".to_owned()));
        }
    }
    Ok(())
}

/// The members that each kind of action has, and the preconditions that guard it, in their order.
fn check(action: &PlannedAction) -> Result<(), String> {
    use Precondition as P;
    let PlannedAction { action_code, sf_account_id, org_id, user_id, membership_id, domain, to, preconditions, .. } =
        action;
    let is_domain = |text: &str| domain::normalize(text).is_ok_and(|normal| normal == text);
    let of_user = matches!(action_code, ActionCode::AssignUserToOrg | ActionCode::MoveUserToOrg);
    let has = [
        ("user_id", user_id.is_some(), of_user),
        ("membership_id", membership_id.is_some(), *action_code == ActionCode::MoveUserToOrg),
        ("domain", domain.is_some(), *action_code != ActionCode::SetOrgExternalId),
    ];
    if let Some((name, is, _)) = has.into_iter().find(|(_, is, should)| is != should) {
        return Err(format!("a {action_code} has {} `{name}`", if is { "no" } else { "a" }));
    }
    let expected_to = match action_code {
        ActionCode::SetOrgExternalId => external_id_for(sf_account_id).into_owned(),
        ActionCode::AddOrgDomain => domain.as_deref().unwrap_or_default().to_owned(),
        ActionCode::AssignUserToOrg | ActionCode::MoveUserToOrg => org_id.to_string(),
    };
    if *to != expected_to || to.is_empty() {
        return Err(format!("`to` is \"{to}\", and must be \"{expected_to}\""));
    }
    let domain = domain.as_deref().unwrap_or_default().to_owned();
    if *action_code == ActionCode::AddOrgDomain && !is_domain(&domain) {
        return Err(format!("\"{domain}\" is no domain in its normal form"));
    }
    let linking = || preconditions.iter().filter(|p| matches!(p, P::OrgHasDomain(d) if is_domain(d))).cloned();
    let optional = |p: Precondition| preconditions.contains(&p).then_some(p);
    let expected: Vec<Precondition> = match action_code {
        ActionCode::SetOrgExternalId => {
            if linking().next().is_none() {
                return Err("it has no precondition org_has_domain, which is what links the org".to_owned());
            }
            [P::OrgExists, P::OrgExternalIdIsBlank, P::ExternalIdUnused].into_iter().chain(linking()).collect()
        }
        ActionCode::AddOrgDomain => vec![
            P::OrgExists,
            P::OrgExternalIdIsAccount,
            P::OrgLacksDomain(domain.clone()),
            P::DomainUnused(domain.clone()),
        ],
        ActionCode::AssignUserToOrg => [P::OrgExists, P::OrgExternalIdIsAccount, P::UserExists, P::UserActive]
            .into_iter()
            .chain(optional(P::UserNotSuspended))
            .chain(optional(P::UserVerified))
            .chain([P::UserEmailDomain(domain.clone()), P::UserNotMember, P::MultipleOrganizationsOnOrFirst])
            .collect(),
        ActionCode::MoveUserToOrg => [P::OrgExists, P::OrgExternalIdIsAccount, P::UserExists, P::UserActive]
            .into_iter()
            .chain(optional(P::UserNotSuspended))
            .chain([P::UserEmailDomain(domain.clone()), P::UserIsMember, P::MembershipNotDefault])
            .collect(),
    };
    if *preconditions != expected {
        let names = |list: &[Precondition]| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        return Err(format!("its preconditions are {}, and must be {}", names(preconditions), names(&expected)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const DEMO: &str = include_str!("../../fixtures/demo/expected/fix_plan.json");
    const ALL_CODES: &str = include_str!("../../fixtures/all_codes/expected/fix_plan.json");

    fn changed(change: impl FnOnce(&mut Value)) -> Result<PlanFile, PlanError> {
        let mut value: Value = serde_json::from_str(ALL_CODES).expect("JSON");
        change(&mut value);
        PlanFile::parse(value.to_string().as_bytes())
    }

    /// The same by somebody who can compute a hash.
    fn rehashed(change: impl FnOnce(&mut Value)) -> Result<PlanFile, PlanError> {
        changed(|file| {
            change(file);
            let canonical = serde_json_canonicalizer::to_vec(&file["plan"]).expect("canonical");
            file["plan_hash"] = sha256(&canonical).into();
        })
    }

    /// The index of the first action of a kind.
    fn first(code: ActionCode) -> usize {
        let plan = PlanFile::parse(ALL_CODES.as_bytes()).expect("a plan");
        plan.actions.iter().position(|action| action.action_code == code).expect("in the fixture")
    }

    #[test]
    fn what_an_audit_writes_is_read_and_its_hash_recomputed() {
        for text in [DEMO, ALL_CODES] {
            let plan = PlanFile::parse(text.as_bytes()).expect("a plan");
            assert_eq!(plan.hash, plan.stated_hash);
            assert!(!plan.actions.is_empty() && !plan.blocked.is_empty());
        }
        let rewritten: Value = serde_json::from_str(DEMO).expect("JSON");
        let plan = PlanFile::parse(rewritten.to_string().as_bytes()).expect("white space and order are not meaning");
        assert_eq!(plan.hash, plan.stated_hash);
    }

    #[test]
    fn one_changed_value_changes_the_hash() {
        let plan = changed(|file| file["plan"]["actions"][0]["account_name"] = "Other".into()).expect("a plan");
        assert_ne!(plan.hash, plan.stated_hash);
        let plan = changed(|file| file["run_id"] = "other".into()).expect("a plan");
        assert_eq!(plan.hash, plan.stated_hash, "the run is not part of the plan");
    }

    #[test]
    fn another_schema_is_not_guessed_at() {
        let error = |change: fn(&mut Value)| changed(change).expect_err("refused").to_string();
        assert_eq!(
            error(|file| file["schema"] = "g-gremlin/zendesk-drift/plan/2".into()),
            "its schema is \"g-gremlin/zendesk-drift/plan/2\", and this program knows g-gremlin/zendesk-drift/plan/1"
        );
        assert_eq!(error(|file| file["schema"] = 1.into()), "it is no fix plan: it has no `schema`");
        let more = rehashed(|file| file["plan"]["more"] = 1.into()).expect_err("refused").to_string();
        assert!(more.starts_with("it is no fix plan: unknown field `more`"), "{more}");
        assert!(error(|file| file["as_of"] = "soon".into()).starts_with("it is no fix plan: `as_of` is no time"));
        assert!(matches!(PlanFile::parse(b"{"), Err(PlanError::NotJson(_))));
    }

    #[test]
    fn an_action_without_one_of_its_preconditions_is_refused() {
        for code in ActionCode::ALL {
            let at = first(code);
            let count = PlanFile::parse(ALL_CODES.as_bytes()).expect("a plan").actions[at].preconditions.len();
            for left_out in 0..count {
                let result = rehashed(|file| {
                    file["plan"]["actions"][at]["preconditions"].as_array_mut().expect("a list").remove(left_out);
                });
                let list = &PlanFile::parse(ALL_CODES.as_bytes()).expect("a plan").actions[at].preconditions;
                match &list[left_out] {
                    // Left out where the configuration says so.
                    Precondition::UserNotSuspended | Precondition::UserVerified => assert!(result.is_ok()),
                    // The account may have another linking domain.
                    Precondition::OrgHasDomain(_) if count > 4 => assert!(result.is_ok()),
                    other => assert!(matches!(result, Err(PlanError::Action { .. })), "{code} without {other}"),
                }
            }
        }
    }

    #[test]
    fn an_action_that_aims_elsewhere_is_refused() {
        let assign = first(ActionCode::AssignUserToOrg);
        for (member, value) in [
            ("to", json!("999")),
            ("user_id", Value::Null),
            ("membership_id", json!(1)),
            ("domain", Value::Null),
            ("depends_on", json!(["A999"])),
            ("action_id", json!("A001")),
        ] {
            let change = |file: &mut Value| file["plan"]["actions"][assign][member] = value.clone();
            let result = rehashed(change);
            assert!(matches!(result, Err(PlanError::Action { .. })), "{member}: {result:?}");
            let result = changed(change);
            assert!(matches!(result, Err(PlanError::Changed { .. })), "{member}: {result:?}");
        }
        for id in ["", "A", "B001", "A001\u{1b}[2J", "A-1"] {
            let result = rehashed(|file| file["plan"]["actions"][assign]["action_id"] = id.into());
            assert!(matches!(result, Err(PlanError::Shape(_))), "{id:?}: {result:?}");
        }
        let set = first(ActionCode::SetOrgExternalId);
        let result = rehashed(|file| file["plan"]["actions"][set]["to"] = "001OTHER".into());
        assert!(matches!(result, Err(PlanError::Action { .. })));
    }
}
