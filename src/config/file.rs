//! What the configuration's file may hold, key by key, and what a parser's error means to a person.
//!
//! The comments on sections and keys are what an editor shows of them: `schemas/config.schema.json` is generated from these types.

use super::values::{Given, Name, Placed, Quoted};
use super::{ConfigError, at};
use crate::catalogue::{ActionCode, IssueCode, Risk};
use crate::text::nearest::nearest;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

impl Raw {
    /// Reads the text of a file.
    pub(super) fn read(text: &str) -> Result<Self, ConfigError> {
        let options = serde_yaml::options! {
            with_snippet: false,
            strict_booleans: true,
            merge_keys: serde_yaml::options::MergeKeyPolicy::Error,
        };
        let raw: Option<Self> = serde_yaml::from_str_with_options(text, options).map_err(|error| explain(&error))?;
        Ok(raw.unwrap_or_default())
    }
}

/// The line of a parser's error, and its text in our words where it is about names.
fn explain(error: &serde_yaml::Error) -> ConfigError {
    use serde_yaml::Error;
    let line = error.location().map_or(1, |location| location.line().max(1));
    let hint = |name: &str, known: &[&'static str]| match nearest(name, known.iter().copied()) {
        Some(nearest) => format!("; the nearest known one is `{nearest}`"),
        None => format!("; use one of {}", known.join(", ")),
    };
    match error.without_snippet() {
        Error::SerdeUnknownField { field, expected, .. } => {
            at(line, format_args!("unknown key `{field}`{}", hint(field, expected)))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            at(line, format_args!("unknown name `{variant}`{}", hint(variant, expected)))
        }
        Error::SerdeMissingField { field, .. } => at(line, format_args!("the key `{field}` is missing")),
        Error::DuplicateMappingKey { key: Some(key), .. } => at(line, format_args!("duplicate key `{key}`")),
        Error::InvalidScalar { ty: "u64" | "u32", .. } => at(line, "expected a whole number here"),
        Error::Unexpected { expected: "mapping start", .. } => {
            at(line, "expected keys with values here, each on its own line below")
        }
        Error::Unexpected { expected: "sequence start", .. } => {
            at(line, "expected a list here, such as [one, another]")
        }
        Error::NullIntoString { .. } => at(line, "expected text here"),
        other => {
            let text = other.render_with_formatter(&serde_yaml::UserMessageFormatter);
            // The location is given once, in front.
            let text = text.lines().next().unwrap_or_default();
            let text = text.split_once(" at line ").map_or(text, |(text, _)| text);
            at(line, text)
        }
    }
}

/// What `g-gremlin zendesk drift` audits and how. Every key is optional. Relative paths are relative to this file.
/// Credentials do not belong here; they come from the environment.
#[derive(Deserialize, Default)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    /// The version of this file's format: 1.
    #[cfg_attr(feature = "proofs", schemars(range(min = 1, max = 1), extend("default" = 1)))]
    pub(super) version: Option<Placed<u64>>,
    /// Which Zendesk is audited. Use only one of `subdomain` and `base_url`.
    #[cfg_attr(feature = "proofs", schemars(extend("not" = super::schema::both("subdomain", "base_url"))))]
    pub(super) zendesk: Option<RawZendesk>,
    /// Where the Salesforce accounts come from.
    #[cfg_attr(
        feature = "proofs",
        schemars(extend("if" = super::schema::is_soql(), "then" = super::schema::both("instance_url", "query")))
    )]
    pub(super) salesforce: Option<RawSalesforce>,
    /// Domains that are treated in a special way. Each entry is a domain such as acme.com.
    pub(super) domains: Option<RawDomains>,
    /// Which Zendesk users are checked.
    pub(super) users: Option<RawUsers>,
    /// Which tickets are checked. They are reported but never changed.
    pub(super) tickets: Option<RawTickets>,
    /// Where the results are written.
    pub(super) artifacts: Option<RawArtifacts>,
    /// Limits: if a value is higher than its limit, the audit ends with exit code 1. Without a limit, a value is not checked.
    pub(super) thresholds: Option<RawThresholds>,
    /// What `apply` may do, and how much of it.
    pub(super) apply: Option<RawApply>,
    /// Findings that you have accepted, each with its reason. They prepare nothing, block nothing and count in no limit.
    pub(super) suppressions: Option<Vec<RawSuppression>>,
}

