//! The runs over time, drawn: one line for all open issues and one for each risk, as SVG without a script.

use crate::catalogue::Risk;
use crate::run::artifacts::history::HistoryRun;
use crate::text::escape;
use crate::text::words::{counted, grouped};
use maud::{Markup, html};

/// How many runs are drawn, the newest.
const MOST_RUNS: usize = 60;
/// The size of the drawing in its own units, and its margins.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 28.0;

/// The chart and its numbers as a table; nothing before the second run.
pub(super) fn trend(runs: &[HistoryRun]) -> Markup {
    let runs = &runs[runs.len().saturating_sub(MOST_RUNS)..];
    let (Some(first), Some(last), true) = (runs.first(), runs.last(), runs.len() > 1) else { return html! {} };
    html! {
        h2 { "Open issues, the last " (counted(runs.len() as u64, "run")) }
        p { (change(first, last)) }
        (drawing(runs))
        p.legend.dim {
            span.all { "all issues" }
            @for risk in Risk::ALL { " " span class=(risk.as_str()) { (risk) } }
        }
        details {
            summary { "The numbers" }
            table {
                thead { tr { th { "as of" } th.n { "issues" } @for risk in Risk::ALL { th.n { (risk) } } th.n { "new" } th.n { "resolved" } } }
                tbody {
                    @for run in runs.iter().rev() {
                        tr {
                            td { (escape::terminal(run.as_of.get(..16).unwrap_or(&run.as_of))) }
                            td.n { (grouped(run.total_issue_count)) }
                            @for risk in Risk::ALL { td.n { (grouped(of_risk(run, risk))) } }
                            td.n { (run.new.map(grouped).unwrap_or_default()) }
                            td.n { (run.resolved.map(grouped).unwrap_or_default()) }
                        }
                    }
                }
            }
        }
    }
}

/// What the chart says, as a sentence: also for those who cannot see it.
fn change(first: &HistoryRun, last: &HistoryRun) -> String {
    let (before, now) = (first.total_issue_count, last.total_issue_count);
    let by = match (now.abs_diff(before) * 100).checked_div(before) {
        Some(percent) if now < before => format!(" ({} fewer, {percent}%)", grouped(before - now)),
        Some(percent) if now > before => format!(" ({} more, {percent}%)", grouped(now - before)),
        _ => String::new(),
    };
    format!(
        "{} on {}, {} on {}{by}.",
        counted(before, "issue"),
        escape::terminal(first.date()),
        grouped(now),
        escape::terminal(last.date())
    )
}

fn of_risk(run: &HistoryRun, risk: Risk) -> u64 {
    run.by_risk.get(&risk).copied().unwrap_or_default()
}

fn drawing(runs: &[HistoryRun]) -> Markup {
    let highest = round_up(runs.iter().map(|run| run.total_issue_count).max().unwrap_or_default());
    let x = |at: usize| LEFT + (WIDTH - LEFT - RIGHT) * at as f64 / (runs.len() - 1) as f64;
    let y = |count: u64| TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - count as f64 / highest as f64);
    let line = |count: &dyn Fn(&HistoryRun) -> u64| {
        let points = runs.iter().enumerate().map(|(at, run)| format!("{:.1},{:.1}", x(at), y(count(run))));
        points.collect::<Vec<_>>().join(" ")
    };
    let ends = [(0, "start"), (runs.len() - 1, "end")];
    html! {
        svg.trend viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label="Open issues over time; the numbers are in the table below" {
            @for count in [0, highest / 2, highest] {
                line x1=(LEFT) x2=(WIDTH - RIGHT) y1=(y(count)) y2=(y(count)) {}
                text x=(LEFT - 8.0) y=(y(count) + 4.0) text-anchor="end" { (grouped(count)) }
            }
            @for risk in Risk::ALL { polyline class=(risk.as_str()) points=(line(&|run| of_risk(run, risk))) {} }
            polyline.all points=(line(&|run| run.total_issue_count)) {}
            @for (at, run) in runs.iter().enumerate() { circle cx=(x(at)) cy=(y(run.total_issue_count)) r="3" {} }
            @for (at, anchor) in ends { text x=(x(at)) y=(HEIGHT - 8.0) text-anchor=(anchor) { (escape::terminal(runs[at].date())) } }
        }
    }
}

/// The next number that begins with an even digit, so that its half is a whole number: the top of the scale.
fn round_up(count: u64) -> u64 {
    let digit = 10u64.pow(count.max(1).ilog10());
    count.max(2).div_ceil(2 * digit) * 2 * digit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_ends_at_or_above_the_highest_count_and_halves_evenly() {
        assert_eq!([0, 1, 2, 3, 10, 13, 99, 100, 4_945].map(round_up), [2, 2, 2, 4, 20, 20, 100, 200, 6_000]);
    }
}
