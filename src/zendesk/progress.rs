//! What a live read says while it runs: bars on a terminal, lines elsewhere, or nothing.
//!
//! Left out: deciding which of them fits (the caller's), and results. Every line goes to standard error or to the writer given.

use super::ask::kind_of_list;
use crate::text::secret::masked_everywhere;
use crate::text::words::grouped;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use tokio::time::Instant;

use crate::model::kind::Kind;

/// Waits shorter than this are not worth a word.
const WORTH_TELLING: Duration = Duration::from_secs(1);
/// How often bars are drawn, so that waits count down.
const TICK: Duration = Duration::from_millis(200);
/// A plain line is printed when this many records more have come.
const PLAIN_STEP: u64 = 10_000;

/// Listens to a read. Every method has a silent default.
pub trait Progress {
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
    /// Something that only a curious reader wants to know.
    fn detail(&self, _text: &str) {}
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

/// The end of a sentence about a wait.
impl std::fmt::Display for Pause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pace => f.write_str("for the rate limit"),
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
    /// The end of the longest wait for pace that was told: all streams wait for the same limit.
    pace_until: Cell<Option<Instant>>,
}

impl<W: Write> Plain<W> {
    /// With `verbose`, every request has a line.
    pub fn new(out: W, verbose: bool) -> Self {
        Self { out: RefCell::new(out), verbose, told: RefCell::default(), pace_until: Cell::new(None) }
    }

    fn line(&self, text: std::fmt::Arguments<'_>) {
        // Progress that can't be told is no reason to end a read.
        let _ = writeln!(self.out.borrow_mut(), "{}", masked_everywhere(&text.to_string()));
    }
}

impl<W: Write> Progress for Plain<W> {
    fn page(&self, kind: Kind, so_far: SoFar) {
        let mut told = self.told.borrow_mut();
        let told = told.entry(kind).or_default();
        if so_far.records / PLAIN_STEP > *told {
            *told = so_far.records / PLAIN_STEP;
            self.line(format_args!("{}: {} so far", kind.noun(), grouped(so_far.records)));
        }
    }

    fn finished(&self, kind: Kind, records: u64) {
        self.line(format_args!("{}: {} read", kind.noun(), grouped(records)));
    }

    fn waiting(&self, what: &str, why: &Pause, for_how_long: Duration) {
        if for_how_long < WORTH_TELLING {
            return;
        }
        if *why == Pause::Pace {
            let until = Instant::now() + for_how_long;
            if self.pace_until.get().is_some_and(|told| until < told + WORTH_TELLING) {
                return;
            }
            self.pace_until.set(Some(until));
        }
        self.line(format_args!("{what}: waiting {} {why}", rough(for_how_long)));
    }

    fn request(&self, line: &RequestLine<'_>) {
        if self.verbose {
            self.line(format_args!("{line}"));
        }
    }

    fn note(&self, text: &str) {
        self.line(format_args!("note: {text}"));
    }

    fn detail(&self, text: &str) {
        if self.verbose {
            self.line(format_args!("{text}"));
        }
    }
}

/// Bars, for a terminal.
pub struct Terminal {
    bars: MultiProgress,
    by_kind: RefCell<BTreeMap<Kind, Bar>>,
    columns: usize,
    verbose: bool,
}

#[derive(Clone)]
struct Bar {
    bar: ProgressBar,
    shown: Arc<Mutex<Shown>>,
}

/// What stands beside a bar. The thread that draws reads it, so that waits count down.
struct Shown {
    records: u64,
    total: Option<u64>,
    /// When the measuring began, and the position of the bar then.
    began: Option<(Instant, u64)>,
    wait: Option<(Instant, String)>,
    finished: bool,
}

/// Room for the name of a kind.
const NAME: usize = 13;
/// The length of a bar.
const BAR: usize = 20;
/// The length of the bar of tickets, whose number nobody knows: parts of the window's time.
const PARTS: u64 = 1000;
/// Below this width there is room for numbers only.
const ROOM_FOR_BARS: usize = 80;

