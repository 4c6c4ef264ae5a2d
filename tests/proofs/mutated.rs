//! Every parser and reader, on mutated inputs: no panic, no hang, bounded memory, and what is accepted reads back the same.
//!
//! The mutations are the same on every machine. `G_GREMLIN_MUTATIONS=100000` makes that many of each reader's inputs;
//! `G_GREMLIN_MUTATION_SECONDS=3600` goes on for an hour, with others each round. An input that fails is kept as a file.

mod mutate;
mod seeds;

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use g_gremlin::doors::{self, Door};

use crate::MEMORY;
use crate::model::random::Random;

const DEFAULT_MUTATIONS: u64 = 20_000;
/// No input may take longer than this.
const LONGEST: Duration = Duration::from_secs(30);
/// Nor may all that is allocated come to more than this.
const MOST_MEMORY: usize = 256 << 20;
const WORKERS: usize = 2;

#[test]
fn every_reader_survives_mutated_inputs() {
    let number = |name: &str| {
        let value = std::env::var(name).ok()?;
        Some(value.parse::<u64>().unwrap_or_else(|_| panic!("{name} is a number")))
    };
    let mutations = number("G_GREMLIN_MUTATIONS").unwrap_or(DEFAULT_MUTATIONS);
    let until = number("G_GREMLIN_MUTATION_SECONDS").map(|seconds| Instant::now() + Duration::from_secs(seconds));
    remember_panics();
    let mut doors = doors::all();
    if let Ok(name) = std::env::var("G_GREMLIN_READER") {
        doors.retain(|door| door.name == name);
    }
    let began = Instant::now();
    let (mut failures, mut inputs, mut round) = (vec![], 0, 0);
    loop {
        let outcomes = all_doors(&doors, mutations, round);
        inputs += mutations * doors.len() as u64;
        failures.extend(outcomes.iter().flat_map(|outcome| outcome.failures.clone()));
        if round == 0 {
            outcomes.iter().for_each(Outcome::print);
            let idle: Vec<&str> =
                outcomes.iter().filter(|outcome| outcome.is_idle()).map(|outcome| outcome.name.as_str()).collect();
            assert!(
                idle.is_empty() || !failures.is_empty(),
                "nothing was ever accepted by {idle:?}, or nothing refused"
            );
        }
        round += 1;
        if failures.len() > 20 || until.is_none_or(|until| Instant::now() >= until) {
            break;
        }
    }
    let (seconds, peak) = (began.elapsed().as_secs_f64(), MEMORY.peak_usage() >> 20);
    println!("{inputs} mutated inputs of {} readers in {seconds:.0} s, {peak} MiB at most", doors.len());
    assert!(failures.is_empty(), "{} inputs failed:\n{}", failures.len(), failures.join("\n"));
}

/// What the inputs of one reader came to.
struct Outcome {
    name: String,
    accepted: u64,
    refused: u64,
    seconds: f64,
    failures: Vec<String>,
}

impl Outcome {
    fn print(&self) {
        let Self { name, accepted, refused, seconds, .. } = self;
        println!("{name}: {accepted} accepted, {refused} refused, {seconds:.1} s");
    }

    /// Whether it told nothing from nothing, and so proves nothing. An error answer is never believed.
    fn is_idle(&self) -> bool {
        let never_believed = self.name.contains("refusal") || self.name.contains("error page");
        // Without these, a read goes on.
        let never_refused = self.name.contains("count") || self.name.contains("scopes");
        (self.accepted == 0 && !never_believed) || (self.refused == 0 && !never_refused)
    }
}

fn all_doors(doors: &[Door], mutations: u64, round: u64) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let watched: Vec<Arc<Watched>> = (0..WORKERS).map(|_| Arc::default()).collect();
    let done = Arc::new(AtomicBool::new(false));
    let watchdog = {
        let (watched, done) = (watched.clone(), done.clone());
        let names: Vec<String> = doors.iter().map(|door| door.name.clone()).collect();
        thread::spawn(move || watch(&watched, &done, &names))
    };
    let work = |watched: &Watched| {
        let mut outcomes = vec![];
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(door) = doors.get(place) else { return outcomes };
            watched.door.store(place, Ordering::Relaxed);
            outcomes.push((place, one_door(door, mutations, round, watched)));
        }
    };
    let mut outcomes: Vec<(usize, Outcome)> = thread::scope(|scope| {
        let workers: Vec<_> = watched.iter().map(|watched| scope.spawn(|| work(watched))).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a worker")).collect()
    });
    done.store(true, Ordering::Relaxed);
    watchdog.join().expect("the watchdog");
    outcomes.sort_by_key(|(place, _)| *place);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

