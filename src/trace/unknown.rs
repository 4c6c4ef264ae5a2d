//! A subject that does not exist, and what was probably meant.

use super::account::folded;
use crate::model::account_key::account_key;
use crate::model::accounts::Reference;
use crate::model::at::AccountAt;
use crate::model::world::MAX_ID;
use crate::rules::audit::Audit;
use crate::text::escape::shell_option;
use crate::text::nearest;

/// How many are named.
const MOST: usize = 5;

/// Nothing has this id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownSubject {
    /// What does not exist. May hold what was typed.
    pub what: String,
    /// The flags for what is near, most likely first: `--zendesk-org-id 4001`.
    pub near: Vec<String>,
    /// Something else to know.
    pub remark: Option<String>,
}

/// The account whose id has the key of this one.
pub fn account_at(reference: &Reference, id: &str) -> Result<AccountAt, UnknownSubject> {
    let key = account_key(id);
    if let Some(at) = reference.accounts.iter().position(|account| account.key() == key) {
        return Ok(AccountAt::new(at));
    }
    let like = folded(id);
    let ids = || reference.accounts.iter().map(|account| account.sf_account_id().raw());
    // Another spelling of the same letters comes first: case and check are what people and spreadsheets change.
    let mut near: Vec<&str> = ids().filter(|known| !like.is_empty() && folded(known) == like).take(MOST).collect();
    let same = !near.is_empty();
    for close in nearest::closest(id, ids(), MOST) {
        if near.len() < MOST && !near.contains(&close) {
            near.push(close);
        }
    }
    let remark = same.then(|| {
        "the first differs only in case or check: 15-character ids are case-sensitive, and 18-character ids end \
            in their check"
            .to_owned()
    });
    Err(UnknownSubject {
        what: format!("no account of the reference has the id {}", id.trim()),
        near: near.into_iter().map(|id| shell_option("--sf-account-id", id)).collect(),
        remark,
    })
}

pub(super) fn org(audit: &Audit<'_>, id: u64) -> UnknownSubject {
    UnknownSubject {
        what: format!("no org has the id {id}"),
        near: near(audit, "--zendesk-org-id", id, audit.world.orgs.len(), |at| audit.world.orgs[at].id),
        remark: None,
    }
}

pub(super) fn user(audit: &Audit<'_>, id: u64) -> UnknownSubject {
    UnknownSubject {
        what: format!("no user has the id {id}"),
        near: near(audit, "--zendesk-user-id", id, audit.world.users.len(), |at| audit.world.users[at].id()),
        remark: None,
    }
}

pub(super) fn ticket(audit: &Audit<'_>, id: u64) -> UnknownSubject {
    let rows = &audit.world.tickets.rows;
    UnknownSubject {
        what: format!("no ticket that was read has the id {id}"),
        near: near(audit, "--zendesk-ticket-id", id, rows.len(), |at| rows[at].id()),
        remark: Some(format!(
            "deleted tickets are left out, and tickets from before {} may not have been read",
            audit.window.0.rfc3339()
        )),
    }
}

pub(super) fn domain(audit: &Audit<'_>, text: &str) -> UnknownSubject {
    let domains = &audit.world.domains;
    let known = domains.ids().map(|id| domains.text(id));
    UnknownSubject {
        what: format!("no account expects the domain {text}, and no org or user has it"),
        near: nearest::closest(text, known, MOST).into_iter().map(|near| format!("--domain {near}")).collect(),
        remark: None,
    }
}

/// Numbers near `wanted` among `len` ascending ids: the same number of another kind, those one slip away, the neighbours.
fn near(audit: &Audit<'_>, flag: &str, wanted: u64, len: usize, id: impl Fn(usize) -> u64) -> Vec<String> {
    let mut near = Vec::new();
    let tickets = &audit.world.tickets.rows;
    for (kind, known) in [
        ("--zendesk-org-id", audit.world.org_at(wanted).is_some()),
        ("--zendesk-user-id", audit.world.user_at(wanted).is_some()),
        ("--zendesk-ticket-id", tickets.binary_search_by_key(&wanted, |row| row.id()).is_ok()),
    ] {
        if known {
            near.push(format!("{kind} {wanted}"));
        }
    }
    let find = |wanted: u64| {
        let (mut low, mut high) = (0, len);
        while low < high {
            let middle = low.midpoint(high);
            if id(middle) < wanted { low = middle + 1 } else { high = middle }
        }
        low
    };
    let exists = |number: u64| id_at(find(number), len, &id) == Some(number);
    let mut numbers: Vec<u64> =
        nearest::one_slip(wanted, MAX_ID).into_iter().filter(|number| exists(*number)).collect();
    numbers.sort_by_key(|number| (number.abs_diff(wanted), *number));
    numbers.truncate(MOST - 2);
    let above = find(wanted);
    let neighbours = [above.checked_sub(1).and_then(|at| id_at(at, len, &id)), id_at(above, len, &id)];
    for neighbour in neighbours.into_iter().flatten() {
        if !numbers.contains(&neighbour) {
            numbers.push(neighbour);
        }
    }
    near.extend(numbers.into_iter().map(|number| format!("{flag} {number}")));
    near.truncate(MOST);
    near
}

fn id_at(at: usize, len: usize, id: &impl Fn(usize) -> u64) -> Option<u64> {
    (at < len).then(|| id(at))
}
