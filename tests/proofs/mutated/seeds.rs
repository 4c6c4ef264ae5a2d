//! The inputs that mutations begin with: the committed fixtures, cut to a size at which 20,000 of them take seconds.

use std::fs;
use std::path::{Path, PathBuf};

use g_gremlin::doors::{self, Door};

/// Lines of a table, or of records, that a seed keeps.
const MOST_LINES: usize = 8;

/// The seeds of a reader: its own example, and every fixture that has its name.
pub fn of(door: &Door) -> Vec<Vec<u8>> {
    let file = door.name.trim_end_matches(".zst");
    let mut found = vec![];
    find(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"), file, &mut found);
    found.sort();
    let mut seeds: Vec<Vec<u8>> = door.seed.iter().cloned().collect();
    for path in found {
        let text = fs::read_to_string(&path).expect("a fixture");
        let is_lines = file.ends_with("csv") || file.ends_with("ndjson");
        let cut = if is_lines { text.split_inclusive('\n').take(MOST_LINES).collect() } else { text };
        seeds.push(if file == door.name { cut.into_bytes() } else { doors::compressed(cut.as_bytes()) });
    }
    assert!(!seeds.is_empty(), "no fixture is a {}", door.name);
    seeds
}

fn find(folder: &Path, name: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            find(&entry, name, found);
        } else if entry.file_name().is_some_and(|file| file == name) {
            found.push(entry);
        }
    }
}
