//! Whole inputs that once gave a wrong finding, a wrong repair or silence, and what the rules say of them now.

mod small;

use g_gremlin::config::Config;
use g_gremlin::model::accounts::{BaselineAccount, BaselineAccounts, Reference};
use g_gremlin::model::domains::DomainTable;
use g_gremlin::model::time::Instant;
use g_gremlin::reference;
use g_gremlin::rules::audit::{Audit, audit};
use g_gremlin::rules::detect::detail::detail;
use g_gremlin::snapshot::Snapshot;
use std::fs;
use std::path::PathBuf;

const AS_OF: &str = "2026-04-17T22:15:30Z";

/// A folder of `tests/cases`, audited against one of its references, with what `ask` makes of it.
struct Case {
    records: PathBuf,
    csv: PathBuf,
    as_of: &'static str,
    config: &'static str,
    baseline: Option<BaselineAccounts>,
}

impl Case {
    fn new(name: &str, csv: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name);
        let csv = folder.join(csv);
        Self { records: folder, csv, as_of: AS_OF, config: "version: 1\n", baseline: None }
    }

    /// Compares with a run that had another reference of the folder.
    fn against(self, csv: &str) -> Self {
        let accounts = self.read(&self.records.join(csv), &mut DomainTable::default()).accounts;
        let of = |account: &g_gremlin::model::accounts::Account| {
            let (sf_account_id, account_name) = (account.sf_account_id().raw(), account.name().raw());
            let (sf_account_id, account_name) = (sf_account_id.to_owned(), account_name.to_owned());
            (account.key().into_owned(), BaselineAccount { sf_account_id, account_name })
        };
        let baseline = BaselineAccounts { run_id: "before".to_owned(), accounts: accounts.iter().map(of).collect() };
        Self { baseline: Some(baseline), ..self }
    }

    fn read(&self, csv: &PathBuf, domains: &mut DomainTable) -> Reference {
        let config = Config::parse(self.config, &self.records).expect("a configuration");
        let csv = fs::read(csv).expect("a reference");
        reference::read(&csv, reference::Form::Export(&config.columns), &config.settings.domains, domains)
            .expect("a reference")
    }

    fn ask<T>(&self, ask: impl FnOnce(&Audit<'_>) -> T) -> T {
        let config = Config::parse(self.config, &self.records).expect("a configuration");
        let mut domains = DomainTable::default();
        let reference = self.read(&self.csv, &mut domains);
        let snapshot = Snapshot::open(&self.records).expect("a snapshot");
        let world = snapshot.read(domains, Some(Instant::MIN)).expect("records").world;
        let as_of = Instant::parse(self.as_of).expect("a time");
        ask(&audit(&reference, &world, &config.settings, self.baseline.as_ref(), as_of, Vec::new()))
    }

    /// Each action: its code, the org, the user and the domain, and why it is blocked.
    fn actions(&self) -> Vec<String> {
        self.ask(|audit| {
            let actions = audit.plan.prepared.iter().chain(&audit.plan.blocked);
            let mut rows: Vec<String> = actions
                .map(|action| {
                    let user = action.user.map(|(_, id)| format!(" user {id}")).unwrap_or_default();
                    let domain = action.domain.map(|domain| audit.world.domains.text(domain)).unwrap_or_default();
                    let blocked = action.blocked.map_or("prepared", |reason| reason.as_str());
                    format!("{}{user} {domain}: {blocked}", action.code)
                })
                .collect();
            rows.sort();
            rows
        })
    }

    /// Each advisory: its code, and the account, org or domain that it is about.
    fn advisories(&self) -> Vec<String> {
        self.ask(|audit| {
            let lost = audit.lost.as_deref().unwrap_or_default();
            let rows = audit.advisories.iter().map(|advisory| {
                let account = advisory.lost.map(|at| lost[at].sf_account_id.raw().to_owned());
                let org = advisory.org.map(|org| audit.world.orgs[org].id.to_string());
                let parts = [account, org, advisory.domain.as_deref().map(str::to_owned)];
                format!("{} {}", advisory.code, parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
            });
            rows.collect()
        })
    }

    fn warnings(&self) -> Vec<&'static str> {
        self.ask(|audit| audit.warnings.iter().map(|warning| warning.code.as_str()).collect())
    }

    fn details(&self) -> Vec<String> {
        self.ask(|audit| audit.issues.iter().map(|issue| detail(&audit.context(), issue)).collect())
    }
}

