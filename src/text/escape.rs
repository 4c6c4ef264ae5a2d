//! The one place through which outside text reaches people: spreadsheets, terminals, Markdown.
//!
//! Names, ids and domains come from other systems and may be written to attack whoever looks at them.

use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use std::borrow::Cow;
use std::fmt::Write;

/// How much of one text a person is shown.
const SHOWN: usize = 200;

/// A finished cell of a CSV: one that a spreadsheet would run as a formula gets a leading `'` (rules 9).
/// Quoting is the CSV writer's.
pub fn csv_cell(text: &str) -> Cow<'_, str> {
    match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\n' | '\r' | '＝' | '＋' | '－' | '＠') => {
            Cow::Owned(format!("'{text}"))
        }
        _ => Cow::Borrowed(text),
    }
}

/// The text of a finished cell. One that was written as `'=…` in the first place reads the same as a guarded `=…`.
pub fn text_of_csv_cell(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if matches!(csv_cell(text), Cow::Owned(_)) => text,
        _ => cell,
    }
}

/// The longest run of backticks that is shown as it is: GitHub's parser knows no fence of a code span of more than 80.
const MOST_BACKTICKS: usize = 20;

/// For a terminal or a log: one line, without escape sequences or characters that hide or reorder text, cut when very long.
pub fn terminal(text: &str) -> String {
    visible(text, SHOWN)
}

/// The same for a whole line of ours that has outside text in it, and so may be longer.
pub fn line(text: &str) -> String {
    visible(text, 10 * SHOWN)
}

/// One word of a shell command that a person may copy.
pub fn shell_word(text: &str) -> String {
    let plain = !text.is_empty() && text.bytes().all(|c| c.is_ascii_alphanumeric() || b"._-/:=@+,".contains(&c));
    if plain { text.to_owned() } else { format!("'{}'", terminal(text).replace('\'', "'\\''")) }
}

/// An option of a shell command with its value, which is not taken for another option where it begins with a hyphen.
pub fn shell_option(flag: &str, value: &str) -> String {
    let between = if value.starts_with('-') { '=' } else { ' ' };
    format!("{flag}{between}{}", shell_word(value))
}

fn visible(text: &str, most: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(most));
    for (count, c) in text.chars().enumerate() {
        if count == most {
            shown.push('…');
            break;
        }
        // GitHub's runner takes `::` at the beginning of a line of a log, and `##[` anywhere, for a command to itself.
        let commands = (c == ':' && shown.trim_start() == ":") || (c == '[' && shown.ends_with("##"));
        if commands || misleads(c) {
            // Writing to a string cannot fail.
            let _ = write!(shown, "{}", c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// For Markdown: a code span, in which nothing is a link, a mention, an issue, an emoji, an image or HTML. Not for tables.
pub fn markdown_code(text: &str) -> String {
    let mut shown = terminal(text);
    if shown.trim().is_empty() {
        return "(blank)".to_owned();
    }
    let mut longest_run = shown.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    if longest_run > MOST_BACKTICKS {
        shown = shown.replace('`', "\\u{60}");
        longest_run = 0;
    }
    let fence = "`".repeat(longest_run + 1);
    // One space on each side is taken off again: it keeps a backtick apart from the fence, and saves a space of the text's
    // own. Next to a fence, a dollar would be GitHub's mark of mathematics.
    let touches = |c| matches!(c, '`' | ' ' | '$');
    let pad = if shown.starts_with(touches) || shown.ends_with(touches) { " " } else { "" };
    format!("{fence}{pad}{shown}{pad}{fence}")
}

/// The same for a cell of a table, which takes `\|` for a bar. What `\\|` is, parsers disagree about: so a backslash before a bar is
/// spelled out.
pub fn markdown_cell(text: &str) -> String {
    markdown_code(text).replace("\\|", "\\u{5c}|").replace('|', "\\|")
}

/// For Markdown: a sentence as plain text, in which nothing is markup, a link, a mention or an issue. For a cell of a table too.
pub fn markdown_text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() + 16);
    for c in line(text).chars() {
        match c {
            // GitHub looks for mentions, issues and emoji in each run of text by itself.
            '@' | '#' | ':' => {
                let _ = write!(shown, "<span>&#{};</span>", c as u32);
            }
            '-' if shown.to_ascii_lowercase().ends_with("gh") => shown.push_str("<span>-</span>"),
            // It would make a link.
            '.' if shown.to_ascii_lowercase().ends_with("www") => shown.push_str("&#46;"),
            ' ' | '.' | ',' | ';' | '%' | '?' | '!' | '/' | '-' | '+' | '=' | '(' | ')' | '\'' | '"' => shown.push(c),
            c if c.is_ascii_punctuation() => {
                let _ = write!(shown, "&#{};", c as u32);
            }
            c => shown.push(c),
        }
    }
    if shown.trim().is_empty() { "(blank)".to_owned() } else { shown }
}

/// For Markdown: lines that were escaped already, as a block of code, in which nothing else is anything.
pub fn markdown_block(text: &str) -> String {
    let longest_run = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest_run.max(2) + 1);
    format!("{fence}text\n{text}\n{fence}\n")
}

