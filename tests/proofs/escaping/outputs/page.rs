//! An HTML page as a browser reads it.

use html5ever::tendril::TendrilSink;
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use serde_json::Value;

/// What a page is made of.
#[derive(Default)]
pub struct Found {
    /// Elements with the names of their attributes, and with the values of those that lead somewhere or do something.
    pub skeleton: Vec<String>,
    /// The texts of nodes that are shown.
    pub texts: Vec<String>,
    /// The data of the script, and its shape: the keys and the kinds of values.
    pub data: String,
    pub data_shape: String,
}

pub fn read(html: &str) -> Found {
    let dom = html5ever::parse_document(RcDom::default(), Default::default()).one(html);
    let mut found = Found::default();
    add(&dom.document, 0, "", &mut found);
    let data: Value = serde_json::from_str(&found.data).expect("the data of the script is JSON");
    found.data_shape = shape(&data);
    found
}

fn add(node: &Handle, depth: usize, parent: &str, found: &mut Found) {
    let mut name = parent.to_owned();
    match &node.data {
        NodeData::Element { name: tag, attrs, .. } => {
            name = tag.local.to_string();
            let attributes = attrs.borrow();
            let attributes = attributes.iter().map(|attribute| {
                let (key, value) = (attribute.name.local.to_string(), attribute.value.to_string());
                if name == "script" && key == "id" {
                    name = format!("script {value}");
                }
                let acts = ["href", "src", "style", "content", "action", "class", "type"].contains(&key.as_str());
                if acts || key.starts_with("on") { format!("{key}={value}") } else { key }
            });
            let attributes = attributes.collect::<Vec<_>>().join(" ");
            found.skeleton.push(format!("{depth} <{} {attributes}>", tag.local));
        }
        NodeData::Text { contents } if parent == "script data" => found.data += &contents.borrow(),
        NodeData::Text { contents } if parent.starts_with("script") || parent == "style" => {
            found.skeleton.push(format!("{depth} {} bytes", contents.borrow().len()));
        }
        NodeData::Text { contents } => {
            found.skeleton.push(format!("{depth} text"));
            found.texts.push(contents.borrow().to_string());
        }
        NodeData::Comment { .. } | NodeData::ProcessingInstruction { .. } => {
            found.skeleton.push(format!("{depth} comment"))
        }
        NodeData::Document | NodeData::Doctype { .. } => {}
    }
    for child in node.children.borrow().iter() {
        add(child, depth + 1, &name, found);
    }
}

fn shape(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: Vec<String> = members.iter().map(|(key, value)| format!("{key}: {}", shape(value))).collect();
            format!("{{{}}}", members.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(shape).collect::<Vec<_>>().join(", ")),
        Value::String(_) => "text".to_owned(),
        other => other.to_string(),
    }
}
