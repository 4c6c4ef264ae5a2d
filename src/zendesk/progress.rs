//! What a live read says while it runs: bars on a terminal, lines elsewhere, or nothing.
//!
//! Left out: deciding which of them fits (the caller's), and results. Every line goes to standard error or to the writer given.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::read::Kind;

/// Waits shorter than this are not worth a word.
const WORTH_TELLING: Duration = Duration::from_secs(1);
/// A plain line is printed when this many records more have come.
const PLAIN_STEP: u64 = 10_000;

/// Listens to a read. Every method has a silent default.
pub trait Progress {
    /// Whether totals are worth a request each.
    fn wants_totals(&self) -> bool {
        false
    }
    /// About how many records there are. It may be old, and the read may run past it.
    fn total(&self, _kind: Kind, _records: u64) {}
    /// A page came.
    fn page(&self, _kind: Kind, _so_far: SoFar) {}
    /// The last page of this kind came.
    fn finished(&self, _kind: Kind, _records: u64) {}
    /// A stream waits. `what` names it as errors do.
    fn waiting(&self, _what: &str, _why: &Pause, _for_how_long: Duration) {}
    /// A request was sent and came to something.
    fn request(&self, _line: &RequestLine<'_>) {}
    /// Something worth knowing happened.
    fn note(&self, _text: &str) {}
}

/// How far a kind is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SoFar {
    pub records: u64,
    /// The part of the ticket window that is read, from 0 to 1, where it is known.
    pub part: Option<f64>,
}

/// Why a stream waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pause {
    /// The rate limit, less what is left to others.
    Pace,
    /// A failure; the text says which.
    Failure(String),
}

impl std::fmt::Display for Pause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pace => f.write_str("rate limit"),
            Self::Failure(what) => write!(f, "after {what}"),
        }
    }
}

/// One request for the log: no query and no header, so nothing secret.
#[derive(Clone, Copy, Debug)]
pub struct RequestLine<'a> {
    pub method: &'a str,
    pub path: &'a str,
    /// The status, or what happened instead.
    pub outcome: &'a str,
    pub took: Duration,
}

impl std::fmt::Display for RequestLine<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {} in {} ms", self.method, self.path, self.outcome, self.took.as_millis())
    }
}

/// Says nothing.
pub struct Silent;

impl Progress for Silent {}

/// Lines, for logs.
pub struct Plain<W: Write> {
    out: RefCell<W>,
    verbose: bool,
    told: RefCell<BTreeMap<Kind, u64>>,
}

impl<W: Write> Plain<W> {
    /// With `verbose`, every request has a line.
    pub fn new(out: W, verbose: bool) -> Self {
        Self { out: RefCell::new(out), verbose, told: RefCell::default() }
    }

    fn line(&self, text: std::fmt::Arguments<'_>) {
        // Progress that can't be told is no reason to end a read.
        let _ = writeln!(self.out.borrow_mut(), "{text}");
    }
}

impl<W: Write> Progress for Plain<W> {
    fn page(&self, kind: Kind, so_far: SoFar) {
        let mut told = self.told.borrow_mut();
        let told = told.entry(kind).or_default();
        if so_far.records / PLAIN_STEP > *told {
            *told = so_far.records / PLAIN_STEP;
            self.line(format_args!("{}: {} so far", kind.as_str(), grouped(so_far.records)));
        }
    }

    fn finished(&self, kind: Kind, records: u64) {
        self.line(format_args!("{}: {} read", kind.as_str(), grouped(records)));
    }

    fn waiting(&self, what: &str, why: &Pause, for_how_long: Duration) {
        if for_how_long >= WORTH_TELLING {
            self.line(format_args!("{what}: waiting {} s ({why})", for_how_long.as_secs()));
        }
    }

    fn request(&self, line: &RequestLine<'_>) {
        if self.verbose {
            self.line(format_args!("{line}"));
        }
    }

    fn note(&self, text: &str) {
        self.line(format_args!("{text}"));
    }
}

/// Bars, for a terminal.
pub struct Terminal {
    bars: MultiProgress,
    by_kind: RefCell<BTreeMap<Kind, ProgressBar>>,
    verbose: bool,
}

impl Terminal {
    /// Bars on standard error. With `verbose`, every request has a line above them.
    pub fn new(verbose: bool) -> Self {
        Self::drawing_to(ProgressDrawTarget::stderr(), verbose)
    }

    fn drawing_to(target: ProgressDrawTarget, verbose: bool) -> Self {
        let bars = MultiProgress::with_draw_target(target);
        Self { bars, by_kind: RefCell::default(), verbose }
    }

