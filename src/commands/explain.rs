//! `explain`: what a code, action or reason means and what to do about it, as text and as JSON.
//!
//! Pure functions from the catalogue to text; the caller prints. The words stand in the catalogue, and
//! the reference in `docs/codes.md` is rendered from the same entries by `markdown`.

pub mod markdown;

use std::fmt;

use comfy_table::{Table, presets};
use serde::Serialize;

use crate::catalogue::{Entry, Explanation, Kind};
use crate::cli::{Common, Explain as Options};
use crate::console::stdout_width;
use crate::exit::{Exit, Failure};
use crate::text::audience::Message;
use crate::text::nearest::nearest;
use crate::text::wrap::wrap;

/// The width that the list needs: two columns, the longest name and the longest title.
const LIST_WIDTH: usize = 100;
/// No title is wrapped to less.
const LEAST_TITLE: usize = 16;
/// The width of the text about one entry.
const TEXT_WIDTH: usize = 88;
/// What a reason of a receipt begins with when a precondition no longer holds.
const PRECONDITION: &str = "precondition_changed_";

/// Nothing in the catalogue has this name.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownName {
    name: String,
    /// The name that was probably meant.
    pub nearest: Option<&'static str>,
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no code, action or reason is named \"{}\"", self.name.escape_debug())?;
        match self.nearest {
            Some(nearest) => write!(f, "; the nearest is `{nearest}`"),
            None => write!(f, "; `explain` without a name lists them all"),
        }
    }
}

impl std::error::Error for UnknownName {}

/// Runs `explain`.
pub fn run(common: &Common, options: &Options) -> Result<Exit, Failure> {
    let console = common.console();
    let Some(name) = &options.name else {
        let width = stdout_width().map_or(LIST_WIDTH, |width| width.min(LIST_WIDTH));
        console.say(Message::public(list_text(width).trim_end()));
        console.data(Message::public(list_json()));
        return Ok(Exit::Done);
    };
    let entries = one(name).map_err(|unknown| {
        Failure::invalid(Message::public(unknown.to_string())).help("g-gremlin zendesk drift explain lists all names")
    })?;
    console.say(Message::public(text(&entries, TEXT_WIDTH).trim_end()));
    console.data(Message::public(json(&entries)));
    Ok(Exit::Done)
}

/// Everything that has this name: one entry, or two where an issue and a blocked reason share it.
///
/// The beginning `precondition_changed_` may be left out when nothing else has the short name.
pub fn one(name: &str) -> Result<Vec<Entry>, UnknownName> {
    let named = |wanted: &str| Entry::all().filter(|e| e.name() == wanted).collect::<Vec<_>>();
    let mut found = named(name);
    if found.is_empty() {
        found = named(&format!("{PRECONDITION}{name}"));
    }
    if found.is_empty() {
        return Err(UnknownName { name: name.to_owned(), nearest: nearest(name, Entry::all().map(Entry::name)) });
    }
    Ok(found)
}

/// The entries in full, as paragraphs no wider than `width` columns (single words excepted).
pub fn text(entries: &[Entry], width: usize) -> String {
    let texts: Vec<_> = entries.iter().map(|entry| entry_text(*entry, width)).collect();
    texts.join("\n")
}

fn entry_text(entry: Entry, width: usize) -> String {
    let Explanation { title, means, evidence, what_to_do, tool_does, tool_does_not } = entry.explanation();
    let mut out = format!("{}  ({})\n{title}.\n", entry.name(), facts(entry));
    for (heading, paragraph) in [
        ("What it means", means),
        ("Evidence", evidence),
        ("What to do", what_to_do),
        ("What the tool does", tool_does),
        ("What it does not do", tool_does_not),
    ] {
        out.push_str(&format!("\n{heading}\n"));
        for line in wrap(paragraph, width.saturating_sub(2)) {
            out.push_str(&format!("  {line}\n"));
        }
    }
    out
}

