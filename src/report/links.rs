//! Links into Zendesk and Salesforce, for reports that name records.

use crate::run::artifacts::Source;
use crate::run::artifacts::rows::IssueRow;
use crate::run::facts::AuditFacts;
use crate::text::escape::markdown_link;
use url::Url;

/// Where links lead: nowhere for the demo, and where an origin is not a web address.
#[derive(Debug, Clone)]
pub(super) struct Links<'a> {
    zendesk: Option<&'a str>,
    salesforce: Option<&'a str>,
}

impl<'a> Links<'a> {
    pub(super) fn new(facts: &'a AuditFacts, salesforce: Option<&'a str>) -> Self {
        Self { zendesk: (facts.source == Source::Zendesk).then_some(&facts.zendesk), salesforce }
    }

    /// An org in Zendesk, in Markdown; empty where links lead nowhere.
    pub(super) fn org(&self, id: u64) -> String {
        self.to("org", self.zendesk, &["agent", "organizations", &id.to_string()])
    }

    fn user(&self, id: u64) -> String {
        self.to("user", self.zendesk, &["agent", "users", &id.to_string()])
    }

    fn ticket(&self, id: u64) -> String {
        self.to("ticket", self.zendesk, &["agent", "tickets", &id.to_string()])
    }

    /// An account in Salesforce.
    pub(super) fn account(&self, id: &str) -> String {
        self.to("account", self.salesforce, &["lightning", "r", "Account", id, "view"])
    }

    /// What an issue is about, the narrowest first.
    pub(super) fn of_issue(&self, issue: &IssueRow<'_>) -> String {
        let links = [
            issue.ticket_id.map(|id| self.ticket(id)),
            issue.user_id.map(|id| self.user(id)),
            issue.org_id.map(|id| self.org(id)),
            issue.sf_account_id.as_deref().map(|id| self.account(id)),
        ];
        let links: Vec<String> = links.into_iter().flatten().filter(|link| !link.is_empty()).collect();
        links.join(" · ")
    }

    fn to(&self, text: &'static str, origin: Option<&str>, path: &[&str]) -> String {
        // Only the origin; the rest of a folder's text is not used.
        let origin = origin.and_then(|origin| Url::parse(origin).ok()).map(|url| url.origin().ascii_serialization());
        let url = origin.and_then(|origin| Url::parse(&origin).ok()).and_then(|mut url| {
            url.path_segments_mut().ok()?.clear().extend(path);
            Some(url)
        });
        url.and_then(|url| markdown_link(text, url.as_str())).unwrap_or_default()
    }
}
