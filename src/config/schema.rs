//! The JSON Schema of the configuration, for editors. No release has this module.
//!
//! It accepts what the program accepts, but asks for quotes where a text looks like a number. Left out: what only the program
//! checks, such as whether a text is a domain.

use super::file::Raw;
use super::values::{Given, Name, Named, Placed, Quoted};
use crate::schema::{self, JsonSchemaFile, names};
use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Value, json};
use std::borrow::Cow;

/// `config.schema.json`.
pub fn schema() -> JsonSchemaFile {
    // Each section is there once, and an editor shows what it means where it is used.
    let settings = SchemaSettings::draft2020_12().for_deserialize().with(|settings| settings.inline_subschemas = true);
    schema::render::<Raw>("config", super::FILE_NAME, settings)
}

/// An object in which both keys have a value.
pub(super) fn both(one: &str, other: &str) -> Value {
    let text = json!({ "type": "string" });
    json!({ "type": "object", "properties": { one: text, other: text }, "required": [one, other] })
}

/// A section `salesforce` with `source: soql`.
pub(super) fn is_soql() -> Value {
    json!({ "type": "object", "properties": { "source": { "const": "soql" } }, "required": ["source"] })
}

impl<T: JsonSchema> JsonSchema for Placed<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T: JsonSchema> JsonSchema for Given<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T: Named> JsonSchema for Name<T> {
    fn schema_name() -> Cow<'static, str> {
        "Name".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        names(T::NAMES)
    }
}

impl JsonSchema for Quoted {
    fn schema_name() -> Cow<'static, str> {
        String::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}