/// The kind of an entry, and for an issue its scope, its risk and what can become of it.
fn facts(entry: Entry) -> String {
    match entry {
        Entry::Issue(code) => {
            let statuses: Vec<_> = code.statuses().iter().map(|status| status.as_str()).collect();
            let action = code.action().map_or(String::new(), |action| format!("; its action is {action}"));
            format!("{} issue, {} risk, {}{action}", code.scope(), code.risk(), statuses.join(" or "))
        }
        Entry::Action(_) | Entry::Blocked(_) | Entry::Skipped(_) | Entry::Advisory(_) | Entry::Warning(_) => {
            label(entry.kind()).to_lowercase()
        }
    }
}

/// What one name of a kind is called.
fn label(kind: Kind) -> &'static str {
    match kind {
        Kind::Issue => "Issue",
        Kind::Action => "Action",
        Kind::Blocked => "Blocked reason",
        Kind::Skipped => "Skip reason",
        Kind::Advisory => "Advisory",
        Kind::Warning => "Warning",
    }
}

/// What the names of a kind are for.
fn heading(kind: Kind) -> &'static str {
    match kind {
        Kind::Issue => "Issues: what an audit finds",
        Kind::Action => "Actions: what a plan can repair",
        Kind::Blocked => "Blocked reasons: why a repair is not prepared",
        Kind::Skipped => "Skip reasons: why a planned action was not applied",
        Kind::Advisory => "Advisories: what else an operator should know",
        Kind::Warning => "Warnings: what else an audit noticed",
    }
}

fn of_kind(kind: Kind) -> impl Iterator<Item = Entry> {
    Entry::all().filter(move |entry| entry.kind() == kind)
}

/// Every name with its title, in one table per kind. Names are never split; titles wrap in their cells where `width` is less than
/// the list needs.
pub fn list_text(width: usize) -> String {
    let widest = |text: fn(Entry) -> &'static str| Entry::all().map(|entry| text(entry).len()).max();
    let name_width = widest(Entry::name).unwrap_or_default();
    let borders = 7;
    let title_width = widest(|entry| entry.explanation().title)
        .unwrap_or_default()
        .min(width.saturating_sub(name_width + borders).max(LEAST_TITLE));
    let mut out = String::new();
    for kind in Kind::ALL {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED);
        for entry in of_kind(kind) {
            // Wrapped and padded by hand, so that the tables of all kinds line up.
            let title: Vec<String> = wrap(entry.explanation().title, title_width)
                .iter()
                .map(|line| format!("{line:title_width$}"))
                .collect();
            table.add_row([format!("{:name_width$}", entry.name()), title.join("\n")]);
        }
        out.push_str(&format!("{}\n{table}\n\n", heading(kind)));
    }
    out.push_str("Explain one: g-gremlin zendesk drift explain NAME\n");
    out
}

/// Every entry in full, as JSON.
pub fn list_json() -> String {
    let entries: Vec<_> = Entry::all().collect();
    json(&entries)
}

/// The entries in full, as a JSON array with a final newline.
pub fn json(entries: &[Entry]) -> String {
    let rows: Vec<_> = entries.iter().map(|entry| Row::from(*entry)).collect();
    let mut out = serde_json::to_string_pretty(&rows).expect("texts and lists of texts are always JSON");
    out.push('\n');
    out
}

/// An entry as JSON shows it; the keys that only issues have are null or empty for others.
#[derive(Serialize)]
struct Row {
    name: &'static str,
    kind: &'static str,
    scope: Option<&'static str>,
    risk: Option<&'static str>,
    action: Option<&'static str>,
    statuses: Vec<&'static str>,
    blocked_reasons: Vec<&'static str>,
    title: &'static str,
    means: &'static str,
    evidence: &'static str,
    what_to_do: &'static str,
    tool_does: &'static str,
    tool_does_not: &'static str,
}