impl Shown {
    /// "1,200 of about 5,000, 12 s left"; `at` and `of` are the position and the length of the bar.
    fn text(&self, at: u64, of: Option<u64>, now: Instant) -> String {
        let mut text = grouped(self.records);
        if self.finished {
            text.push_str(" read");
            return text;
        }
        if let Some((until, why)) = &self.wait
            && now < *until
        {
            return format!("{text}, waiting {} {why}", rough(*until - now));
        }
        if let Some(total) = self.total.filter(|total| self.records < *total) {
            text.push_str(&format!(" of about {}", grouped(total)));
        }
        if let Some(left) = self.left(at, of, now) {
            text.push_str(&format!(", {} left", rough(left)));
        }
        text
    }

    /// The time that is left at the speed so far, waits included; `None` as long as that says nothing.
    fn left(&self, at: u64, of: Option<u64>, now: Instant) -> Option<Duration> {
        let (began, began_at) = self.began?;
        let took = now.saturating_duration_since(began);
        let done = at.checked_sub(began_at).filter(|done| *done > 0 && took >= WORTH_TELLING)?;
        let rest = of?.checked_sub(at).filter(|rest| *rest > 0)?;
        Duration::try_from_secs_f64(took.as_secs_f64() * rest as f64 / done as f64).ok()
    }
}

impl Terminal {
    /// Bars on standard error. With `verbose`, every request has a line above them.
    pub fn new(verbose: bool) -> Self {
        let columns = terminal_size::terminal_size_of(std::io::stderr());
        let columns = columns.map_or(ROOM_FOR_BARS, |(columns, _)| usize::from(columns.0));
        Self::drawing_to(ProgressDrawTarget::stderr(), columns, verbose)
    }

    fn drawing_to(target: ProgressDrawTarget, columns: usize, verbose: bool) -> Self {
        let bars = MultiProgress::with_draw_target(target);
        Self { bars, by_kind: RefCell::default(), columns, verbose }
    }

    fn bar(&self, kind: Kind) -> Bar {
        let mut by_kind = self.by_kind.borrow_mut();
        let bar = by_kind.entry(kind).or_insert_with(|| {
            let shown = Shown { records: 0, total: None, began: None, wait: None, finished: false };
            let shown = Arc::new(Mutex::new(shown));
            let bar = self.bars.add(ProgressBar::no_length());
            bar.set_style(self.style(&shown, false));
            bar.set_prefix(kind.noun());
            bar.enable_steady_tick(TICK);
            Bar { bar, shown }
        });
        bar.clone()
    }

    /// Name and text, and between them a bar where something is measured and there is room for it.
    fn style(&self, shown: &Arc<Mutex<Shown>>, measured: bool) -> ProgressStyle {
        let with_bar = measured && self.columns >= ROOM_FOR_BARS;
        let template = if with_bar {
            format!("{{prefix:>{NAME}}}  {{bar:{BAR}}}  {{text}}")
        } else {
            format!("{{prefix:>{NAME}}}  {{text}}")
        };
        let used = NAME + 2 + if with_bar { BAR + 2 } else { 0 };
        let room = self.columns.saturating_sub(used + 1);
        let shown = Arc::clone(shown);
        let text = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let text = masked_everywhere(&lock(&shown).text(state.pos(), state.len(), Instant::now()));
            let _ = out.write_str(&text.chars().take(room).collect::<String>());
        };
        let style = ProgressStyle::with_template(&template).expect("the templates are fixed and valid");
        style.with_key("text", text)
    }

    /// Gives a bar its length, from which on the time that is left is estimated.
    fn measure(&self, bar: &Bar, length: u64, at: u64) {
        bar.bar.set_length(length);
        bar.bar.set_position(at);
        lock(&bar.shown).began = Some((Instant::now(), at));
        bar.bar.set_style(self.style(&bar.shown, true));
    }

    fn line(&self, text: &str) {
        let _ = self.bars.println(masked_everywhere(text));
    }
}

