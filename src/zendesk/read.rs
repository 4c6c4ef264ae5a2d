//! The reads of an audit, in order: who is asking and the account setting; organizations, users, memberships and tickets side by
//! side; and then by id whatever those refer to but did not bring.
//!
//! Complete or nothing: a chain of pages that does not prove that it has ended is an error.
//! Left out: the records themselves (the sink's), and tries and pace (`client`).

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use super::ask::{Ask, Stream};
use super::auth::Credentials;
use super::choice::Choice;
use super::client::Client;
use super::endpoint::Endpoint;
use super::error::ReadError;
use super::estimate::{Estimate, Size, estimate};
use super::http::{Http, Transport};
use super::me::Me;
use super::page::Chain;
use super::page_log::{List, PageLog};
use super::progress::Progress;
use super::reader::{ReadOptions, Reader};
use super::sink::Sink;
use super::{references, tickets};
use crate::model::kind::Kind;

/// What is known of an agent with a custom role.
const RESTRICTED_AGENT: &str =
    "the credentials belong to an agent with a restricted role; the responses lack what the role cannot see";

/// What a read learned besides records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadOutcome {
    /// The account setting; `None` where it may not be read.
    pub multiple_organizations: Option<bool>,
    /// Where the tickets came from, and why; `None` where they were not read.
    pub tickets: Option<Choice>,
    /// What was expected; `None` where a count could not be read.
    pub expected: Option<Estimate>,
    /// Requests sent, by endpoint, tries that failed included.
    pub requests: BTreeMap<String, u64>,
    pub took: Duration,
    /// Time spent keeping pace, summed over the streams side by side.
    pub waited_for_pace_ms: u64,
    /// Time spent waiting after failures, summed likewise.
    pub waited_after_failures_ms: u64,
    /// What a reader of the results should know, in the order in which it happened.
    pub notices: Vec<String>,
}

/// Reads a Zendesk into `sink`.
///
/// Runs on a current-thread tokio runtime with time and network. Dropping the future ends the read at once.
/// Errors: whatever kept the read from being complete; the sink then holds a part that must not be used.
pub async fn read(
    options: &ReadOptions,
    sink: &mut dyn Sink,
    progress: &dyn Progress,
) -> Result<ReadOutcome, ReadError> {
    read_keeping(options, None, sink, progress).await
}

/// The same, keeping pages in `log`, after those that are there already.
pub async fn read_keeping(
    options: &ReadOptions,
    log: Option<&PageLog>,
    sink: &mut dyn Sink,
    progress: &dyn Progress,
) -> Result<ReadOutcome, ReadError> {
    let http = Http::new(&options.base_url, options.timing.connect, options.timing.request)?;
    let mut notices = Vec::new();
    if http.built_in_roots {
        notices.push("this machine has no CA store, so the built-in Mozilla roots are used".to_owned());
    }
    let read = read_over(&http, options, log, sink, progress, notices).await;
    if let (Some(log), Err(error)) = (log, &read)
        && !error.lets_go_on()
    {
        log.give_up();
    }
    read
}

pub(super) async fn read_over(
    transport: &dyn Transport,
    options: &ReadOptions,
    log: Option<&PageLog>,
    sink: &mut dyn Sink,
    progress: &dyn Progress,
    notices: Vec<String>,
) -> Result<ReadOutcome, ReadError> {
    let began = Instant::now();
    let ReadOptions { base_url, credentials, reserve_percent, timing, .. } = options;
    let client = Client::new(transport, base_url, credentials, *reserve_percent, timing, progress);
    let mut reader = Reader::new(client, options, sink);
    for notice in notices {
        reader.notice(notice);
    }
    let me = Me::ask(&reader.client).await?;
    me.sees_everything()?;
    if me.restricted_agent {
        reader.notice(RESTRICTED_AGENT.to_owned());
    }
    if let Some(log) = log {
        keep(&mut reader, log, &me);
    }
    let multiple_organizations = multiple_organizations(&reader).await?;
    let (organizations, users, (), (choice, count)) = tokio::try_join!(
        counted(&reader, List::Organizations, Endpoint::OrganizationsCount, Endpoint::Organizations),
        counted(&reader, List::Users, Endpoint::UsersCount, Endpoint::Users),
        whole(&reader, List::Memberships, Endpoint::Memberships),
        tickets_of_window(&reader, &me),
    )?;
    references::read(&reader).await?;

    let speed = reader.client.speed(*reserve_percent);
    let grants = matches!(credentials, Credentials::Client { .. });
    let source = choice.as_ref().map(|choice| choice.source);
    let expected = organizations
        .zip(users)
        .map(|(organizations, users)| estimate(&Size { organizations, users, tickets: count }, &speed, source, grants));
    let (client, notices) = reader.into_parts();
    let stats = client.into_stats();
    Ok(ReadOutcome {
        multiple_organizations,
        tickets: choice,
        expected,
        requests: stats.requests.iter().map(|(endpoint, count)| (endpoint.as_str().to_owned(), *count)).collect(),
        took: began.elapsed(),
        waited_for_pace_ms: u64::try_from(stats.waited_for_pace.as_millis()).unwrap_or(u64::MAX),
        waited_after_failures_ms: u64::try_from(stats.waited_after_failures.as_millis()).unwrap_or(u64::MAX),
        notices,
    })
}

