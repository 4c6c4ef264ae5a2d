//! `gremlin.zendesk_drift.yaml`: reading it, checking it, and saying exactly where it is wrong (contract 2).
//!
//! Every key is optional; an unknown one is an error that names the key, the line and the nearest known key.
//! Secrets are never read from here.

// What the file may hold, and what a parser's error means.
mod file;
// Values that are looked at while they are read.
mod values;
// From what the file holds to a configuration.
mod check;
// Which Zendesk is meant.
mod target;

pub use check::checked_lookback;
pub use target::{origin, origin_of_subdomain};

use crate::model::settings::Settings;
use crate::text::audience::Message;
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
        file::Raw::read(text)?.check(folder)
    }
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