/// Nothing can fail between a lock and its release, so what is locked is always whole.
fn lock(shown: &Mutex<Shown>) -> MutexGuard<'_, Shown> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Progress for Terminal {
    fn total(&self, kind: Kind, records: u64) {
        let bar = self.bar(kind);
        lock(&bar.shown).total = Some(records);
        self.measure(&bar, records, 0);
    }

    fn page(&self, kind: Kind, so_far: SoFar) {
        let bar = self.bar(kind);
        {
            let mut shown = lock(&bar.shown);
            shown.records = so_far.records;
            shown.wait = None;
        }
        let part = so_far.part.map(|part| (part.clamp(0.0, 1.0) * PARTS as f64) as u64);
        match (part, bar.bar.length()) {
            (Some(part), None) => self.measure(&bar, PARTS, part),
            (Some(part), Some(_)) => bar.bar.set_position(part),
            (None, Some(length)) => {
                // The total was only an estimate.
                bar.bar.set_length(length.max(so_far.records));
                bar.bar.set_position(so_far.records);
            }
            (None, None) => {}
        }
        // A finished bar is not drawn by itself any more.
        bar.bar.tick();
    }

    fn finished(&self, kind: Kind, records: u64) {
        let bar = self.bar(kind);
        {
            let mut shown = lock(&bar.shown);
            shown.records = records;
            shown.finished = true;
        }
        bar.bar.set_style(self.style(&bar.shown, false));
        bar.bar.abandon();
    }

    fn waiting(&self, what: &str, why: &Pause, for_how_long: Duration) {
        if for_how_long < WORTH_TELLING {
            return;
        }
        match kind_of_list(what) {
            Some(kind) => lock(&self.bar(kind).shown).wait = Some((Instant::now() + for_how_long, why.to_string())),
            None => self.line(&format!("{what}: waiting {} {why}", rough(for_how_long))),
        }
    }

    fn request(&self, line: &RequestLine<'_>) {
        if self.verbose {
            self.line(&line.to_string());
        }
    }

    fn note(&self, text: &str) {
        self.line(&format!("note: {text}"));
    }

    fn detail(&self, text: &str) {
        if self.verbose {
            self.line(text);
        }
    }
}

