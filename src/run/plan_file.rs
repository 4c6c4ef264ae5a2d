//! `fix_plan.json` read back: parsed, its hash recomputed, and every action checked to be one that an audit could have
//! planned (rules 7 and 8.1).
//!
//! A plan is read strictly. The hash shows that the file was not changed by accident; the shape of each action makes sure
//! that no precondition was left out on purpose, and that no write is planned twice. Left out: whether the plan may be applied
//! now (`apply`).

mod allowed;

use super::strict_json;
use crate::catalogue::{ActionCode, IssueCode};
use crate::digest::sha256;
use crate::model::account_key::{account_key, external_id_for};
use crate::model::domain;
use crate::model::precondition::Precondition;
use crate::model::time::Instant;
use crate::rules::issue::IssueId;
use crate::run::artifacts::Source;
use crate::run::artifacts::plan::SCHEMA;
use crate::run::artifacts::rows;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// A prepared action that was read.
pub type PlannedAction = rows::PlannedActionRow<'static>;
/// A blocked action that was read.
pub type BlockedAction = rows::BlockedActionRow<'static>;

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

/// Why a text is not a plan that this program may work with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("it is not JSON: {0}")]
    NotJson(String),
    #[error("it is not a fix plan: it has no `schema`")]
    NoSchema,
    #[error("its schema is \"{0}\", but this program reads {SCHEMA}")]
    UnknownSchema(String),
    #[error("it is not a fix plan: {0}")]
    Shape(String),
    #[error("action {action_id}: {what}")]
    Action { action_id: String, what: String },
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
    /// Reads the bytes of a plan file. Whether its two hashes agree is the caller's question.
    pub fn parse(bytes: &[u8]) -> Result<Self, PlanError> {
        let value = strict_json::parse(bytes).map_err(|error| PlanError::NotJson(error.to_string()))?;
        match value.get("schema") {
            Some(Value::String(schema)) if schema == SCHEMA => {}
            Some(Value::String(schema)) => return Err(PlanError::UnknownSchema(schema.clone())),
            _ => return Err(PlanError::NoSchema),
        }
        let shape = |error: serde_json::Error| PlanError::Shape(error.to_string());
        let File { plan_hash, run_id, created_at, as_of, plan } = serde_json::from_value(value).map_err(shape)?;
        let time = |name: &str, text: &str| {
            Instant::parse(text).ok_or_else(|| PlanError::Shape(format!("`{name}` is not a time: \"{text}\"")))
        };
        let canonical = serde_json_canonicalizer::to_vec(&plan).map_err(|error| PlanError::Shape(error.to_string()))?;
        let (created_at, as_of) = (time("created_at", &created_at)?, time("as_of", &as_of)?);
        let Plan { source, zendesk, actions, blocked } = Plan::read(plan)?;
        let hash = sha256(&canonical);
        Ok(Self { stated_hash: plan_hash, hash, run_id, created_at, as_of, source, zendesk, actions, blocked })
    }
}

impl PlannedAction {
    /// The domains that the action rests on: its own, or those that link the org.
    pub fn domains(&self) -> impl Iterator<Item = &str> {
        let linking = self.preconditions.iter().filter_map(|precondition| match precondition {
            Precondition::OrgHasDomain(domain) => Some(domain.as_str()),
            _ => None,
        });
        self.domain.as_deref().into_iter().chain(linking)
    }

    /// The code of the issue that the action repairs.
    pub fn issue_code(&self) -> IssueCode {
        match self.action_code {
            ActionCode::SetOrgExternalId => IssueCode::OrgMissingExternalId,
            ActionCode::AddOrgDomain => IssueCode::OrgMissingExpectedDomain,
            ActionCode::AssignUserToOrg => IssueCode::UserMissingExpectedMembership,
            ActionCode::MoveUserToOrg => IssueCode::UserDefaultOrgNotExpected,
        }
    }

    /// The id of that issue.
    fn expected_issue_id(&self) -> String {
        let (key, domain) = (account_key(&self.sf_account_id), self.issue_domain().unwrap_or_default());
        IssueId::of(self.issue_code(), &key, Some(self.org_id), self.user_id, None, domain).to_string()
    }

