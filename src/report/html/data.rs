//! The data of `report.html` for its script, as JSON that cannot end the element it stands in. Texts are made visible here: what
//! hides or reorders text in a terminal does so in a browser.

use super::HtmlReport;
use crate::catalogue::{BlockedReason, IssueCode};
use crate::text::escape;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

#[derive(Serialize)]
struct Data<'a> {
    /// Where links lead.
    zendesk: Option<&'a str>,
    salesforce: Option<&'a str>,
    codes: BTreeMap<IssueCode, Code>,
    reasons: BTreeMap<BlockedReason, Reason>,
    /// Id and name; issues and actions name them by index.
    accounts: Vec<(String, String)>,
    issues: Vec<Issue<'a>>,
    plan: Vec<Action>,
    /// The account of each blocked action.
    blocked: Vec<usize>,
}

#[derive(Serialize)]
struct Code {
    risk: &'static str,
    what: String,
}

#[derive(Serialize)]
struct Reason {
    title: &'static str,
    what: String,
}

/// An issue. There are many, so the names of its members are short, and absent ones are left out.
#[derive(Serialize)]
struct Issue<'a> {
    /// Its id.
    i: &'a str,
    /// The index of its account.
    a: usize,
    c: IssueCode,
    s: &'static str,
    /// Org, user and ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    o: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    u: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    t: Option<u64>,
    /// Domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    d: Option<String>,
    /// Blocked reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    b: Option<BlockedReason>,
    /// The reason of its suppression.
    #[serde(skip_serializing_if = "Option::is_none")]
    p: Option<String>,
    /// Its actions.
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    /// The evidence.
    e: String,
    /// Whether it is new since the baseline.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    n: bool,
}

#[derive(Serialize)]
struct Action {
    a: usize,
}

/// The accounts by id, in the order of the issues.
#[derive(Default)]
struct Accounts {
    at: HashMap<Option<String>, usize>,
    list: Vec<(String, String)>,
}

impl Accounts {
    fn index(&mut self, id: Option<&str>, name: &str) -> usize {
        if let Some(at) = self.at.get(&id.map(str::to_owned)) {
            return *at;
        }
        let name = if id.is_none() { "(no single account)".to_owned() } else { escape::terminal(name) };
        self.list.push((id.map(escape::terminal).unwrap_or_default(), name));
        self.at.insert(id.map(str::to_owned), self.list.len() - 1);
        self.list.len() - 1
    }
}

/// The data as the text of a script element.
pub(super) fn json(report: &HtmlReport<'_>, zendesk: Option<&str>) -> String {
    let run = report.audit.run;
    let new: BTreeSet<&str> =
        report.audit.diff.iter().flat_map(|diff| &diff.new).map(|issue| &*issue.issue_id).collect();
    let mut accounts = Accounts::default();
    let issues = run.issues.iter().map(|issue| Issue {
        i: &issue.issue_id,
        a: accounts.index(issue.sf_account_id.as_deref(), &issue.account_name),
        c: issue.issue_code,
        s: issue.status.as_str(),
        o: issue.org_id,
        u: issue.user_id,
        t: issue.ticket_id,
        d: issue.domain.as_deref().map(escape::terminal),
        b: issue.blocked_reason,
        p: Some(escape::terminal(&issue.suppression_reason)).filter(|reason| !reason.is_empty()),
        x: Some(issue.action_id.to_string().replace(';', ", ")).filter(|actions| !actions.is_empty()),
        e: escape::line(&issue.detail),
        n: new.contains(&*issue.issue_id),
    });
    let issues = issues.collect();
    let of_action =
        |accounts: &mut Accounts, id: Option<&str>, name: Option<&str>| accounts.index(id, name.unwrap_or_default());
    let plan = run.plan.actions.iter().map(|action| Action {
        a: of_action(&mut accounts, Some(&action.sf_account_id), action.account_name.as_deref()),
    });
    let plan = plan.collect();
    let blocked = run.plan.blocked.iter();
    let blocked = blocked
        .map(|action| of_action(&mut accounts, action.sf_account_id.as_deref(), action.account_name.as_deref()))
        .collect();
    let code = |code: IssueCode| {
        (code, Code { risk: code.risk().as_str(), what: super::plain(code.explanation().what_to_do) })
    };
    let reason = |reason: BlockedReason| {
        let explanation = reason.explanation();
        (reason, Reason { title: explanation.title, what: super::plain(explanation.what_to_do) })
    };
    let data = Data {
        zendesk,
        salesforce: report.audit.salesforce,
        codes: IssueCode::ALL.into_iter().map(code).collect(),
        reasons: BlockedReason::ALL.into_iter().map(reason).collect(),
        accounts: accounts.list,
        issues,
        plan,
        blocked,
    };
    let json = serde_json::to_string(&data).unwrap_or_else(|_| "null".to_owned());
    // Nothing in it can be taken for the end of the element, a comment or an entity.
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}
