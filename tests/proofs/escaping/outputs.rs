//! Every output of the program on a world of hostile names and ids, beside the same world with harmless ones: what is parsed of the
//! two has the same structure, and where the one has a harmless name, the other has the hostile text and nothing more.

mod page;
mod world;

use std::collections::BTreeSet;
use std::path::Path;

use g_gremlin::text::escape;

use super::{markdown, runner, terminal, texts};
use world::{Names, Outputs};

#[test]
fn every_output_shows_hostile_names_as_text() {
    let harmless = Names::harmless();
    let expected = world::outputs(&harmless);
    let hostile: Vec<String> = texts::hostile().into_iter().filter(|text| !text.trim().is_empty()).collect();
    let (mut seen, mut places) = (BTreeSet::new(), 0);
    for chunk in hostile.chunks(Names::ACCOUNTS) {
        let names = Names::hostile(chunk);
        let outputs = world::outputs(&names);
        let replace = Replace { harmless: &harmless, hostile: &names };
        places += tables(&expected, &outputs, &replace);
        places += pages(&expected, &outputs, &replace, &mut seen);
        places += html(&expected, &outputs, &replace);
        logs(&outputs);
        annotations(&expected, &outputs);
    }
    let missing: Vec<&String> = hostile.iter().filter(|text| !seen.contains(&world::stored(text))).collect();
    assert!(missing.is_empty(), "no page shows {missing:?}");
    println!("outputs: {} texts, found in {places} cells, spans of code and nodes", hostile.len());
}

/// Puts the hostile texts in the places of the harmless ones.
struct Replace<'a> {
    harmless: &'a Names,
    hostile: &'a Names,
}

impl Replace<'_> {
    fn all(&self, text: &str, change: impl Fn(&str) -> String) -> String {
        let mut replaced = text.to_owned();
        for (harmless, hostile) in self.harmless.texts().into_iter().zip(self.hostile.texts()) {
            replaced = replaced.replace(harmless.as_str(), &change(&hostile));
        }
        replaced
    }

    /// How many of the harmless texts there are in a text.
    fn count(&self, text: &str) -> usize {
        self.harmless.texts().iter().map(|harmless| text.matches(harmless.as_str()).count()).sum()
    }
}

/// Compares every CSV cell by cell, but for sentences. Returns how many cells held a text.
fn tables(expected: &Outputs, outputs: &Outputs, replace: &Replace<'_>) -> usize {
    let mut places = 0;
    for (name, bytes) in expected.files.iter().filter(|(name, _)| name.ends_with(".csv")) {
        let (one, other) = (rows(bytes), rows(&outputs.files[name]));
        assert_eq!(one.len(), other.len(), "{name}");
        for (one, other) in one.iter().zip(&other) {
            assert_eq!(one.len(), other.len(), "{name}");
            for (column, (harmless, hostile)) in one.iter().zip(other).enumerate() {
                assert!(
                    !hostile.starts_with(['=', '+', '-', '@', '\t', '\n', '\r', '＝', '＋', '－', '＠']),
                    "{hostile:?}"
                );
                // Ids of issues follow from those of accounts; sentences show what is invisible spelled out.
                let is_sentence = column + 1 == one.len();
                let is_derived = harmless.len() == 17 && harmless.starts_with('i');
                if replace.count(harmless) > 0 && !is_sentence {
                    let text = replace.all(harmless, str::to_owned);
                    assert_eq!(*hostile, escape::csv_cell(&text), "{name}");
                    places += 1;
                } else if !is_sentence && !is_derived {
                    assert_eq!(harmless, hostile, "{name}");
                }
            }
        }
    }
    assert!(places > 50, "{places} cells");
    places
}

fn rows(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
}

/// A name as a report reads it from a table: one that looks guarded already reads as what was guarded.
fn read_back(text: &str) -> String {
    escape::text_of_csv_cell(&escape::csv_cell(text)).to_owned()
}

