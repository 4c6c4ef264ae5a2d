//! What a change does to the configuration and to the reference, setting by setting, and how much that matters: whether it hides
//! or permits more than before, or names another target.
//!
//! Computed where both sides are at hand (`commands/github/action`), kept as a file, and rendered by `change_page`.

use crate::catalogue::ActionCode;
use crate::config::{ApplyLimits, Config, SalesforceSource};
use crate::files;
use crate::model::settings::{DomainRules, Settings, Suppression, Thresholds, UserRules};
use crate::text::words::grouped;
use hashbrown::HashSet;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::Path;

/// How much a change matters. The order is that of the headline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SettingWeight {
    /// A fact that did not change.
    Same,
    /// It neither hides nor permits more.
    Harmless,
    /// Less is checked, limited or seen than before, or more may be written.
    Weaker,
    /// Credentials, or repairs, would go to another place.
    Target,
}

/// One setting, before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedSetting {
    /// The key, in plain words.
    pub name: String,
    /// Which of several: it may name an account.
    #[serde(default)]
    pub detail: Option<String>,
    pub before: String,
    pub after: String,
    pub weight: SettingWeight,
    /// Whether the values may be public: numbers and the program's own words.
    pub is_open: bool,
}

/// A row of the reference, as far as an audit uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceRow {
    pub sf_account_id: String,
    pub account_name: String,
    pub website: String,
    pub domains: BTreeSet<String>,
    pub org_expected: bool,
}

/// One side of a change.
#[derive(Debug)]
pub struct ChangeSide {
    pub config: Config,
    /// By account key; `None` where the snapshot's copy counts, which is the same on both sides.
    pub reference: Option<BTreeMap<String, ReferenceRow>>,
}

/// How many records were checked on one side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JudgedCounts {
    pub accounts: u64,
    pub users: u64,
    pub tickets: u64,
}

/// Everything that a change does to what an audit is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigurationChange {
    pub settings: Vec<ChangedSetting>,
    /// There was no configuration before, so there is nothing to compare.
    #[serde(default)]
    pub is_first: bool,
}

impl ConfigurationChange {
    /// Of a change that adds the configuration.
    pub fn first() -> Self {
        Self { is_first: true, ..Self::default() }
    }

    /// Compares the two sides.
    pub fn between(before: &ChangeSide, after: &ChangeSide) -> Self {
        let mut table = Table::default();
        table.config(&before.config, &after.config);
        if let (Some(before), Some(after)) = (&before.reference, &after.reference) {
            table.reference(before, after);
        }
        Self { settings: table.0, is_first: false }
    }

    /// Adds what the audits of both sides checked, and what the change hides.
    pub fn judged(&mut self, before: JudgedCounts, after: JudgedCounts, left_window: u64, left_reference: u64) {
        let mut table = Table::default();
        for (what, before, after) in [
            ("accounts in the audit", before.accounts, after.accounts),
            ("users checked", before.users, after.users),
            ("tickets in the window", before.tickets, after.tickets),
        ] {
            let weight = match after.cmp(&before) {
                std::cmp::Ordering::Less => SettingWeight::Weaker,
                std::cmp::Ordering::Equal => SettingWeight::Same,
                std::cmp::Ordering::Greater => SettingWeight::Harmless,
            };
            table.row(what, grouped(before), grouped(after), weight, true);
        }
        for (what, left) in [
            ("issues that left the ticket window", left_window),
            ("issues whose account left the reference", left_reference),
        ] {
            if left > 0 {
                table.row(what, String::new(), grouped(left), SettingWeight::Weaker, true);
            }
        }
        self.settings.extend(table.0);
    }

    /// The heaviest change.
    pub fn weight(&self) -> SettingWeight {
        self.settings.iter().map(|setting| setting.weight).max().unwrap_or(SettingWeight::Same)
    }

    /// Whether credentials or repairs would go to another place.
    pub fn is_other_target(&self) -> bool {
        self.weight() == SettingWeight::Target
    }

    /// The names of the settings that hide or permit more, or name another target.
    pub fn worth_saying(&self) -> Vec<String> {
        let names =
            self.settings.iter().filter(|setting| setting.weight >= SettingWeight::Weaker).map(|setting| &setting.name);
        names.collect::<BTreeSet<_>>().into_iter().cloned().collect()
    }

