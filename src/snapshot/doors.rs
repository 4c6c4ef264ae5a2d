//! The files of a snapshot, read from bytes, for the proofs.

use super::lines::read_records;
use super::manifest::{self, Manifest, Provenance, render};
use super::save::write_kind;
use super::{decoder, multiple_organizations};
use crate::ingest::{Filter, Ingest};
use crate::model::domains::DomainTable;
use crate::model::kind::Kind;
use crate::model::time::Instant;
use crate::model::world::World;
use crate::run::artifacts::schema::schema_of;
use crate::schema::JsonSchemaFile;
use std::io::Read;

/// The schema of a manifest.
pub(crate) fn schema() -> JsonSchemaFile {
    schema_of::<manifest::Wire>("manifest", manifest::NAME)
}

/// A manifest. What is accepted reads back the same after it is written.
pub(crate) fn manifest(bytes: &[u8]) -> bool {
    let Ok(manifest) = Manifest::parse(bytes) else { return false };
    let Manifest { zendesk, as_of, tickets_from, ticket_source, multiple_organizations, .. } = &manifest;
    let provenance = Provenance {
        zendesk,
        as_of: *as_of,
        tickets_from: *tickets_from,
        ticket_source: ticket_source.as_deref(),
        reference: Some(super::Kept { csv: b"", accounts: 0, warnings: &manifest.reference_warnings }),
    };
    let written = crate::run::artifacts::json(&render(&provenance, *multiple_organizations, manifest.files().clone()));
    let again = Manifest::parse(written.as_bytes()).expect("what was written is read");
    assert_eq!(format!("{again:?}"), format!("{manifest:?}"));
    true
}

/// The account settings of a plain folder.
pub(crate) fn settings(bytes: &[u8]) -> bool {
    multiple_organizations(bytes).is_ok_and(|setting| setting.is_some())
}

/// Plain NDJSON of one kind. What is accepted reads back the same after it is written.
pub(crate) fn lines(kind: Kind, bytes: &[u8]) -> bool {
    let Some(world) = world(kind, bytes) else { return false };
    let written = written(&world, kind);
    let again = self::world(kind, written.as_slice()).expect("what was written is read");
    let again = self::written(&again, kind);
    assert_eq!(String::from_utf8_lossy(&again), String::from_utf8_lossy(&written));
    true
}

/// A compressed file of one kind.
pub(crate) fn blocks(kind: Kind, bytes: &[u8]) -> bool {
    decoder(bytes).is_ok_and(|decoder| world(kind, decoder).is_some())
}

/// The compressed form of NDJSON.
pub(crate) fn compressed(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("memory has room")
}

/// The NDJSON of a compressed file.
pub(crate) fn decompressed(bytes: &[u8]) -> Option<Vec<u8>> {
    zstd::decode_all(bytes).ok()
}

fn world(kind: Kind, bytes: impl Read + Send) -> Option<World> {
    let mut ingest = Ingest::new(DomainTable::default());
    let filter = Filter { tickets_from: Instant::MIN, live: false };
    read_records(bytes, kind, filter, &mut ingest, None).ok()?;
    Some(ingest.finish(None))
}

fn written(world: &World, kind: Kind) -> Vec<u8> {
    let mut out = Vec::new();
    write_kind(world, kind, &mut out).expect("memory has room");
    out
}
