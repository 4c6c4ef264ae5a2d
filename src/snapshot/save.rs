//! Saving a snapshot: only what the rules need, in Zendesk's field names, so that reading it takes the same path.

use super::REFERENCE;
use super::manifest::{self, FileFacts, Kept, Provenance, name};
use crate::interrupt::Unfinished;
use crate::model::at::OrgAt;
use crate::model::kind::Kind;
use crate::model::time::Instant;
use crate::model::world::{Membership, UserFlags, World};
use crate::run::create::Folder;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

/// The zstd level: 3 is as small as higher ones nearly are, at a fraction of their time.
const LEVEL: i32 = 3;

/// Makes sure that a snapshot can be saved as `folder`: absent or empty, its parent writable. Removes what killed processes left
/// beside it.
pub fn check_target(folder: &Path) -> io::Result<()> {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                return Err(io::Error::other("the folder is not empty"));
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => std::fs::create_dir_all(parent(folder))?,
        Err(error) => return Err(error),
    }
    Folder::create(parent(folder)).map(drop)?;
    Unfinished::remove_dead_beside(parent(folder));
    Ok(())
}

fn parent(folder: &Path) -> &Path {
    folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes a world beside `folder`, which is the name that the result is to get.
pub fn save(world: &World, provenance: &Provenance<'_>, folder: &Path) -> io::Result<Folder> {
    let unfinished = Folder::create(parent(folder))?;
    let mut files = BTreeMap::new();
    for kind in Kind::ALL {
        let name = name(kind);
        let mut records = 0;
        unfinished.file(&name, |out| {
            let mut encoder = zstd::Encoder::new(out, LEVEL)?;
            records = write_kind(world, kind, &mut encoder)?;
            encoder.finish()?.flush()
        })?;
        let sha256 = unfinished.digests().get(&name).cloned().unwrap_or_default();
        files.insert(name, FileFacts { records, sha256 });
    }
    if let Some(Kept { csv, accounts, warnings: _ }) = provenance.reference {
        unfinished.file(REFERENCE, |out| out.write_all(csv))?;
        let sha256 = unfinished.digests().get(REFERENCE).cloned().unwrap_or_default();
        files.insert(REFERENCE.to_owned(), FileFacts { records: accounts, sha256 });
    }
    unfinished.file(manifest::NAME, |out| {
        crate::run::artifacts::write_json(&manifest::render(provenance, world.multiple_organizations, files), out)
    })?;
    if cfg!(not(unix)) && folder.is_dir() {
        // Known to be empty; not every system renames over an empty folder.
        std::fs::remove_dir(folder)?;
    }
    Ok(unfinished)
}

pub(super) fn write_kind(world: &World, kind: Kind, out: &mut dyn Write) -> io::Result<u64> {
    match kind {
        Kind::Organizations => lines(
            out,
            world.orgs.iter().enumerate().map(|(at, org)| OrgLine {
                id: org.id,
                name: org.name().map(|name| name.raw()),
                external_id: org.external_id().map(|id| id.raw()),
                domain_names: {
                    let mut names: Vec<&str> = org.domains.iter().map(|domain| world.domains.text(*domain)).collect();
                    names.extend(world.unusable_domains_of(OrgAt::new(at)).iter().map(|(_, entry)| &**entry));
                    names.sort_unstable();
                    names
                },
                shared_tickets: org.shared_tickets,
                updated_at: (org.updated != Instant::MIN).then(|| org.updated.rfc3339()),
            }),
        ),
        Kind::Users => lines(
            out,
            world.users.iter().map(|user| {
                let UserFlags { active, suspended, shared, verified } = user.flags();
                UserLine {
                    id: user.id(),
                    role: &world.roles[user.role()],
                    active,
                    suspended,
                    shared,
                    verified,
                    email: user.domain().map(|domain| format!("@{}", world.domains.text(domain))),
                    organization_id: user.organization_id(),
                }
            }),
        ),
        Kind::Memberships => lines(
            out,
            memberships(world).map(|(user_id, row)| MembershipLine {
                id: row.id,
                user_id,
                organization_id: row.organization_id(),
                default: row.is_default(),
            }),
        ),
        Kind::Tickets => lines(
            out,
            world.tickets.rows.iter().map(|ticket| TicketLine {
                id: ticket.id(),
                requester_id: ticket.requester_id(),
                organization_id: ticket.organization_id(),
                status: world.tickets.status(ticket),
                updated_at: world.tickets.updated_at(ticket),
            }),
        ),
    }
}

/// All memberships, each with the id of its user.
fn memberships(world: &World) -> impl Iterator<Item = (u64, &Membership)> {
    let of_users = world.users.iter().enumerate();
    let of_users = of_users.flat_map(|(at, user)| world.memberships_of(at).iter().map(|row| (user.id(), row)));
    of_users.chain(world.memberships.dropped().iter().map(|(user_id, row)| (*user_id, row)))
}

fn lines<T: Serialize>(out: &mut dyn Write, records: impl Iterator<Item = T>) -> io::Result<u64> {
    let mut count = 0;
    for record in records {
        serde_json::to_writer(&mut *out, &record)?;
        out.write_all(b"\n")?;
        count += 1;
    }
    Ok(count)
}

#[derive(Serialize)]
struct OrgLine<'a> {
    id: u64,
    name: Option<&'a str>,
    external_id: Option<&'a str>,
    domain_names: Vec<&'a str>,
    shared_tickets: bool,
    updated_at: Option<String>,
}

#[derive(Serialize)]
struct UserLine<'a> {
    id: u64,
    role: &'a str,
    active: bool,
    suspended: bool,
    shared: bool,
    verified: bool,
    /// `@` and the domain: as much of the address as the rules need, and read like one.
    email: Option<String>,
    organization_id: Option<u64>,
}

#[derive(Serialize)]
struct MembershipLine {
    id: u64,
    user_id: u64,
    organization_id: u64,
    default: bool,
}

#[derive(Serialize)]
struct TicketLine<'a> {
    id: u64,
    requester_id: Option<u64>,
    organization_id: Option<u64>,
    status: &'a str,
    updated_at: String,
}