#[test]
fn a_row_that_vanished_opens_nobody_the_way_into_another_org() {
    let whole = Case::new("lost_row_opens_access", "accounts.csv");
    assert_eq!(whole.actions(), ["assign_user_to_org user 12 shared.com: user_domain_ambiguous"]);

    let shrunk = Case::new("lost_row_opens_access", "shrunk.csv");
    let blocked = [
        "add_org_domain shared.com: default_org_not_in_reference",
        "assign_user_to_org user 11 shared.com: default_org_not_in_reference",
    ];
    assert_eq!(shrunk.actions(), [blocked[0], blocked[1], "assign_user_to_org user 12 shared.com: prepared"]);
    assert_eq!(shrunk.advisories(), ["org_not_in_reference 2"]);

    // One of two accounts is above the default share.
    let compared = shrunk.against("accounts.csv");
    assert_eq!(compared.advisories(), ["account_lost 001CHILD", "org_not_in_reference 2"]);
    assert_eq!(compared.actions(), [blocked[0], blocked[1], "assign_user_to_org user 12 shared.com: reference_shrank"]);
    let allowed = Case { config: "version: 1\nsalesforce: { max_lost_percent: 50 }\n", ..compared };
    assert_eq!(allowed.advisories()[0], "account_lost 001CHILD");
    assert_eq!(allowed.actions()[2], "assign_user_to_org user 12 shared.com: prepared");
}

#[test]
fn a_reference_that_shrank_names_what_is_lost_and_prepares_nothing() {
    let case = Case::new("reference_shrank", "small.csv").against("accounts.csv");
    let lost = ["0015g00000Qa1BdAAJ", "0015g00000Qa1BeAAJ", "0015g00000Qa1BfAAJ"];
    let advisories = case.advisories();
    assert_eq!(advisories[..3], lost.map(|id| format!("account_lost {id}")));
    assert!(case.warnings().contains(&"reference_shrank"));
    assert!(case.actions().iter().all(|action| !action.ends_with(": prepared")), "{:?}", case.actions());
    assert!(!Case::new("reference_shrank", "small.csv").warnings().contains(&"reference_shrank"), "without a baseline");
}

#[test]
fn an_org_with_a_personal_domain_is_named() {
    let case = Case::new("org_with_personal_domain", "accounts.csv");
    assert!(case.advisories().contains(&"org_holds_personal_domain 1 gmail.com".to_owned()), "{:?}", case.advisories());
}

#[test]
fn orphans_of_merged_accounts_are_named_with_the_domains_that_nobody_expects() {
    let case = Case::new("orphan_orgs", "accounts.csv");
    assert_eq!(
        case.advisories(),
        [
            "org_not_in_reference 2",
            "org_not_in_reference 4",
            "org_holds_personal_domain 5 gmail.com",
            "domain_unmapped loser.com",
            "domain_unmapped orphan.com",
        ]
    );
}

#[test]
fn entries_that_zendesk_may_not_match_are_named_with_their_plain_form() {
    let case = Case::new("unusable_org_domains", "accounts.csv");
    assert_eq!(
        case.advisories(),
        [
            "org_domain_unusable 1 acme.com",
            "org_domain_unusable 2 b.com",
            "org_domain_unusable 3 c.com",
            "org_domain_unusable 5 e.com",
        ]
    );
}

#[test]
fn an_invisible_character_is_spelled_out() {
    let details = Case::new("invisible_character_in_external_id", "accounts.csv").details();
    let conflict = details.iter().find(|detail| detail.contains("101")).expect("a conflict");
    assert!(conflict.contains("(\"0015g00000Qa1BcAAJ\\u{200b}\")"), "{conflict}");
    assert!(conflict.contains("one of the two ids contains the other"), "{conflict}");
}

#[test]
fn a_membership_of_a_deleted_org_does_not_exist() {
    let mut case = Case::new("membership_of_a_deleted_org", "accounts.csv");
    case.records.push("world");
    case.as_of = "2026-11-30T07:07:31Z";
    case.ask(|audit| {
        assert_eq!(audit.world.memberships.read(), 4, "it was read");
        assert!(!audit.multiple_organizations_work, "no user is in two orgs that exist");
    });
    let details = case.details();
    assert!(details.iter().all(|detail| !detail.contains("another org of the requester")), "{details:?}");
    let of_999 = details.iter().filter(|detail| detail.contains("filed under org 999; the requester is not a member"));
    assert_eq!(of_999.count(), 2, "{details:?}");
}
