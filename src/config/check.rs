//! From what the file holds to a configuration: defaults, ranges and normal forms.

use super::file::{
    Raw, RawApply, RawArtifacts, RawColumns, RawDomains, RawSalesforce, RawSuppression, RawThresholds, RawTickets,
    RawUsers, RawZendesk,
};
use super::values::{Given, Name, Named, Placed, needed};
use super::{
    ApplyLimits, Config, ConfigError, DEFAULT_ACCOUNTS, DEFAULT_API_VERSION, DEFAULT_MAX_LOST_PERCENT, DEFAULT_ROOT,
    ROLES, SalesforceSource, at, origin, origin_of_subdomain,
};
use crate::catalogue::ActionCode;
use crate::model::accounts::COLUMNS;
use crate::model::platforms::Platforms;
use crate::model::settings::{DomainRules, Settings, Suppression, Thresholds, UserRules};
use crate::model::{domain, personal, time};
use crate::text::escape::without_local_part;
use hashbrown::HashSet;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

impl Raw {
    pub(super) fn check(self, folder: &Path) -> Result<Config, ConfigError> {
        let Self { version, zendesk, salesforce, domains, users, tickets, artifacts, thresholds, apply, suppressions } =
            self;
        if let Some(version) = version.filter(|version| version.value != 1) {
            return Err(at(
                version.line,
                format_args!("version {} is unknown; this program reads version 1", version.value),
            ));
        }
        let Zendesk { reserve_percent, origin: zendesk } = zendesk.unwrap_or_default().check()?;
        let Salesforce { source, accounts_csv, max_lost_percent, instance_url, columns } =
            salesforce.unwrap_or_default().check()?;
        let RawTickets { enabled, lookback_days, allow_list } = tickets.unwrap_or_default();
        let lookback_days = match lookback_days {
            None => 30,
            Some(days) => checked_lookback(days.value).map_err(|why| at(days.line, why))?,
        };
        let RawArtifacts { root } = artifacts.unwrap_or_default();
        let settings = Settings {
            domains: domains.unwrap_or_default().check()?,
            users: users.unwrap_or_default().check()?,
            tickets_enabled: enabled.unwrap_or(true),
            lookback_days,
            max_lost_percent,
            thresholds: thresholds.unwrap_or_default().check()?,
            suppressions: suppressions
                .unwrap_or_default()
                .into_iter()
                .map(RawSuppression::check)
                .collect::<Result<_, _>>()?,
        };
        Ok(Config {
            zendesk,
            reserve_percent,
            salesforce: source,
            accounts_csv: folder.join(accounts_csv),
            instance_url,
            columns,
            settings,
            allow_ticket_list: allow_list.unwrap_or(false),
            root: folder.join(root.unwrap_or_else(|| DEFAULT_ROOT.into())),
            apply: apply.unwrap_or_default().check()?,
        })
    }
}

/// The section `zendesk`, checked.
struct Zendesk {
    reserve_percent: u8,
    origin: Option<String>,
}

impl RawZendesk {
    fn check(self) -> Result<Zendesk, ConfigError> {
        let Self { reserve_percent, subdomain, base_url } = self;
        let reserve_percent = match reserve_percent {
            None => 20,
            Some(percent) => u8::try_from(percent.value)
                .ok()
                .filter(|percent| *percent <= 90)
                .ok_or_else(|| at(percent.line, "`reserve_percent` must be a whole number from 0 to 90"))?,
        };
        let origin = match (subdomain, base_url) {
            (Some(_), Some(url)) => {
                return Err(at(url.line, "use only one of `subdomain` and `base_url`"));
            }
            (Some(subdomain), None) => {
                Some(origin_of_subdomain(&subdomain.value).map_err(|why| at(subdomain.line, why))?)
            }
            (None, Some(url)) => Some(super::origin("base_url", &url.value).map_err(|why| at(url.line, why))?),
            (None, None) => None,
        };
        Ok(Zendesk { reserve_percent, origin })
    }
}

/// The section `salesforce`, checked.
struct Salesforce {
    source: SalesforceSource,
    accounts_csv: PathBuf,
    max_lost_percent: u64,
    instance_url: Option<String>,
    columns: BTreeMap<String, String>,
}

