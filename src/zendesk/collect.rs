//! The sink of an audit: pages become a world, and what records refer to is remembered.

use std::collections::{BTreeSet, HashSet};

use serde_json::value::RawValue;

use super::sink::{Missing, Sink, Taken};
use crate::ingest::{Batch, Filter, Ingest};
use crate::model::domains::DomainTable;
use crate::model::kind::Kind;
use crate::model::time::Instant;
use crate::model::world::World;

/// Takes in pages, and keeps track of which records others refer to.
pub struct Collector {
    ingest: Ingest,
    filter: Filter,
    seen: [HashSet<u64>; 4],
    users_referred_to: HashSet<u64>,
    orgs_referred_to: HashSet<u64>,
}

impl Collector {
    pub fn new(tickets_from: Instant, domains: DomainTable) -> Self {
        Self {
            ingest: Ingest::new(domains),
            filter: Filter { tickets_from, live: true },
            seen: Default::default(),
            users_referred_to: HashSet::new(),
            orgs_referred_to: HashSet::new(),
        }
    }
}

impl Collector {
    /// The world that was read, once the read is complete.
    pub fn finish(self, multiple_organizations: Option<bool>) -> World {
        self.ingest.finish(multiple_organizations)
    }
}

impl Sink for Collector {
    fn take(&mut self, kind: Kind, records: &str) -> Result<Taken, String> {
        let records: Vec<&RawValue> =
            serde_json::from_str(records).map_err(|_| "the records are not a JSON array".to_owned())?;
        let mut batch = Batch::new(kind, self.filter);
        for (index, record) in records.iter().enumerate() {
            batch.parse(record.get()).map_err(|fault| format!("record {} of the page: {fault}", index + 1))?;
        }
        let seen = &mut self.seen[kind as usize];
        let new = batch.ids.iter().filter(|id| seen.insert(**id)).count();
        self.users_referred_to.extend(&batch.user_references);
        self.orgs_referred_to.extend(&batch.org_references);
        let taken = Taken {
            records: batch.records,
            new,
            newest_updated_at: batch.updated.map(|(_, newest)| newest.seconds()),
            oldest_updated_at: batch.updated.map(|(oldest, _)| oldest.seconds()),
        };
        self.ingest.append(batch).map_err(|fault| format!("a record of the page: {fault}"))?;
        Ok(taken)
    }

    fn missing(&self) -> Missing {
        let absent = |referred_to: &HashSet<u64>, kind: Kind| -> Vec<u64> {
            let absent: BTreeSet<u64> = referred_to.difference(&self.seen[kind as usize]).copied().collect();
            absent.into_iter().collect()
        };
        Missing {
            users: absent(&self.users_referred_to, Kind::Users),
            organizations: absent(&self.orgs_referred_to, Kind::Organizations),
        }
    }
}
