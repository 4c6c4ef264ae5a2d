//! By id, whatever records refer to and no list brought: users and organizations that were made while the lists were read.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::ask::{Ask, Stream};
use super::endpoint::Endpoint;
use super::error::ReadError;
use super::page::{Chain, Page, incomplete};
use super::reader::Reader;
use super::sink::Missing;
use crate::model::kind::Kind;
use crate::text::words::counted;

/// As many ids as one request may name.
const IDS_PER_REQUEST: usize = 100;

/// Fetches what was referred to but not brought, and what that refers to in turn. Each id is asked for once: what does not come
/// does not exist.
pub(super) async fn read(reader: &Reader<'_>) -> Result<(), ReadError> {
    let mut asked_users = BTreeSet::new();
    let mut asked_organizations = BTreeSet::new();
    let mut users_by_id = Stream::paged("users by id");
    let mut organizations_by_id = Stream::paged("organizations by id");
    loop {
        let Missing { mut users, mut organizations } = reader.sink().missing();
        users.retain(|id| asked_users.insert(*id));
        organizations.retain(|id| asked_organizations.insert(*id));
        if users.is_empty() && organizations.is_empty() {
            return Ok(());
        }
        reader.client.progress.note(&format!(
            "fetching {} and {} by id (referenced, but in no list)",
            counted(users.len() as u64, "user"),
            counted(organizations.len() as u64, "organization")
        ));
        for ids in users.chunks(IDS_PER_REQUEST) {
            let came = show_many(reader, &mut users_by_id, Kind::Users, Endpoint::UsersById, ids).await?;
            // A user made during the read may have memberships made after their page was read.
            for id in came {
                memberships_of(reader, id).await?;
            }
        }
        for ids in organizations.chunks(IDS_PER_REQUEST) {
            let endpoint = Endpoint::OrganizationsById;
            show_many(reader, &mut organizations_by_id, Kind::Organizations, endpoint, ids).await?;
        }
    }
}

/// Fetches records by id; returns the ids that came.
async fn show_many(
    reader: &Reader<'_>,
    stream: &mut Stream,
    kind: Kind,
    endpoint: Endpoint,
    ids: &[u64],
) -> Result<Vec<u64>, ReadError> {
    #[derive(Deserialize)]
    struct Identified {
        id: u64,
    }
    let array = kind.as_str();
    let ids = ids.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
    let mut ask = Ask::get(endpoint, format!("/api/v2/{array}/show_many")).with("ids", ids);
    let answer = reader.client.ask(stream, &mut ask).await?;
    let page = Page::of(&answer).map_err(|gap| incomplete(stream, gap))?;
    let records = page.array(array).map_err(|gap| incomplete(stream, gap))?;
    reader.take(stream, kind, records)?;
    stream.turn();
    // The sink has read these records, so their ids are readable.
    let came = serde_json::from_str::<Vec<Identified>>(records).unwrap_or_default();
    Ok(came.into_iter().map(|record| record.id).collect())
}

async fn memberships_of(reader: &Reader<'_>, user: u64) -> Result<(), ReadError> {
    let path = format!("/api/v2/users/{user}/organization_memberships");
    let chain = Chain::list(Endpoint::MembershipsOfUser, path, Kind::Memberships.as_str());
    match reader.read(&mut Stream::paged("memberships by user"), Kind::Memberships, &chain, None).await {
        // Deleted since the answer before.
        Err(error) if error.is_refusal(404) => Ok(()),
        result => result,
    }
}