fn one_door(door: &Door, mutations: u64, round: u64, watched: &Watched) -> Outcome {
    let seeds = seeds::of(door);
    let began = Instant::now();
    let mut outcome = Outcome { name: door.name.clone(), accepted: 0, refused: 0, seconds: 0.0, failures: vec![] };
    // The name makes each reader's mutations its own.
    let name: u64 = door.name.bytes().fold(round, |sum, byte| sum.wrapping_mul(131).wrapping_add(u64::from(byte)));
    let mut random = Random::new(name);
    for number in 0..mutations {
        // The first ones are the seeds as they are.
        let input = match seeds.get(number as usize) {
            Some(seed) if round == 0 => seed.clone(),
            _ => mutate::mutated(&mut random, &seeds),
        };
        watched.number.store(number, Ordering::Relaxed);
        watched.begin(&input);
        MEMORY.reset_peak_usage();
        match catch_unwind(AssertUnwindSafe(|| (door.read)(&input))) {
            Ok(true) => outcome.accepted += 1,
            Ok(false) => outcome.refused += 1,
            Err(_) => {
                let file = keep(&door.name, round, number, &input);
                let panic = LAST_PANIC.with(|last| last.take());
                outcome.failures.push(format!("{}: {panic}\n    input: {}", door.name, file.display()));
            }
        }
        if MEMORY.peak_usage() > MOST_MEMORY {
            let file = keep(&door.name, round, number, &input);
            let peak = MEMORY.peak_usage() >> 20;
            outcome.failures.push(format!("{}: {peak} MiB of memory\n    input: {}", door.name, file.display()));
        }
        watched.end();
        g_gremlin::text::secret::forget_all();
        if outcome.failures.len() >= 5 {
            break;
        }
    }
    outcome.seconds = began.elapsed().as_secs_f64();
    outcome
}

fn keep(name: &str, round: u64, number: u64, input: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutated");
    std::fs::create_dir_all(&folder).expect("a folder");
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let file = folder.join(format!("{name}-{round}-{number}"));
    std::fs::write(&file, input).expect("a file");
    file
}

/// What a worker is busy with.
struct Watched {
    door: AtomicUsize,
    number: AtomicU64,
    input: Mutex<Vec<u8>>,
    /// Milliseconds since the first case of all; 0 between two inputs.
    since: AtomicU64,
    zero: Instant,
}

impl Default for Watched {
    fn default() -> Self {
        let (door, number, since) = (AtomicUsize::new(0), AtomicU64::new(0), AtomicU64::new(0));
        Self { door, number, input: Mutex::default(), since, zero: Instant::now() }
    }
}

impl Watched {
    fn begin(&self, input: &[u8]) {
        if let Ok(mut kept) = self.input.lock() {
            kept.clear();
            kept.extend_from_slice(input);
        }
        self.since.store(self.zero.elapsed().as_millis() as u64 + 1, Ordering::Relaxed);
    }

    fn end(&self) {
        self.since.store(0, Ordering::Relaxed);
    }

    fn hangs(&self) -> bool {
        let since = self.since.load(Ordering::Relaxed);
        since > 0 && self.zero.elapsed() > Duration::from_millis(since) + LONGEST
    }
}

/// Ends the process when an input takes too long: a thread cannot be stopped.
fn watch(workers: &[Arc<Watched>], done: &AtomicBool, names: &[String]) {
    while !done.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(100));
        if let Some(worker) = workers.iter().find(|worker| worker.hangs()) {
            let (door, number) = (worker.door.load(Ordering::Relaxed), worker.number.load(Ordering::Relaxed));
            let input = worker.input.lock().map(|input| input.clone()).unwrap_or_default();
            let file = keep(&names[door], 0, number, &input);
            eprintln!("{}: takes longer than {} s\n    input: {}", names[door], LONGEST.as_secs(), file.display());
            std::process::abort();
        }
    }
}

thread_local! {
    /// The message and the place of the last panic on this thread.
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps what a panic says instead of printing it thousands of times; the other proofs' panics are printed as ever.
fn remember_panics() {
    let printing = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        LAST_PANIC.with(|last| *last.borrow_mut() = info.to_string());
        // A worker has no name; a test's thread has the test's.
        if thread::current().name().is_some() {
            printing(info);
        }
    }));
}