    /// The domain of that issue: an org's issue is about all of its account's domains at once, and has none.
    pub fn issue_domain(&self) -> Option<&str> {
        self.user_id.and(self.domain.as_deref())
    }
}

impl Plan {
    fn read(value: Value) -> Result<Self, PlanError> {
        let plan: Self = serde_json::from_value(value).map_err(|error| PlanError::Shape(error.to_string()))?;
        check_order(&plan.actions)?;
        check_writes(&plan.actions)?;
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
            return Err(PlanError::Shape(format!("\"{}\" is not the id of an action", action.action_id)));
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
                        "it depends on {dependency}, which is not an earlier link of its account"
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

/// No two actions write the same thing: an audit links an org and an account once, gives a domain to one org, and repairs one
/// membership of a user.
fn check_writes(actions: &[PlannedAction]) -> Result<(), PlanError> {
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    enum Written<'a> {
        ExternalIdOf(u64),
        ExternalId(String),
        Domain(&'a str),
        MembershipOf(u64),
        Default(u64),
    }
    let mut seen = BTreeSet::new();
    for action in actions {
        let written: Vec<Written<'_>> = match action.action_code {
            ActionCode::SetOrgExternalId => {
                vec![Written::ExternalIdOf(action.org_id), Written::ExternalId(account_key(&action.to))]
            }
            ActionCode::AddOrgDomain => vec![Written::Domain(&action.to)],
            ActionCode::AssignUserToOrg => action.user_id.map(Written::MembershipOf).into_iter().collect(),
            ActionCode::MoveUserToOrg => {
                let membership = action.membership_id.map(Written::Default);
                action.user_id.map(Written::MembershipOf).into_iter().chain(membership).collect()
            }
        };
        for written in written {
            if !seen.insert(written) {
                let what = "an earlier action makes the same write".to_owned();
                return Err(PlanError::Action { action_id: action.action_id.to_string(), what });
            }
        }
    }
    Ok(())
}

/// The members that each kind of action has, and the preconditions that guard it, in their order.
fn check(action: &PlannedAction) -> Result<(), String> {
    check_members(action)?;
    check_targets(action)?;
    let expected = expected_preconditions(action)?;
    if action.preconditions != expected {
        let names = |list: &[Precondition]| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let (found, expected) = (names(&action.preconditions), names(&expected));
        return Err(format!("its preconditions are {found}, but must be {expected}"));
    }
    Ok(())
}

/// Which of the optional members are there.
fn check_members(action: &PlannedAction) -> Result<(), String> {
    let code = action.action_code;
    let of_user = matches!(code, ActionCode::AssignUserToOrg | ActionCode::MoveUserToOrg);
    let has = [
        ("user_id", action.user_id.is_some(), of_user),
        ("membership_id", action.membership_id.is_some(), code == ActionCode::MoveUserToOrg),
        ("domain", action.domain.is_some(), code != ActionCode::SetOrgExternalId),
    ];
    if let Some((name, is, _)) = has.into_iter().find(|(_, is, should)| is != should) {
        return Err(format!("a {code} has {} `{name}`", if is { "no" } else { "a" }));
    }
    // The form for addresses keeps a leading `www.`, so that a normal form is its own.
    let is_domain = |text: &str| domain::normalize_email_domain(text).is_ok_and(|normal| normal == text);
    match action.domains().find(|domain| !is_domain(domain)) {
        Some(domain) => Err(format!("\"{domain}\" is not a domain in its normal form")),
        None => Ok(()),
    }
}

/// `from` and `to`.
fn check_targets(action: &PlannedAction) -> Result<(), String> {
    let expected_to = match action.action_code {
        ActionCode::SetOrgExternalId => external_id_for(&action.sf_account_id).into_owned(),
        ActionCode::AddOrgDomain => action.domain.as_deref().unwrap_or_default().to_owned(),
        ActionCode::AssignUserToOrg | ActionCode::MoveUserToOrg => action.org_id.to_string(),
    };
    if action.to != expected_to || action.to.is_empty() {
        return Err(format!("`to` is \"{}\", but must be \"{expected_to}\"", action.to));
    }
    let from = action.from.as_deref();
    match action.action_code {
        ActionCode::MoveUserToOrg => {
            default_org_before(action)?;
            if from == Some(&action.to) { Err("`from` and `to` are the same org".to_owned()) } else { Ok(()) }
        }
        _ if from.is_some() => Err(format!("a {} has no `from`", action.action_code)),
        _ => Ok(()),
    }
}

/// The default org that a move starts from.
fn default_org_before(action: &PlannedAction) -> Result<Option<u64>, String> {
    let id = |from: &str| from.parse::<u64>().ok().filter(|id| id.to_string() == from);
    match action.from.as_deref() {
        None => Ok(None),
        Some(from) => id(from).map(Some).ok_or_else(|| format!("`from` is \"{from}\", which is not the id of an org")),
    }
}

/// All preconditions of the action's row, in their order; the two that a configuration may leave out where they are there.
fn expected_preconditions(action: &PlannedAction) -> Result<Vec<Precondition>, String> {
    use Precondition as P;
    let domain = action.domain.as_deref().unwrap_or_default().to_owned();
    let optional = |p: Precondition| action.preconditions.contains(&p).then_some(p);
    let of_user = || [P::OrgExists, P::OrgExternalIdIsAccount, P::UserExists, P::UserActive].into_iter();
    Ok(match action.action_code {
        ActionCode::SetOrgExternalId => {
            let linking: BTreeSet<&str> = action.domains().collect();
            if linking.is_empty() {
                return Err("it lacks the precondition org_has_domain, which links the org".to_owned());
            }
            let linking = linking.into_iter().map(|domain| P::OrgHasDomain(domain.to_owned()));
            [P::OrgExists, P::OrgExternalIdIsBlank, P::ExternalIdUnused].into_iter().chain(linking).collect()
        }
        ActionCode::AddOrgDomain => {
            vec![P::OrgExists, P::OrgExternalIdIsAccount, P::OrgLacksDomain(domain.clone()), P::DomainUnused(domain)]
        }
        ActionCode::AssignUserToOrg => of_user()
            .chain(optional(P::UserNotSuspended))
            .chain(optional(P::UserVerified))
            .chain([P::UserEmailDomain(domain), P::UserNotMember, P::MultipleOrganizationsOnOrFirst])
            .collect(),
        ActionCode::MoveUserToOrg => of_user()
            .chain(optional(P::UserNotSuspended))
            .chain([P::UserEmailDomain(domain), P::UserIsMember, P::MembershipNotDefault])
            .chain([P::DefaultOrgIs(default_org_before(action)?)])
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const DEMO: &str = include_str!("../../fixtures/demo/expected/fix_plan.json");
    pub(in crate::run::plan_file) const ALL_CODES: &str =
        include_str!("../../fixtures/all_codes/expected/fix_plan.json");

    fn changed(change: impl FnOnce(&mut Value)) -> Result<PlanFile, PlanError> {
        let mut value: Value = serde_json::from_str(ALL_CODES).expect("JSON");
        change(&mut value);
        PlanFile::parse(value.to_string().as_bytes())
    }

    /// The same by somebody who can compute a hash.
    pub(in crate::run::plan_file) fn rehashed(change: impl FnOnce(&mut Value)) -> Result<PlanFile, PlanError> {
        changed(|file| {
            change(file);
            let canonical = serde_json_canonicalizer::to_vec(&file["plan"]).expect("canonical");
            file["plan_hash"] = sha256(&canonical).into();
        })
    }

    /// The index of the first action of a kind.
    pub(in crate::run::plan_file) fn first(code: ActionCode) -> usize {
        let plan = PlanFile::parse(ALL_CODES.as_bytes()).expect("a plan");
        plan.actions.iter().position(|action| action.action_code == code).expect("in the fixture")
    }

    #[test]
    fn a_member_that_is_null_must_be_there() {
        for (list, member) in [("actions", "user_id"), ("actions", "org_name"), ("blocked", "domain")] {
            let without = |file: &mut Value| {
                let action = file["plan"][list][0].as_object_mut().expect("an action");
                action.remove(member);
            };
            assert!(matches!(rehashed(without), Err(PlanError::Shape(_))), "{member}");
        }
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
            "its schema is \"g-gremlin/zendesk-drift/plan/2\", but this program reads g-gremlin/zendesk-drift/plan/1"
        );
        assert_eq!(error(|file| file["schema"] = 1.into()), "it is not a fix plan: it has no `schema`");
        let more = rehashed(|file| file["plan"]["more"] = 1.into()).expect_err("refused").to_string();
        assert!(more.starts_with("it is not a fix plan: unknown field `more`"), "{more}");
        assert!(error(|file| file["as_of"] = "soon".into()).starts_with("it is not a fix plan: `as_of` is not a time"));
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
            ("from", json!("1")),
            ("action_id", json!("A001")),
        ] {
            let change = |file: &mut Value| file["plan"]["actions"][assign][member] = value.clone();
            let result = rehashed(change);
            assert!(matches!(result, Err(PlanError::Action { .. })), "{member}: {result:?}");
            // What it holds is judged before its hash.
            let result = changed(change);
            assert!(matches!(result, Err(PlanError::Action { .. })), "{member}: {result:?}");
        }
        for id in ["", "A", "B001", "A001\u{1b}[2J", "A-1"] {
            let result = rehashed(|file| file["plan"]["actions"][assign]["action_id"] = id.into());
            assert!(matches!(result, Err(PlanError::Shape(_))), "{id:?}: {result:?}");
        }
        let set = first(ActionCode::SetOrgExternalId);
        let result = rehashed(|file| file["plan"]["actions"][set]["to"] = "001OTHER".into());
        assert!(matches!(result, Err(PlanError::Action { .. })));
    }

    #[test]
    fn one_meaning_is_vouched_for_by_one_hash() {
        let text = ALL_CODES.to_owned();
        let plan = PlanFile::parse(text.as_bytes()).expect("a plan");
        let org = plan.actions[0].org_id;
        let twice = text.replacen(&format!("\"org_id\": {org},"), &format!("\"org_id\": 1, \"org_id\": {org},"), 1);
        let error = PlanFile::parse(twice.as_bytes()).expect_err("refused").to_string();
        assert!(error.starts_with("it is not JSON: duplicate key `org_id`"), "{error}");
        let large = text.replacen(&format!("\"org_id\": {org},"), "\"org_id\": 9007199254740993,", 1);
        let error = PlanFile::parse(large.as_bytes()).expect_err("refused").to_string();
        assert!(error.starts_with("it is not JSON: the number 9007199254740993 is beyond 2^53 - 1"), "{error}");
    }

    #[test]
    fn the_same_write_is_planned_once() {
        for code in ActionCode::ALL {
            let at = first(code);
            let result = rehashed(|file| {
                let actions = file["plan"]["actions"].as_array_mut().expect("a list");
                let mut again = actions[at].clone();
                again["action_id"] = "A999".into();
                actions.push(again);
            });
            let error = result.expect_err("refused").to_string();
            assert_eq!(error, "action A999: an earlier action makes the same write", "{code}");
        }
    }

    #[test]
    fn a_move_names_the_default_org_that_it_starts_from() {
        let at = first(ActionCode::MoveUserToOrg);
        for (from, is_right) in
            [(json!("1"), false), (json!("01010"), false), (json!("x"), false), (Value::Null, false)]
        {
            let result = rehashed(|file| file["plan"]["actions"][at]["from"] = from.clone());
            assert_eq!(result.is_ok(), is_right, "{from}: the precondition names another org");
        }
        let result = rehashed(|file| {
            let action = &mut file["plan"]["actions"][at];
            action["from"] = Value::Null;
            *action["preconditions"].as_array_mut().expect("a list").last_mut().expect("one") =
                "default_org_is:none".into();
        });
        assert!(result.is_ok(), "{result:?}");
    }
}
