//! JSON Schemas as the files in `schemas/`, generated from the types. No release has this module.
//!
//! What a member's name says of its value stands here once: `run_id`, `as_of` and the like mean the same in every file.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema, json_schema};
use serde_json::{Value, json};

/// A file of `schemas/`.
pub struct JsonSchemaFile {
    /// Such as `summary.schema.json`.
    pub file: String,
    pub text: String,
}

/// The schema of `T` as a file. `of` is the file or the output that it describes.
pub(crate) fn render<T: JsonSchema>(name: &str, of: &str, settings: SchemaSettings) -> JsonSchemaFile {
    let file = format!("{name}.schema.json");
    let mut schema = settings.with_transform(House).into_generator().into_root_schema_for::<T>();
    let (repository, version) = (env!("CARGO_PKG_REPOSITORY"), env!("CARGO_PKG_VERSION"));
    schema.insert("$id".to_owned(), format!("{repository}/raw/v{version}/schemas/{file}").into());
    schema.insert("title".to_owned(), of.into());
    let text = serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n";
    JsonSchemaFile { file, text }
}

/// One of several names.
pub(crate) fn names(names: &[&str]) -> Schema {
    json_schema!({ "type": "string", "enum": names })
}

/// The form of a text under a name. `None`: the name says nothing.
fn form(name: &str) -> Option<(&'static str, &'static str)> {
    match name {
        "run_id" => Some(("pattern", "^[0-9]{8}_[0-9]{6}Z_(audit|apply)(_[0-9]+)?$")),
        "issue_id" => Some(("pattern", "^i[0-9a-f]{16}$")),
        "action_id" => Some(("pattern", "^[AB][0-9]{3,}$")),
        "first_seen" => Some(("format", "date")),
        "as_of" | "at" | "tickets_from" => Some(("format", "date-time")),
        _ if name.ends_with("_at") => Some(("format", "date-time")),
        _ if name.ends_with("sha256") || name.ends_with("_hash") => Some(("pattern", "^[0-9a-f]{64}$")),
        _ => None,
    }
}

/// What is the same in every schema.
#[derive(Clone)]
struct House;

impl Transform for House {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        // Rust's names of numbers are no formats.
        if let Some(Value::String(format)) = schema.get("format")
            && (format.starts_with("uint") || format.starts_with("int"))
        {
            let is_u32 = format == "uint32";
            schema.remove("format");
            if is_u32 && schema.get("maximum").is_none() {
                schema.insert("maximum".to_owned(), u32::MAX.into());
            }
        }
        // A comment breaks its lines where they are full, and has Rust's word for null.
        if let Some(Value::String(text)) = schema.get_mut("description") {
            *text = text.replace('\n', " ").replace("`None`", "`null`");
        }
        let Some(Value::Object(members)) = schema.get_mut("properties") else { return };
        for (name, member) in members {
            let is_text = member["type"] == "string" || member["type"] == json!(["string", "null"]);
            if let Some((key, form)) = form(name)
                && is_text
            {
                member[key] = form.into();
            }
        }
    }
}