    pub fn read(path: &Path) -> std::io::Result<Self> {
        Ok(serde_json::from_slice(&files::read_lines(path)?)?)
    }

    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        std::fs::write(path, serde_json::to_vec(self)?)
    }
}

/// The rows in the making. A setting that is the same on both sides has none.
#[derive(Default)]
struct Table(Vec<ChangedSetting>);

const NONE: &str = "none";

impl Table {
    fn row(&mut self, name: impl Into<String>, before: String, after: String, weight: SettingWeight, is_open: bool) {
        self.0.push(ChangedSetting { name: name.into(), detail: None, before, after, weight, is_open });
    }

    fn one_of(&mut self, name: &str, detail: String, before: String, after: String, weight: SettingWeight) {
        self.0.push(ChangedSetting {
            name: name.to_owned(),
            detail: Some(detail),
            before,
            after,
            weight,
            is_open: false,
        });
    }

    /// A value that is shown as it is; `weight` says what another one does.
    fn value<T: PartialEq>(
        &mut self,
        what: &str,
        [before, after]: [&T; 2],
        shown: fn(&T) -> String,
        weight: SettingWeight,
    ) {
        if before != after {
            self.row(what, shown(before), shown(after), weight, false);
        }
    }

    /// A number of which more means a weaker rule.
    fn limit(&mut self, what: &str, before: u64, after: u64) {
        if before != after {
            let weight = if after > before { SettingWeight::Weaker } else { SettingWeight::Harmless };
            self.row(what, grouped(before), grouped(after), weight, true);
        }
    }

    /// A limit; if absent, there is none.
    fn threshold(&mut self, what: &str, before: Option<u64>, after: Option<u64>) {
        if before != after {
            let weight = match (before, after) {
                (Some(before), Some(after)) if after <= before => SettingWeight::Harmless,
                (None, Some(_)) => SettingWeight::Harmless,
                _ => SettingWeight::Weaker,
            };
            let shown = |limit: Option<u64>| limit.map_or("no limit".to_owned(), grouped);
            self.row(format!("thresholds.{what}"), shown(before), shown(after), weight, true);
        }
    }

    /// A switch; `weaker` is the side of it that hides or permits more.
    fn switch(&mut self, what: &str, before: bool, after: bool, weaker: &[bool]) {
        if before != after {
            let weight = if weaker.contains(&after) { SettingWeight::Weaker } else { SettingWeight::Harmless };
            self.row(what, before.to_string(), after.to_string(), weight, true);
        }
    }

    /// A list; what an added entry does, and what a removed one does.
    fn list<T: Ord + Display>(
        &mut self,
        what: &str,
        before: &BTreeSet<T>,
        after: &BTreeSet<T>,
        [added, removed]: [SettingWeight; 2],
    ) {
        let gone: Vec<String> = before.difference(after).map(ToString::to_string).collect();
        let new: Vec<String> = after.difference(before).map(ToString::to_string).collect();
        if gone.is_empty() && new.is_empty() {
            return;
        }
        let weight = [(&new, added), (&gone, removed)].into_iter().filter(|(list, _)| !list.is_empty());
        let weight = weight.map(|(_, weight)| weight).max().unwrap_or(SettingWeight::Same);
        self.row(what, minus(&gone), plus(&new), weight, false);
    }

    fn config(&mut self, before: &Config, after: &Config) {
        // In full, so that a new key asks for a decision.
        let Config {
            zendesk,
            reserve_percent,
            salesforce,
            accounts_csv,
            instance_url,
            columns,
            settings,
            allow_ticket_list,
            root,
            apply,
        } = before;
        let text = |text: &Option<String>| text.clone().unwrap_or(NONE.to_owned());
        self.value("zendesk", [zendesk, &after.zendesk], text, SettingWeight::Target);
        self.limit_down("zendesk.reserve_percent", u64::from(*reserve_percent), u64::from(after.reserve_percent));
        self.salesforce(salesforce, &after.salesforce);
        self.value(
            "salesforce.accounts_csv",
            [accounts_csv, &after.accounts_csv],
            |path| path.display().to_string(),
            SettingWeight::Harmless,
        );
        // Links in reports lead there; credentials go there with `soql`, which is above.
        self.value("salesforce.instance_url", [instance_url, &after.instance_url], text, SettingWeight::Weaker);
        let pairs = |columns: &BTreeMap<String, String>| {
            columns.iter().map(|(ours, theirs)| format!("{ours}: {theirs}")).collect()
        };
        self.list("salesforce.columns", &pairs(columns), &pairs(&after.columns), [SettingWeight::Weaker; 2]);
        self.settings(settings, &after.settings);
        self.switch("tickets.allow_list", *allow_ticket_list, after.allow_ticket_list, &[true]);
        self.value("artifacts.root", [root, &after.root], |path| path.display().to_string(), SettingWeight::Harmless);
        self.apply(apply, &after.apply);
    }

