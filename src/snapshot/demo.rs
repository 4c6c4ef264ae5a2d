//! The demo: a small world inside the binary, so that everything can be seen without credentials (rules 10).

use crate::ingest::{Filter, Ingest};
use crate::model::domains::DomainTable;
use crate::model::kind::Kind;
use crate::model::time::Instant;
use crate::model::world::World;
use crate::snapshot::lines::read_records;
use crate::snapshot::multiple_organizations;
use crate::zendesk::Fixture;

/// The demo's reference.
pub const ACCOUNTS: &[u8] = include_bytes!("../../fixtures/demo/salesforce_accounts.csv");
/// The demo's Zendesk, for its plan.
pub const ZENDESK: &str = "https://demo.zendesk.example";
/// The demo's clock.
pub const AS_OF: &str = "2026-04-17T22:15:30Z";

const SETTINGS: &[u8] = include_bytes!("../../fixtures/demo/account_settings.json");

/// The demo's clock as a time.
pub fn as_of() -> Instant {
    Instant::parse(AS_OF).unwrap_or(Instant::MIN)
}

fn records_of(kind: Kind) -> &'static [u8] {
    match kind {
        Kind::Organizations => include_bytes!("../../fixtures/demo/organizations.ndjson"),
        Kind::Users => include_bytes!("../../fixtures/demo/users.ndjson"),
        Kind::Memberships => include_bytes!("../../fixtures/demo/organization_memberships.ndjson"),
        Kind::Tickets => include_bytes!("../../fixtures/demo/tickets.ndjson"),
    }
}

/// Reads the demo's world, like any snapshot.
pub fn world(domains: DomainTable, tickets_from: Instant) -> Result<World, String> {
    let mut ingest = Ingest::new(domains);
    for kind in Kind::ALL {
        let filter = Filter { tickets_from, live: false };
        read_records(records_of(kind), kind, filter, &mut ingest, None)
            .map_err(|error| super::line_error(kind.as_str(), error).to_string())?;
    }
    Ok(ingest.finish(multiple_organizations(SETTINGS)?))
}

/// The demo's records one by one, for a dry run of its plan.
pub fn records() -> Result<Fixture, String> {
    let text = |kind| std::str::from_utf8(records_of(kind)).map_err(|error| error.to_string());
    let mut fixture = Fixture::parse(text(Kind::Organizations)?, text(Kind::Users)?, text(Kind::Memberships)?)?;
    fixture.multiple_organizations = multiple_organizations(SETTINGS)? == Some(true);
    Ok(fixture)
}