impl RawSalesforce {
    fn check(self) -> Result<Salesforce, ConfigError> {
        let Self { source, accounts_csv, max_lost_percent, instance_url, api_version, query, columns } = self;
        let instance_url =
            instance_url.map(|url| origin("instance_url", &url.value).map_err(|why| at(url.line, why))).transpose()?;
        let api_version = match api_version {
            None => DEFAULT_API_VERSION.to_owned(),
            Some(version) if is_api_version(version.value.trim()) => version.value.trim().to_owned(),
            Some(version) => {
                let text = "`api_version` must be a version of Salesforce's API in quotes, such as \"64.0\"";
                return Err(at(version.line, text));
            }
        };
        let source = match source.as_ref().map(|source| (source.value.as_str(), source.line)) {
            None | Some(("csv", _)) => SalesforceSource::Csv,
            Some(("soql", line)) => {
                let missing = |key: &str| at(line, format_args!("`source: soql` needs `{key}`"));
                SalesforceSource::Soql {
                    instance_url: instance_url.clone().ok_or_else(|| missing("instance_url"))?,
                    api_version,
                    query: query
                        .map(|query| query.value.trim().to_owned())
                        .filter(|query| !query.is_empty())
                        .ok_or_else(|| missing("query"))?,
                }
            }
            Some((_, line)) => return Err(at(line, "`source` must be csv or soql")),
        };
        let max_lost_percent = match max_lost_percent {
            None => DEFAULT_MAX_LOST_PERCENT,
            Some(percent) if percent.value <= 100 => percent.value,
            Some(percent) => {
                return Err(at(percent.line, "`max_lost_percent` must be a whole number from 0 to 100"));
            }
        };
        Ok(Salesforce {
            source,
            accounts_csv: accounts_csv.unwrap_or_else(|| DEFAULT_ACCOUNTS.into()),
            max_lost_percent,
            instance_url,
            columns: columns.unwrap_or_default().check()?,
        })
    }
}

/// Whether a text is a version of Salesforce's API, such as `64.0`.
fn is_api_version(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.len() <= 3 && text.bytes().all(|c| c.is_ascii_digit());
    text.split_once('.').is_some_and(|(major, minor)| digits(major) && digits(minor))
}

impl RawApply {
    fn check(self) -> Result<ApplyLimits, ConfigError> {
        let Self { actions, max_actions, max_per_account, max_plan_age_hours } = self;
        let actions = match actions.value("actions")? {
            None => ActionCode::ALL.into_iter().collect(),
            Some(actions) => actions.into_iter().map(|Name(action)| action).collect(),
        };
        Ok(ApplyLimits {
            actions,
            max_actions: max_actions.unwrap_or(25),
            max_per_account: max_per_account.unwrap_or(3),
            max_plan_age_hours: max_plan_age_hours.unwrap_or(168),
        })
    }
}

impl RawColumns {
    fn check(self) -> Result<BTreeMap<String, String>, ConfigError> {
        let Self { sf_account_id, account_name, account_domains, website, zendesk_domain_override, zendesk_expected } =
            self;
        let named = COLUMNS.into_iter().zip([
            sf_account_id,
            account_name,
            account_domains,
            website,
            zendesk_domain_override,
            zendesk_expected,
        ]);
        let mut columns = BTreeMap::new();
        for (column, header) in named {
            let Some(header) = header else { continue };
            if header.value.trim().is_empty() {
                return Err(at(header.line, format_args!("the header for `{column}` is empty")));
            }
            columns.insert(column.to_owned(), header.value);
        }
        Ok(columns)
    }
}

