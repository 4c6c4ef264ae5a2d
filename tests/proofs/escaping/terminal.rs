//! A terminal: what it shows of a text, and whether the text made it do anything but show characters.

use std::num::NonZeroU16;
use vt100::{Color, MouseProtocolMode, Parser};

/// Whether a character is more than a sign on the screen.
pub fn acts(c: char) -> bool {
    c.is_control()
        || g_gremlin::text::escape::is_invisible(c)
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}')
}

/// Shows a text, and fails unless the screen then holds its lines and nothing else.
pub fn check(text: &str, width: u16) {
    let lines: Vec<&str> = text.split('\n').collect();
    // A line may take several rows: each of its characters at most two columns.
    let rows = lines.iter().map(|line| 2 + 2 * line.chars().count() / usize::from(width.max(2) - 1)).sum::<usize>();
    let size = |number: usize| NonZeroU16::new(number.try_into().expect("few rows")).expect("some rows");
    let mut parser = Parser::new(size(rows + 1), size(width.into()), 0);
    parser.process(lines.join("\r\n").as_bytes());
    let screen = parser.screen();
    // A wide sign that does not fit into the last column goes to the next row, and the emulator knows no reason for that. Nor does it
    // show U+FFFD, which stands for what was no character.
    let signs = |text: &str| text.chars().filter(|c| !c.is_whitespace() && *c != '\u{fffd}').collect::<String>();
    assert_eq!(signs(&screen.contents()), signs(text), "{width} columns");
    assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
    assert!(!screen.application_keypad() && !screen.application_cursor());
    assert_eq!(screen.mouse_protocol_mode(), MouseProtocolMode::None);
    assert_eq!((screen.fgcolor(), screen.bgcolor()), (Color::Default, Color::Default));
    assert!(!screen.bold() && !screen.dim() && !screen.italic() && !screen.underline() && !screen.inverse());
}