    fn bar(&self, kind: Kind) -> ProgressBar {
        let mut by_kind = self.by_kind.borrow_mut();
        let bar = by_kind.entry(kind).or_insert_with(|| {
            let bar = self.bars.add(ProgressBar::no_length());
            bar.set_style(style("{prefix:>13}  {msg}"));
            bar.set_prefix(kind.as_str());
            bar
        });
        bar.clone()
    }

    fn line(&self, text: &str) {
        let _ = self.bars.println(text);
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates are fixed and valid")
}

const MEASURED: &str = "{prefix:>13}  {bar:30} {msg}, {eta} left";
/// The length of the bar of tickets, whose number nobody knows: parts of the window's time.
const PARTS: u64 = 1000;

impl Progress for Terminal {
    fn wants_totals(&self) -> bool {
        true
    }

    fn total(&self, kind: Kind, records: u64) {
        let bar = self.bar(kind);
        bar.set_length(records);
        bar.set_style(style(MEASURED));
    }

    fn page(&self, kind: Kind, so_far: SoFar) {
        let bar = self.bar(kind);
        match (so_far.part, bar.length()) {
            (Some(part), length) => {
                if length.is_none() {
                    self.total(kind, PARTS);
                }
                bar.set_position((part.clamp(0.0, 1.0) * PARTS as f64) as u64);
            }
            (None, Some(length)) => {
                // The total was only an estimate.
                bar.set_length(length.max(so_far.records));
                bar.set_position(so_far.records);
            }
            (None, None) => {}
        }
        bar.set_message(grouped(so_far.records));
    }

    fn finished(&self, kind: Kind, records: u64) {
        let bar = self.bar(kind);
        bar.set_style(style("{prefix:>13}  {msg}"));
        bar.finish_with_message(format!("{} read", grouped(records)));
    }

    fn waiting(&self, what: &str, why: &Pause, for_how_long: Duration) {
        if for_how_long < WORTH_TELLING {
            return;
        }
        let text = format!("waiting {} s ({why})", for_how_long.as_secs());
        let by_kind = self.by_kind.borrow();
        match by_kind.iter().find(|(kind, _)| kind.as_str() == what) {
            Some((_, bar)) => bar.set_message(text),
            None => self.line(&format!("{what}: {text}")),
        }
    }

    fn request(&self, line: &RequestLine<'_>) {
        if self.verbose {
            self.line(&line.to_string());
        }
    }

    fn note(&self, text: &str) {
        self.line(text);
    }
}

/// 1234567 as "1,234,567".
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn so_far(records: u64) -> SoFar {
        SoFar { records, part: None }
    }

    fn tell(progress: &dyn Progress) {
        for records in [5_000, 10_000, 15_000, 20_100] {
            progress.page(Kind::Users, so_far(records));
        }
        progress.waiting("users", &Pause::Pace, Duration::from_millis(100));
        progress.waiting("users", &Pause::Pace, Duration::from_secs(42));
        progress.waiting("users", &Pause::Failure("503".into()), Duration::from_secs(2));
        let took = Duration::from_millis(123);
        progress.request(&RequestLine { method: "GET", path: "/api/v2/users", outcome: "200", took });
        progress.finished(Kind::Users, 20_100);
        progress.note("tickets come from the search export");
    }

    fn lines(verbose: bool) -> String {
        let plain = Plain::new(Vec::new(), verbose);
        tell(&plain);
        String::from_utf8(plain.out.into_inner()).unwrap()
    }

    #[test]
    fn plain_lines_tell_steps_waits_and_ends() {
        let expected = "users: 10,000 so far\nusers: 20,100 so far\nusers: waiting 42 s (rate limit)\n\
                        users: waiting 2 s (after 503)\nusers: 20,100 read\ntickets come from the search export\n";
        assert_eq!(lines(false), expected);
    }

    #[test]
    fn verbose_lines_name_every_request() {
        assert!(lines(true).contains("\nGET /api/v2/users: 200 in 123 ms\n"));
    }

    #[test]
    fn bars_follow_totals_and_may_run_past_them() {
        let terminal = Terminal::drawing_to(ProgressDrawTarget::hidden(), true);
        assert!(terminal.wants_totals());
        terminal.total(Kind::Users, 20_000);
        tell(&terminal);
        let bar = terminal.bar(Kind::Users);
        assert_eq!((bar.position(), bar.length()), (20_100, Some(20_100)));
        assert_eq!(bar.message(), "20,100 read");
    }

    #[test]
    fn the_bar_of_tickets_follows_the_window() {
        let terminal = Terminal::drawing_to(ProgressDrawTarget::hidden(), false);
        terminal.page(Kind::Tickets, SoFar { records: 1_234_567, part: Some(0.25) });
        let bar = terminal.bar(Kind::Tickets);
        assert_eq!((bar.position(), bar.length()), (250, Some(PARTS)));
        assert_eq!(bar.message(), "1,234,567");
    }
}
