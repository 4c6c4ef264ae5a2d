//! One sentence for a person about each finding.

use super::{RuleContext, org, user};
use crate::catalogue::{BlockedReason, IssueCode};
use crate::model::accounts::Account;
use crate::model::at::{AccountAt, OrgAt};
use crate::model::domains::DomainId;
use crate::model::time::Instant;
use crate::rules::issue::{Evidence, Issue, Mismatch};
use crate::rules::resolve::Resolution;
use crate::text::escape::spelled_out;
use crate::text::words::counted;

/// The sentence. It may contain outside text (external ids as stored), so escape it before showing it.
pub fn detail(context: &RuleContext<'_>, issue: &Issue) -> String {
    let account = issue.account().map(|account| (account, &context.reference.accounts[account]));
    let org_id = issue.org_id().map(|id| id.to_string()).unwrap_or_default();
    let domain = issue.domain.map(|domain| context.world.domains.text(domain)).unwrap_or_default();
    match (issue.code, account) {
        (IssueCode::OrgDuplicateExternalId, Some(_)) => {
            let orgs = org::conflicting_orgs(context, issue);
            let each: Vec<String> = orgs.iter().map(|org| survivor(context, *org)).collect();
            format!("{} orgs have this account's id: {}.", orgs.len(), each.join("; "))
        }
        (IssueCode::OrgMissingExternalId, Some((at, account))) => missing_external_id(context, issue, at, account),
        (IssueCode::OrgExternalIdConflict, Some((_, account))) => {
            let org = issue.org_id().and_then(|id| context.world.org_at(id));
            org.map(|org| conflict(context, org, account)).unwrap_or_default()
        }
        (IssueCode::OrgMissingExpectedDomain, Some((at, _))) => missing_domains(context, issue, at),
        (IssueCode::OrgDomainAttachedElsewhere, Some(_)) => {
            let others = numbers(context, &org::conflicting_orgs(context, issue));
            let org = issue.org_id().and_then(|id| context.world.org(id));
            let own = org.zip(issue.domain).is_some_and(|(org, domain)| org.holds(domain));
            let also = if own { "as well as on" } else { "and not on" };
            format!("{domain} is on {others}, {also} org {org_id}, which is this account's.")
        }
        (IssueCode::AccountMissingZendeskOrg, Some((at, account))) => missing_org(context, issue, at, account),
        (IssueCode::UserResolutionBlockedDuplicateExternalId, Some(_)) => {
            let orgs = numbers(context, &user::candidate_orgs(context, issue));
            format!("The user's domain {domain} is expected by this account, but {orgs} have its id.")
        }
        (IssueCode::UserDomainAmbiguous, _) => ambiguous(context, issue, domain),
        (IssueCode::UserMissingExpectedMembership, _) => {
            let but = but_not_assigned(context, issue);
            format!("A user with {domain} should be in org {org_id} but is not a member{but}.")
        }
        (IssueCode::UserDefaultOrgNotExpected, _) => {
            let default = match issue.blocked_reason {
                Some(BlockedReason::DefaultOrgNotInReference) => unknown_default_org(context, issue),
                _ => default_org(context, issue)
                    .map_or("there is no default org".to_owned(), |id| format!("the default org is {id}")),
            };
            format!("A user with {domain} is a member of org {org_id}, but {default}.")
        }
        (IssueCode::TicketResolutionBlockedDuplicateExternalId, _) => format!(
            "The requester's domain {domain} belongs to an account whose id is on several orgs, so the ticket's \
                org cannot be checked."
        ),
        (IssueCode::TicketOrgMismatch, _) => {
            let Evidence::Ticket { ticket, mismatch, .. } = issue.evidence else { return String::new() };
            let filed = context.world.tickets.rows[ticket as usize].organization_id();
            let filed = filed.map_or("under no org".to_owned(), |id| format!("under org {id}"));
            let how = match mismatch {
                Some(Mismatch::OtherMemberOrg) => ", another org of the requester",
                Some(Mismatch::NotMemberOrg) => "; the requester is not a member of that org",
                Some(Mismatch::NoOrg) | None => "",
            };
            format!("The requester should be in org {org_id}, but the ticket is filed {filed}{how}.")
        }
        // Org issues always have an account.
        (_, None) => String::new(),
    }
}

fn missing_external_id(context: &RuleContext<'_>, issue: &Issue, at: AccountAt, account: &Account) -> String {
    let text = |domain: DomainId| context.world.domains.text(domain);
    let org_id = issue.org_id().unwrap_or_default();
    if let Resolution::DomainLinked(org) = &context.resolved.accounts[at] {
        let linking: Vec<&str> = org::linking_domains(context, at, *org).map(text).collect();
        let but = match issue.blocked_reason {
            Some(BlockedReason::DomainSpreadAcrossOrgs) => {
                ", but that looks like a provider's domain, so the link is not safe"
            }
            Some(BlockedReason::AccountIdDoubtful) => {
                ", but the account's id may be another record's, because a tool has changed its case"
            }
            _ => "",
        };
        return format!("Org {org_id} has no external id and is the only org with {}{but}.", linking.join(", "));
    }
    let org = context.world.org(org_id);
    let held = account.domains.iter().filter(|domain| org.is_some_and(|org| org.holds(**domain)));
    let held: Vec<&str> = held.map(|domain| text(*domain)).collect();
    format!(
        "Org {org_id} has no external id and has {}, but it also has a domain that another account expects.",
        held.join(", ")
    )
}

