//! `gremlin.zendesk_drift.yaml`: reading it, checking it, and saying exactly where it is wrong (rules 2).
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
// What the file may hold, as a JSON Schema.
#[cfg(feature = "proofs")]
pub mod schema;

pub use check::checked_lookback;
pub use target::{TargetError, origin, origin_of_subdomain, salesforce_target, target};

use crate::catalogue::ActionCode;
use crate::model::settings::Settings;
use crate::text::audience::Message;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

/// The name under which the configuration is looked for.
pub const FILE_NAME: &str = "gremlin.zendesk_drift.yaml";
/// Where runs go unless the configuration says otherwise.
pub const DEFAULT_ROOT: &str = "artifacts/zendesk_drift";
/// The reference CSV unless the configuration says otherwise.
pub const DEFAULT_ACCOUNTS: &str = "salesforce_accounts.csv";
/// The version of Salesforce's API unless the configuration says otherwise.
const DEFAULT_API_VERSION: &str = "64.0";
/// The share of vanished accounts beyond which nothing is prepared, unless the configuration says otherwise.
const DEFAULT_MAX_LOST_PERCENT: u64 = 5;
/// The roles that Zendesk's users have.
const ROLES: [&str; 3] = ["end-user", "agent", "admin"];
/// Where the JSON Schema of the file is, for editors. `init` names it in the file that it writes.
pub const SCHEMA_URL: &str =
    concat!(env!("CARGO_PKG_REPOSITORY"), "/raw/v", env!("CARGO_PKG_VERSION"), "/schemas/config.schema.json");

/// The configuration, checked; paths are relative to the folder of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `scheme://host[:port]`, lower-case.
    pub zendesk: Option<String>,
    pub reserve_percent: u8,
    /// Where the reference comes from.
    pub salesforce: SalesforceSource,
    pub accounts_csv: PathBuf,
    /// The Salesforce that links in reports lead to: `scheme://host[:port]`, lower-case.
    pub instance_url: Option<String>,
    /// For some of our columns, the header that the export uses.
    pub columns: BTreeMap<String, String>,
    pub settings: Settings,
    pub allow_ticket_list: bool,
    pub root: PathBuf,
    pub apply: ApplyLimits,
}

/// Where the reference comes from (rules 3 and 11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SalesforceSource {
    /// The file of `accounts_csv`.
    Csv,
    /// The answer to a query.
    Soql {
        /// `scheme://host[:port]`, lower-case.
        instance_url: String,
        /// Such as `64.0`.
        api_version: String,
        /// Trimmed, not empty.
        query: String,
    },
}

