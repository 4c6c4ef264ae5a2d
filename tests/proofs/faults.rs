//! The fault matrix: every fault meets every request of audit, apply, the read of Salesforce and GitHub's calls.
//!
//! What must come of each: the whole and right result, or a clear failure that leaves nothing half written; no write twice, none that
//! was not planned. The table of what came of each is docs/fault-matrix.md, compared with this run; `G_GREMLIN_BLESS=1` writes it.

mod apply;
mod audit;
mod github;
mod salesforce;
mod zendesk;

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// More than the proofs read of an answer, in bytes.
const TOO_LONG: usize = (8 << 20) + 1;
/// No command of the matrix takes longer.
const LONGEST: Duration = Duration::from_secs(60);
const PAGE: &str = "docs/fault-matrix.md";
const BLESS: &str = "G_GREMLIN_BLESS=1 .ci/proofs faults";

/// A part of the matrix as it is filled: what came of a fault, for all requests of a kind.
struct Matrix {
    title: &'static str,
    faults: Vec<&'static str>,
    /// Kinds of requests, sorted.
    kinds: Vec<String>,
    cells: Mutex<BTreeMap<(usize, usize), BTreeSet<String>>>,
    /// How many faults met a request.
    met: AtomicUsize,
}

impl Matrix {
    fn new(title: &'static str, faults: Vec<&'static str>, requests: &[String]) -> Self {
        let mut kinds: Vec<String> = Vec::new();
        for request in requests {
            if !kinds.contains(request) {
                kinds.push(request.clone());
            }
        }
        // Lists are read side by side, so their order is chance.
        kinds.sort();
        Self { title, faults, kinds, cells: Mutex::default(), met: AtomicUsize::new(0) }
    }

    fn set(&self, fault: usize, request: &str, came: String) {
        let kind = self.kinds.iter().position(|kind| kind == request).expect("a known kind");
        self.cells.lock().expect("no panic").entry((fault, kind)).or_default().insert(came);
        self.met.fetch_add(1, Ordering::Relaxed);
    }

    /// A table with a line for each fault and a column for each kind of request.
    fn render(&self, page: &mut String) {
        let cells = self.cells.lock().expect("no panic");
        writeln!(page, "## {}\n", self.title).expect("a string");
        for (at, kind) in self.kinds.iter().enumerate() {
            writeln!(page, "- **{}** `{kind}`", at + 1).expect("a string");
        }
        let numbers: Vec<String> = (1..=self.kinds.len()).map(|number| number.to_string()).collect();
        writeln!(page, "\n| fault | {} |", numbers.join(" | ")).expect("a string");
        writeln!(page, "| --- |{}", " --- |".repeat(self.kinds.len())).expect("a string");
        for (fault, name) in self.faults.iter().enumerate() {
            let came = |kind| match cells.get(&(fault, kind)) {
                Some(came) => came.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
                None => String::new(),
            };
            let came: Vec<String> = (0..self.kinds.len()).map(came).collect();
            writeln!(page, "| {name} | {} |", came.join(" | ")).expect("a string");
        }
    }
}

/// Does every piece of work, on a few threads; each thread has a stage of its own. `work` panics where a promise is broken; the others
/// are kept all the same, and then it fails with the first ones.
fn each<T: Sync, S>(all: &[T], stage: impl Fn() -> S + Sync, work: impl Fn(&mut S, &T) + Sync) {
    let next = AtomicUsize::new(0);
    let broken = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| {
                let mut on = stage();
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let done = std::panic::catch_unwind(AssertUnwindSafe(|| work(&mut on, one)));
                    if let Err(panic) = done {
                        let text = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                        broken.lock().expect("no panic").push(text);
                        on = stage();
                    }
                }
            });
        }
    });
    let broken = broken.into_inner().expect("no panic");
    assert!(
        broken.is_empty(),
        "{} promises are broken, the first:\n{}",
        broken.len(),
        broken[..broken.len().min(20)].join("\n")
    );
}

/// Runs the program; it must end within a minute.
fn run(mut command: Command, what: &str) -> Output {
    let started = Instant::now();
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
    let (id, done) = (child.id(), Arc::new(AtomicBool::new(false)));
    let watched = Arc::clone(&done);
    let watchdog = std::thread::spawn(move || {
        while !watched.load(Ordering::Relaxed) && started.elapsed() < LONGEST {
            std::thread::sleep(Duration::from_millis(20));
        }
        if !watched.load(Ordering::Relaxed) {
            let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
        }
    });
    let output = child.wait_with_output().expect("ended");
    done.store(true, Ordering::Relaxed);
    watchdog.join().expect("no panic");
    assert!(started.elapsed() < LONGEST, "{what}: it does not end");
    if started.elapsed() > Duration::from_secs(5) {
        println!("{what}: {} s", started.elapsed().as_secs());
    }
    output
}

/// The files of a folder by name, without those that `except` names.
fn files(folder: &Path, except: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry").path());
    let name = |path: &PathBuf| path.file_name().expect("a name").to_string_lossy().into_owned();
    let kept = entries.filter(|path| path.is_file() && !except.contains(&name(path).as_str()));
    kept.map(|path| (name(&path), std::fs::read(&path).expect("a file"))).collect()
}

/// The same files as if they were of another port: each fake has its own, which is part of the plan and so of its hash.
fn without_port(files: BTreeMap<String, Vec<u8>>, url: &str) -> BTreeMap<String, String> {
    let plan: Value = serde_json::from_slice(&files["fix_plan.json"]).expect("a plan");
    let hash = plan["plan_hash"].as_str().expect("a hash").to_owned();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8").replace(url, "URL").replace(&hash, "HASH");
    files.into_iter().map(|(name, bytes)| (name, text(bytes))).collect()
}

/// What is in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Compares a part of the page with what came of this run; with `G_GREMLIN_BLESS` set, writes it.
fn agree(name: &str, matrix: &Matrix) {
    static PAGE_IS_OURS: Mutex<()> = Mutex::new(());
    let mut table = String::new();
    matrix.render(&mut table);
    println!("{}: {} faults met a request", matrix.title, matrix.met.load(Ordering::Relaxed));
    let _guard = PAGE_IS_OURS.lock();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = std::fs::read_to_string(&path).expect("the page");
    let (begin, end) = (format!("<!-- {name}:begin -->\n"), format!("<!-- {name}:end -->"));
    let (before, rest) = page.split_once(&begin).expect("a beginning");
    let (present, after) = rest.split_once(&end).expect("an end");
    if present == table {
        return;
    }
    if std::env::var_os("G_GREMLIN_BLESS").is_some() {
        std::fs::write(&path, format!("{before}{begin}{table}{end}{after}")).expect("written");
        return;
    }
    let differs = present.lines().zip(table.lines()).find(|(present, now)| present != now);
    panic!("{PAGE} differs from what came of this run: {differs:#?}\nrefresh it with: {BLESS}");
}

#[test]
fn every_fault_meets_every_request_of_an_audit() {
    agree("audit", &audit::matrix());
}

#[test]
fn every_fault_meets_every_request_to_salesforce() {
    agree("salesforce", &salesforce::matrix());
}

#[test]
fn every_fault_meets_every_request_of_an_apply() {
    agree("apply", &apply::matrix());
}

#[test]
fn every_fault_meets_every_request_to_github() {
    agree("github", &github::matrix());
}
