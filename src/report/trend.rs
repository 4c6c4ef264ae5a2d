//! The trend for people: a table of runs with sparklines, the oldest open issues, and what came back; and as CSV.

use crate::run::artifacts::history::HistoryRun;
use crate::run::trend::{Back, Open, Trend};
use crate::text::audience::Message;
use crate::text::escape;
use crate::text::lines::Lines;
use crate::text::words::{counted, grouped};

/// The lines of the terminal; `most` is how many runs and issues are shown.
pub fn terminal(trend: &Trend, most: usize) -> Lines {
    let mut lines = Lines::default();
    let shown = &trend.runs[trend.runs.len().saturating_sub(most)..];
    lines.heading(Message::public(format!("{}, the newest last:", counted(trend.runs.len() as u64, "run"))));
    table(shown).into_iter().for_each(|line| lines.public(line));
    if let (Some(first), Some(last), true) = (trend.runs.first(), trend.runs.last(), trend.runs.len() > 1) {
        lines.blank();
        for (name, count) in SERIES {
            let values: Vec<u64> = shown.iter().map(count).collect();
            let (from, to) = (grouped(count(first)), grouped(count(last)));
            lines.public(format!("  {name:<10}{}  {from} → {to}", sparkline(&values)));
        }
    }
    lines.heading(match trend.open.len() {
        0 => Message::public("No issue is open."),
        open => Message::public(format!("The oldest of {}:", counted(open as u64, "open issue"))),
    });
    trend.open.iter().take(most).for_each(|open| lines.text(of_open(open)));
    if trend.open.len() > most {
        lines.public(format!("  {} more; --format json lists them all", grouped((trend.open.len() - most) as u64)));
    }
    if !trend.came_back.is_empty() {
        lines.heading("Came back:");
        let newest = trend.came_back.iter().rev().take(most);
        newest.for_each(|back| lines.text(of_back(back)));
        if trend.came_back.len() > most {
            let more = grouped((trend.came_back.len() - most) as u64);
            lines.public(format!("  {more} more; --format json lists them all"));
        }
    }
    lines
}

/// A name, and the number of a run that it shows.
type Series = (&'static str, fn(&HistoryRun) -> u64);

/// What the sparklines show.
const SERIES: [Series; 4] = [
    ("issues", |run| run.total_issue_count),
    ("prepared", |run| run.prepared_action_count),
    ("blocked", |run| run.blocked_action_count),
    ("accounts", |run| run.accounts),
];

fn table(runs: &[HistoryRun]) -> Vec<String> {
    let count = |count: Option<u64>| count.map_or("-".to_owned(), grouped);
    let head = ["as of", "issues", "new", "resolved", "prepared", "blocked", "suppressed"].map(str::to_owned);
    let mut rows = vec![head];
    rows.extend(runs.iter().map(|run| {
        [
            run.as_of.get(..16).unwrap_or(&run.as_of).replace('T', " "),
            grouped(run.total_issue_count),
            count(run.new),
            count(run.resolved),
            grouped(run.prepared_action_count),
            grouped(run.blocked_action_count),
            grouped(run.suppressed_issue_count),
        ]
        .map(|cell| escape::terminal(&cell))
    }));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let line = |row: &[String; 7]| {
        let cells = row.iter().zip(&widths).enumerate();
        let cells = cells
            .map(|(at, (cell, width))| if at == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") });
        format!("  {}", cells.collect::<Vec<_>>().join("  "))
    };
    rows.iter().map(line).collect()
}

/// One character per value, as high as the value is between nothing and the greatest.
pub fn sparkline(values: &[u64]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let greatest = values.iter().copied().max().unwrap_or_default().max(1);
    values.iter().map(|value| BARS[(u128::from(*value) * 7).div_ceil(u128::from(greatest)) as usize]).collect()
}

fn of_open(open: &Open) -> String {
    let Open { first_seen, age_days, issue_id, issue_code, sf_account_id, account_name, detail, risk: _ } = open;
    let age = counted((*age_days).max(0) as u64, "day");
    let account = of_account(sf_account_id.as_deref(), account_name.as_deref());
    format!("  {first_seen} ({age})  {issue_code}{account}: {}  [{issue_id}]", escape::terminal(detail))
}

fn of_back(back: &Back) -> String {
    let Back { run_id, issue } = back;
    let account = of_account(issue.sf_account_id.as_deref(), issue.account_name.as_deref());
    let detail = escape::terminal(&issue.detail);
    format!(
        "  {}  {}{account}: {detail}  [{}]",
        escape::terminal(run_id),
        issue.issue_code,
        escape::terminal(&issue.issue_id)
    )
}

fn of_account(id: Option<&str>, name: Option<&str>) -> String {
    let parts = [id, name].into_iter().flatten().filter(|part| !part.is_empty()).map(escape::terminal);
    parts.map(|part| format!(" {part}")).collect()
}

/// A row per run. The cells are ids, times and numbers of this program.
pub fn csv(trend: &Trend) -> String {
    let mut text = "\u{feff}run_id,as_of,accounts,total_issue_count,new,resolved,prepared_action_count,blocked_action_count,suppressed_issue_count,critical,high,medium\n".to_owned();
    let count = |count: Option<u64>| count.map(|count| count.to_string()).unwrap_or_default();
    for run in &trend.runs {
        let risks =
            crate::catalogue::Risk::ALL.map(|risk| run.by_risk.get(&risk).copied().unwrap_or_default().to_string());
        let cells = [
            run.run_id.clone(),
            run.as_of.clone(),
            run.accounts.to_string(),
            run.total_issue_count.to_string(),
            count(run.new),
            count(run.resolved),
            run.prepared_action_count.to_string(),
            run.blocked_action_count.to_string(),
            run.suppressed_issue_count.to_string(),
        ];
        text.push_str(&cells.into_iter().chain(risks).collect::<Vec<_>>().join(","));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_is_as_high_as_its_values() {
        assert_eq!(sparkline(&[0, 1, 50, 100]), "▁▂▅█");
        assert_eq!(sparkline(&[0, 0]), "▁▁");
        assert_eq!(sparkline(&[7]), "█");
        assert_eq!(sparkline(&[u64::MAX, 0]), "█▁");
        assert_eq!(sparkline(&[]), "");
    }
}