/// The limits of `apply`, which an audit records for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplyLimits {
    /// The kinds of actions that may be applied.
    pub actions: BTreeSet<ActionCode>,
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
        assert_eq!(error("version: 1\nversion: 1\n"), "line 2: duplicate key `version`");
        assert_eq!(error("thresholds:\n  max_by_risk:\n    high: 1\n    high: 2\n"), "line 4: duplicate key `high`");
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
        assert_eq!(error(&text("    reason: x\n    domain: acme\n")), "line 4: `acme` is not a domain");
        assert_eq!(
            error(&text("    reason: x\n    expires: 31.12.2026\n")),
            "line 4: `expires` must be a day such as 2026-12-31, not `31.12.2026`"
        );
        assert!(parse(&text("    reason: x\n    expires: 2026-12-31\n")).is_ok());
    }

    #[test]
    fn a_key_without_a_value_never_widens_anything() {
        let message = |line: u32, key: &str| format!("line {line}: `{key}` has no value; set one, or remove the key");
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
        for key in [
            "max_total_issues",
            "max_blocked_actions",
            "max_by_risk",
            "max_by_code",
            "max_new_issues",
            "max_lost_accounts",
        ] {
            assert_eq!(error(&format!("thresholds:\n  {key}:\n")), message(2, key));
        }
        assert_eq!(error("thresholds:\n  max_by_risk:\n    high: 3\n    critical:\n"), message(4, "max_by_risk"));
        assert_eq!(error("apply:\n  actions:\n"), message(2, "actions"));
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
            ("tickets", "enabled"),
            ("salesforce", "max_lost_percent"),
            ("salesforce", "source"),
            ("domains", "not_personal"),
        ] {
            assert_eq!(parse(&format!("{section}:\n  {key}: ~\n")), parse(""), "{key}");
        }
    }

    #[test]
    fn numbers_have_their_ranges() {
        assert_eq!(
            error("tickets: { lookback_days: 0 }"),
            "line 1: `lookback_days` must be a whole number of days from 1 to 36500, not 0"
        );
        assert_eq!(
            error("zendesk: { reserve_percent: 91 }"),
            "line 1: `reserve_percent` must be a whole number from 0 to 90"
        );
        assert_eq!(error("version: 2"), "line 1: version 2 is unknown; this program reads version 1");
    }

    #[test]
    fn where_the_reference_comes_from_is_checked() {
        let config = parse("").expect("defaults");
        assert_eq!(
            (config.salesforce, config.instance_url, config.settings.max_lost_percent),
            (SalesforceSource::Csv, None, 5)
        );
        let soql = "salesforce:\n  source: soql\n  instance_url: https://Acme.my.salesforce.com/\n  query: ' SELECT Id FROM Account'\n";
        let config = parse(soql).expect("fine");
        let instance_url = "https://acme.my.salesforce.com".to_owned();
        let (api_version, query) = ("64.0".to_owned(), "SELECT Id FROM Account".to_owned());
        assert_eq!(config.instance_url.as_ref(), Some(&instance_url));
        assert_eq!(config.salesforce, SalesforceSource::Soql { instance_url, api_version, query });
        for (text, message) in [
            ("salesforce: { source: odbc }", "line 1: `source` must be csv or soql"),
            (
                "salesforce:\n  source: soql\n  query: SELECT Id FROM Account\n",
                "line 2: `source: soql` needs `instance_url`",
            ),
            (
                "salesforce:\n  source: soql\n  instance_url: https://a.example\n  query: ' '\n",
                "line 2: `source: soql` needs `query`",
            ),
            (
                "salesforce: { instance_url: 'http://a.example' }",
                "line 1: `instance_url` may be http only for a loopback address; use https",
            ),
            (
                "salesforce: { instance_url: 'https://a.example/x' }",
                "line 1: `instance_url` must be only scheme and host, such as https://acme.my.salesforce.com",
            ),
            (
                "salesforce: { api_version: v64 }",
                "line 1: `api_version` must be a version of Salesforce's API in quotes, such as \"64.0\"",
            ),
            (
                "salesforce: { max_lost_percent: 101 }",
                "line 1: `max_lost_percent` must be a whole number from 0 to 100",
            ),
            ("salesforce: { max_lost_percent: -1 }", "line 1: expected a whole number here"),
        ] {
            assert_eq!(error(text), message);
        }
        assert_eq!(parse("salesforce: { max_lost_percent: 0 }").expect("fine").settings.max_lost_percent, 0);
    }

    #[test]
    fn the_kinds_that_may_be_applied_are_all_unless_some_are_named() {
        let actions = |text| parse(text).expect("fine").apply.actions;
        assert_eq!(actions(""), ActionCode::ALL.into_iter().collect());
        assert_eq!(actions("apply: { actions: [add_org_domain] }"), [ActionCode::AddOrgDomain].into());
        assert_eq!(actions("apply: { actions: [] }"), [].into());
        assert_eq!(
            error("apply:\n  actions: [add_domain]\n"),
            "line 2: unknown name `add_domain`; the nearest known one is `add_org_domain`"
        );
    }

    #[test]
    fn tickets_can_be_left_out() {
        assert!(parse("").expect("fine").settings.tickets_enabled);
        assert!(!parse("tickets: { enabled: false }").expect("fine").settings.tickets_enabled);
    }

    #[test]
    fn domains_are_normalized_and_personal_ones_combined() {
        let config = parse("domains:\n  personal: [CorpMail.example]\n  not_personal: [gmail.com]\n  ignored: ['https://www.test.example/']\n").expect("fine");
        let rules = &config.settings.domains;
        assert!(rules.personal.contains("corpmail.example") && rules.personal.contains("yahoo.com"));
        assert!(!rules.personal.contains("gmail.com") && rules.not_personal.contains("gmail.com"));
        assert!(rules.ignored.contains("test.example"));
        assert!(rules.platforms.is_platform("facebook.com"));
        let config = parse("domains: { not_personal: [github.io] }").expect("fine");
        assert!(!config.settings.domains.platforms.is_platform("github.io"));
        assert_eq!(
            error("domains:\n  ignored:\n    - acme.com\n    - co.uk\n"),
            "line 4: `co.uk` is a public suffix, under which anyone can register a domain"
        );
        assert_eq!(error("domains: { ignored: [jane.doe@localhost] }"), "line 1: `…@localhost` is not a domain");
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
