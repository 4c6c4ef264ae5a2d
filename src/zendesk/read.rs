//! The reads of an audit, in order: the account setting; organizations, users and memberships side by side; the tickets of
//! the window; and then by id whatever those refer to but did not bring.
//!
//! Complete or nothing: a stream of pages that does not prove that it has ended is an error.
//! Left out: the records themselves (the sink's), and tries and pace (`client`).

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use url::Url;

use super::ask::{Ask, Stream, TICKETS_BY_LIST, TICKETS_BY_SEARCH};
use super::auth::Credentials;
use super::client::{Client, Timing};
use super::endpoint::Endpoint;
use super::error::{Gap, ReadError, visible};
use super::http::{Http, Transport};
use super::me::Me;
use super::page::{EXPORT_PAGE_SIZE, Guard, Page, Taken, incomplete, list_page, list_pages};
use super::progress::{Progress, SoFar};
use crate::model::kind::Kind;
use crate::text::words::grouped;

/// What is known of an agent with a custom role.
const RESTRICTED_AGENT: &str =
    "the credentials belong to an agent with a restricted role; what the role may not see is missing from the answers";
/// As many ids as one request may name.
const IDS_PER_REQUEST: usize = 100;
/// So many looks at the head of the ticket list, each of which grew beyond a page, are no progress.
const HEAD_LOOKS: u32 = 10;

/// Takes in what is read.
pub trait Sink {
    /// Takes in one page: `records` is the JSON array of records exactly as Zendesk sent it.
    ///
    /// Errors: a text that names the record and what is wrong with it; the read ends with it.
    fn take(&mut self, kind: Kind, records: &str) -> Result<Taken, String>;

    /// The ids that records refer to and no record carries.
    fn missing(&self) -> Missing;
}

/// Ids without a record, ascending: users of memberships and requesters of tickets in the window; organizations of users,
/// memberships and tickets in the window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    pub users: Vec<u64>,
    pub organizations: Vec<u64>,
}

/// What to read, and how.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// Scheme, host and port. Every request goes there and nowhere else.
    pub base_url: Url,
    pub credentials: Credentials,
    /// The part of every rate limit that is left to others.
    pub reserve_percent: u8,
    /// The beginning of the ticket window, UTC seconds.
    pub tickets_from: i64,
    /// Whether the ticket list will do where both exports are refused.
    pub allow_list: bool,
    pub timing: Timing,
}

/// What a read learned besides records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The account setting; `None` where it may not be read.
    pub multiple_organizations: Option<bool>,
    pub ticket_source: TicketSource,
    /// Requests sent, by endpoint, tries that failed included.
    pub requests: BTreeMap<String, u64>,
    /// Time spent keeping pace, summed over the streams side by side.
    pub waited_for_pace_ms: u64,
    /// Time spent waiting after failures, summed likewise.
    pub waited_after_failures_ms: u64,
    /// What a reader of the results should know, in the order in which it happened.
    pub notices: Vec<String>,
}

/// Where the tickets came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketSource {
    /// The incremental export: every ticket changed in the window.
    Incremental,
    /// The search export, whose index is some minutes old.
    SearchExport,
    /// The ticket list, which has no archived tickets.
    List,
}

impl TicketSource {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Incremental => "incremental",
            Self::SearchExport => "search_export",
            Self::List => "list",
        }
    }
}

/// Reads a Zendesk into `sink`.
///
/// Runs on a current-thread tokio runtime with time and network. Dropping the future ends the read at once.
/// Errors: whatever kept the read from being complete; the sink then holds a part that must not be used.
pub async fn read(options: &ReadOptions, sink: &mut dyn Sink, progress: &dyn Progress) -> Result<Outcome, ReadError> {
    let http = Http::new(&options.base_url, options.timing.connect, options.timing.request)?;
    let mut notices = Vec::new();
    if http.built_in_roots {
        notices.push("this machine has no CA store; the built-in roots of Mozilla's are used".to_owned());
    }
    read_over(&http, options, sink, progress, notices).await
}

