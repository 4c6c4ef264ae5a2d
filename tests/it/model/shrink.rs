//! Makes a world on which the engine and the model differ as small as it gets while they still differ in the same place.
//!
//! Greedy: whatever can go, goes. What is left is kept as a fixture folder, with what the model expects of it.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::random::Scenario;
use super::run::{OPTIONS, write_input};
use super::{Findings, text};

/// Whether one of the differences is in the same place as `first`, whichever row that is now.
pub fn is_like(first: &str, differences: &[String]) -> bool {
    let place = |difference: &str| -> String {
        let cell = difference.split(": ").next().unwrap_or_default();
        // The id of a row, in brackets, changes with its row.
        let cell = cell.split('(').next().unwrap_or_default().to_owned() + cell.rsplit(')').next().unwrap_or_default();
        cell.chars().filter(|c| !c.is_ascii_digit()).collect()
    };
    differences.iter().any(|other| place(other) == place(first))
}

/// What `work` returns, or nothing when it panics: the model does not read what is not valid.
pub fn without_panic(work: impl FnOnce() -> Vec<String>) -> Vec<String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_default()
}

/// The smallest scenario found that still `fails`.
pub fn shrink(scenario: &Scenario, fails: &dyn Fn(&Scenario) -> bool) -> Scenario {
    let mut small = scenario.clone();
    loop {
        let before = size(&small);
        shrink_list(&mut small, fails, |it| &mut it.world.tickets);
        shrink_list(&mut small, fails, |it| &mut it.world.memberships);
        shrink_list(&mut small, fails, |it| &mut it.world.users);
        shrink_list(&mut small, fails, |it| &mut it.world.organizations);
        shrink_list(&mut small, fails, |it| &mut it.config.suppressions);
        shrink_list(&mut small, fails, |it| &mut it.config.thresholds);
        shrink_list(&mut small, fails, |it| &mut it.config.personal);
        shrink_list(&mut small, fails, |it| &mut it.config.not_personal);
        shrink_list(&mut small, fails, |it| &mut it.config.ignored);
        try_one(&mut small, fails, |it| it.baseline_csv = None);
        shrink_csv(&mut small, fails, |it| Some(&mut it.reference_csv));
        shrink_csv(&mut small, fails, |it| it.baseline_csv.as_mut());
        if size(&small) == before {
            return small;
        }
    }
}

fn size(scenario: &Scenario) -> usize {
    let (world, config) = (&scenario.world, &scenario.config);
    let records = world.organizations.len() + world.users.len() + world.memberships.len() + world.tickets.len();
    let lists = config.suppressions.len() + config.thresholds.len() + config.personal.len() + config.not_personal.len();
    let texts = scenario.reference_csv.len() + scenario.baseline_csv.as_ref().map_or(0, String::len);
    records + lists + config.ignored.len() + texts
}

/// Keeps a change when the smaller scenario still fails.
fn try_one(small: &mut Scenario, fails: &dyn Fn(&Scenario) -> bool, change: impl FnOnce(&mut Scenario)) -> bool {
    let mut candidate = small.clone();
    change(&mut candidate);
    let still = size(&candidate) < size(small) && fails(&candidate);
    if still {
        *small = candidate;
    }
    still
}

/// Drops halves, then quarters, and in the end single entries of a list.
fn shrink_list<T>(
    small: &mut Scenario,
    fails: &dyn Fn(&Scenario) -> bool,
    list: impl Fn(&mut Scenario) -> &mut Vec<T>,
) {
    let mut part = list(small).len().div_ceil(2);
    while part > 0 {
        let mut from = 0;
        while from < list(small).len() {
            let until = (from + part).min(list(small).len());
            if !try_one(small, fails, |it| drop(list(it).drain(from..until))) {
                from = until;
            }
        }
        part /= 2;
    }
}