    /// A number of which less means a weaker rule.
    fn limit_down(&mut self, what: &str, before: u64, after: u64) {
        if before != after {
            let weight = if after < before { SettingWeight::Weaker } else { SettingWeight::Harmless };
            self.row(what, grouped(before), grouped(after), weight, true);
        }
    }

    fn salesforce(&mut self, before: &SalesforceSource, after: &SalesforceSource) {
        use SalesforceSource::{Csv, Soql};
        let source = |source: &SalesforceSource| match source {
            Csv => "csv".to_owned(),
            Soql { .. } => "soql".to_owned(),
        };
        match (before, after) {
            (Csv, Csv) => {}
            (Csv, Soql { instance_url, .. }) => {
                self.row(
                    "salesforce.source",
                    source(before),
                    format!("soql of {instance_url}"),
                    SettingWeight::Target,
                    false,
                );
            }
            (Soql { .. }, Csv) => {
                self.row("salesforce.source", source(before), source(after), SettingWeight::Weaker, true)
            }
            (
                Soql { instance_url, api_version, query },
                Soql { instance_url: other_url, api_version: other_version, query: other_query },
            ) => {
                self.value(
                    "salesforce.instance_url, read by soql",
                    [instance_url, other_url],
                    Clone::clone,
                    SettingWeight::Target,
                );
                self.value(
                    "salesforce.api_version",
                    [api_version, other_version],
                    Clone::clone,
                    SettingWeight::Harmless,
                );
                self.value("salesforce.query", [query, other_query], Clone::clone, SettingWeight::Weaker);
            }
        }
    }

    fn settings(&mut self, before: &Settings, after: &Settings) {
        let Settings { domains, users, tickets_enabled, lookback_days, max_lost_percent, thresholds, suppressions } =
            before;
        self.domains(domains, &after.domains);
        self.users(users, &after.users);
        self.switch("tickets.enabled", *tickets_enabled, after.tickets_enabled, &[false]);
        self.limit_down("tickets.lookback_days", u64::from(*lookback_days), u64::from(after.lookback_days));
        self.limit("salesforce.max_lost_percent", *max_lost_percent, after.max_lost_percent);
        self.thresholds(thresholds, &after.thresholds);
        self.suppressions(suppressions, &after.suppressions);
    }

    fn domains(&mut self, before: &DomainRules, after: &DomainRules) {
        let DomainRules { personal, not_personal, ignored, platforms: _ } = before;
        let sorted = |set: &HashSet<String>| set.iter().cloned().collect::<BTreeSet<String>>();
        // What `not_personal` takes out is told under its own name.
        let told = |set: &HashSet<String>| {
            let either = |domain: &String| not_personal.contains(domain) || after.not_personal.contains(domain);
            sorted(set).into_iter().filter(|domain| !either(domain)).collect::<BTreeSet<String>>()
        };
        self.list(
            "domains.personal",
            &told(personal),
            &told(&after.personal),
            [SettingWeight::Weaker, SettingWeight::Harmless],
        );
        // Put in, a guard is off; taken out, users are out of scope.
        self.list(
            "domains.not_personal",
            &sorted(not_personal),
            &sorted(&after.not_personal),
            [SettingWeight::Weaker; 2],
        );
        self.list(
            "domains.ignored",
            &sorted(ignored),
            &sorted(&after.ignored),
            [SettingWeight::Weaker, SettingWeight::Harmless],
        );
    }

    fn users(&mut self, before: &UserRules, after: &UserRules) {
        let UserRules { roles, include_suspended, require_verified } = before;
        self.list("users.roles", roles, &after.roles, [SettingWeight::Harmless, SettingWeight::Weaker]);
        // With them more may be written, without them less is checked.
        self.switch("users.include_suspended", *include_suspended, after.include_suspended, &[true, false]);
        self.switch("users.require_verified", *require_verified, after.require_verified, &[false]);
    }