pub(super) async fn read_over(
    transport: &dyn Transport,
    options: &ReadOptions,
    sink: &mut dyn Sink,
    progress: &dyn Progress,
    notices: Vec<String>,
) -> Result<Outcome, ReadError> {
    let ReadOptions { base_url, credentials, reserve_percent, tickets_from: _, allow_list: _, timing } = options;
    let reader = Reader {
        client: Client::new(transport, base_url, credentials, *reserve_percent, timing, progress),
        options,
        sink: RefCell::new(sink),
        records: RefCell::default(),
        notices: RefCell::new(Vec::new()),
    };
    for notice in notices {
        reader.notice(notice);
    }
    let me = Me::ask(&reader.client).await?;
    me.sees_everything()?;
    if me.restricted_agent {
        reader.notice(RESTRICTED_AGENT.to_owned());
    }
    let multiple_organizations = reader.multiple_organizations().await?;
    tokio::try_join!(
        reader.list(Kind::Organizations, Endpoint::Organizations, "/api/v2/organizations"),
        reader.list(Kind::Users, Endpoint::Users, "/api/v2/users"),
        reader.list(Kind::Memberships, Endpoint::Memberships, "/api/v2/organization_memberships"),
    )?;
    let ticket_source = reader.tickets().await?;
    reader.references().await?;

    let stats = reader.client.into_stats();
    Ok(Outcome {
        multiple_organizations,
        ticket_source,
        requests: stats.requests.iter().map(|(endpoint, count)| (endpoint.as_str().to_owned(), *count)).collect(),
        waited_for_pace_ms: u64::try_from(stats.waited_for_pace.as_millis()).unwrap_or(u64::MAX),
        waited_after_failures_ms: u64::try_from(stats.waited_after_failures.as_millis()).unwrap_or(u64::MAX),
        notices: reader.notices.into_inner(),
    })
}

struct Reader<'a> {
    client: Client<'a>,
    options: &'a ReadOptions,
    sink: RefCell<&'a mut dyn Sink>,
    records: RefCell<BTreeMap<Kind, u64>>,
    notices: RefCell<Vec<String>>,
}

