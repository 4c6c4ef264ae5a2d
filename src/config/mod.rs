//! `gremlin.zendesk_drift.yaml`: reading it, checking it, and saying exactly where it is wrong (contract 2).
//!
//! Every key is optional; an unknown one is an error that names the key, the line and the nearest known key.
//! Secrets are never read from here.

use crate::catalogue::{IssueCode, Risk};
use crate::model::personal;
use crate::model::settings::{DomainRules, Settings, Suppression, Thresholds, UserRules};
use crate::model::{domain, time};
use crate::text::audience::Message;
use crate::text::escape::without_local_part;
use crate::text::nearest::nearest;
use hashbrown::HashSet;
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use serde_yaml::Spanned;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// The name under which the configuration is looked for.
pub const FILE_NAME: &str = "gremlin.zendesk_drift.yaml";
/// Where runs go unless the configuration says otherwise.
pub const DEFAULT_ROOT: &str = "artifacts/zendesk_drift";
/// The reference CSV unless the configuration says otherwise.
pub const DEFAULT_ACCOUNTS: &str = "salesforce_accounts.csv";

/// The configuration, checked; paths are relative to the folder of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `scheme://host[:port]`, lower-case.
    pub zendesk: Option<String>,
    pub reserve_percent: u8,
    pub accounts_csv: PathBuf,
    /// For some of our columns, the header that the export uses.
    pub columns: BTreeMap<String, String>,
    pub settings: Settings,
    pub allow_ticket_list: bool,
    pub root: PathBuf,
    pub apply: ApplyLimits,
}

/// The limits of `apply`, which an audit records for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApplyLimits {
    pub max_actions: u32,
    pub max_per_account: u32,
    pub max_plan_age_hours: u32,
}

/// What is wrong with the configuration: one line for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

/// The line is for everybody, the rest may quote the file.
impl From<&ConfigError> for Message {
    fn from(error: &ConfigError) -> Self {
        Self::of_line(error.0.clone())
    }
}

fn at(line: u64, text: impl fmt::Display) -> ConfigError {
    ConfigError(format!("line {line}: {text}"))
}

impl Config {
    /// What holds without a file: the defaults, with paths relative to the working folder.
    pub fn without_file() -> Self {
        // The empty configuration has nothing in it that could be wrong.
        Self::parse("", Path::new("")).unwrap_or_else(|error| unreachable!("{error}"))
    }

    /// Reads the text of a configuration whose file lies in `folder`.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, ConfigError> {
        let options = serde_yaml::options! {
            with_snippet: false,
            strict_booleans: true,
            merge_keys: serde_yaml::options::MergeKeyPolicy::Error,
        };
        let raw: Option<Raw> = serde_yaml::from_str_with_options(text, options).map_err(|error| explain(&error))?;
        raw.unwrap_or_default().check(folder)
    }
}

