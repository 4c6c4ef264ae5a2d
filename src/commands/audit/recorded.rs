//! What the receipt records of the command: no folder, no secret, no `--out`.

use crate::cli::{AuditOptions as Options, Common, SourceOptions};
use crate::config::Config;
use crate::paths::file_name;
use serde_json::Value;
use std::collections::BTreeMap;

/// The options of an audit, by name.
pub(super) fn recorded_options(
    common: &Common,
    options: &Options,
    config: &Config,
    (reference, reference_name): (&'static str, Value),
) -> BTreeMap<&'static str, Value> {
    let Options { source, thresholds, baseline, history, accept_new, suppressions_from, .. } = options;
    let Options { out: _, save_snapshot, resume, outputs: _, .. } = options;
    let SourceOptions { demo, snapshot, subdomain: _, base_url: _, sf_accounts: _, lookback_days: _, as_of } = source;
    let mut recorded = BTreeMap::new();
    if *demo {
        recorded.insert("demo", true.into());
    } else {
        recorded.insert(reference, reference_name);
    }
    for (name, path) in [
        ("config", &common.config),
        ("snapshot", snapshot),
        ("save_snapshot", save_snapshot),
        ("baseline", baseline),
        ("history", history),
        ("suppressions_from", suppressions_from),
    ] {
        if let Some(path) = path {
            recorded.insert(name, file_name(path).into());
        }
    }
    if *accept_new {
        recorded.insert("accept_new", true.into());
    }
    if *resume {
        recorded.insert("resume", true.into());
    }
    if let Some(as_of) = as_of {
        recorded.insert("as_of", as_of.rfc3339().into());
    }
    recorded.insert("lookback_days", config.settings.lookback_days.into());
    if !thresholds.is_empty() {
        let list: Vec<String> = thresholds.iter().map(|(name, limit)| format!("{name}={limit}")).collect();
        recorded.insert("threshold", list.into());
    }
    recorded
}