#[derive(Deserialize, Default)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawZendesk {
    /// The percentage of the rate limit to leave for other integrations, from 0 to 90.
    #[cfg_attr(feature = "proofs", schemars(range(min = 0, max = 90), extend("default" = 20)))]
    pub(super) reserve_percent: Option<Placed<u64>>,
    /// The Zendesk: `acme`, `acme.zendesk.com`, or a URL from the browser.
    pub(super) subdomain: Option<Placed<String>>,
    /// Instead of `subdomain`: `https://` and a host, without a path. `http://` only for a loopback address.
    pub(super) base_url: Option<Placed<String>>,
}

#[derive(Deserialize, Default)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawSalesforce {
    /// Where the accounts come from: `csv` is the file `accounts_csv`, `soql` the result of `query`.
    #[cfg_attr(feature = "proofs", schemars(extend("enum" = ["csv", "soql", null], "default" = "csv")))]
    pub(super) source: Option<Placed<String>>,
    /// The CSV with the accounts.
    #[cfg_attr(feature = "proofs", schemars(extend("default" = super::DEFAULT_ACCOUNTS)))]
    pub(super) accounts_csv: Option<PathBuf>,
    /// With a baseline: if more than this percentage of its accounts is gone, no action is prepared. From 0 to 100.
    #[cfg_attr(
        feature = "proofs",
        schemars(range(min = 0, max = 100), extend("default" = super::DEFAULT_MAX_LOST_PERCENT))
    )]
    pub(super) max_lost_percent: Option<Placed<u64>>,
    /// The Salesforce that links in reports lead to, such as https://acme.my.salesforce.com. Required for `source: soql`.
    pub(super) instance_url: Option<Placed<String>>,
    /// The version of Salesforce's API in quotes, for `source: soql`.
    #[cfg_attr(
        feature = "proofs",
        schemars(regex(pattern = r"^\s*[0-9]{1,3}\.[0-9]{1,3}\s*$"), extend("default" = super::DEFAULT_API_VERSION))
    )]
    pub(super) api_version: Option<Placed<String>>,
    /// The query for the accounts, such as SELECT Id, Name, Website FROM Account. Required for `source: soql`.
    pub(super) query: Option<Placed<String>>,
    /// The export's header, or the query's field, for each column whose name differs.
    pub(super) columns: Option<RawColumns>,
}

#[derive(Deserialize, Default)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawColumns {
    /// The header of the Salesforce account id. Prefer its 18-character form.
    #[cfg_attr(feature = "proofs", schemars(regex(pattern = r"\S")))]
    pub(super) sf_account_id: Option<Placed<String>>,
    /// The header of the account's name.
    #[cfg_attr(feature = "proofs", schemars(regex(pattern = r"\S")))]
    pub(super) account_name: Option<Placed<String>>,
    /// The header of the account's email domains.
    #[cfg_attr(feature = "proofs", schemars(regex(pattern = r"\S")))]
    pub(super) account_domains: Option<Placed<String>>,
    /// The header of the website. It is shown to people and never matched.
    #[cfg_attr(feature = "proofs", schemars(regex(pattern = r"\S")))]
    pub(super) website: Option<Placed<String>>,
    /// The header of the domains that replace `account_domains` where one of them is a domain.
    #[cfg_attr(feature = "proofs", schemars(regex(pattern = r"\S")))]
    pub(super) zendesk_domain_override: Option<Placed<String>>,
    /// The header of the column in which no, false, n or 0 means that the account does not need an org.
    #[cfg_attr(feature = "proofs", schemars(regex(pattern = r"\S")))]
    pub(super) zendesk_expected: Option<Placed<String>>,
}

#[derive(Deserialize, Default)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawDomains {
    /// Domains to add to the built-in list of free-mail and provider domains. Their users are only counted.
    #[serde(default)]
    #[cfg_attr(feature = "proofs", schemars(extend("default" = [])))]
    pub(super) personal: Given<Vec<Placed<String>>>,
    /// Domains to remove from the built-in lists of personal and platform domains. They never count as spread over several orgs.
    #[cfg_attr(feature = "proofs", schemars(extend("default" = [])))]
    pub(super) not_personal: Option<Vec<Placed<String>>>,
    /// Domains that are never used for matching. Users with them are skipped.
    #[serde(default)]
    #[cfg_attr(feature = "proofs", schemars(extend("default" = [])))]
    pub(super) ignored: Given<Vec<Placed<String>>>,
}

#[derive(Deserialize, Default)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawUsers {
    /// The roles of the users that are checked.
    #[cfg_attr(
        feature = "proofs",
        schemars(extend("items" = crate::schema::names(&super::ROLES), "default" = ["end-user"]))
    )]
    pub(super) roles: Option<Vec<Placed<String>>>,
    /// Whether suspended users are checked too.
    #[cfg_attr(feature = "proofs", schemars(extend("default" = false)))]
    pub(super) include_suspended: Option<bool>,
    /// Whether a user with an unverified address is never added to an org.
    #[cfg_attr(feature = "proofs", schemars(extend("default" = true)))]
    pub(super) require_verified: Option<bool>,
}