impl RawThresholds {
    fn check(self) -> Result<Thresholds, ConfigError> {
        fn limits<T: Named + Ord>(
            key: &str,
            given: Given<BTreeMap<Name<T>, Placed<Option<u64>>>>,
        ) -> Result<BTreeMap<T, u64>, ConfigError> {
            let limits = given.value(key)?.unwrap_or_default().into_iter();
            limits.map(|(name, limit)| Ok((name.0, needed(key, limit)?))).collect()
        }
        let Self { max_total_issues, max_blocked_actions, max_by_risk, max_by_code, max_new_issues, max_lost_accounts } =
            self;
        Ok(Thresholds {
            max_total_issues: max_total_issues.value("max_total_issues")?,
            max_blocked_actions: max_blocked_actions.value("max_blocked_actions")?,
            max_by_risk: limits("max_by_risk", max_by_risk)?,
            max_by_code: limits("max_by_code", max_by_code)?,
            max_new_issues: max_new_issues.value("max_new_issues")?,
            max_lost_accounts: max_lost_accounts.value("max_lost_accounts")?,
        })
    }
}

impl RawDomains {
    fn check(self) -> Result<DomainRules, ConfigError> {
        let normalized = |entries: Option<Vec<Placed<String>>>| -> Result<HashSet<String>, ConfigError> {
            entries.unwrap_or_default().iter().map(normalized_domain).collect()
        };
        let Self { personal, not_personal, ignored } = self;
        let not_personal = normalized(not_personal)?;
        let builtin = personal::builtin()
            .iter()
            .map(|domain| (*domain).to_owned())
            .filter(|domain| !not_personal.contains(domain));
        Ok(DomainRules {
            personal: builtin.chain(normalized(personal.value("personal")?)?).collect(),
            platforms: Platforms::without(not_personal.clone()),
            not_personal,
            ignored: normalized(ignored.value("ignored")?)?,
        })
    }
}

fn normalized_domain(entry: &Placed<String>) -> Result<String, ConfigError> {
    domain::normalize(&entry.value).map_err(|why| {
        let why = match why {
            domain::NotUsable::NotADomain => "is not a domain",
            domain::NotUsable::PublicSuffix => "is a public suffix, under which anyone can register a domain",
        };
        at(entry.line, format_args!("`{}` {why}", without_local_part(&entry.value)))
    })
}

impl RawUsers {
    fn check(self) -> Result<UserRules, ConfigError> {
        let default = UserRules::default();
        let Self { roles, include_suspended, require_verified } = self;
        let roles = match roles {
            None => default.roles,
            Some(roles) => {
                for role in &roles {
                    if !ROLES.contains(&role.value.as_str()) {
                        let text = format!("unknown role `{}`; use one of {}", role.value, ROLES.join(", "));
                        return Err(at(role.line, text));
                    }
                }
                roles.into_iter().map(|role| role.value).collect()
            }
        };
        Ok(UserRules {
            roles,
            include_suspended: include_suspended.unwrap_or(default.include_suspended),
            require_verified: require_verified.unwrap_or(default.require_verified),
        })
    }
}

impl RawSuppression {
    fn check(self) -> Result<Suppression, ConfigError> {
        let Self { code, sf_account_id, org_id, user_id, domain, issue_id, reason, expires } = self;
        let line = reason.line;
        let Some(reason) = reason.value.filter(|reason| !reason.trim().is_empty()) else {
            return Err(at(line, "the `reason` of a suppression must not be empty"));
        };
        let (expires, domain) = (expires.value("expires")?, domain.value("domain")?);
        if let Some(expires) = expires.as_ref().filter(|expires| !time::is_date(&expires.value)) {
            return Err(at(
                expires.line,
                format_args!("`expires` must be a day such as 2026-12-31, not `{}`", expires.value),
            ));
        }
        Ok(Suppression {
            code: needed("code", code)?.0,
            sf_account_id: sf_account_id.value("sf_account_id")?.map(|id| id.0),
            org_id: org_id.value("org_id")?,
            user_id: user_id.value("user_id")?,
            domain: domain.as_ref().map(normalized_domain).transpose()?,
            issue_id: issue_id.value("issue_id")?.map(|id| id.0),
            reason,
            expires: expires.map(|expires| expires.value),
        })
    }
}

/// Checks a number of days to look back.
pub fn checked_lookback(days: u64) -> Result<u32, String> {
    // A hundred years: more is a slip, and would leave the calendar.
    u32::try_from(days)
        .ok()
        .filter(|days| (1..=36_500).contains(days))
        .ok_or_else(|| format!("`lookback_days` must be a whole number of days from 1 to 36500, not {days}"))
}