/// A time as a person says it: "42 s", "7 min", "3 h 20 min"; rounded up.
fn rough(time: Duration) -> String {
    let secs = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    match secs.div_ceil(60) {
        _ if secs < 120 => format!("{secs} s"),
        minutes if minutes < 60 => format!("{minutes} min"),
        minutes => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn so_far(records: u64) -> SoFar {
        SoFar { records, part: None }
    }

    fn tell(progress: &dyn Progress) {
        for records in [5_000, 10_000, 15_000, 20_100] {
            progress.page(Kind::Users, so_far(records));
        }
        progress.waiting("users", &Pause::Pace, Duration::from_millis(100));
        progress.waiting("users", &Pause::Pace, SECOND * 42);
        // The other streams wait for the same limit.
        progress.waiting("memberships", &Pause::Pace, SECOND * 42);
        progress.waiting("users", &Pause::Failure("503".into()), SECOND * 2);
        progress.waiting("memberships", &Pause::Pace, SECOND * 150);
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

    #[tokio::test(start_paused = true)]
    async fn plain_lines_tell_steps_waits_and_ends() {
        let expected = "users: 10,000 so far\nusers: 20,100 so far\nusers: waiting 42 s for the rate limit\n\
                        users: waiting 2 s after 503\nmemberships: waiting 3 min for the rate limit\n\
                        users: 20,100 read\nnote: tickets come from the search export\n";
        assert_eq!(lines(false), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn verbose_lines_name_every_request() {
        assert!(lines(true).contains("\nGET /api/v2/users: 200 in 123 ms\n"));
    }

    #[test]
    fn times_are_told_roughly_and_never_too_short() {
        let told = |ms| rough(Duration::from_millis(ms));
        assert_eq!([told(0), told(200), told(41_001), told(119_000)], ["0 s", "1 s", "42 s", "119 s"]);
        assert_eq!([told(120_001), told(3_540_000), told(3_540_001)], ["3 min", "59 min", "1 h 0 min"]);
        assert_eq!(told(12_000_000), "3 h 20 min");
    }

    fn terminal(columns: usize) -> Terminal {
        Terminal::drawing_to(ProgressDrawTarget::hidden(), columns, true)
    }

    /// What stands beside the bar of a kind after this time, in a test whose clock is paused.
    fn text(terminal: &Terminal, kind: Kind, after: Duration) -> String {
        let Bar { bar, shown } = terminal.bar(kind);
        lock(&shown).text(bar.position(), bar.length(), Instant::now() + after)
    }

    #[tokio::test(start_paused = true)]
    async fn bars_follow_totals_and_may_run_past_them() {
        let terminal = terminal(80);
        terminal.total(Kind::Users, 20_000);
        tell(&terminal);
        let bar = terminal.bar(Kind::Users).bar;
        assert_eq!((bar.position(), bar.length()), (20_100, Some(20_100)));
        assert_eq!(text(&terminal, Kind::Users, SECOND), "20,100 read");
        // Records that are fetched by id come after the list.
        terminal.page(Kind::Users, so_far(20_150));
        assert_eq!(text(&terminal, Kind::Users, SECOND), "20,150 read");
    }

    #[tokio::test(start_paused = true)]
    async fn a_bar_tells_how_much_how_long_and_what_it_waits_for() {
        let terminal = terminal(80);
        terminal.page(Kind::Memberships, so_far(100));
        assert_eq!(text(&terminal, Kind::Memberships, SECOND), "100", "nothing is known of the rest");
        terminal.total(Kind::Users, 5000);
        assert_eq!(text(&terminal, Kind::Users, SECOND), "0 of about 5,000");
        terminal.page(Kind::Users, so_far(1200));
        assert_eq!(text(&terminal, Kind::Users, SECOND / 2), "1,200 of about 5,000", "too early to tell");
        assert_eq!(text(&terminal, Kind::Users, SECOND * 60), "1,200 of about 5,000, 4 min left");
        terminal.waiting("users", &Pause::Pace, SECOND * 55);
        assert_eq!(text(&terminal, Kind::Users, SECOND * 30), "1,200, waiting 25 s for the rate limit");
        assert_eq!(text(&terminal, Kind::Users, SECOND * 55), "1,200 of about 5,000, 3 min left");
        terminal.page(Kind::Users, so_far(5001));
        assert_eq!(text(&terminal, Kind::Users, SECOND), "5,001", "the count was too low");
    }

    #[tokio::test(start_paused = true)]
    async fn a_total_beyond_reason_is_shown_as_it_is() {
        let terminal = terminal(80);
        terminal.total(Kind::Users, u64::MAX);
        terminal.page(Kind::Users, so_far(1));
        let text = text(&terminal, Kind::Users, SECOND * 1000);
        assert_eq!(text, "1 of about 18,446,744,073,709,551,615");
    }

    #[tokio::test(start_paused = true)]
    async fn the_bar_of_tickets_follows_the_window() {
        let terminal = terminal(80);
        // It waits before its first page, from wherever it comes.
        terminal.waiting("tickets by search", &Pause::Failure("503".into()), SECOND * 2);
        assert_eq!(text(&terminal, Kind::Tickets, SECOND), "0, waiting 1 s after 503");
        terminal.page(Kind::Tickets, SoFar { records: 1_234_567, part: Some(0.25) });
        let bar = terminal.bar(Kind::Tickets).bar;
        assert_eq!((bar.position(), bar.length()), (250, Some(PARTS)));
        assert_eq!(text(&terminal, Kind::Tickets, SECOND * 9), "1,234,567", "one page tells no speed");
        terminal.page(Kind::Tickets, SoFar { records: 2_469_134, part: Some(0.5) });
        assert_eq!(text(&terminal, Kind::Tickets, SECOND * 10), "2,469,134, 20 s left");
    }

    #[test]
    fn a_known_secret_is_in_no_line() {
        crate::text::secret::know("pr0gress-s3cret");
        let plain = Plain::new(Vec::new(), true);
        plain.note("a note with pr0gress-s3cret");
        plain.detail("pr0gress-s3cret");
        plain.waiting("users", &Pause::Failure("503 (pr0gress-s3cret)".into()), SECOND * 2);
        let path = "/api/v2/pr0gress-s3cret";
        plain.request(&RequestLine { method: "GET", path, outcome: "200", took: SECOND });
        let text = String::from_utf8(plain.out.into_inner()).unwrap();
        assert_eq!(text.lines().filter(|line| line.contains("***")).count(), 4, "{text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
}