/// Drops lines of a reference, and never one that the rest cannot be read without.
fn shrink_csv(
    small: &mut Scenario,
    fails: &dyn Fn(&Scenario) -> bool,
    csv: impl Fn(&mut Scenario) -> Option<&mut String>,
) {
    let lines = |it: &mut Scenario| -> Vec<String> {
        csv(it).map(|csv| csv.split_inclusive(['\n', '\r']).map(str::to_owned).collect()).unwrap_or_default()
    };
    let mut at = 0;
    while at < lines(small).len() {
        let mut kept = lines(small);
        kept.remove(at);
        let text = kept.concat();
        let can_be_read = std::panic::catch_unwind(|| text::csv_rows(&text).len() > 1).unwrap_or(false);
        let is_smaller = can_be_read
            && try_one(small, fails, |it| {
                if let Some(csv) = csv(it) {
                    *csv = text.clone();
                }
            });
        at += usize::from(!is_smaller);
    }
}

/// Writes a fixture folder: the input, the command, what differs, and what the model expects.
pub fn write(scenario: &Scenario, expected: &Findings, differences: &[String], folder: &Path) {
    let _ = fs::remove_dir_all(folder);
    write_input(scenario, folder);
    let audit = |csv: &str, rest: &str| {
        let (options, as_of) = (OPTIONS.join(" "), &scenario.as_of);
        format!("g-gremlin zendesk drift audit {options} --sf-accounts {csv} --as-of {as_of} {rest}\n")
    };
    let mut commands = String::new();
    let mut baseline = "";
    if scenario.baseline_csv.is_some() {
        commands += &audit("earlier_accounts.csv", "--out earlier");
        baseline = " --baseline earlier/*_audit";
    }
    commands += &audit("accounts.csv", &format!("--out out{baseline}"));
    fs::write(folder.join("commands.sh"), commands).expect("the commands");
    fs::write(folder.join("differences.txt"), differences.join("\n") + "\n").expect("the differences");
    let model = folder.join("model");
    fs::create_dir_all(&model).expect("the model's folder");
    for table in &expected.tables {
        let mut writer = csv::Writer::from_path(model.join(table.file)).expect("a table");
        writer.write_record(&table.columns).expect("the header");
        table.rows.iter().for_each(|row| writer.write_record(row).expect("a row"));
    }
    fs::write(model.join("plan.json"), format!("{:#}\n", expected.plan)).expect("the plan");
    fs::write(model.join("summary.json"), format!("{:#}\n", expected.summary)).expect("the summary");
}

/// The fixture as a person reads it in a log: where it is, and every input file.
pub fn printed(folder: &Path) -> String {
    let mut printed = format!("The smallest world found that still differs is in {}:\n", folder.display());
    for file in [
        "differences.txt",
        "commands.sh",
        "config.yaml",
        "accounts.csv",
        "earlier_accounts.csv",
        "snapshot/organizations.ndjson",
        "snapshot/users.ndjson",
        "snapshot/organization_memberships.ndjson",
        "snapshot/tickets.ndjson",
        "snapshot/account_settings.json",
    ] {
        if let Ok(text) = fs::read_to_string(folder.join(file)) {
            printed += &format!("--- {file}\n{}\n", text.trim_end());
        }
    }
    printed
}

#[test]
fn a_world_shrinks_to_what_makes_it_fail() {
    let scenario = super::random::scenario(4);
    let user = scenario.world.users[scenario.world.users.len() / 2].clone();
    let id = scenario.reference_csv.split(['\n', '\r']).rfind(|line| line.contains("001")).expect("a row").to_owned();
    let small = shrink(&scenario, &|it| it.world.users.contains(&user) && it.reference_csv.contains(&id));
    assert_eq!(small.world.users, [user]);
    assert!(small.world.organizations.is_empty() && small.world.tickets.is_empty() && small.baseline_csv.is_none());
    assert!(small.config.suppressions.is_empty() && small.config.thresholds.is_empty());
    assert!(small.reference_csv.len() < scenario.reference_csv.len());
}

#[test]
fn differences_are_alike_when_they_are_in_the_same_column() {
    let first = "user_issues.csv row 12 (i0f3a) status: the model has \"blocked\", the engine \"prepared\"";
    assert!(is_like(first, &["user_issues.csv row 1 (i99) status: the model has 1, the engine 2".to_owned()]));
    assert!(!is_like(first, &["user_issues.csv row 12 (i0f3a) risk: the model has 1, the engine 2".to_owned()]));
}