    fn thresholds(&mut self, before: &Thresholds, after: &Thresholds) {
        let Thresholds {
            max_total_issues,
            max_blocked_actions,
            max_by_risk,
            max_by_code,
            max_new_issues,
            max_lost_accounts,
        } = before;
        self.threshold("max_total_issues", *max_total_issues, after.max_total_issues);
        self.threshold("max_blocked_actions", *max_blocked_actions, after.max_blocked_actions);
        for name in max_by_risk.keys().chain(after.max_by_risk.keys()).collect::<BTreeSet<_>>() {
            let of = |limits: &BTreeMap<_, u64>| limits.get(name).copied();
            self.threshold(&format!("max_by_risk.{name}"), of(max_by_risk), of(&after.max_by_risk));
        }
        for name in max_by_code.keys().chain(after.max_by_code.keys()).collect::<BTreeSet<_>>() {
            let of = |limits: &BTreeMap<_, u64>| limits.get(name).copied();
            self.threshold(&format!("max_by_code.{name}"), of(max_by_code), of(&after.max_by_code));
        }
        self.threshold("max_new_issues", *max_new_issues, after.max_new_issues);
        self.threshold("max_lost_accounts", *max_lost_accounts, after.max_lost_accounts);
    }

    /// One row for each that comes, goes, or changes how long it is in force. The order matters for the reason alone.
    fn suppressions(&mut self, before: &[Suppression], after: &[Suppression]) {
        let by_selector = |list: &[Suppression]| {
            let mut map: BTreeMap<String, (Option<String>, String)> = BTreeMap::new();
            for one in list {
                map.entry(selector(one)).or_insert((one.expires.clone(), one.reason.clone()));
            }
            map
        };
        let (before, after) = (by_selector(before), by_selector(after));
        let until = |(expires, reason): &(Option<String>, String)| match expires {
            Some(day) => format!("until {day}: {reason}"),
            None => format!("without an end date: {reason}"),
        };
        for name in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
            let (was, is) = (before.get(name), after.get(name));
            let weight = match (was, is) {
                (was, is) if was == is => continue,
                (_, None) => SettingWeight::Harmless,
                (None, Some(_)) => SettingWeight::Weaker,
                (Some((was, _)), Some((is, _))) => match (was, is) {
                    (None, _) => SettingWeight::Harmless,
                    (Some(_), None) => SettingWeight::Weaker,
                    (Some(was), Some(is)) if is > was => SettingWeight::Weaker,
                    (Some(_), Some(_)) => SettingWeight::Harmless,
                },
            };
            let shown = |side: Option<&(Option<String>, String)>| side.map_or(NONE.to_owned(), until);
            self.one_of("suppressions", name.clone(), shown(was), shown(is), weight);
        }
    }

    fn apply(&mut self, before: &ApplyLimits, after: &ApplyLimits) {
        let ApplyLimits { actions, max_actions, max_per_account, max_plan_age_hours } = before;
        let names =
            |actions: &BTreeSet<ActionCode>| actions.iter().map(ToString::to_string).collect::<BTreeSet<String>>();
        self.list(
            "apply.actions",
            &names(actions),
            &names(&after.actions),
            [SettingWeight::Weaker, SettingWeight::Harmless],
        );
        self.limit("apply.max_actions", u64::from(*max_actions), u64::from(after.max_actions));
        self.limit("apply.max_per_account", u64::from(*max_per_account), u64::from(after.max_per_account));
        self.limit("apply.max_plan_age_hours", u64::from(*max_plan_age_hours), u64::from(after.max_plan_age_hours));
    }

    fn reference(&mut self, before: &BTreeMap<String, ReferenceRow>, after: &BTreeMap<String, ReferenceRow>) {
        let of = |rows: Vec<(&String, &ReferenceRow)>| {
            rows.iter().map(|(_, row)| format!("{} {}", row.sf_account_id, row.account_name)).collect::<Vec<String>>()
        };
        let added = of(after.iter().filter(|(key, _)| !before.contains_key(*key)).collect());
        let removed = of(before.iter().filter(|(key, _)| !after.contains_key(*key)).collect());
        if !added.is_empty() {
            self.row("reference: accounts added", String::new(), told(&added), SettingWeight::Harmless, false);
        }
        if !removed.is_empty() {
            self.row("reference: accounts removed", told(&removed), String::new(), SettingWeight::Weaker, false);
        }
        for (key, was) in before {
            let Some(is) = after.get(key).filter(|is| *is != was) else { continue };
            let is_weaker =
                was.domains.difference(&is.domains).next().is_some() || (was.org_expected && !is.org_expected);
            let weight = if is_weaker { SettingWeight::Weaker } else { SettingWeight::Harmless };
            self.one_of("reference: account changed", is.sf_account_id.clone(), shown_row(was), shown_row(is), weight);
        }
    }
}

