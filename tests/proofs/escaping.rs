//! The one escaping place, proved by reading its outputs back: a CSV reader, a parser of GitHub's Markdown, an HTML parser, a
//! terminal and GitHub's runner each find the text there as text, and nothing else.

mod markdown;
mod outputs;
mod runner;
mod terminal;
mod texts;

use g_gremlin::text::escape;
use g_gremlin::text::wrap;

use texts::{every_misleading_character, hostile, shown_of};

/// The most that is shown of one text.
const SHOWN: usize = 200;

/// Every hostile text, and every character that misleads, at the beginning, in the middle and at the end of a text.
fn all_texts() -> Vec<String> {
    let mut all = hostile();
    for c in every_misleading_character() {
        all.extend([format!("{c}=1"), format!("a{c}b"), format!("::error::{c}"), format!("a {c}"), c.to_string()]);
    }
    all
}

#[test]
fn a_csv_reader_finds_the_text_in_its_one_cell() {
    let all = all_texts();
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(vec![]);
    for text in &all {
        writer.write_record(["before", &escape::csv_cell(text), "after"]).expect("memory has room");
    }
    let bytes = writer.into_inner().expect("memory has room");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&bytes[..]);
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), all.len());
    for (row, text) in rows.iter().zip(&all) {
        assert_eq!((&row[0], &row[2], row.len()), ("before", "after", 3), "{text:?}");
        let cell = &row[1];
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\n', '\r', '＝', '＋', '－', '＠']), "{text:?}");
        // One that looks guarded already reads as what was guarded.
        let formula = text.strip_prefix('\'').filter(|rest| escape::csv_cell(rest).starts_with('\''));
        assert_eq!(escape::text_of_csv_cell(cell), formula.unwrap_or(text), "the text comes back");
    }
    println!("CSV: {} texts", all.len());
}

#[test]
fn a_markdown_parser_finds_the_text_in_one_span_of_code() {
    let all = all_texts();
    for text in &all {
        let expected = escape::terminal(text);
        let blank = expected.trim().is_empty();
        let code = escape::markdown_code(text);
        let cell = escape::markdown_cell(text);
        for (page, count) in [
            (code.clone(), 1),
            (format!("- {code}: 3 users\n- next\n"), 1),
            (format!("### {code}\n\ntext {code} and {code}.\n"), 3),
            (format!("> **{code}**\n"), 1),
            (format!("| a | b |\n| --- | --- |\n| {cell} | {cell} |\n| x | {cell} |\n"), 3),
        ] {
            let found = markdown::read(&page);
            assert!(found.active.is_empty(), "{text:?} becomes {:?} in\n{page}", found.active);
            if blank {
                assert_eq!(found.code, [""; 0], "{text:?}");
                continue;
            }
            // More than a few backticks are spelled out, and backslashes before a bar.
            let codes: Vec<String> =
                found.code.iter().map(|code| code.replace("\\u{60}", "`").replace("\\u{5c}", "\\")).collect();
            assert_eq!(codes, vec![expected.clone(); count], "{text:?} in\n{page}");
        }
        let block = escape::markdown_block(&expected);
        let found = markdown::read(&format!("before\n\n{block}\nafter\n"));
        assert_eq!((found.active, found.blocks), (vec![], vec![format!("{expected}\n")]), "{text:?}");
    }
    for text in all.iter().filter(|text| !text.trim().is_empty()) {
        let shown = escape::markdown_text(text);
        let found = markdown::read(&format!("| a | b |\n| --- | --- |\n| {shown} | x |\n\nOf {shown}\n"));
        assert_eq!(found.active, [""; 0], "{text:?} in {shown}");
        let expected = escape::line(text);
        let expected = expected.trim();
        let trimmed: Vec<&str> = found.texts[2..].iter().map(|text| text.trim()).collect();
        assert_eq!(trimmed, [expected, "x", format!("Of {}", escape::line(text)).trim()], "{text:?}");
    }
    println!("Markdown: {} texts in 8 places each", all.len());
}

#[test]
fn a_terminal_of_any_width_shows_the_text_and_does_nothing() {
    let all = all_texts();
    let hostile: Vec<String> = hostile();
    for text in &all {
        assert_eq!(texts::spelled_back(&escape::terminal(text)), shown_of(text, SHOWN), "{text:?}");
        assert_eq!(texts::spelled_back(&escape::neutral(text)), *text, "{text:?}");
        for line in [escape::terminal(text), escape::line(text), escape::neutral(text), escape::spelled_out(text)] {
            assert!(!line.chars().any(terminal::acts), "{text:?}");
        }
    }
    let mut screens = 0;
    for text in &hostile {
        for line in [escape::terminal(text), format!("  org_name: {} and so on", escape::line(text))] {
            for width in 20..=120 {
                let wrapped = wrap::wrap_text(&line, width);
                terminal::check(&wrapped, width as u16);
                runner::check(&wrapped);
                assert_eq!(texts::words(&wrapped), texts::words(&line), "{width}: no word is lost");
                screens += 1;
            }
            // Narrower than any terminal: what matters there is where lines begin.
            for width in 1..20 {
                runner::check(&wrap::wrap_text(&line, width));
                runner::check(&wrap::wrap(&line, width).join("\n"));
            }
        }
        let word = escape::shell_option("--sf-account-id", text);
        for width in [20, 40, 80] {
            let wrapped = wrap::wrap_command(&format!("    g-gremlin trace {word} --domain x"), width);
            terminal::check(&wrapped, 120);
            runner::check(&wrapped);
        }
    }
    println!("terminal: {} texts, {} of them on {screens} screens from 20 to 120 columns", all.len(), hostile.len());
}

#[test]
fn githubs_runner_takes_no_text_for_a_command() {
    let all = all_texts();
    for text in &all {
        for shown in [escape::terminal(text), escape::line(text), escape::neutral(text)] {
            for line in [shown.clone(), format!("  {shown}"), format!("\u{3000}{shown}"), format!("warning: {shown}")] {
                runner::check(&line);
            }
        }
        // As a part of our own command it comes out of the runner as it went in.
        let (title, message) = (escape::workflow_property(text), escape::workflow_message(text));
        let lines = format!("::notice title={title},file=x::{message}\n");
        let commands = runner::commands(&lines);
        assert_eq!(commands.len(), 1, "{text:?}");
        let command = &commands[0];
        assert_eq!((command.name.as_str(), &command.message), ("notice", text));
        assert_eq!(command.properties, [("title".to_owned(), text.clone()), ("file".to_owned(), "x".to_owned())]);
    }
    println!("workflow commands: {} texts", all.len());
}
