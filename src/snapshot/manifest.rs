//! The manifest of a snapshot: where it is from, what it covers, and the digest of every file.

use crate::files::without_bom;
use crate::model::kind::Kind;
use crate::model::time::Instant;
use crate::model::warning::Warning;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name of the file.
pub(super) const NAME: &str = "manifest.json";
/// The format's name without its version.
const FORMAT: &str = "g-gremlin/zendesk-drift/snapshot/";
/// The version that this program writes and reads.
const VERSION: u32 = 1;

/// What a snapshot should say of itself.
#[derive(Debug, Clone, Copy)]
pub struct Provenance<'a> {
    pub zendesk: &'a str,
    pub as_of: Instant,
    /// The first moment that its tickets cover.
    pub tickets_from: Instant,
    pub ticket_source: Option<&'a str>,
    /// The reference that the records were judged by, if it is to be kept.
    pub reference: Option<Kept<'a>>,
}

/// A reference as a snapshot keeps it.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a> {
    /// A CSV of our six columns.
    pub csv: &'a [u8],
    pub accounts: u64,
    /// Those warnings of its first reading that its copy cannot give again.
    pub warnings: &'a [Warning],
}

/// The name of the file of a kind.
pub(super) fn name(kind: Kind) -> String {
    format!("{}.ndjson.zst", kind.as_str())
}

/// A manifest, checked.
#[derive(Debug, Clone)]
pub(super) struct Manifest {
    pub zendesk: String,
    pub as_of: Instant,
    pub tickets_from: Instant,
    pub ticket_source: Option<String>,
    pub multiple_organizations: Option<bool>,
    pub reference_warnings: Vec<Warning>,
    files: BTreeMap<String, FileFacts>,
}

/// What the manifest states of one file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
pub(super) struct FileFacts {
    pub records: u64,
    pub sha256: String,
}

/// Where a snapshot is from, what it covers, and the digest of every file.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "proofs", derive(schemars::JsonSchema))]
pub(super) struct Wire {
    #[cfg_attr(feature = "proofs", schemars(extend("const" = format!("{FORMAT}{VERSION}"))))]
    format: String,
    tool_version: String,
    zendesk: String,
    as_of: String,
    tickets_from: String,
    ticket_source: Option<String>,
    multiple_organizations: Option<bool>,
    /// The warnings that the snapshot's copy of the reference cannot give again. Missing where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reference_warnings: Vec<Warning>,
    files: BTreeMap<String, FileFacts>,
}

/// What a snapshot says of itself when it is saved.
pub(super) fn render(
    provenance: &Provenance<'_>,
    multiple_organizations: Option<bool>,
    files: BTreeMap<String, FileFacts>,
) -> impl Serialize {
    Wire {
        format: format!("{FORMAT}{VERSION}"),
        tool_version: crate::run::artifacts::TOOL_VERSION.to_owned(),
        zendesk: provenance.zendesk.to_owned(),
        as_of: provenance.as_of.rfc3339(),
        tickets_from: provenance.tickets_from.rfc3339(),
        ticket_source: provenance.ticket_source.map(str::to_owned),
        multiple_organizations,
        reference_warnings: provenance.reference.map(|kept| kept.warnings.to_vec()).unwrap_or_default(),
        files,
    }
}

impl Manifest {
    /// Reads a manifest. Errors: not ours, of a newer format, or damaged.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let bytes = without_bom(bytes);
        #[derive(Deserialize)]
        struct Format {
            format: String,
        }
        let damaged = |what: &str| format!("{NAME} is damaged: {what}");
        let Format { format } =
            serde_json::from_slice(bytes).map_err(|_| damaged("it is not a JSON object with a `format`"))?;
        let version = format.strip_prefix(FORMAT).and_then(|version| version.parse::<u32>().ok());
        match version {
            Some(VERSION) => {}
            Some(newer) if newer > VERSION => {
                return Err(format!(
                    "the snapshot has format {newer}, and this program reads format {VERSION}; use a newer g-gremlin"
                ));
            }
            _ => return Err(damaged("its `format` is not that of a snapshot")),
        }
        let wire: Wire =
            serde_json::from_slice(bytes).map_err(|_| damaged("a field is missing or has another type"))?;
        let Wire {
            format: _,
            tool_version: _,
            zendesk,
            as_of,
            tickets_from,
            ticket_source,
            multiple_organizations,
            reference_warnings,
            files,
        } = wire;
        let time = |text: &str| Instant::parse(text).ok_or_else(|| damaged("a time is invalid"));
        let zendesk =
            crate::config::origin("zendesk", &zendesk).map_err(|_| damaged("its `zendesk` is not an origin"))?;
        for kind in Kind::ALL {
            if !files.contains_key(&name(kind)) {
                return Err(damaged("a file is not listed in it"));
            }
        }
        Ok(Self {
            zendesk,
            // As every `as_of`.
            as_of: time(&as_of)?.whole_seconds(),
            tickets_from: time(&tickets_from)?,
            ticket_source,
            multiple_organizations,
            reference_warnings,
            files,
        })
    }

    /// What it vouches for, for the proofs.
    #[cfg(feature = "proofs")]
    pub(super) fn files(&self) -> &BTreeMap<String, FileFacts> {
        &self.files
    }

    /// Whether the snapshot holds the reference that it was judged by.
    pub(super) fn has_reference(&self) -> bool {
        self.files.contains_key(super::REFERENCE)
    }

    /// Holds what was read of a file against what was written.
    pub(super) fn check(&self, name: &str, sha256: &str, records: Option<u64>) -> Result<(), String> {
        match self.files.get(name) {
            None => Err("the manifest does not list it".to_owned()),
            Some(facts) if facts.sha256 != sha256 => Err("its SHA-256 is not that in the manifest".to_owned()),
            Some(facts) if records.is_some_and(|records| records != facts.records) => {
                Err(format!("it does not have the {} records that the manifest states", facts.records))
            }
            Some(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_snapshot_is_cut_to_whole_seconds() {
        let whole = Instant::parse("2026-04-17T22:15:30Z").expect("a time");
        let zendesk = "https://acme.zendesk.com";
        let provenance =
            Provenance { zendesk, as_of: whole, tickets_from: whole, ticket_source: None, reference: None };
        let file = FileFacts { records: 0, sha256: String::new() };
        let files = Kind::ALL.map(|kind| (name(kind), file.clone())).into();
        let text = crate::run::artifacts::json(&render(&provenance, None, files));
        for fraction in ["", ".9", ".000000001"] {
            let text = text
                .replace("\"as_of\": \"2026-04-17T22:15:30Z", &format!("\"as_of\": \"2026-04-17T22:15:30{fraction}Z"));
            assert!(text.contains(fraction));
            assert_eq!(Manifest::parse(text.as_bytes()).expect("a manifest").as_of, whole, "{fraction}");
        }
    }
}