/// The line of a parser's error, and its text in our words where it is about names.
fn explain(error: &serde_yaml::Error) -> ConfigError {
    use serde_yaml::Error;
    let line = error.location().map_or(1, |location| location.line().max(1));
    let hint = |name: &str, known: &[&'static str]| match nearest(name, known.iter().copied()) {
        Some(nearest) => format!("; the nearest known one is `{nearest}`"),
        None => format!("; known are {}", known.join(", ")),
    };
    match error.without_snippet() {
        Error::SerdeUnknownField { field, expected, .. } => {
            at(line, format_args!("unknown key `{field}`{}", hint(field, expected)))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            at(line, format_args!("unknown name `{variant}`{}", hint(variant, expected)))
        }
        Error::SerdeMissingField { field, .. } => at(line, format_args!("the key `{field}` is missing")),
        Error::DuplicateMappingKey { key: Some(key), .. } => at(line, format_args!("the key `{key}` is there twice")),
        Error::InvalidScalar { ty: "u64" | "u32", .. } => at(line, "a whole number is expected here"),
        Error::Unexpected { expected: "mapping start", .. } => {
            at(line, "keys with values are expected here, each on a line of its own below")
        }
        Error::Unexpected { expected: "sequence start", .. } => {
            at(line, "a list is expected here, such as [one, another]")
        }
        Error::NullIntoString { .. } => at(line, "a text is expected here"),
        other => {
            let text = other.render_with_formatter(&serde_yaml::UserMessageFormatter);
            // The location is told once, in front.
            let text = text.lines().next().unwrap_or_default();
            let text = text.split_once(" at line ").map_or(text, |(text, _)| text);
            at(line, text)
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Raw {
    version: Option<Spanned<u64>>,
    zendesk: Option<RawZendesk>,
    salesforce: Option<RawSalesforce>,
    domains: Option<RawDomains>,
    users: Option<RawUsers>,
    tickets: Option<RawTickets>,
    artifacts: Option<RawArtifacts>,
    thresholds: Option<RawThresholds>,
    apply: Option<RawApply>,
    suppressions: Option<Vec<RawSuppression>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawZendesk {
    reserve_percent: Option<Spanned<u64>>,
    subdomain: Option<Spanned<String>>,
    base_url: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawSalesforce {
    accounts_csv: Option<PathBuf>,
    columns: Option<RawColumns>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawColumns {
    sf_account_id: Option<Spanned<String>>,
    account_name: Option<Spanned<String>>,
    account_domains: Option<Spanned<String>>,
    website: Option<Spanned<String>>,
    zendesk_domain_override: Option<Spanned<String>>,
    zendesk_expected: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawDomains {
    #[serde(default, deserialize_with = "given")]
    personal: Given<Vec<Spanned<String>>>,
    not_personal: Option<Vec<Spanned<String>>>,
    #[serde(default, deserialize_with = "given")]
    ignored: Given<Vec<Spanned<String>>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawUsers {
    roles: Option<Vec<Spanned<String>>>,
    include_suspended: Option<bool>,
    require_verified: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawTickets {
    lookback_days: Option<Spanned<u64>>,
    allow_list: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawArtifacts {
    root: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawThresholds {
    #[serde(default, deserialize_with = "given")]
    max_total_issues: Given<u64>,
    #[serde(default, deserialize_with = "given")]
    max_blocked_actions: Given<u64>,
    #[serde(default, deserialize_with = "given")]
    max_by_risk: Given<BTreeMap<Name<Risk>, Spanned<Option<u64>>>>,
    #[serde(default, deserialize_with = "given")]
    max_by_code: Given<BTreeMap<Name<IssueCode>, Spanned<Option<u64>>>>,
    #[serde(default, deserialize_with = "given")]
    max_new_issues: Given<u64>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawApply {
    max_actions: Option<u32>,
    max_per_account: Option<u32>,
    max_plan_age_hours: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSuppression {
    code: Spanned<Option<Name<IssueCode>>>,
    #[serde(default, deserialize_with = "given")]
    sf_account_id: Given<Quoted>,
    #[serde(default, deserialize_with = "given")]
    org_id: Given<u64>,
    #[serde(default, deserialize_with = "given")]
    user_id: Given<u64>,
    #[serde(default, deserialize_with = "given")]
    domain: Given<Spanned<String>>,
    #[serde(default, deserialize_with = "given")]
    issue_id: Given<Quoted>,
    reason: Spanned<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    expires: Given<Spanned<String>>,
}

/// A key whose absence widens what is done or loosens a limit. So it is absent, or it has a value: one that is left empty is
/// most likely a value that got lost, and is refused by [`value`].
type Given<T> = Option<Spanned<Option<T>>>;

/// Reads a key that is there, with or without a value. Of an `Option` alone, null would be the same as absent.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Given<T>, D::Error> {
    Spanned::deserialize(deserializer).map(Some)
}

/// The value of a key, unless the key is absent.
fn value<T>(key: &str, given: Given<T>) -> Result<Option<T>, ConfigError> {
    given.map(|given| needed(key, given)).transpose()
}

fn needed<T>(key: &str, given: Spanned<Option<T>>) -> Result<T, ConfigError> {
    let line = given.referenced.line();
    given.value.ok_or_else(|| at(line, format_args!("`{key}` has no value; give it one, or take the key out")))
}

/// A name of the catalogue.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Name<T>(T);

/// What a [`Name`] can be.
trait Named: Sized + Copy + 'static {
    const NAMES: &'static [&'static str];
    fn of(name: &str) -> Option<Self>;
}

impl Named for Risk {
    const NAMES: &'static [&'static str] = &{
        let mut names = [""; Risk::ALL.len()];
        let mut i = 0;
        while i < names.len() {
            names[i] = Risk::ALL[i].as_str();
            i += 1;
        }
        names
    };
    fn of(name: &str) -> Option<Self> {
        Self::parse(name)
    }
}

impl Named for IssueCode {
    const NAMES: &'static [&'static str] = &{
        let mut names = [""; IssueCode::ALL.len()];
        let mut i = 0;
        while i < names.len() {
            names[i] = IssueCode::ALL[i].as_str();
            i += 1;
        }
        names
    };
    fn of(name: &str) -> Option<Self> {
        Self::parse(name)
    }
}

impl<'de, T: Named> Deserialize<'de> for Name<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        T::of(&name).map(Self).ok_or_else(|| de::Error::unknown_variant(&name, T::NAMES))
    }
}

/// A text that looks like a number unless it is quoted.
struct Quoted(String);

impl<'de> Deserialize<'de> for Quoted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOnly;
        impl Visitor<'_> for TextOnly {
            type Value = Quoted;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text in quotes")
            }
            fn visit_str<E>(self, text: &str) -> Result<Quoted, E> {
                Ok(Quoted(text.to_owned()))
            }
            fn visit_u64<E: de::Error>(self, _: u64) -> Result<Quoted, E> {
                Err(E::custom(
                    "an id that is written as a bare number must be put in quotes, or digits of it may be lost",
                ))
            }
            fn visit_i64<E: de::Error>(self, _: i64) -> Result<Quoted, E> {
                self.visit_u64(0)
            }
            fn visit_u128<E: de::Error>(self, _: u128) -> Result<Quoted, E> {
                self.visit_u64(0)
            }
            fn visit_f64<E: de::Error>(self, _: f64) -> Result<Quoted, E> {
                self.visit_u64(0)
            }
        }
        deserializer.deserialize_any(TextOnly)
    }
}

impl Raw {
    fn check(self, folder: &Path) -> Result<Config, ConfigError> {
        let Self { version, zendesk, salesforce, domains, users, tickets, artifacts, thresholds, apply, suppressions } =
            self;
        if let Some(version) = version.filter(|version| version.value != 1) {
            return Err(at(
                version.referenced.line(),
                format_args!("version {} is not known; this is version 1", version.value),
            ));
        }
        let RawZendesk { reserve_percent, subdomain, base_url } = zendesk.unwrap_or_default();
        let reserve_percent = match reserve_percent {
            None => 20,
            Some(percent) => u8::try_from(percent.value)
                .ok()
                .filter(|percent| *percent <= 90)
                .ok_or_else(|| at(percent.referenced.line(), "`reserve_percent` is a whole number from 0 to 90"))?,
        };
        let zendesk = match (subdomain, base_url) {
            (Some(_), Some(url)) => {
                return Err(at(url.referenced.line(), "`subdomain` and `base_url` exclude each other; keep one"));
            }
            (Some(subdomain), None) => {
                Some(origin_of_subdomain(&subdomain.value).map_err(|why| at(subdomain.referenced.line(), why))?)
            }
            (None, Some(url)) => Some(origin(&url.value).map_err(|why| at(url.referenced.line(), why))?),
            (None, None) => None,
        };
        let RawSalesforce { accounts_csv, columns } = salesforce.unwrap_or_default();
        let RawTickets { lookback_days, allow_list } = tickets.unwrap_or_default();
        let lookback_days = match lookback_days {
            None => 30,
            Some(days) => checked_lookback(days.value).map_err(|why| at(days.referenced.line(), why))?,
        };
        let RawArtifacts { root } = artifacts.unwrap_or_default();
        let RawApply { max_actions, max_per_account, max_plan_age_hours } = apply.unwrap_or_default();
        let settings = Settings {
            domains: domains.unwrap_or_default().check()?,
            users: users.unwrap_or_default().check()?,
            lookback_days,
            thresholds: thresholds.unwrap_or_default().check()?,
            suppressions: suppressions
                .unwrap_or_default()
                .into_iter()
                .map(RawSuppression::check)
                .collect::<Result<_, _>>()?,
        };
        Ok(Config {
            zendesk,
            reserve_percent,
            accounts_csv: folder.join(accounts_csv.unwrap_or_else(|| DEFAULT_ACCOUNTS.into())),
            columns: columns.unwrap_or_default().check()?,
            settings,
            allow_ticket_list: allow_list.unwrap_or(false),
            root: folder.join(root.unwrap_or_else(|| DEFAULT_ROOT.into())),
            apply: ApplyLimits {
                max_actions: max_actions.unwrap_or(25),
                max_per_account: max_per_account.unwrap_or(3),
                max_plan_age_hours: max_plan_age_hours.unwrap_or(168),
            },
        })
    }
}

impl RawColumns {
    fn check(self) -> Result<BTreeMap<String, String>, ConfigError> {
        let Self { sf_account_id, account_name, account_domains, website, zendesk_domain_override, zendesk_expected } =
            self;
        let named = crate::reference::COLUMNS.into_iter().zip([
            sf_account_id,
            account_name,
            account_domains,
            website,
            zendesk_domain_override,
            zendesk_expected,
        ]);
        let mut columns = BTreeMap::new();
        for (column, header) in named {
            let Some(header) = header else { continue };
            if header.value.trim().is_empty() {
                return Err(at(header.referenced.line(), format_args!("the header for `{column}` is empty")));
            }
            columns.insert(column.to_owned(), header.value);
        }
        Ok(columns)
    }
}

impl RawThresholds {
    fn check(self) -> Result<Thresholds, ConfigError> {
        fn limits<T: Named + Ord>(
            key: &str,
            given: Given<BTreeMap<Name<T>, Spanned<Option<u64>>>>,
        ) -> Result<BTreeMap<T, u64>, ConfigError> {
            let limits = value(key, given)?.unwrap_or_default().into_iter();
            limits.map(|(name, limit)| Ok((name.0, needed(key, limit)?))).collect()
        }
        let Self { max_total_issues, max_blocked_actions, max_by_risk, max_by_code, max_new_issues } = self;
        Ok(Thresholds {
            max_total_issues: value("max_total_issues", max_total_issues)?,
            max_blocked_actions: value("max_blocked_actions", max_blocked_actions)?,
            max_by_risk: limits("max_by_risk", max_by_risk)?,
            max_by_code: limits("max_by_code", max_by_code)?,
            max_new_issues: value("max_new_issues", max_new_issues)?,
        })
    }
}

impl RawDomains {
    fn check(self) -> Result<DomainRules, ConfigError> {
        let normalized = |entries: Option<Vec<Spanned<String>>>| -> Result<HashSet<String>, ConfigError> {
            entries.unwrap_or_default().iter().map(normalized_domain).collect()
        };
        let Self { personal, not_personal, ignored } = self;
        let not_personal = normalized(not_personal)?;
        let builtin = personal::builtin()
            .iter()
            .map(|domain| (*domain).to_owned())
            .filter(|domain| !not_personal.contains(domain));
        Ok(DomainRules {
            personal: builtin.chain(normalized(value("personal", personal)?)?).collect(),
            not_personal,
            ignored: normalized(value("ignored", ignored)?)?,
        })
    }
}

fn normalized_domain(entry: &Spanned<String>) -> Result<String, ConfigError> {
    domain::normalize(&entry.value).map_err(|why| {
        let why = match why {
            domain::NotUsable::NotADomain => "is no domain",
            domain::NotUsable::PublicSuffix => "is a public suffix, not a domain of somebody",
        };
        at(entry.referenced.line(), format_args!("`{}` {why}", without_local_part(&entry.value)))
    })
}

impl RawUsers {
    fn check(self) -> Result<UserRules, ConfigError> {
        const KNOWN: [&str; 3] = ["end-user", "agent", "admin"];
        let default = UserRules::default();
        let Self { roles, include_suspended, require_verified } = self;
        let roles = match roles {
            None => default.roles,
            Some(roles) => {
                for role in &roles {
                    if !KNOWN.contains(&role.value.as_str()) {
                        let text = format!("unknown role `{}`; known are {}", role.value, KNOWN.join(", "));
                        return Err(at(role.referenced.line(), text));
                    }
                }
                roles.into_iter().map(|role| role.value).collect()
            }
        };
        Ok(UserRules {
            roles,
            include_suspended: include_suspended.unwrap_or(default.include_suspended),
            require_verified: require_verified.unwrap_or(default.require_verified),
        })
    }
}

impl RawSuppression {
    fn check(self) -> Result<Suppression, ConfigError> {
        let Self { code, sf_account_id, org_id, user_id, domain, issue_id, reason, expires } = self;
        let line = reason.referenced.line();
        let Some(reason) = reason.value.filter(|reason| !reason.trim().is_empty()) else {
            return Err(at(line, "the `reason` of a suppression must not be empty"));
        };
        let (expires, domain) = (value("expires", expires)?, value("domain", domain)?);
        if let Some(expires) = expires.as_ref().filter(|expires| !time::is_date(&expires.value)) {
            return Err(at(
                expires.referenced.line(),
                format_args!("`expires` is a day such as 2026-12-31, not `{}`", expires.value),
            ));
        }
        Ok(Suppression {
            code: needed("code", code)?.0,
            sf_account_id: value("sf_account_id", sf_account_id)?.map(|id| id.0),
            org_id: value("org_id", org_id)?,
            user_id: value("user_id", user_id)?,
            domain: domain.as_ref().map(normalized_domain).transpose()?,
            issue_id: value("issue_id", issue_id)?.map(|id| id.0),
            reason,
            expires: expires.map(|expires| expires.value),
        })
    }
}

/// Checks a number of days to look back.
pub fn checked_lookback(days: u64) -> Result<u32, String> {
    // A hundred years: more is a slip, and would leave the calendar.
    u32::try_from(days)
        .ok()
        .filter(|days| (1..=36_500).contains(days))
        .ok_or_else(|| format!("`lookback_days` is a whole number of days from 1 to 36500, not {days}"))
}

/// The origin of a Zendesk by its subdomain.
pub fn origin_of_subdomain(subdomain: &str) -> Result<String, String> {
    let subdomain = subdomain.trim();
    let bytes = subdomain.as_bytes();
    let valid = !bytes.is_empty()
        && bytes.len() <= 63
        && bytes.iter().all(|c| c.is_ascii_alphanumeric() || *c == b'-')
        && bytes[0] != b'-'
        && bytes[bytes.len() - 1] != b'-';
    if valid {
        Ok(format!("https://{}.zendesk.com", subdomain.to_ascii_lowercase()))
    } else {
        Err(format!(
            "the subdomain is the part before .zendesk.com, such as `acme`, not `{}`",
            without_local_part(subdomain)
        ))
    }
}

/// The origin of a base URL: `scheme://host[:port]`, lower-case, without default port or final slash.
pub fn origin(text: &str) -> Result<String, String> {
    let url = url::Url::parse(text.trim()).map_err(|error| format!("`base_url` is no URL: {error}"))?;
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => return Err("`base_url` has no host".to_owned()),
    };
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => return Err("`base_url` may be http only for a loopback address; use https".to_owned()),
        other => return Err(format!("`base_url` begins with https://, not {other}://")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("`base_url` must not hold a user or a password; credentials come from the environment".to_owned());
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err("`base_url` is only scheme and host, such as https://acme.zendesk.com".to_owned());
    }
    Ok(url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(text, Path::new("")).map_err(|error| error.0)
    }

    fn error(text: &str) -> String {
        parse(text).expect_err("an error")
    }

    #[test]
    fn an_empty_file_and_empty_sections_are_the_defaults() {
        for text in ["", "# nothing\n", "version: 1\n", "thresholds:\nsuppressions:\nzendesk:\n  subdomain:\n"] {
            let config = parse(text).expect("defaults");
            assert_eq!((config.reserve_percent, config.settings.lookback_days, config.apply.max_actions), (20, 30, 25));
            assert_eq!(config.accounts_csv, Path::new("salesforce_accounts.csv"));
            assert!(config.zendesk.is_none() && !config.allow_ticket_list && config.settings.suppressions.is_empty());
        }
    }

    #[test]
    fn an_unknown_key_names_itself_its_line_and_the_nearest() {
        assert_eq!(
            error("version: 1\ntickets:\n  lookback: 30\n"),
            "line 3: unknown key `lookback`; the nearest known one is `lookback_days`"
        );
        assert_eq!(
            error("suppresions: []\n"),
            "line 1: unknown key `suppresions`; the nearest known one is `suppressions`"
        );
    }

    #[test]
    fn names_of_the_catalogue_are_checked() {
        assert_eq!(
            error("thresholds:\n  max_by_risk: { critcal: 0 }\n"),
            "line 2: unknown name `critcal`; the nearest known one is `critical`"
        );
        assert_eq!(
            error("suppressions:\n  - code: ticket_mismatch\n    reason: x\n"),
            "line 2: unknown name `ticket_mismatch`; the nearest known one is `ticket_org_mismatch`"
        );
    }

    #[test]
    fn a_key_that_is_there_twice_is_refused() {
        assert_eq!(error("version: 1\nversion: 1\n"), "line 2: the key `version` is there twice");
        assert_eq!(
            error("thresholds:\n  max_by_risk:\n    high: 1\n    high: 2\n"),
            "line 4: the key `high` is there twice"
        );
    }

    #[test]
    fn an_id_as_a_bare_number_is_refused() {
        let text = |id: &str| {
            format!("suppressions:\n  - code: ticket_org_mismatch\n    sf_account_id: {id}\n    reason: x\n")
        };
        for id in ["123", "001000000000001", "-5", "1e5", "12345678901234567890123"] {
            let message = error(&text(id));
            assert!(message.starts_with("line 3: ") && message.contains("must be put in quotes"), "{id}: {message}");
        }
        for id in ["\"123\"", "001ACME003", "'001000000000001'"] {
            assert!(parse(&text(id)).is_ok(), "{id}");
        }
    }

    #[test]
    fn suppressions_need_a_reason_a_day_and_a_domain() {
        let text = |rest: &str| format!("suppressions:\n  - code: ticket_org_mismatch\n{rest}");
        assert_eq!(error(&text("    reason: ' '\n")), "line 3: the `reason` of a suppression must not be empty");
        assert_eq!(error(&text("    domain: acme.com\n")), "line 3: the key `reason` is missing");
        assert_eq!(error(&text("    reason: x\n    domain: acme\n")), "line 4: `acme` is no domain");
        assert_eq!(
            error(&text("    reason: x\n    expires: 31.12.2026\n")),
            "line 4: `expires` is a day such as 2026-12-31, not `31.12.2026`"
        );
        assert!(parse(&text("    reason: x\n    expires: 2026-12-31\n")).is_ok());
    }

    #[test]
    fn a_key_without_a_value_never_widens_anything() {
        let message =
            |line: u32, key: &str| format!("line {line}: `{key}` has no value; give it one, or take the key out");
        for key in ["sf_account_id", "org_id", "user_id", "domain", "issue_id", "expires"] {
            for null in ["", " ~", " null", " # gone"] {
                let text = format!(
                    "suppressions:\n  - code: ticket_org_mismatch\n    {key}:{null}\n    reason: x\n  - code: user_domain_ambiguous\n    reason: y\n"
                );
                assert_eq!(error(&text), message(3, key), "{text}");
                let last = format!("suppressions:\n  - code: ticket_org_mismatch\n    reason: x\n    {key}:{null}");
                assert_eq!(error(&last), message(4, key), "{last}");
            }
        }
        assert_eq!(error("suppressions: [{ reason: x, code: ~ }]"), message(1, "code"));
        let text = "suppressions:\n  - code: ticket_org_mismatch\n    reason:\n";
        assert_eq!(error(text), "line 3: the `reason` of a suppression must not be empty");
        for key in ["max_total_issues", "max_blocked_actions", "max_by_risk", "max_by_code", "max_new_issues"] {
            assert_eq!(error(&format!("thresholds:\n  {key}:\n")), message(2, key));
        }
        assert_eq!(error("thresholds:\n  max_by_risk:\n    high: 3\n    critical:\n"), message(4, "max_by_risk"));
        for key in ["personal", "ignored"] {
            assert_eq!(error(&format!("domains:\n  {key}:\n")), message(2, key));
            assert!(parse(&format!("domains:\n  {key}: []\n")).is_ok());
        }
        // Without a value these are as strict as without the key.
        for (section, key) in [
            ("apply", "max_actions"),
            ("apply", "max_per_account"),
            ("apply", "max_plan_age_hours"),
            ("users", "roles"),
            ("users", "include_suspended"),
            ("users", "require_verified"),
            ("tickets", "allow_list"),
            ("domains", "not_personal"),
        ] {
            assert_eq!(parse(&format!("{section}:\n  {key}: ~\n")), parse(""), "{key}");
        }
    }

    #[test]
    fn numbers_have_their_ranges() {
        assert_eq!(
            error("tickets: { lookback_days: 0 }"),
            "line 1: `lookback_days` is a whole number of days from 1 to 36500, not 0"
        );
        assert_eq!(
            error("zendesk: { reserve_percent: 91 }"),
            "line 1: `reserve_percent` is a whole number from 0 to 90"
        );
        assert_eq!(error("version: 2"), "line 1: version 2 is not known; this is version 1");
    }

    #[test]
    fn base_urls_are_origins() {
        assert_eq!(origin("HTTPS://Acme.Zendesk.com:443/"), Ok("https://acme.zendesk.com".to_owned()));
        assert_eq!(origin("http://127.0.0.1:4010"), Ok("http://127.0.0.1:4010".to_owned()));
        for text in [
            "http://acme.zendesk.com",
            "https://a:b@acme.zendesk.com",
            "https://acme.zendesk.com/agent",
            "https://acme.zendesk.com/?a",
            "acme",
        ] {
            assert!(origin(text).is_err(), "{text}");
        }
        assert_eq!(origin_of_subdomain("Acme"), Ok("https://acme.zendesk.com".to_owned()));
        let address = origin_of_subdomain("jane.doe@acme").expect_err("an address");
        assert!(address.ends_with("not `…@acme`"), "{address}");
        assert!(origin_of_subdomain("acme.zendesk.com").is_err() && origin_of_subdomain("-a").is_err());
    }

    #[test]
    fn domains_are_normalized_and_personal_ones_combined() {
        let config = parse("domains:\n  personal: [CorpMail.example]\n  not_personal: [gmail.com]\n  ignored: ['https://www.test.example/']\n").expect("fine");
        let rules = &config.settings.domains;
        assert!(rules.personal.contains("corpmail.example") && rules.personal.contains("yahoo.com"));
        assert!(!rules.personal.contains("gmail.com") && rules.not_personal.contains("gmail.com"));
        assert!(rules.ignored.contains("test.example"));
        assert_eq!(
            error("domains:\n  ignored:\n    - acme.com\n    - co.uk\n"),
            "line 4: `co.uk` is a public suffix, not a domain of somebody"
        );
        assert_eq!(error("domains: { ignored: [jane.doe@localhost] }"), "line 1: `…@localhost` is no domain");
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let config = Config::parse("salesforce: { accounts_csv: sf/a.csv }", Path::new("conf")).expect("fine");
        assert_eq!(
            (config.accounts_csv.as_path(), config.root.as_path()),
            (Path::new("conf/sf/a.csv"), Path::new("conf/artifacts/zendesk_drift"))
        );
    }
}
