//! Accounts and orgs by a part of their name, in any case.

use super::TraceSubject;
use super::unknown::UnknownSubject;
use crate::model::accounts::Reference;
use crate::model::world::World;
use crate::text::escape::shell_option;
use crate::text::nearest;

/// How many matches are listed.
const MOST: usize = 20;

/// What a part of a name leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// The only match, or the only one whose whole name it is.
    One(TraceSubject),
    Several {
        count: usize,
        /// The first of them: the flag that names it, such as `--zendesk-org-id 4001`, and its name, which is outside text.
        matches: Vec<(String, String)>,
    },
    Nothing(UnknownSubject),
}

/// The account with this in its name.
pub fn account_named(reference: &Reference, text: &str) -> Named {
    let names = reference.accounts.iter().map(|account| {
        let id = account.sf_account_id().raw();
        (TraceSubject::Account(id.to_owned()), shell_option("--sf-account-id", id), account.name().raw())
    });
    choose("account", text, names)
}

/// The org with this in its name.
pub fn org_named(world: &World, text: &str) -> Named {
    let names = world.orgs.iter().filter_map(|org| {
        let name = org.name()?.raw();
        Some((TraceSubject::Org(org.id), format!("--zendesk-org-id {}", org.id), name))
    });
    choose("org", text, names)
}

fn choose<'a>(kind: &str, text: &str, names: impl Iterator<Item = (TraceSubject, String, &'a str)>) -> Named {
    let wanted = text.trim().to_lowercase();
    let names: Vec<(TraceSubject, String, &str)> = names.collect();
    let found: Vec<&(TraceSubject, String, &str)> =
        names.iter().filter(|(_, _, name)| !wanted.is_empty() && name.to_lowercase().contains(&wanted)).collect();
    let whole: Vec<_> = found.iter().filter(|(_, _, name)| name.trim().to_lowercase() == wanted).collect();
    match (&found[..], &whole[..]) {
        ([one], _) => Named::One(one.0.clone()),
        (_, [one]) => Named::One(one.0.clone()),
        ([], _) => {
            let near = nearest::closest(text, names.iter().map(|(_, _, name)| *name), 5);
            let near = near.into_iter().filter_map(|name| names.iter().find(|(_, _, known)| *known == name));
            Named::Nothing(UnknownSubject {
                what: format!("no {kind} has \"{}\" in its name", text.trim()),
                near: near.map(|(_, flag, _)| flag.clone()).collect(),
                remark: None,
            })
        }
        _ => Named::Several {
            count: found.len(),
            matches: found.into_iter().take(MOST).map(|(_, flag, name)| (flag.clone(), (*name).to_owned())).collect(),
        },
    }
}
