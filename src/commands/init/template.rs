//! The commented configuration that `init` writes.

use crate::config::{DEFAULT_ACCOUNTS, SCHEMA_URL};
use crate::reference::{ColumnChoice, Proposal};
use serde_json::json;
use std::path::Path;

/// The configuration that `init` writes: every key with its default and its effect.
pub(super) fn template(zendesk: Option<&str>, accounts: &str, proposal: &Proposal) -> String {
    let zendesk = zendesk.unwrap_or("  # subdomain: acme             # the part before .zendesk.com");
    let mut columns = String::new();
    for ColumnChoice { column, header, why } in &proposal.choices {
        columns.push_str(&format!("    {column}: {}   # {why}\n", json!(header)));
    }
    let columns = match columns.is_empty() {
        true => UNMAPPED.to_owned(),
        false => {
            format!("  columns:                        # the field names in your data, as init found them\n{columns}")
        }
    };
    TEMPLATE
        .replace("{schema}", SCHEMA_URL)
        .replace("{zendesk}", zendesk)
        .replace("{accounts}\n", accounts)
        .replace("{columns}\n", &columns)
}

/// The lines that say which export the accounts come from.
pub(super) fn csv_lines(accounts: Option<&Path>) -> String {
    let accounts = json!(accounts.unwrap_or(Path::new(DEFAULT_ACCOUNTS)).display().to_string());
    format!(
        "  source: csv                     # or soql: init --salesforce writes it\n  accounts_csv: {accounts}\n  # instance_url: https://acme.my.salesforce.com   # for links in reports\n"
    )
}

/// The section when no column needs a mapping.
const UNMAPPED: &str = "  # columns:                      # needed only if the export's headers differ from these names
  #   sf_account_id: Account ID
  #   account_name: Account Name
  #   account_domains: Domains
";

const TEMPLATE: &str = r#"# yaml-language-server: $schema={schema}
# g-gremlin zendesk drift: what to audit and how.
# Every key is optional; the values shown are the defaults. Paths are relative to this file.
# Do not put credentials here. They come from the environment; the first complete set is used:
#   ZENDESK_OAUTH_CLIENT_ID + ZENDESK_OAUTH_CLIENT_SECRET   (the best choice)
#   ZENDESK_OAUTH_TOKEN
#   ZENDESK_EMAIL + ZENDESK_API_TOKEN                       (API tokens end on 30 April 2027)
version: 1

zendesk:
{zendesk}
  reserve_percent: 20             # percent of the rate limit, left to other integrations

salesforce:
{accounts}
  max_lost_percent: 5             # with a baseline: if more percent of its accounts are gone, nothing is prepared
{columns}

domains:
  personal: []                    # added to the built-in list of free-mail and provider domains
  not_personal: []                # removed from that list, and never treated as spread over several orgs
  ignored: []                     # never used for matching; users with them are skipped

users:
  roles: [end-user]               # any of end-user, agent, admin
  include_suspended: false
  require_verified: true          # never add an unverified address to an org

tickets:
  enabled: true                   # false: tickets are neither read nor checked
  lookback_days: 30
  allow_list: false               # last resort, for a token that may not use either export; leaves out archived tickets

artifacts:
  root: artifacts/zendesk_drift

# thresholds:                     # no key, no limit; exit code 1 if a value exceeds its limit
#   max_total_issues: 200
#   max_blocked_actions: 20
#   max_by_risk: { critical: 0 }
#   max_by_code: { org_external_id_conflict: 5 }
#   max_new_issues: 0             # only with a baseline
#   max_lost_accounts: 0          # only with a baseline

apply:
  actions: [set_org_external_id, add_org_domain, assign_user_to_org, move_user_to_org]   # the kinds that may be applied
  max_actions: 25
  max_per_account: 3
  max_plan_age_hours: 168

# suppressions:                   # issues that you have accepted, each with a reason
#   - code: org_domain_attached_elsewhere
#     sf_account_id: "001ACME003" # one or more of: sf_account_id, org_id, user_id, domain, issue_id
#     reason: Shared with the reseller until the March cutover
#     expires: 2026-12-31         # applies through this day, UTC
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn the_template_is_the_default_configuration() {
        let written =
            Config::parse(&template(None, &csv_lines(None), &Proposal::default()), Path::new("")).expect("valid");
        assert_eq!(written, Config::without_file());
    }

    #[test]
    fn the_template_without_its_comments_is_valid_too() {
        let text = template(Some("  subdomain: acme"), &csv_lines(None), &Proposal::default());
        let (_, text) = text.split_once("version: 1").expect("the first key");
        let uncommented: String = text
            .lines()
            .map(|line| match line.trim_start().strip_prefix("# ") {
                // Comments that hold a key or a list item, at their own depth.
                Some(rest)
                    if rest.contains(": ") || rest.ends_with(':') || rest.trim_start().starts_with("columns") =>
                {
                    format!("{}{rest}\n", " ".repeat(line.len() - line.trim_start().len()))
                }
                Some(_) => "\n".to_owned(),
                None => format!("{line}\n"),
            })
            .collect();
        let config = Config::parse(&uncommented, Path::new("")).expect("valid");
        assert_eq!(config.zendesk.as_deref(), Some("https://acme.zendesk.com"));
        assert_eq!(config.settings.thresholds.max_total_issues, Some(200));
        assert_eq!(config.settings.suppressions.len(), 1);
        assert_eq!(config.columns.len(), 3);
    }
}