/// What a suppression selects, in one line.
fn selector(suppression: &Suppression) -> String {
    let Suppression { code, sf_account_id, org_id, user_id, domain, issue_id, reason: _, expires: _ } = suppression;
    let account = sf_account_id.as_ref().map(|id| format!("account {id}"));
    let org = org_id.map(|id| format!("org {id}"));
    let user = user_id.map(|id| format!("user {id}"));
    let domain = domain.as_ref().map(|domain| format!("domain {domain}"));
    let issue = issue_id.as_ref().map(|id| format!("issue {id}"));
    let parts: Vec<String> = [account, org, user, domain, issue].into_iter().flatten().collect();
    if parts.is_empty() { format!("every {code}") } else { format!("{code} ({})", parts.join(", ")) }
}

fn shown_row(row: &ReferenceRow) -> String {
    let ReferenceRow { sf_account_id: _, account_name, website, domains, org_expected } = row;
    let domains = domains.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    let website = if website.is_empty() { String::new() } else { format!(", website {website}") };
    let expected = if *org_expected { "" } else { ", no org expected" };
    format!("{account_name}: {domains}{website}{expected}")
}

/// How many entries a cell names.
const NAMED: usize = 5;

fn told(entries: &[String]) -> String {
    let named = entries.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match entries.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{} in all: {named} and {} more", grouped(entries.len() as u64), grouped(more as u64)),
    }
}

fn minus(entries: &[String]) -> String {
    if entries.is_empty() { String::new() } else { format!("− {}", told(entries)) }
}

