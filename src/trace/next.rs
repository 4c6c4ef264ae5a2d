//! What to do next: the catalogue's advice on what was found, and the commands that are near.

use super::Explained;
use super::issue::IssueView;
use crate::catalogue::Status;
use crate::text::escape::shell_option;
use serde::Serialize;

/// How many accounts are named for a further trace.
const MOST_TRACED: usize = 3;

/// One thing to do, and the commands for it.
#[derive(Debug, Serialize)]
pub struct Step {
    /// The code or blocked reason whose advice it is; `explain` tells more of it.
    pub about: Option<&'static str>,
    pub text: String,
    pub commands: Vec<String>,
}

pub(super) fn steps(explained: &Explained<'_>, issues: &[IssueView<'_>], flags: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for issue in issues.iter().filter(|issue| issue.status != Status::Suppressed) {
        let (about, explanation) = match issue.blocked_reason {
            Some(reason) => (reason.as_str(), reason.explanation()),
            None => (issue.issue_code.as_str(), issue.issue_code.explanation()),
        };
        if !steps.iter().any(|step| step.about == Some(about)) {
            let commands = vec![format!("g-gremlin zendesk drift explain {about}")];
            steps.push(Step { about: Some(about), text: explanation.what_to_do.to_owned(), commands });
        }
    }
    let mut accounts: Vec<&str> = issues
        .iter()
        .filter(|issue| issue.actions.iter().any(|action| action.blocked_reason.is_none()))
        .filter_map(|issue| issue.sf_account_id)
        .collect();
    accounts.dedup();
    accounts.truncate(MOST_TRACED);
    if !accounts.is_empty() {
        let only: String = accounts.iter().map(|id| format!(" {}", shell_option("--only-account", id))).collect();
        steps.push(Step {
            about: None,
            text: "See what the prepared actions would do: audit, then dry-run the plan in the run folder (RUN_DIR)."
                .to_owned(),
            commands: vec![
                format!("g-gremlin zendesk drift audit{flags}"),
                format!("g-gremlin zendesk drift apply --plan RUN_DIR/fix_plan.json{only}"),
            ],
        });
    }
    let commands: Vec<String> =
        near(explained).into_iter().map(|subject| format!("g-gremlin zendesk drift trace {subject}{flags}")).collect();
    if !commands.is_empty() {
        steps.push(Step { about: None, text: "Trace what it depends on.".to_owned(), commands });
    }
    steps
}

/// The subjects that are one step away.
fn near(explained: &Explained<'_>) -> Vec<String> {
    let account = |id: &str| shell_option("--sf-account-id", id);
    let org = |id: u64| format!("--zendesk-org-id {id}");
    let user = |id: u64| format!("--zendesk-user-id {id}");
    let mut near: Vec<String> = match explained {
        Explained::Account(subject) => {
            let others = subject.orgs.iter().map(|view| org(view.org.org_id));
            let shared = subject.domains.iter().filter(|domain| !domain.shared_with.is_empty());
            let shared = shared.map(|domain| format!("--domain {}", domain.domain));
            others.take(MOST_TRACED).chain(shared.take(1)).collect()
        }
        Explained::Org(subject) => {
            let claimed = subject.claimed_by.iter().map(|brief| brief.sf_account_id);
            let expecting = subject.held_domains.iter().flat_map(|domain| domain.expected_by.iter().copied());
            claimed.chain(expecting).map(account).collect()
        }
        Explained::User(subject) => {
            let domain = subject.domain.map(|domain| format!("--domain {domain}"));
            subject.accounts.iter().map(|brief| account(brief.sf_account_id)).take(MOST_TRACED).chain(domain).collect()
        }
        Explained::Ticket(subject) => {
            let expected = subject.sf_account_id.map(account);
            subject.requester.iter().map(|requester| user(requester.user_id)).chain(expected).collect()
        }
        Explained::Domain(subject) => {
            let accounts = subject.expected_by.iter().map(|brief| account(brief.sf_account_id)).take(MOST_TRACED);
            let orgs = subject.held_by.iter().map(|view| org(view.org.org_id)).take(MOST_TRACED);
            accounts.chain(orgs).collect()
        }
    };
    let mut seen = std::collections::BTreeSet::new();
    near.retain(|subject| seen.insert(subject.clone()));
    near.truncate(2 * MOST_TRACED);
    near
}
