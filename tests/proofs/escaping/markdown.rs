//! Markdown as GitHub reads it.

use comrak::nodes::{AstNode, NodeValue};
use comrak::{Arena, Options, parse_document};

/// What a page is made of.
#[derive(Default)]
pub struct Found {
    /// The texts of spans of code.
    pub code: Vec<String>,
    /// The texts outside of code. One that is parted by empty spans, which keep mentions and issues from being found, is one.
    pub texts: Vec<String>,
    /// The texts of blocks of code.
    pub blocks: Vec<String>,
    /// Whatever does something: links, images, HTML, mathematics, and text that GitHub would look at for mentions.
    pub active: Vec<String>,
    /// The kinds of nodes, with their depth: the page without its texts.
    pub skeleton: Vec<String>,
}

/// Reads a page with every extension that GitHub has.
pub fn read(page: &str) -> Found {
    let mut options = Options::default();
    let extension = &mut options.extension;
    (extension.strikethrough, extension.tagfilter, extension.table) = (true, true, true);
    (extension.autolink, extension.tasklist, extension.footnotes) = (true, true, true);
    (extension.math_dollars, extension.math_code, extension.alerts) = (true, true, true);
    let arena = Arena::new();
    let mut found = Found::default();
    add(parse_document(&arena, page, &options), 0, &mut found);
    found
}

fn add<'a>(node: &'a AstNode<'a>, depth: usize, found: &mut Found) {
    let value = &node.data.borrow().value;
    let is_span = |html: &str| html == "<span>" || html == "</span>";
    let is_text = |node: &AstNode<'a>| match &node.data.borrow().value {
        NodeValue::Text(_) => true,
        NodeValue::HtmlInline(html) => is_span(html),
        _ => false,
    };
    if let NodeValue::Text(text) = value {
        // GitHub looks for mentions, issues and emoji in each run of text by itself.
        if text.contains("@octocat") || text.contains("#1") || text.contains(":smile:") {
            found.active.push(format!("Text {text}"));
        }
    }
    if is_text(node) {
        let goes_on = node.previous_sibling().is_some_and(is_text);
        if !goes_on {
            found.skeleton.push(format!("{depth} Text"));
            found.texts.push(String::new());
        }
        if let (NodeValue::Text(text), Some(last)) = (value, found.texts.last_mut()) {
            last.push_str(text);
        }
        return;
    }
    let mut kind = match value {
        NodeValue::Code(code) => {
            found.code.push(code.literal.clone());
            "Code".to_owned()
        }
        NodeValue::CodeBlock(block) => {
            found.blocks.push(block.literal.clone());
            "CodeBlock".to_owned()
        }
        // Ours, in the places that the proof makes.
        NodeValue::Document | NodeValue::Paragraph | NodeValue::Heading(_) | NodeValue::BlockQuote => name(value),
        NodeValue::List(_) | NodeValue::Item(_) | NodeValue::Strong | NodeValue::SoftBreak => name(value),
        NodeValue::Table(_) | NodeValue::TableRow(_) | NodeValue::TableCell => name(value),
        other => {
            found.active.push(format!("{other:?}"));
            name(other)
        }
    };
    if let NodeValue::Link(link) | NodeValue::Image(link) = value {
        kind += &format!(" {}", link.url);
    }
    found.skeleton.push(format!("{depth} {kind}"));
    for child in node.children() {
        add(child, depth + 1, found);
    }
}

fn name(value: &NodeValue) -> String {
    let debug = format!("{value:?}");
    debug.split(['(', ' ', '{']).next().unwrap_or_default().to_owned()
}