fn plus(entries: &[String]) -> String {
    if entries.is_empty() { String::new() } else { format!("+ {}", told(entries)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "version: 1
zendesk: { subdomain: acme }
salesforce: { accounts_csv: a.csv }
thresholds: { max_total_issues: 200, max_by_risk: { critical: 0 } }
suppressions:
  - { code: org_domain_attached_elsewhere, sf_account_id: \"001A\", reason: shared, expires: 2026-12-31 }
";

    fn side(yaml: &str, rows: &[(&str, &str, bool)]) -> ChangeSide {
        let row = |(key, domains, org_expected): &(&str, &str, bool)| {
            let domains = domains.split(' ').map(str::to_owned).collect();
            let row = ReferenceRow {
                sf_account_id: (*key).to_owned(),
                account_name: "Acme".to_owned(),
                website: String::new(),
                domains,
                org_expected: *org_expected,
            };
            ((*key).to_owned(), row)
        };
        let config = Config::parse(yaml, Path::new("")).unwrap_or_else(|error| panic!("{error}\n{yaml}"));
        ChangeSide { config, reference: Some(rows.iter().map(row).collect()) }
    }

    const ROWS: [(&str, &str, bool); 2] = [("001A", "acme.example acme.test", true), ("001B", "b.example", true)];

    /// The base with one text for another: the settings that changed, and the weight of all.
    fn changed(from: &str, to: &str) -> (Vec<String>, SettingWeight) {
        assert!(BASE.contains(from), "{from}");
        of(&side(&BASE.replace(from, to), &ROWS))
    }

    /// The base with more lines.
    fn with(more: &str) -> (Vec<String>, SettingWeight) {
        of(&side(&format!("{BASE}{more}"), &ROWS))
    }

    fn of(after: &ChangeSide) -> (Vec<String>, SettingWeight) {
        let change = ConfigurationChange::between(&side(BASE, &ROWS), after);
        (change.settings.iter().map(|setting| setting.name.clone()).collect(), change.weight())
    }

    fn is(name: &str, weight: SettingWeight) -> (Vec<String>, SettingWeight) {
        (vec![name.to_owned()], weight)
    }

    #[test]
    fn nothing_changed_is_the_same() {
        assert_eq!(with("# words\n"), (Vec::new(), SettingWeight::Same));
        assert_eq!(changed("subdomain: acme", "subdomain: acme.zendesk.com"), (Vec::new(), SettingWeight::Same));
    }

    #[test]
    fn another_target_is_the_heaviest() {
        assert_eq!(changed("subdomain: acme", "subdomain: other"), is("zendesk", SettingWeight::Target));
        assert_eq!(changed("subdomain: acme", "base_url: https://evil.example"), is("zendesk", SettingWeight::Target));
        let soql =
            "salesforce: { source: soql, instance_url: https://acme.my.salesforce.com, query: SELECT Id FROM Account }";
        let (names, weight) = changed("salesforce: { accounts_csv: a.csv }", soql);
        assert!(names.contains(&"salesforce.source".to_owned()), "{names:?}");
        assert_eq!(weight, SettingWeight::Target);
    }

    #[test]
    fn a_limit_that_is_raised_or_gone_is_weaker_and_one_that_is_new_or_lower_is_not() {
        for (from, to, name, weight) in [
            ("max_total_issues: 200", "max_total_issues: 201", "thresholds.max_total_issues", SettingWeight::Weaker),
            ("max_total_issues: 200", "max_total_issues: 199", "thresholds.max_total_issues", SettingWeight::Harmless),
            ("max_total_issues: 200, ", "", "thresholds.max_total_issues", SettingWeight::Weaker),
            (", max_by_risk: { critical: 0 }", "", "thresholds.max_by_risk.critical", SettingWeight::Weaker),
            ("critical: 0", "critical: 0, high: 3", "thresholds.max_by_risk.high", SettingWeight::Harmless),
            (
                "max_total_issues: 200",
                "max_total_issues: 200, max_new_issues: 0",
                "thresholds.max_new_issues",
                SettingWeight::Harmless,
            ),
            (
                "max_total_issues: 200",
                "max_total_issues: 200, max_lost_accounts: 1",
                "thresholds.max_lost_accounts",
                SettingWeight::Harmless,
            ),
        ] {
            assert_eq!(changed(from, to), is(name, weight), "{from} {to}");
        }
    }

    #[test]
    fn more_that_may_be_written_is_weaker() {
        for (more, name, weight) in [
            ("apply: { max_actions: 5000 }\n", "apply.max_actions", SettingWeight::Weaker),
            ("apply: { max_actions: 5 }\n", "apply.max_actions", SettingWeight::Harmless),
            ("apply: { max_per_account: 4 }\n", "apply.max_per_account", SettingWeight::Weaker),
            ("apply: { max_plan_age_hours: 1000 }\n", "apply.max_plan_age_hours", SettingWeight::Weaker),
            ("apply: { max_plan_age_hours: 1 }\n", "apply.max_plan_age_hours", SettingWeight::Harmless),
            ("apply: { actions: [add_org_domain] }\n", "apply.actions", SettingWeight::Harmless),
            ("users: { require_verified: false }\n", "users.require_verified", SettingWeight::Weaker),
            ("users: { include_suspended: true }\n", "users.include_suspended", SettingWeight::Weaker),
        ] {
            assert_eq!(with(more), is(name, weight), "{more}");
        }
        let before = side(&format!("{BASE}apply: {{ actions: [add_org_domain] }}\n"), &ROWS);
        assert_eq!(ConfigurationChange::between(&before, &side(BASE, &ROWS)).weight(), SettingWeight::Weaker);
    }

    #[test]
    fn less_that_is_judged_or_seen_is_weaker() {
        for (more, name, weight) in [
            ("users: { roles: [agent] }\n", "users.roles", SettingWeight::Weaker),
            ("users: { roles: [end-user, agent] }\n", "users.roles", SettingWeight::Harmless),
            ("tickets: { lookback_days: 7 }\n", "tickets.lookback_days", SettingWeight::Weaker),
            ("tickets: { lookback_days: 90 }\n", "tickets.lookback_days", SettingWeight::Harmless),
            ("tickets: { enabled: false }\n", "tickets.enabled", SettingWeight::Weaker),
            ("tickets: { allow_list: true }\n", "tickets.allow_list", SettingWeight::Weaker),
            ("domains: { personal: [corpmail.example] }\n", "domains.personal", SettingWeight::Weaker),
            ("domains: { ignored: [corpmail.example] }\n", "domains.ignored", SettingWeight::Weaker),
            ("domains: { not_personal: [gmail.com] }\n", "domains.not_personal", SettingWeight::Weaker),
            ("artifacts: { root: elsewhere }\n", "artifacts.root", SettingWeight::Harmless),
        ] {
            assert_eq!(with(more), is(name, weight), "{more}");
        }
        for (to, name, weight) in [
            ("a.csv, max_lost_percent: 50", "salesforce.max_lost_percent", SettingWeight::Weaker),
            ("a.csv, max_lost_percent: 1", "salesforce.max_lost_percent", SettingWeight::Harmless),
            ("a.csv, columns: { account_domains: Website }", "salesforce.columns", SettingWeight::Weaker),
            ("a.csv, instance_url: https://acme.my.salesforce.com", "salesforce.instance_url", SettingWeight::Weaker),
            ("b.csv", "salesforce.accounts_csv", SettingWeight::Harmless),
        ] {
            assert_eq!(changed("a.csv", to), is(name, weight), "{to}");
        }
    }

    #[test]
    fn a_suppression_that_comes_or_lasts_longer_is_weaker_and_one_that_goes_is_not() {
        let second = "  - { code: user_domain_ambiguous, reason: known }\n";
        assert_eq!(with(second), is("suppressions", SettingWeight::Weaker));
        assert_eq!(changed("2026-12-31", "2027-12-31"), is("suppressions", SettingWeight::Weaker));
        assert_eq!(changed(", expires: 2026-12-31", ""), is("suppressions", SettingWeight::Weaker));
        assert_eq!(changed("2026-12-31", "2026-11-30"), is("suppressions", SettingWeight::Harmless));
        assert_eq!(changed("reason: shared", "reason: agreed"), is("suppressions", SettingWeight::Harmless));
        let (head, _) = BASE.split_once("suppressions:").expect("there");
        assert_eq!(of(&side(head, &ROWS)), is("suppressions", SettingWeight::Harmless));
    }

    #[test]
    fn accounts_that_go_or_lose_a_domain_are_weaker_and_ones_that_come_are_not() {
        let rows = |rows: &[(&str, &str, bool)]| of(&side(BASE, rows));
        let [a, b] = ROWS;
        assert_eq!(rows(&[a]), is("reference: accounts removed", SettingWeight::Weaker));
        assert_eq!(
            rows(&[a, b, ("001C", "c.example", true)]),
            is("reference: accounts added", SettingWeight::Harmless)
        );
        assert_eq!(rows(&[("001A", "acme.example", true), b]), is("reference: account changed", SettingWeight::Weaker));
        assert_eq!(
            rows(&[("001A", "acme.example acme.test c.example", true), b]),
            is("reference: account changed", SettingWeight::Harmless)
        );
        assert_eq!(rows(&[("001A", a.1, false), b]), is("reference: account changed", SettingWeight::Weaker));
    }

    #[test]
    fn less_in_the_audit_is_weaker_and_what_left_is_named() {
        let judged = |after: JudgedCounts, left: [u64; 2]| {
            let mut change = ConfigurationChange::default();
            change.judged(JudgedCounts { accounts: 9, users: 24, tickets: 487 }, after, left[0], left[1]);
            (change.settings.len(), change.weight())
        };
        assert_eq!(judged(JudgedCounts { accounts: 9, users: 24, tickets: 487 }, [0, 0]), (3, SettingWeight::Same));
        assert_eq!(
            judged(JudgedCounts { accounts: 10, users: 24, tickets: 487 }, [0, 0]),
            (3, SettingWeight::Harmless)
        );
        assert_eq!(judged(JudgedCounts { accounts: 9, users: 23, tickets: 487 }, [0, 0]), (3, SettingWeight::Weaker));
        assert_eq!(judged(JudgedCounts { accounts: 9, users: 24, tickets: 487 }, [1, 0]), (4, SettingWeight::Weaker));
        assert_eq!(judged(JudgedCounts { accounts: 9, users: 24, tickets: 487 }, [0, 2]), (4, SettingWeight::Weaker));
    }
}
