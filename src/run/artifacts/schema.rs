//! The JSON Schemas of the artifacts. No release has this module.
//!
//! Most of a schema is derived from the type that is written. Here are the types whose JSON is written by hand.

use super::Artifact;
use super::apply_receipt::ApplyReceipt;
use super::history::{Day, History, IssueName};
use super::journal::{self, JournalEntry};
use super::plan::PlanDocument;
use super::receipt::Receipt;
use super::rows::{BlockedActionRow, PlannedActionRow};
use super::summary::Summary;

use crate::catalogue::{
    ActionCode, AdvisoryCode, BlockedReason, IssueCode, Risk, Scope, SkipReason, Status, WarningCode,
};
use crate::model::precondition::Precondition;
use crate::schema::{JsonSchemaFile, names, render};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

/// The schemas of the files that runs consist of, but `diff.json`.
pub fn schemas() -> Vec<JsonSchemaFile> {
    type Plan = PlanDocument<'static, Vec<PlannedActionRow<'static>>, Vec<BlockedActionRow<'static>>>;
    vec![
        schema_of::<Summary>("summary", Artifact::Summary.name()),
        schema_of::<Plan>("fix_plan", Artifact::FixPlan.name()),
        schema_of::<Receipt>("receipt", Artifact::Receipt.name()),
        schema_of::<ApplyReceipt>("apply_receipt", Artifact::ApplyReceipt.name()),
        schema_of::<History>("history", Artifact::History.name()),
        schema_of::<JournalEntry>("journal", &format!("a line of {}", journal::FILE_NAME)),
    ]
}

/// The schema of what is written from a type.
pub fn schema_of<T: JsonSchema>(name: &str, of: &str) -> JsonSchemaFile {
    render::<T>(name, of, SchemaSettings::draft2020_12().for_serialize())
}

macro_rules! catalogue {
    ($($name:ident),+) => {$(
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                names(&Self::ALL.map(Self::as_str))
            }
        }
    )+};
}

catalogue!(ActionCode, AdvisoryCode, BlockedReason, IssueCode, Risk, Scope, SkipReason, Status, WarningCode);

macro_rules! text {
    ($name:ident, $pattern:expr) => {
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}

text!(IssueName, "^i[0-9a-f]{16}$");
text!(Day, "^[0-9]{4}-[0-9]{2}-[0-9]{2}$");
text!(
    Precondition,
    concat!(
        "^(org_exists|org_external_id_is_blank|external_id_unused|org_external_id_is_account|user_exists|user_active",
        "|user_not_suspended|user_verified|user_not_member|multiple_organizations_on_or_first|user_is_member",
        "|membership_not_default|(org_has_domain|org_lacks_domain|domain_unused|user_email_domain):.+",
        "|default_org_is:(none|[0-9]+))$"
    )
);
