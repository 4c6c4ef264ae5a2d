//! The values of flags: which are allowed, and the error for each that is not.

use crate::model::time::Instant;
use std::time::Duration;

pub(super) fn time(text: &str) -> Result<Instant, String> {
    Instant::parse(text)
        .map(Instant::whole_seconds)
        .ok_or_else(|| "a time is written like 2026-04-17T22:15:30Z".to_owned())
}

/// A timeout in seconds, from 0.05 to 600.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.05..=600.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "a number of seconds from 0.05 to 600, such as 90".to_owned())
}

pub(super) fn threshold(text: &str) -> Result<(String, u64), String> {
    let (name, value) =
        text.split_once('=').ok_or("a threshold is written NAME=VALUE, such as max_total_issues=200")?;
    let value = value.trim().parse().map_err(|_| {
        format!(
            "the limit of {name} must be a whole number, not \
        \"{value}\""
        )
    })?;
    let name = name.trim();
    if crate::model::settings::Thresholds::default().set(name, value) {
        return Ok((name.to_owned(), value));
    }
    let known = crate::model::settings::Thresholds::names();
    let nearest = crate::text::nearest::nearest(name, known.iter().map(String::as_str));
    Err(match nearest {
        Some(nearest) => format!("there is no threshold \"{name}\"; the nearest is {nearest}"),
        None => format!("there is no threshold \"{name}\"; use one of {}", known.join(", ")),
    })
}

pub(super) fn id(text: &str) -> Result<u64, String> {
    text.trim().parse().map_err(|_| "an id in Zendesk is a number, such as 4001".to_owned())
}

/// A folder of a repository, without slashes at its ends. A `..` would make the request ask about a different file.
pub(super) fn folder(text: &str) -> Result<String, String> {
    let folder = text.trim_matches('/');
    let is_folder = folder.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if is_folder {
        Ok(folder.to_owned())
    } else {
        Err("name the folder relative to the root of the repository".to_owned())
    }
}

pub(super) fn hash(text: &str) -> Result<String, String> {
    let text = text.trim();
    let is_hash = crate::digest::is_sha256(text);
    if is_hash { Ok(text.to_owned()) } else { Err("a plan's hash is 64 digits of 0-9 and a-f".to_owned()) }
}