/// For Markdown: a link with a text of ours. `None` when `url` is no web address.
pub fn markdown_link(text: &'static str, url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())?;
    // Whatever could end the link, or the cell that it stands in.
    let mut address = String::new();
    for c in url.as_str().chars() {
        match c {
            '(' | ')' | '<' | '>' | '[' | ']' | '|' | '\\' | '`' | '"' | '\'' => {
                // Writing to a string cannot fail.
                let _ = write!(address, "%{:02X}", c as u32);
            }
            c => address.push(c),
        }
    }
    (address.len() <= 2000).then(|| format!("[{text}]({address})"))
}

/// A text of several parts, some of them from outside, as one line without a length of its own.
pub fn neutral(text: &str) -> String {
    visible(text, usize::MAX)
}

/// A text in which every character that cannot be seen is spelled out: what is invisible or odd white space, too.
pub fn spelled_out(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if misleads(c) || (c.is_whitespace() && c != ' ') {
            // Writing to a string cannot fail.
            let _ = write!(shown, "{}", c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// The message of a workflow command, as GitHub's toolkit encodes it.
pub fn workflow_message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a workflow command, such as its title.
pub fn workflow_property(text: &str) -> String {
    workflow_message(text).replace(':', "%3A").replace(',', "%2C")
}

/// JSON for standard output, which may be a terminal or a log: what acts there is written as its code, and reads the same.
pub fn json(text: &str) -> Cow<'_, str> {
    // JSON escapes the line ends of its strings, so one that is left stands between them.
    let acts = |c: char| c != '\n' && misleads(c);
    if !text.contains(acts) && !text.contains("##[") {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 64);
    for c in text.chars() {
        if acts(c) || (c == '[' && shown.ends_with("##")) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// Whether a character can hide or reorder what is shown around it: controls, invisible and bidirectional ones, odd line ends.
fn misleads(c: char) -> bool {
    c.is_control()
        || is_invisible(c)
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fff9}'..='\u{fffb}')
}

/// Whether a character shows nothing: Unicode's Default_Ignorable_Code_Point.
pub fn is_invisible(c: char) -> bool {
    // No ASCII character is, and most text is ASCII.
    !c.is_ascii() && CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// A text of the file as people may read it. What stands before the last `@` may be somebody's name, and is left out
/// (rules 9).
pub fn without_local_part(text: &str) -> Cow<'_, str> {
    match text.rfind('@') {
        None | Some(0) => Cow::Borrowed(text),
        Some(at) => Cow::Owned(format!("…{}", &text[at..])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_becomes_text() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\n=1", "\r=1"] {
            assert_eq!(csv_cell(text), format!("'{text}"));
        }
        assert_eq!(csv_cell("Acme = good"), "Acme = good");
    }

    #[test]
    fn json_reads_the_same_and_holds_nothing_that_acts() {
        let texts = ["##[error]x", "a ###[group]b", "\u{9b}2J\u{7f}\u{202e}\u{2028}\u{e0041}\r\n", "\\##[\"]"];
        let plain = serde_json::to_string_pretty(&texts).expect("JSON");
        let shown = json(&plain);
        assert!(!shown.contains("##[") && !shown.contains(|c| c != '\n' && misleads(c)), "{shown}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&shown).expect("JSON"), texts);
        assert!(matches!(json("{\n  \"name\": \"Käse # [1]\"\n}\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_terminal_gets_no_control_of_any_kind() {
        assert_eq!(
            terminal("a\u{1b}[31mb\nc\u{202e}d\u{200b}\u{9b}"),
            "a\\u{1b}[31mb\\u{a}c\\u{202e}d\\u{200b}\\u{9b}"
        );
        assert_eq!(terminal(&"x".repeat(100_000)).chars().count(), SHOWN + 1);
        assert_eq!(terminal("Müller & Söhne 株式会社"), "Müller & Söhne 株式会社");
    }

    #[test]
    fn a_sentence_in_markdown_is_text_and_nothing_else() {
        assert_eq!(markdown_text("Org 7 (\"Acme-X\") has no id."), "Org 7 (\"Acme-X\") has no id.");
        assert_eq!(markdown_text("@octo #12"), "<span>&#64;</span>octo <span>&#35;</span>12");
        assert_eq!(markdown_text("a|b <img> [x](y)"), "a&#124;b &#60;img&#62; &#91;x&#93;(y)");
        assert_eq!(markdown_text("WWW.x.io gh-7"), "WWW&#46;x.io gh<span>-</span>7");
        assert_eq!(markdown_text("ftp://x"), "ftp<span>&#58;</span>//x");
        assert_eq!(markdown_text("a\n*b*"), "a&#92;u&#123;a&#125;&#42;b&#42;");
        assert_eq!(markdown_text(" "), "(blank)");
    }

    #[test]
    fn invisible_characters_are_spelled_out() {
        for c in [
            '\u{3164}',
            '\u{34f}',
            '\u{115f}',
            '\u{1160}',
            '\u{17b4}',
            '\u{180b}',
            '\u{ffa0}',
            '\u{ad}',
            '\u{200b}',
            '\u{2060}',
            '\u{feff}',
            '\u{fe0f}',
            '\u{e0101}',
            '\u{2028}',
            '\u{2029}',
            '\u{61c}',
            '\u{200e}',
            '\u{202e}',
            '\u{2067}',
            '\u{fff9}',
            '\u{7f}',
            '\u{85}',
        ] {
            assert_eq!(terminal(&format!("a{c}b")), format!("a\\u{{{:x}}}b", c as u32));
        }
    }

    #[test]
    fn a_copied_command_holds_one_word() {
        assert_eq!(shell_word("./artifacts/run_1"), "./artifacts/run_1");
        assert_eq!(shell_word("001; rm -rf ~"), "'001; rm -rf ~'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_option("--domain", "acme.com"), "--domain acme.com");
        assert_eq!(shell_option("--sf-account-id", "-x y"), "--sf-account-id='-x y'");
    }

    #[test]
    fn a_log_gives_no_command_to_the_runner() {
        assert_eq!(terminal("::set-output name=x::y"), ":\\u{3a}set-output name=x::y");
        assert_eq!(terminal("  ::error::x"), "  :\\u{3a}error::x");
        assert_eq!(terminal("Acme ##[add-mask]x"), "Acme ##\\u{5b}add-mask]x");
        assert_eq!(terminal("a::b #[c]"), "a::b #[c]");
        assert_eq!(workflow_message("a%0A\r\n::b"), "a%250A%0D%0A::b");
        assert_eq!(workflow_property("a:b,c\n"), "a%3Ab%2Cc%0A");
    }

    #[test]
    fn a_link_leads_to_the_web_and_ends_where_it_should() {
        assert_eq!(markdown_link("run", "https://a.example/x/1"), Some("[run](https://a.example/x/1)".to_owned()));
        assert_eq!(
            markdown_link("run", "https://a.example/x)(y|z`_"),
            Some("[run](https://a.example/x%29%28y%7Cz%60_)".to_owned())
        );
        for no in ["javascript:alert(1)", "x", "", "file:///etc/passwd", "data:text/html,x"] {
            assert_eq!(markdown_link("run", no), None);
        }
    }

    #[test]
    fn markdown_shows_the_text_and_nothing_else() {
        assert_eq!(markdown_code("@octocat [x](http://evil) <img>"), "`@octocat [x](http://evil) <img>`");
        assert_eq!(markdown_code("a|b"), "`a|b`");
        assert_eq!(markdown_cell("a|b"), "`a\\|b`");
        assert_eq!(markdown_cell(r"a\|b\"), r"`a\u{5c}\|b\`");
        assert_eq!(markdown_code("a`b``c"), "```a`b``c```");
        assert_eq!(markdown_code("`"), "`` ` ``");
        assert_eq!(markdown_code(" a "), "`  a  `");
        assert_eq!(markdown_code("$x"), "` $x `");
        assert_eq!(markdown_code("  "), "(blank)");
        assert_eq!(markdown_code(&format!("{}<img>", "`".repeat(21))), format!("`{}<img>`", "\\u{60}".repeat(21)));
    }
}
