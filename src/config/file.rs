//! What the configuration's file may hold, key by key, and what a parser's error means to a person.

use super::values::{Given, Name, Quoted, given};
use super::{ConfigError, at};
use crate::catalogue::{ActionCode, IssueCode, Risk};
use crate::text::nearest::nearest;
use serde::Deserialize;
use serde_yaml::Spanned;
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

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) version: Option<Spanned<u64>>,
    pub(super) zendesk: Option<RawZendesk>,
    pub(super) salesforce: Option<RawSalesforce>,
    pub(super) domains: Option<RawDomains>,
    pub(super) users: Option<RawUsers>,
    pub(super) tickets: Option<RawTickets>,
    pub(super) artifacts: Option<RawArtifacts>,
    pub(super) thresholds: Option<RawThresholds>,
    pub(super) apply: Option<RawApply>,
    pub(super) suppressions: Option<Vec<RawSuppression>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawZendesk {
    pub(super) reserve_percent: Option<Spanned<u64>>,
    pub(super) subdomain: Option<Spanned<String>>,
    pub(super) base_url: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSalesforce {
    pub(super) source: Option<Spanned<String>>,
    pub(super) accounts_csv: Option<PathBuf>,
    pub(super) max_lost_percent: Option<Spanned<u64>>,
    pub(super) instance_url: Option<Spanned<String>>,
    pub(super) api_version: Option<Spanned<String>>,
    pub(super) query: Option<Spanned<String>>,
    pub(super) columns: Option<RawColumns>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawColumns {
    pub(super) sf_account_id: Option<Spanned<String>>,
    pub(super) account_name: Option<Spanned<String>>,
    pub(super) account_domains: Option<Spanned<String>>,
    pub(super) website: Option<Spanned<String>>,
    pub(super) zendesk_domain_override: Option<Spanned<String>>,
    pub(super) zendesk_expected: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDomains {
    #[serde(default, deserialize_with = "given")]
    pub(super) personal: Given<Vec<Spanned<String>>>,
    pub(super) not_personal: Option<Vec<Spanned<String>>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) ignored: Given<Vec<Spanned<String>>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawUsers {
    pub(super) roles: Option<Vec<Spanned<String>>>,
    pub(super) include_suspended: Option<bool>,
    pub(super) require_verified: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTickets {
    pub(super) enabled: Option<bool>,
    pub(super) lookback_days: Option<Spanned<u64>>,
    pub(super) allow_list: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawArtifacts {
    pub(super) root: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawThresholds {
    #[serde(default, deserialize_with = "given")]
    pub(super) max_total_issues: Given<u64>,
    #[serde(default, deserialize_with = "given")]
    pub(super) max_blocked_actions: Given<u64>,
    #[serde(default, deserialize_with = "given")]
    pub(super) max_by_risk: Given<BTreeMap<Name<Risk>, Spanned<Option<u64>>>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) max_by_code: Given<BTreeMap<Name<IssueCode>, Spanned<Option<u64>>>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) max_new_issues: Given<u64>,
    #[serde(default, deserialize_with = "given")]
    pub(super) max_lost_accounts: Given<u64>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawApply {
    #[serde(default, deserialize_with = "given")]
    pub(super) actions: Given<Vec<Name<ActionCode>>>,
    pub(super) max_actions: Option<u32>,
    pub(super) max_per_account: Option<u32>,
    pub(super) max_plan_age_hours: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSuppression {
    pub(super) code: Spanned<Option<Name<IssueCode>>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) sf_account_id: Given<Quoted>,
    #[serde(default, deserialize_with = "given")]
    pub(super) org_id: Given<u64>,
    #[serde(default, deserialize_with = "given")]
    pub(super) user_id: Given<u64>,
    #[serde(default, deserialize_with = "given")]
    pub(super) domain: Given<Spanned<String>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) issue_id: Given<Quoted>,
    pub(super) reason: Spanned<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) expires: Given<Spanned<String>>,
}