impl From<Entry> for Row {
    fn from(entry: Entry) -> Self {
        let Explanation { title, means, evidence, what_to_do, tool_does, tool_does_not } = entry.explanation();
        let issue = match entry {
            Entry::Issue(code) => Some(code),
            Entry::Action(_) | Entry::Blocked(_) | Entry::Skipped(_) | Entry::Advisory(_) | Entry::Warning(_) => None,
        };
        Self {
            name: entry.name(),
            kind: entry.kind().as_str(),
            scope: issue.map(|code| code.scope().as_str()),
            risk: issue.map(|code| code.risk().as_str()),
            action: issue.and_then(|code| code.action()).map(|action| action.as_str()),
            statuses: issue.map_or(vec![], |code| code.statuses().iter().map(|s| s.as_str()).collect()),
            blocked_reasons: issue.map_or(vec![], |code| code.blocked_reasons().iter().map(|r| r.as_str()).collect()),
            title,
            means,
            evidence,
            what_to_do,
            tool_does,
            tool_does_not,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_finds_its_entry_and_a_shared_name_both() {
        let kinds = |name| one(name).map(|found| found.into_iter().map(Entry::kind).collect::<Vec<_>>());
        assert_eq!(kinds("org_external_id_conflict"), Ok(vec![Kind::Issue]));
        assert_eq!(kinds("user_domain_ambiguous"), Ok(vec![Kind::Issue, Kind::Blocked]));
        assert_eq!(kinds("user_already_member"), Ok(vec![Kind::Skipped]));
        assert_eq!(kinds("multiple_organizations_off"), Ok(vec![Kind::Blocked]));
    }

    #[test]
    fn an_unknown_name_is_told_the_nearest() {
        let nearest = |name: &str| one(name).expect_err("not a name").nearest;
        assert_eq!(nearest("org_mising_external_id"), Some("org_missing_external_id"));
        assert_eq!(nearest("move-user-to-org"), Some("move_user_to_org"));
        assert_eq!(
            one("move-user-to-org").expect_err("not a name").to_string(),
            "no code, action or reason is named \"move-user-to-org\"; the nearest is `move_user_to_org`"
        );
        assert_eq!(
            one("\u{1b}[2J").expect_err("not a name").to_string(),
            "no code, action or reason is named \"\\u{1b}[2J\"; `explain` without a name lists them all"
        );
    }

    #[test]
    fn text_keeps_to_its_width_and_loses_no_word() {
        for entry in Entry::all() {
            let narrow = text(&[entry], 60);
            let body = narrow.lines().skip(2).collect::<Vec<_>>();
            assert!(body.iter().all(|line| line.chars().count() <= 60), "{narrow}");
            let joined = body.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
            assert!(joined.contains(entry.explanation().means), "{narrow}");
            assert!(joined.contains(entry.explanation().tool_does_not), "{narrow}");
        }
    }

    #[test]
    fn the_list_names_everything_on_one_line_each() {
        let list = list_text(LIST_WIDTH);
        assert!(list.lines().all(|line| line.chars().count() <= LIST_WIDTH), "{list}");
        for entry in Entry::all() {
            let line = |l: &&str| l.contains(&format!(" {} ", entry.name())) && l.contains(entry.explanation().title);
            assert!(list.lines().any(|l| line(&l)), "{}", entry.name());
        }
    }

    #[test]
    fn at_eighty_columns_no_name_is_split_and_no_line_is_longer() {
        let list = list_text(80);
        assert!(list.lines().all(|line| line.chars().count() <= 80), "{list}");
        for entry in Entry::all() {
            assert!(list.contains(&format!(" {} ", entry.name())), "{list}");
        }
    }

    #[test]
    fn json_holds_every_entry_in_a_fixed_order_of_keys() {
        let parsed: serde_json::Value = serde_json::from_str(&list_json()).expect("it is JSON");
        let rows = parsed.as_array().expect("an array");
        assert_eq!(rows.len(), Entry::all().count());
        assert_eq!(rows[0]["name"], "org_duplicate_external_id");
        assert_eq!(rows[0]["risk"], "critical");
        assert_eq!(rows[0]["blocked_reasons"], serde_json::json!(["duplicate_external_id"]));
        assert_eq!(rows[12]["scope"], serde_json::Value::Null);
        assert!(list_json().starts_with(
            "[\n  {\n    \"name\": \"org_duplicate_external_id\",\n    \"kind\": \"issue\",\n    \"scope\""
        ));
    }
}