/// Keeps pages in this log, and goes on with what the same login has read of it.
fn keep<'a>(reader: &mut Reader<'a>, log: &'a PageLog, me: &Me) {
    match log.is_read_by(me) {
        Ok(is_same) => {
            if !is_same {
                reader.notice("the saved pages are from another login; everything is read again".to_owned());
            }
            reader.keep(log);
        }
        Err(error) => {
            reader.notice(format!("pages cannot be kept for --resume: {error}"));
            log.give_up();
        }
    }
}

/// The setting that decides whether a second membership adds or replaces.
async fn multiple_organizations(reader: &Reader<'_>) -> Result<Option<bool>, ReadError> {
    let stream = Stream::single("account settings");
    let mut ask = Ask::get(Endpoint::AccountSettings, "/api/v2/account/settings");
    let answer = match reader.client.ask(&stream, &mut ask).await {
        Ok(answer) => answer,
        Err(error) if error.is_refusal(403) || error.is_refusal(404) => {
            reader.notice(format!("the setting multiple_organizations could not be read: {error}"));
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let setting = multiple_organizations_of(&answer);
    if setting.is_none() {
        reader.notice("the account settings do not include multiple_organizations".to_owned());
    }
    Ok(setting)
}

/// Reads a whole list, and before it how many records it has; `None` where that could not be read.
async fn counted(
    reader: &Reader<'_>,
    list: List,
    count: Endpoint,
    endpoint: Endpoint,
) -> Result<Option<u64>, ReadError> {
    let kind = list.kind();
    let ask = Ask::get(count, format!("/api/v2/{}/count", kind.as_str()));
    let answer = reader.client.ask_once(&Stream::single("count"), &ask).await;
    let count = answer.and_then(|answer| serde_json::from_str::<Count>(&answer).ok()).map(|count| count.count.value);
    if let Some(count) = count {
        reader.client.progress.total(kind, count);
    }
    whole(reader, list, endpoint).await?;
    Ok(count)
}

/// Reads a whole list by cursor.
async fn whole(reader: &Reader<'_>, list: List, endpoint: Endpoint) -> Result<(), ReadError> {
    let kind = list.kind();
    let chain = Chain::list(endpoint, format!("/api/v2/{}", kind.as_str()), kind.as_str());
    reader.read(&mut Stream::paged(kind.noun()), kind, &chain, reader.kept(list)).await?;
    reader.finished(kind);
    Ok(())
}

/// Reads the tickets, if they are wanted; and how many of them Zendesk counted before.
async fn tickets_of_window(reader: &Reader<'_>, me: &Me) -> Result<(Option<Choice>, Option<u64>), ReadError> {
    let Some(from) = reader.options.tickets_from else { return Ok((None, None)) };
    let count = count_tickets(&reader.client, from).await;
    let choice = tickets::read(reader, from, &tickets::Known { me, tickets: count }).await?;
    reader.finished(Kind::Tickets);
    Ok((Some(choice), count))
}

/// How many tickets changed since then, as the search index knows.
async fn count_tickets(client: &Client<'_>, from: i64) -> Option<u64> {
    #[derive(Deserialize)]
    struct Count {
        count: u64,
    }
    let time = jiff::Timestamp::from_second(from.max(0)).unwrap_or(jiff::Timestamp::MAX);
    let ask = Ask::get(Endpoint::SearchCount, "/api/v2/search/count");
    let ask = ask.with("query", format!("type:ticket updated>={time}"));
    let answer = client.ask_once(&Stream::single("count"), &ask).await?;
    serde_json::from_str::<Count>(&answer).ok().map(|count| count.count)
}

/// The setting in an answer to `account/settings`; `None` where it does not say.
pub(super) fn multiple_organizations_of(answer: &str) -> Option<bool> {
    serde_json::from_str::<Settings>(answer).ok()?.settings.user.multiple_organizations
}

#[derive(Deserialize)]
struct Settings {
    settings: SettingGroups,
}

#[derive(Deserialize)]
struct SettingGroups {
    user: UserSettings,
}

#[derive(Deserialize)]
struct UserSettings {
    multiple_organizations: Option<bool>,
}

#[derive(Deserialize)]
struct Count {
    count: CountValue,
}

#[derive(Deserialize)]
struct CountValue {
    value: u64,
}
