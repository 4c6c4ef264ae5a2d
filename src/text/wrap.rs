//! Text in a given width. Words are never split, so that ids, codes and commands stay whole; later lines are indented.
//!
//! A line that is made here is escaped again, since a break can bring outside text to the beginning of a line, where GitHub's
//! runner would take it for a command.

use super::escape;
use unicode_width::UnicodeWidthStr;

/// How much further than the first the later lines of a paragraph begin.
const HANGING: usize = 2;

/// Breaks a paragraph at its spaces; a word that is too long gets a line of its own.
pub fn wrap(paragraph: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in paragraph.split(' ') {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| escape::neutral(line)).collect()
}

/// Breaks each line of a text that is wider; the indent of a line is kept, and grows for its later parts.
pub fn wrap_text(text: &str, width: usize) -> String {
    let lines = text.split('\n').map(|line| wrap_line(line, width));
    lines.collect::<Vec<_>>().join("\n")
}

fn wrap_line(line: &str, width: usize) -> String {
    // Columns are aligned by runs of spaces: a line that fits keeps them.
    if columns(line) <= width {
        return line.to_owned();
    }
    let (indent, words) = line.split_at(line.len() - line.trim_start_matches(' ').len());
    let hanging = " ".repeat(indent.len() + HANGING);
    let lines = wrap(words, width.saturating_sub(hanging.len()).max(20));
    let lines = lines.iter().enumerate();
    let lines = lines.map(|(at, line)| format!("{}{}", if at == 0 { indent } else { &hanging }, line.trim_end()));
    lines.collect::<Vec<_>>().join("\n")
}

/// Breaks each line of a command before its options, with a ` \` at the end of all but the last, so that it can still be copied.
pub fn wrap_command(command: &str, width: usize) -> String {
    let lines = command.split('\n').map(|line| wrap_command_line(line, width));
    lines.collect::<Vec<_>>().join("\n")
}

fn wrap_command_line(line: &str, width: usize) -> String {
    if columns(line) <= width {
        return line.to_owned();
    }
    let indent = line.len() - line.trim_start_matches(' ').len();
    let next = format!(" \\\n{}", " ".repeat(indent + HANGING));
    let mut broken = line[..indent].to_owned();
    let mut quoted = false;
    for (at, c) in line[indent..].char_indices() {
        quoted ^= c == '\'';
        if c == ' ' && !quoted && line[indent + at..].starts_with(" --") {
            broken.push_str(&next);
        } else {
            broken.push(c);
        }
    }
    broken
}

/// How many columns of a terminal a text takes.
fn columns(text: &str) -> usize {
    text.width()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole_and_later_lines_are_indented() {
        let text = "  org_missing_external_id: the org 4001 has no external id\nshort";
        assert_eq!(wrap_text(text, 40), "  org_missing_external_id: the org\n    4001 has no external id\nshort");
        assert_eq!(wrap_text("x  aligned   by spaces", 40), "x  aligned   by spaces");
        assert_eq!(wrap_text(&"9".repeat(64), 20), "9".repeat(64), "a hash is one word");
    }

    #[test]
    fn a_wide_character_takes_two_columns() {
        assert_eq!(wrap("株式会社 株式会社", 10), ["株式会社", "株式会社"]);
    }

    #[test]
    fn a_command_is_broken_where_a_shell_goes_on() {
        let command = "    g-gremlin zendesk drift apply --plan latest --only-account 'a --b'";
        assert_eq!(
            wrap_command(command, 50),
            "    g-gremlin zendesk drift apply \\\n      --plan latest \\\n      --only-account 'a --b'"
        );
        assert_eq!(wrap_command(command, 80), command);
    }

    #[test]
    fn a_break_makes_no_command_of_outside_text() {
        for text in ["name ::error::x", "name   ::add-mask::y", "a ##[group]z"].map(escape::line) {
            for width in 1..30 {
                let (whole, lines) = (wrap_text(&text, width), wrap(&text, width));
                for line in whole.lines().chain(lines.iter().map(String::as_str)) {
                    assert!(!line.trim_start().starts_with("::") && !line.contains("##["), "{width}: {line}");
                }
            }
        }
    }
}