impl Reader<'_> {
    fn notice(&self, text: String) {
        self.client.progress.note(&text);
        self.notices.borrow_mut().push(text);
    }

    /// The setting that decides whether a second membership adds or replaces.
    async fn multiple_organizations(&self) -> Result<Option<bool>, ReadError> {
        let stream = Stream::single("account settings");
        let mut ask = Ask::get(Endpoint::AccountSettings, "/api/v2/account/settings");
        let answer = match self.client.ask(&stream, &mut ask).await {
            Ok(answer) => answer,
            Err(error) if error.is_refusal(403) || error.is_refusal(404) => {
                self.notice(format!("the setting multiple_organizations could not be read: {error}"));
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let setting = multiple_organizations_of(&answer);
        if setting.is_none() {
            self.notice("the account settings do not say multiple_organizations".to_owned());
        }
        Ok(setting)
    }

    /// Reads a whole list by cursor, with an estimate first where somebody watches.
    async fn list(&self, kind: Kind, endpoint: Endpoint, path: &str) -> Result<(), ReadError> {
        let count = match kind {
            Kind::Organizations => Some(Endpoint::OrganizationsCount),
            Kind::Users => Some(Endpoint::UsersCount),
            Kind::Memberships | Kind::Tickets => None,
        };
        if let Some(count) = count
            && self.client.progress.wants_totals()
        {
            let ask = Ask::get(count, format!("{path}/count"));
            let answer = self.client.ask_once(&Stream::single("count"), &ask).await;
            if let Some(count) = answer.and_then(|answer| serde_json::from_str::<Count>(&answer).ok()) {
                self.client.progress.total(kind, count.count.value);
            }
        }
        let mut stream = Stream::paged(kind.noun());
        self.cursor_pages(&mut stream, kind, kind_array(kind), || Ask::get(endpoint, path)).await?;
        self.finished(kind);
        Ok(())
    }

    /// Reads every page of a cursor-paged list into the sink.
    async fn cursor_pages(
        &self,
        stream: &mut Stream,
        kind: Kind,
        array: &'static str,
        first: impl Fn() -> Ask,
    ) -> Result<(), ReadError> {
        list_pages(&self.client, stream, array, first, |stream, records| self.take(stream, kind, records)).await
    }

    fn take(&self, stream: &Stream, kind: Kind, records: &str) -> Result<Taken, ReadError> {
        let taken = self.sink.borrow_mut().take(kind, records);
        let taken = taken.map_err(|fault| ReadError::Unreadable { place: stream.place(), fault: visible(&fault) })?;
        let mut by_kind = self.records.borrow_mut();
        let records = by_kind.entry(kind).or_default();
        *records += taken.records as u64;
        let part = if kind == Kind::Tickets { self.part_of_window(&taken) } else { None };
        self.client.progress.page(kind, SoFar { records: *records, part });
        Ok(taken)
    }

    /// How much of the ticket window lies behind, since exports run from its beginning to now.
    fn part_of_window(&self, taken: &Taken) -> Option<f64> {
        let from = self.options.tickets_from;
        let now = (self.client.timing.now)().duration_since(std::time::UNIX_EPOCH).ok()?.as_secs() as f64;
        let read = (taken.newest_updated_at?.saturating_sub(from)) as f64;
        let whole = now - from as f64;
        (whole > 0.0).then(|| (read / whole).clamp(0.0, 1.0))
    }

    fn finished(&self, kind: Kind) {
        let records = self.records.borrow().get(&kind).copied().unwrap_or_default();
        self.client.progress.finished(kind, records);
    }

    /// Reads the tickets of the window from the best source that the credentials may use.
    async fn tickets(&self) -> Result<TicketSource, ReadError> {
        let source = self.tickets_from_best_source().await?;
        self.finished(Kind::Tickets);
        Ok(source)
    }

    async fn tickets_from_best_source(&self) -> Result<TicketSource, ReadError> {
        match self.incremental_tickets().await {
            Ok(()) => return Ok(TicketSource::Incremental),
            Err(error) if error.is_refusal(403) => {}
            Err(error) => return Err(error),
        }
        self.notice("the incremental export answered 403 (it is for admins): tickets come from the search export, whose index may be some minutes old".to_owned());
        let said = match self.search_export().await {
            Ok(()) => return Ok(TicketSource::SearchExport),
            Err(ReadError::Refused { status: 403, said, .. }) => said,
            Err(error) => return Err(error),
        };
        if !self.options.allow_list {
            return Err(ReadError::NoTicketSource { said });
        }
        self.notice(
            "the search export answered 403 as well: tickets come from the ticket list, which has no archived ones"
                .to_owned(),
        );
        self.ticket_list().await?;
        Ok(TicketSource::List)
    }

    /// Every ticket changed since the window began, archived ones and those of AI agents included.
    async fn incremental_tickets(&self) -> Result<(), ReadError> {
        let mut stream = Stream::paged(Kind::Tickets.noun());
        let mut guard = Guard::default();
        let mut size = EXPORT_PAGE_SIZE;
        let mut position = ("start_time", self.options.tickets_from.max(0).to_string());
        loop {
            let (key, value) = position;
            let mut ask = Ask::get(Endpoint::IncrementalTickets, "/api/v2/incremental/tickets/cursor")
                .with(key, value)
                .with("exclude_deleted", "true")
                .with("support_type_scope", "all")
                .per_page(size);
            let answer = self.client.ask(&stream, &mut ask).await?;
            size = ask.size().unwrap_or(size);
            let page = Page::of(&answer).map_err(|gap| incomplete(&stream, gap))?;
            let records = page.array("tickets").map_err(|gap| incomplete(&stream, gap))?;
            let taken = self.take(&stream, Kind::Tickets, records)?;
            let Some(cursor) = page.next_of_export().map_err(|gap| incomplete(&stream, gap))? else { return Ok(()) };
            guard.follow(&cursor, Some(taken)).map_err(|gap| incomplete(&stream, gap))?;
            stream.turn();
            position = ("cursor", cursor);
        }
    }

    /// The same tickets as the search index knows them.
    async fn search_export(&self) -> Result<(), ReadError> {
        let mut stream = Stream::paged(TICKETS_BY_SEARCH);
        let from = jiff::Timestamp::from_second(self.options.tickets_from.max(0)).unwrap_or(jiff::Timestamp::MAX);
        let first = || {
            Ask::get(Endpoint::SearchExport, "/api/v2/search/export")
                .with("query", format!("updated>={from}"))
                .with("filter[type]", "ticket")
        };
        self.cursor_pages(&mut stream, Kind::Tickets, "results", first).await
    }

    /// The ticket list from its newest end back to the beginning of the window, and then its head again.
    ///
    /// A ticket that changes while the list is read jumps to the head and leaves the part that is still to come. So the head
    /// is looked at again, down to where the look before began, until it fits into one page: nothing jumps within one answer.
    async fn ticket_list(&self) -> Result<(), ReadError> {
        let mut stream = Stream::paged(TICKETS_BY_LIST);
        let (mut began_at, _) = self.ticket_list_down_to(&mut stream, self.options.tickets_from, true).await?;
        for _ in 0..HEAD_LOOKS {
            let down_to = began_at.unwrap_or(self.options.tickets_from);
            stream.turn();
            let (newest, pages) = self.ticket_list_down_to(&mut stream, down_to, false).await?;
            if pages == 1 {
                return Ok(());
            }
            began_at = newest;
        }
        Err(incomplete(&stream, Gap::ListMoves))
    }

    /// Reads the ticket list until nothing as new as `down_to` can follow; returns its newest time and the number of pages.
    ///
    /// Tickets known already are no sign of a fault where a part is read `again`, so only the `first` read is guarded by them.
    async fn ticket_list_down_to(
        &self,
        stream: &mut Stream,
        down_to: i64,
        first: bool,
    ) -> Result<(Option<i64>, u32), ReadError> {
        let mut guard = Guard::default();
        let mut cursor = None;
        let mut newest = None;
        let mut pages = 0;
        loop {
            let ask = Ask::get(Endpoint::Tickets, "/api/v2/tickets").with("sort", "-updated_at");
            let take = |stream: &Stream, records: &str| self.take(stream, Kind::Tickets, records);
            let (taken, next) = list_page(&self.client, stream, "tickets", ask, cursor, take).await?;
            pages += 1;
            newest = newest.or(taken.newest_updated_at);
            // The first read trusts only a whole page; a later look has the order of the first one confirmed.
            let edge = if first { taken.newest_updated_at } else { taken.oldest_updated_at };
            let Some(next) = next.filter(|_| edge.is_none_or(|edge| edge >= down_to)) else {
                return Ok((newest, pages));
            };
            guard.follow(&next, first.then_some(taken)).map_err(|gap| incomplete(stream, gap))?;
            stream.turn();
            cursor = Some(next);
        }
    }

    /// Fetches what was referred to but not brought, and what that refers to in turn. Each id is asked for once: what does
    /// not come does not exist.
    async fn references(&self) -> Result<(), ReadError> {
        let mut asked_users = BTreeSet::new();
        let mut asked_organizations = BTreeSet::new();
        let mut users_by_id = Stream::paged("users by id");
        let mut organizations_by_id = Stream::paged("organizations by id");
        loop {
            let Missing { mut users, mut organizations } = self.sink.borrow().missing();
            users.retain(|id| asked_users.insert(*id));
            organizations.retain(|id| asked_organizations.insert(*id));
            if users.is_empty() && organizations.is_empty() {
                break;
            }
            self.client.progress.note(&format!(
                "{} users and {} organizations that are referred to came with no list: they are asked for by id",
                grouped(users.len() as u64),
                grouped(organizations.len() as u64)
            ));
            for ids in users.chunks(IDS_PER_REQUEST) {
                let came = self.show_many(&mut users_by_id, Kind::Users, Endpoint::UsersById, ids).await?;
                // A user made during the read may have memberships made after their page was read.
                for id in came {
                    self.memberships_of(id).await?;
                }
            }
            for ids in organizations.chunks(IDS_PER_REQUEST) {
                self.show_many(&mut organizations_by_id, Kind::Organizations, Endpoint::OrganizationsById, ids).await?;
            }
        }
        Ok(())
    }

    /// Fetches records by id; returns the ids that came.
    async fn show_many(
        &self,
        stream: &mut Stream,
        kind: Kind,
        endpoint: Endpoint,
        ids: &[u64],
    ) -> Result<Vec<u64>, ReadError> {
        let array = kind_array(kind);
        let ids = ids.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
        let mut ask = Ask::get(endpoint, format!("/api/v2/{array}/show_many")).with("ids", ids);
        let answer = self.client.ask(stream, &mut ask).await?;
        let page = Page::of(&answer).map_err(|gap| incomplete(stream, gap))?;
        let records = page.array(array).map_err(|gap| incomplete(stream, gap))?;
        self.take(stream, kind, records)?;
        stream.turn();
        // The sink has read these records, so their ids are readable.
        let came = serde_json::from_str::<Vec<Identified>>(records).unwrap_or_default();
        Ok(came.into_iter().map(|record| record.id).collect())
    }

    async fn memberships_of(&self, user: u64) -> Result<(), ReadError> {
        let mut stream = Stream::paged("memberships by user");
        let path = format!("/api/v2/users/{user}/organization_memberships");
        let first = || Ask::get(Endpoint::MembershipsOfUser, path.as_str());
        match self.cursor_pages(&mut stream, Kind::Memberships, kind_array(Kind::Memberships), first).await {
            // Deleted since the answer before.
            Err(error) if error.is_refusal(404) => Ok(()),
            result => result,
        }
    }
}

/// The setting in an answer to `account/settings`; `None` where it does not say.
pub(super) fn multiple_organizations_of(answer: &str) -> Option<bool> {
    serde_json::from_str::<Settings>(answer).ok()?.settings.user.multiple_organizations
}

/// The name of the array in a page of this kind.
fn kind_array(kind: Kind) -> &'static str {
    match kind {
        Kind::Organizations => "organizations",
        Kind::Users => "users",
        Kind::Memberships => "organization_memberships",
        Kind::Tickets => "tickets",
    }
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

#[derive(Deserialize)]
struct Identified {
    id: u64,
}