#[derive(Deserialize, Default)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawTickets {
    /// Whether tickets are read and checked.
    #[cfg_attr(feature = "proofs", schemars(extend("default" = true)))]
    pub(super) enabled: Option<bool>,
    /// How many days back tickets are read, by their last update. From 1 to 36500.
    #[cfg_attr(feature = "proofs", schemars(range(min = 1, max = 36500), extend("default" = 30)))]
    pub(super) lookback_days: Option<Placed<u64>>,
    /// A last resort for a token that can use neither of Zendesk's exports: read the ticket list, which lacks archived tickets.
    #[cfg_attr(feature = "proofs", schemars(extend("default" = false)))]
    pub(super) allow_list: Option<bool>,
}

#[derive(Deserialize, Default)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawArtifacts {
    /// The folder in which every run creates a folder of its own.
    #[cfg_attr(feature = "proofs", schemars(extend("default" = super::DEFAULT_ROOT)))]
    pub(super) root: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawThresholds {
    /// Allow at most this many issues that are not suppressed.
    #[serde(default)]
    pub(super) max_total_issues: Given<u64>,
    /// Allow at most this many blocked actions.
    #[serde(default)]
    pub(super) max_blocked_actions: Given<u64>,
    /// Allow at most this many issues of a risk.
    #[serde(default)]
    #[cfg_attr(feature = "proofs", schemars(with = "BTreeMap<Name<Risk>, u64>"))]
    pub(super) max_by_risk: Given<BTreeMap<Name<Risk>, Placed<Option<u64>>>>,
    /// Allow at most this many issues of a code.
    #[serde(default)]
    #[cfg_attr(feature = "proofs", schemars(with = "BTreeMap<Name<IssueCode>, u64>"))]
    pub(super) max_by_code: Given<BTreeMap<Name<IssueCode>, Placed<Option<u64>>>>,
    /// Allow at most this many issues that the baseline does not have. Not checked without a baseline.
    #[serde(default)]
    pub(super) max_new_issues: Given<u64>,
    /// Allow at most this many accounts that the baseline has and this reference does not. Not checked without a baseline.
    #[serde(default)]
    pub(super) max_lost_accounts: Given<u64>,
}

#[derive(Deserialize, Default)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawApply {
    /// The kinds of actions that may be applied.
    #[serde(default)]
    #[cfg_attr(feature = "proofs", schemars(extend("default" = ActionCode::ALL)))]
    pub(super) actions: Given<Vec<Name<ActionCode>>>,
    /// Apply at most this many actions in one run.
    #[cfg_attr(feature = "proofs", schemars(extend("default" = 25)))]
    pub(super) max_actions: Option<u32>,
    /// Apply at most this many actions per account in one run.
    #[cfg_attr(feature = "proofs", schemars(extend("default" = 3)))]
    pub(super) max_per_account: Option<u32>,
    /// Refuse to apply a plan that is older than this many hours.
    #[cfg_attr(feature = "proofs", schemars(extend("default" = 168)))]
    pub(super) max_plan_age_hours: Option<u32>,
}

/// An accepted finding. It matches when the code and every other selector equal the issue's.
#[derive(Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawSuppression {
    /// The code of the issues.
    #[cfg_attr(feature = "proofs", schemars(with = "Name<IssueCode>"))]
    pub(super) code: Placed<Option<Name<IssueCode>>>,
    /// Only issues of this account. Put the id in quotes.
    #[serde(default)]
    pub(super) sf_account_id: Given<Quoted>,
    /// Only issues of this Zendesk organization.
    #[serde(default)]
    pub(super) org_id: Given<u64>,
    /// Only issues of this Zendesk user.
    #[serde(default)]
    pub(super) user_id: Given<u64>,
    /// Only issues of this domain.
    #[serde(default)]
    pub(super) domain: Given<Placed<String>>,
    /// Only the issue with this id, such as "i0f3a5c77d21e90b4".
    #[serde(default)]
    pub(super) issue_id: Given<Quoted>,
    /// Why you accept the finding. Reports show it.
    #[cfg_attr(feature = "proofs", schemars(with = "String", regex(pattern = r"\S")))]
    pub(super) reason: Placed<Option<String>>,
    /// The last day, in UTC, on which the suppression is in force, such as 2026-12-31.
    #[serde(default)]
    #[cfg_attr(
        feature = "proofs",
        schemars(regex(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), extend("format" = "date"))
    )]
    pub(super) expires: Given<Placed<String>>,
}