/// Compares the pages of Markdown node by node.
fn pages(expected: &Outputs, outputs: &Outputs, replace: &Replace<'_>, seen: &mut BTreeSet<String>) -> usize {
    let mut places = 0;
    for (name, page) in &expected.pages {
        let (one, other) = (markdown::read(page), markdown::read(&outputs.pages[name]));
        let differs = one.skeleton.iter().zip(&other.skeleton).find(|(one, other)| one != other);
        let same = one.skeleton == other.skeleton;
        assert!(same, "{name} has another structure, first {differs:?}:\n{}", outputs.pages[name]);
        assert_eq!(one.active, other.active, "{name}");
        for (harmless, hostile) in one.code.iter().zip(&other.code) {
            if replace.count(harmless) == 0 {
                continue;
            }
            // A span shows one text, cut when long; a run of backticks is spelled out.
            let text = replace.all(harmless, str::to_owned);
            let hostile = hostile.replace("\\u{60}", "`").replace("\\u{5c}", "\\");
            let is_whole = hostile == escape::terminal(&text) || hostile == replace.all(harmless, escape::terminal);
            let is_whole = is_whole || hostile == escape::terminal(&read_back(&text));
            assert!(is_whole || harmless.contains(' '), "{name}: {hostile:?} is not {text:?}");
            seen.insert(text);
            places += 1;
        }
        for (harmless, hostile) in one.texts.iter().zip(&other.texts).filter(|(text, _)| replace.count(text) == 1) {
            let text = replace.all(harmless, str::to_owned);
            let shown = [escape::line(&text), escape::terminal(&text), escape::terminal(&read_back(&text))];
            assert!(shown.iter().any(|shown| hostile.trim() == shown.trim()), "{name}: {hostile:?} is not {text:?}");
            seen.insert(text);
            places += 1;
        }
        runner::check(&outputs.pages[name]);
    }
    places
}

/// Compares `report.html` node by node, and the data of its script member by member.
fn html(expected: &Outputs, outputs: &Outputs, replace: &Replace<'_>) -> usize {
    let (one, other) = (page::read(&expected.html), page::read(&outputs.html));
    assert_eq!(one.skeleton, other.skeleton, "report.html has another structure");
    assert_eq!(one.data_shape, other.data_shape, "the data of report.html has another structure");
    assert!(other.texts.iter().all(|text| !text.chars().filter(|c| *c != '\n').any(terminal::acts)));
    let mut places = 0;
    for (harmless, hostile) in one.texts.iter().zip(&other.texts).filter(|(text, _)| replace.count(text) == 1) {
        let shown = |text: &str| escape::terminal(&read_back(text));
        assert!(
            [replace.all(harmless, escape::terminal), replace.all(harmless, shown)].contains(hostile),
            "{hostile:?}"
        );
        places += 1;
    }
    assert!(places > 0 && replace.count(&one.data) > 0, "report.html shows no name");
    places
}

/// What goes to a terminal or a log holds no character that acts, and no line that the runner obeys.
fn logs(outputs: &Outputs) {
    for (name, text) in &outputs.logs {
        let acting: Vec<char> = text.chars().filter(|c| *c != '\n' && terminal::acts(*c)).collect();
        assert!(acting.is_empty(), "{name} holds {acting:?}");
        runner::check(text);
        for width in [40, 80, 200] {
            terminal::check(&text.lines().take(300).collect::<Vec<_>>().join("\n"), width);
        }
    }
}

/// The commands that the runner finds are the same.
fn annotations(expected: &Outputs, outputs: &Outputs) {
    let names = |outputs: &Outputs| {
        let commands = runner::commands(&outputs.annotations);
        commands.into_iter().map(|command| (command.name, command.properties)).collect::<Vec<_>>()
    };
    assert_eq!(names(expected), names(outputs), "{}", outputs.annotations);
    let is_ours = |line: &str| ["::error ", "::warning ", "::notice "].iter().any(|begin| line.starts_with(begin));
    assert!(outputs.annotations.lines().all(is_ours), "{}", outputs.annotations);
}

/// A file of the repository.
fn repository(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
