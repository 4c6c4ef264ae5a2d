//! The bytes of the reference, and where they are from: a file, a query to Salesforce, the copy in a snapshot, or the demo's.

use super::source::AuditSource;
use super::{read_reference, reference_failure};
use crate::config::{self, Config, SalesforceSource};
use crate::exit::Failure;
use crate::model::accounts::Reference;
use crate::model::domains::DomainTable;
use crate::model::warning::{self, Warning};
use crate::paths::file_name;
use crate::reference::{self, Form, Problems};
use crate::snapshot::demo;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A reference that was read, not yet understood.
pub(super) struct Accounts {
    pub bytes: Vec<u8>,
    /// For some of our columns, the header that stands for them.
    pub columns: BTreeMap<String, String>,
    from: From,
}

/// Where a reference is from.
enum From {
    File(PathBuf),
    Query,
    /// The copy in a snapshot, with the warnings of its first reading that it cannot give again.
    Kept(Vec<Warning>),
}

impl Accounts {
    /// Reads the bytes. `is_named`: a configuration or a flag says where the reference is.
    pub(super) fn read(source: &AuditSource, config: &Config, is_named: bool) -> Result<Self, Failure> {
        let columns = config.columns.clone();
        match source {
            AuditSource::Demo => {
                let from = From::File(config::DEFAULT_ACCOUNTS.into());
                Ok(Self { bytes: demo::ACCOUNTS.to_vec(), columns, from })
            }
            AuditSource::Snapshot { path, snapshot } => {
                let is_file = is_named && config.salesforce == SalesforceSource::Csv && config.accounts_csv.exists();
                if !is_file && let Some(kept) = snapshot.reference() {
                    let (bytes, warnings) = kept.map_err(|error| super::source::snapshot_failure(path, &error))?;
                    return Ok(Self { bytes, columns: BTreeMap::new(), from: From::Kept(warnings) });
                }
                if config.salesforce != SalesforceSource::Csv {
                    return Err(Failure::invalid(
                        "the snapshot has no reference, and an audit of a snapshot does not read Salesforce",
                    )
                    .help("name a CSV with --sf-accounts, or save the snapshot again: audit --save-snapshot"));
                }
                Self::of_file(config)
            }
            AuditSource::Live { salesforce: Some(access), .. } => {
                Ok(Self { bytes: access.read()?, columns, from: From::Query })
            }
            AuditSource::Live { salesforce: None, .. } => Self::of_file(config),
        }
    }

    fn of_file(config: &Config) -> Result<Self, Failure> {
        let path = &config.accounts_csv;
        let columns = config.columns.clone();
        Ok(Self { bytes: read_reference(path)?, columns, from: From::File(path.clone()) })
    }

    /// The accounts; their domains are put into `domains`.
    pub(super) fn reference(&self, config: &Config, domains: &mut DomainTable) -> Result<Reference, Failure> {
        let read = reference::read(&self.bytes, self.form(), &config.settings.domains, domains);
        let mut reference = read.map_err(|problems| self.failure(problems))?;
        if let From::Kept(warnings) = &self.from {
            reference.warnings.extend(warnings.iter().cloned());
            warning::sort(&mut reference.warnings);
        }
        Ok(reference)
    }

    /// The copy that a snapshot keeps (rules 11).
    pub(super) fn kept_copy(&self) -> Result<Vec<u8>, Failure> {
        reference::kept_copy(&self.bytes, self.form()).map_err(|problems| self.failure(problems))
    }

    fn form(&self) -> Form<'_> {
        match &self.from {
            From::File(_) => Form::Export(&self.columns),
            From::Query => Form::Query(&self.columns),
            From::Kept(_) => Form::Kept,
        }
    }

    fn failure(&self, problems: Problems) -> Failure {
        match &self.from {
            From::File(path) => reference_failure(path, problems),
            From::Query => reference_failure(Path::new("from Salesforce"), problems).help(
                "correct the records in Salesforce, or salesforce.query and salesforce.columns, then run again; nothing was read from Zendesk",
            ),
            From::Kept(_) => reference_failure(Path::new("of the snapshot"), problems)
                .help("save the snapshot again: audit --save-snapshot"),
        }
    }

    /// How the receipt names it: without a folder.
    pub(super) fn recorded(&self) -> (&'static str, Value) {
        match &self.from {
            From::File(path) => ("sf_accounts", file_name(path).into()),
            From::Query => ("salesforce", "soql".into()),
            From::Kept(_) => ("sf_accounts", crate::snapshot::REFERENCE.into()),
        }
    }
}

/// The accounts of an export that a configuration names; their domains are put into `domains`.
pub(super) fn of_csv(
    bytes: &[u8],
    path: &Path,
    config: &Config,
    domains: &mut DomainTable,
) -> Result<Reference, Failure> {
    reference::read(bytes, Form::Export(&config.columns), &config.settings.domains, domains)
        .map_err(|problems| reference_failure(path, problems))
}