fn missing_domains(context: &RuleContext<'_>, issue: &Issue, at: AccountAt) -> String {
    let org_id = issue.org_id().unwrap_or_default();
    let missing = org::missing_domains(context, at).map(|domain| context.world.domains.text(domain));
    let missing: Vec<&str> = missing.collect();
    let (is, noun) = if missing.len() == 1 { ("is", "domain") } else { ("are", "domains") };
    let unknown = if issue.blocked_reason == Some(BlockedReason::DefaultOrgNotInReference) {
        "; users with it have a default org whose account is not in the reference"
    } else {
        ""
    };
    let missing = missing.join(", ");
    format!("The expected {noun} {missing} {is} on no org, so not on org {org_id} either{unknown}.")
}

fn missing_org(context: &RuleContext<'_>, issue: &Issue, at: AccountAt, account: &Account) -> String {
    let orgs = org::conflicting_orgs(context, issue);
    match &context.resolved.accounts[at] {
        Resolution::Missing(candidates) if !candidates.is_empty() => {
            format!("No org has this account's id, and several have a domain of it: {}.", numbers(context, &orgs))
        }
        _ if !orgs.is_empty() => format!(
            "No org has this account's id; {} only a domain that other accounts expect too.",
            holds(context, &orgs)
        ),
        _ if account.domains.is_empty() => {
            "No org has this account's id, and the account has no domain to match.".to_owned()
        }
        _ => "No org has this account's id or one of its domains.".to_owned(),
    }
}

fn ambiguous(context: &RuleContext<'_>, issue: &Issue, domain: &str) -> String {
    let orgs = user::candidate_orgs(context, issue);
    let accounts = user::candidate_accounts(context, issue).len();
    let on = numbers(context, &orgs);
    if accounts > 0 {
        format!(
            "{accounts} accounts expect {domain}, which points to {on}; the user's default org does not show \
                which is right."
        )
    } else {
        format!("{domain} points to {on}, and the user's default org is not the account's.")
    }
}

/// Why a user is not assigned to the org, as the rest of a sentence.
fn but_not_assigned(context: &RuleContext<'_>, issue: &Issue) -> String {
    match issue.blocked_reason {
        Some(BlockedReason::DefaultOrgNotInReference) => format!("; {}", unknown_default_org(context, issue)),
        Some(BlockedReason::UserNotVerified) => "; the address is not verified".to_owned(),
        Some(BlockedReason::MultipleOrganizationsOff) => {
            "; the user is in another org, and multiple organizations are off".to_owned()
        }
        _ => String::new(),
    }
}

fn default_org(context: &RuleContext<'_>, issue: &Issue) -> Option<u64> {
    match issue.evidence {
        Evidence::User(at) => context.world.default_org(at as usize),
        Evidence::Account | Evidence::Ticket { .. } => None,
    }
}

/// Why a user is not moved if the default org belongs to no known account.
fn unknown_default_org(context: &RuleContext<'_>, issue: &Issue) -> String {
    let id = default_org(context, issue).unwrap_or_default();
    format!("the default org {id} is linked to an account that is not in the reference")
}

/// An org and its external id as stored.
fn with_external_id(context: &RuleContext<'_>, org: OrgAt) -> String {
    let org = &context.world.orgs[org];
    format!("{} (\"{}\")", org.id, spelled_out(org.external_id().map_or("", |id| id.raw())))
}

/// Facts about one of several orgs with the same id, to help choose which org to keep.
fn survivor(context: &RuleContext<'_>, org: OrgAt) -> String {
    let row = &context.world.orgs[org];
    let mut facts = vec![format!("\"{}\"", spelled_out(row.external_id().map_or("", |id| id.raw())))];
    if let Some(tally) = context.tally {
        facts.push(counted(tally.members(org), "member"));
        if context.settings.tickets_enabled {
            facts.push(counted(tally.tickets_of_org(org), "ticket"));
        }
    }
    if row.updated != Instant::MIN {
        facts.push(format!("last changed {}", row.updated.date()));
    }
    format!("{} ({})", row.id, facts.join(", "))
}

/// The other external id of the likely org, and how the two ids differ.
fn conflict(context: &RuleContext<'_>, org: OrgAt, account: &Account) -> String {
    let stored = context.world.orgs[org].trimmed_external_id().unwrap_or_default();
    let (wanted, given) = (account.external_id(), account.sf_account_id().raw());
    let (wanted, stored_folded) = (wanted.raw(), stored.to_lowercase());
    let folded = [wanted, given].map(str::to_lowercase);
    let mut hints = Vec::new();
    if folded.contains(&stored_folded) {
        hints.push("the two ids differ only in upper and lower case");
    } else if folded.iter().any(|id| id.contains(&stored_folded) || stored_folded.contains(id.as_str())) {
        hints.push("one of the two ids contains the other");
    }
    if context.resolved.is_unknown(org) {
        hints.push("no account of the reference has the org's id");
    }
    let hints: String = hints.iter().map(|hint| format!("; {hint}")).collect();
    format!(
        "The only org with a domain of this account is {}, which is linked to another id than {}{hints}.",
        with_external_id(context, org),
        spelled_out(wanted)
    )
}

/// `org 1`, `orgs 1 and 2`, `orgs 1, 2 and 3`; cut after ten.
fn numbers(context: &RuleContext<'_>, orgs: &[OrgAt]) -> String {
    const MOST: usize = 10;
    let ids: Vec<String> = orgs.iter().take(MOST).map(|org| context.org_id(*org).to_string()).collect();
    match &ids[..] {
        [] => "no org".to_owned(),
        [one] => format!("org {one}"),
        _ if orgs.len() > MOST => format!("orgs {} and {} more", ids.join(", "), orgs.len() - MOST),
        [most @ .., last] => format!("orgs {} and {last}", most.join(", ")),
    }
}

fn holds(context: &RuleContext<'_>, orgs: &[OrgAt]) -> String {
    format!("{} {}", numbers(context, orgs), if orgs.len() == 1 { "holds" } else { "hold" })
}
