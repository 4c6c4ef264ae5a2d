//! Texts that would like to be more than text.

use g_gremlin::text::escape::is_invisible;

/// Formulas, escape sequences, Markdown, HTML, commands of the runner, and what is very long.
pub fn hostile() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        " ",
        "Acme",
        "=cmd|' /C calc'!A0",
        "+1+1",
        "-2+3",
        "@SUM(A1:A9)",
        "\t=1",
        "\n=1",
        "\r=1",
        "＝1+1",
        "＋1",
        "－1",
        "＠x",
        "'=1",
        "a,b;c\td\"e\"\"f",
        "a\"\n\"b",
        "\u{1b}[31mred\u{1b}[0m",
        "\u{1b}]0;title\u{7}",
        "\u{1b}]8;;http://evil.example\u{1b}\\link\u{1b}]8;;\u{1b}\\",
        "\u{9b}2J\u{9d}0;x\u{9c}",
        "\u{1b}[2J\u{1b}[H\u{1b}[?1049h",
        "a\rb\u{8}\u{8}c\u{7f}",
        "\u{202e}gpj.exe\u{2066}x\u{2069}",
        "\u{feff}\u{200b}\u{2060}a\u{ad}b",
        "a\u{2028}b\u{2029}c\u{85}d\u{b}e\u{c}f",
        "# heading",
        "* item\n* item",
        "1. item",
        "- [x] done",
        "> quote",
        "---",
        "```\ncode\n```",
        "`code` ``more`` ```most```",
        "a ` b",
        "`",
        "``",
        "\\`",
        "\\",
        "a\\",
        "\\|",
        "a|b|c",
        "|",
        "| --- |",
        "**bold** _it_ ~~gone~~ __x__",
        "[a](http://evil.example)",
        "![a](http://evil.example/x.png)",
        "<http://evil.example>",
        "http://evil.example www.evil.example me@evil.example",
        "@octocat #1 GH-1 acme/ops#1 :smile:",
        "[^1] and $x$ $$y$$ $`z`$",
        "$",
        "[!WARNING]",
        "<script>alert(1)</script>",
        "</script><script>alert(1)</script>",
        "<!--",
        "--> <img src=x onerror=alert(1)>",
        "]]> <![CDATA[",
        "</td></tr></table><h1>x",
        "</code></pre><b>",
        "</title><style>*{display:none}",
        "\" onmouseover=\"alert(1)",
        "' autofocus onfocus=alert(1) x='",
        "&lt;b&gt; &amp;amp; &#60;x&#62; &nbsp;",
        "javascript:alert(1)",
        "::error::x",
        "  ::add-mask::x",
        "::set-output name=a::b",
        "\n::stop-commands::t",
        "\r::error::x",
        "a ::warning file=x::y ::endgroup::",
        "##[error]x",
        "a ##[group]b ##[endgroup]",
        "##\u{200b}[error]",
        "\u{a0}::error::x",
        "%0A::error::x %25 %3A",
        "株式会社 例え 🦊 e\u{301} Ünï",
        "\u{3000}wide\u{3000}",
        "\u{1f469}\u{200d}\u{1f4bb}",
        "\u{e0041}\u{e0042}\u{e007f}",
        "\u{0}",
        "a\u{0}b",
    ]
    .map(str::to_owned)
    .to_vec();
    for unit in ["x", "`", "<b>", "|", "::error::", "\u{202e}", "word ", "株", "\\", "$"] {
        texts.push(unit.repeat(100_000 / unit.len()));
        texts.push(unit.repeat(30));
    }
    texts
}

/// Every character that can hide, move or reorder what is around it.
pub fn every_misleading_character() -> Vec<char> {
    let is_bidi =
        |c: char| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_break = |c: char| matches!(c, '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}');
    let all = ('\0'..=char::MAX).filter(|c| c.is_control() || is_invisible(*c) || is_bidi(*c) || is_break(*c));
    let all: Vec<char> = all.collect();
    assert!(all.len() > 4_000, "Unicode has {} of them", all.len());
    all
}

/// As much of a text as is shown.
pub fn shown_of(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The text in which `\u{…}` is the character again.
pub fn spelled_back(shown: &str) -> String {
    let mut text = String::new();
    let mut rest = shown;
    while let Some(at) = rest.find("\\u{") {
        let end = at + rest[at..].find('}').expect("an end");
        let code = u32::from_str_radix(&rest[at + 3..end], 16).expect("hex digits");
        text.push_str(&rest[..at]);
        text.push(char::from_u32(code).expect("a character"));
        rest = &rest[end + 1..];
    }
    text + rest
}

/// The words of a text, however it is broken; what is spelled out at the beginning of a line is a character again.
pub fn words(text: &str) -> String {
    spelled_back(text).split_whitespace().collect::<Vec<_>>().join(" ")
}
