//! Single records, each read fresh: what an apply looks at before and after a write.
//!
//! Left out: what the records mean, and every write.

use super::ask::{Ask, Stream};
use super::endpoint::Endpoint;
use super::error::{ReadError, visible};
use super::page::Chain;
use super::read::multiple_organizations_of;
use super::session::Session;
use super::sink::Taken;
use crate::model::domain::normalize_email_domain;
use crate::model::record::{Lacks, MembershipRecord, MembershipRecords, OrgRecord, UserRecord};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use std::collections::{BTreeMap, HashSet};

/// Ids beyond 2^53 − 1 are no ids that JSON carries safely.
const LARGEST_ID: u64 = (1 << 53) - 1;

/// Reads single records of one Zendesk.
pub struct Records<'a> {
    session: &'a Session<'a>,
}

impl<'a> Records<'a> {
    pub fn new(session: &'a Session<'a>) -> Self {
        Self { session }
    }

    /// Every organization that exists, in the order in which Zendesk lists them.
    pub async fn organizations(&self, take: &mut dyn FnMut(OrgRecord)) -> Result<(), ReadError> {
        let mut stream = Stream::paged("organizations");
        let mut seen = HashSet::new();
        let chain = Chain::list(Endpoint::Organizations, "/api/v2/organizations", "organizations");
        let read = chain.read(&self.session.client, &mut stream, None, |stream, records, _| {
            let page: Vec<WireOrg> = parse(stream, records)?;
            let mut taken = Taken { records: page.len(), ..Taken::default() };
            for org in page {
                taken.new += usize::from(seen.insert(org.id));
                org.complete(stream)?;
                org.into_org(stream)?.into_iter().for_each(&mut *take);
            }
            Ok(taken)
        });
        read.await
    }

    /// One organization; `None` where there is none, or it is deleted.
    pub async fn organization(&self, id: u64) -> Result<Option<OrgRecord>, ReadError> {
        #[derive(Deserialize)]
        struct Envelope {
            organization: WireOrg,
        }
        let stream = Stream::single("organization");
        let answer = self.single(&stream, Endpoint::OrganizationById, format!("/api/v2/organizations/{id}")).await?;
        let Some(Envelope { organization }) = answer else { return Ok(None) };
        same_id(&stream, id, organization.id)?;
        organization.into_org(&stream)
    }

    /// One user; `None` where there is none. A deleted user is one that is not active.
    pub async fn user(&self, id: u64) -> Result<Option<UserRecord>, ReadError> {
        #[derive(Deserialize)]
        struct Envelope {
            user: WireUser,
        }
        let stream = Stream::single("user");
        let answer = self.single(&stream, Endpoint::UserById, format!("/api/v2/users/{id}")).await?;
        let Some(Envelope { user }) = answer else { return Ok(None) };
        same_id(&stream, id, user.id)?;
        user.into_user(&stream)
    }

    /// All memberships of a user that exist; none for a user that does not.
    pub async fn memberships(&self, user_id: u64) -> Result<MembershipRecords, ReadError> {
        let mut stream = Stream::paged("memberships of a user");
        let path = format!("/api/v2/users/{user_id}/organization_memberships");
        let mut memberships = MembershipRecords::default();
        let mut seen = HashSet::new();
        let chain = Chain::list(Endpoint::MembershipsOfUser, path, "organization_memberships");
        let read = chain.read(&self.session.client, &mut stream, None, |stream, records, _| {
            let page: Vec<WireMembership> = parse(stream, records)?;
            let mut taken = Taken { records: page.len(), ..Taken::default() };
            for membership in page {
                let new = seen.insert(membership.id);
                taken.new += usize::from(new);
                if new && membership.user_id.is_none_or(|of| of == user_id) {
                    membership.add_to(&mut memberships, stream)?;
                }
            }
            Ok(taken)
        });
        match read.await {
            Err(error) if error.is_refusal(404) => return Ok(MembershipRecords::default()),
            read => read?,
        }
        memberships.list.sort_by_key(|membership| membership.id);
        Ok(memberships)
    }

    /// Whether a user may have several organizations; `false` also where it cannot be read.
    pub async fn multiple_organizations(&self) -> bool {
        let stream = Stream::single("account settings");
        let mut ask = Ask::get(Endpoint::AccountSettings, "/api/v2/account/settings");
        let answer = self.session.client.ask(&stream, &mut ask).await;
        answer.ok().and_then(|answer| multiple_organizations_of(&answer)) == Some(true)
    }

    async fn single<T: DeserializeOwned>(
        &self,
        stream: &Stream,
        endpoint: Endpoint,
        path: String,
    ) -> Result<Option<T>, ReadError> {
        match self.session.client.ask(stream, &mut Ask::get(endpoint, path)).await {
            Ok(answer) => parse(stream, &answer).map(Some),
            Err(error) if error.is_refusal(404) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn parse<T: DeserializeOwned>(stream: &Stream, text: &str) -> Result<T, ReadError> {
    serde_json::from_str(text).map_err(|error| unreadable(stream, &error.to_string()))
}

fn unreadable(stream: &Stream, fault: &str) -> ReadError {
    ReadError::Unreadable { place: stream.place(), fault: visible(fault) }
}

/// An id that JSON carries safely.
fn safe(stream: &Stream, id: u64) -> Result<u64, ReadError> {
    if id > LARGEST_ID { Err(unreadable(stream, &format!("the id {id} is beyond 2^53 - 1"))) } else { Ok(id) }
}

/// Keeps apart what is absent (`None`) and what is null.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// The names of what is absent.
fn lacks<const N: usize>(keys: [(&'static str, bool); N]) -> Lacks {
    keys.into_iter().filter(|(_, is_there)| !is_there).map(|(key, _)| key).collect()
}

/// What answers for another record than the one that was asked for must not be believed.
fn same_id(stream: &Stream, asked: u64, came: u64) -> Result<(), ReadError> {
    if asked == came { Ok(()) } else { Err(unreadable(stream, &format!("requested {asked}, but received {came}"))) }
}

#[derive(Deserialize)]
struct WireOrg {
    id: u64,
    #[serde(default, deserialize_with = "present")]
    external_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    domain_names: Option<Option<Vec<String>>>,
    #[serde(default)]
    shared_tickets: Option<bool>,
    #[serde(default)]
    deleted_at: Option<serde_json::Value>,
}

impl WireOrg {
    /// A list shows every key of each organization; one that is missing was lost on the way (rules 5).
    fn complete(&self, stream: &Stream) -> Result<(), ReadError> {
        let lacks = lacks([("external_id", self.external_id.is_some()), ("domain_names", self.domain_names.is_some())]);
        match lacks.first() {
            Some(key) => Err(unreadable(stream, &format!("organization {} has no `{key}`", self.id))),
            None => Ok(()),
        }
    }

    fn into_org(self, stream: &Stream) -> Result<Option<OrgRecord>, ReadError> {
        let Self { id, external_id, domain_names, shared_tickets, deleted_at } = self;
        let lacks =
            lacks([("external_id", external_id.is_some()), ("domain_names", matches!(domain_names, Some(Some(_))))]);
        let id = safe(stream, id)?;
        Ok(exists(deleted_at.as_ref()).then(|| OrgRecord {
            id,
            external_id: external_id.flatten(),
            domain_names: domain_names.flatten().unwrap_or_default(),
            shared_tickets: shared_tickets.unwrap_or(false),
            lacks,
        }))
    }
}

fn exists(deleted_at: Option<&serde_json::Value>) -> bool {
    deleted_at.is_none_or(serde_json::Value::is_null)
}

#[derive(Deserialize)]
struct WireUser {
    id: u64,
    #[serde(default, deserialize_with = "present")]
    active: Option<Option<bool>>,
    #[serde(default, deserialize_with = "present")]
    suspended: Option<Option<bool>>,
    #[serde(default, deserialize_with = "present")]
    verified: Option<Option<bool>>,
    #[serde(default, deserialize_with = "present")]
    email: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    organization_id: Option<Option<u64>>,
    #[serde(default)]
    deleted_at: Option<serde_json::Value>,
}

impl WireUser {
    fn into_user(self, stream: &Stream) -> Result<Option<UserRecord>, ReadError> {
        let Self { id, active, suspended, verified, email, organization_id, deleted_at } = self;
        let lacks = lacks([
            ("active", active.is_some()),
            ("suspended", suspended.is_some()),
            ("verified", verified.is_some()),
            ("email", email.is_some()),
            ("organization_id", organization_id.is_some()),
        ]);
        let email = email.flatten();
        let email_domain = email.and_then(|email| normalize_email_domain(email.rsplit_once('@')?.1).ok());
        let id = safe(stream, id)?;
        let organization_id = organization_id.flatten().map(|id| safe(stream, id)).transpose()?;
        Ok(exists(deleted_at.as_ref()).then(|| UserRecord {
            id,
            active: active.flatten().unwrap_or(true),
            suspended: suspended.flatten().unwrap_or(false),
            verified: verified.flatten().unwrap_or(false),
            email_domain,
            organization_id,
            lacks,
        }))
    }
}

#[derive(Deserialize)]
struct WireMembership {
    id: u64,
    #[serde(default)]
    user_id: Option<u64>,
    #[serde(default)]
    organization_id: Option<u64>,
    #[serde(default, deserialize_with = "present")]
    default: Option<Option<bool>>,
    #[serde(default)]
    deleted_at: Option<serde_json::Value>,
}

impl WireMembership {
    /// Takes in a membership that exists, and remembers which keys it lacks.
    fn add_to(self, memberships: &mut MembershipRecords, stream: &Stream) -> Result<(), ReadError> {
        let Self { id, user_id, organization_id, default, deleted_at } = self;
        if !exists(deleted_at.as_ref()) {
            return Ok(());
        }
        let id = safe(stream, id)?;
        for key in lacks([
            ("user_id", user_id.is_some()),
            ("organization_id", organization_id.is_some()),
            ("default", default.is_some()),
        ]) {
            if !memberships.lacks.contains(&key) {
                memberships.lacks.push(key);
            }
        }
        if let (Some(_), Some(org_id)) = (user_id, organization_id) {
            let org_id = safe(stream, org_id)?;
            memberships.list.push(MembershipRecord { id, org_id, default: default.flatten().unwrap_or(false) });
        }
        Ok(())
    }
}

/// Single records of a folder in Zendesk's own field names, for the demo, which has no Zendesk.
#[derive(Debug, Default)]
pub struct Fixture {
    orgs: BTreeMap<u64, OrgRecord>,
    users: BTreeMap<u64, UserRecord>,
    memberships: BTreeMap<u64, MembershipRecords>,
    pub multiple_organizations: bool,
}

impl Fixture {
    /// Reads NDJSON texts. Errors: the parser's words about the first line that is no such record.
    pub fn parse(organizations: &str, users: &str, memberships: &str) -> Result<Self, String> {
        fn lines<T: DeserializeOwned>(text: &str) -> impl Iterator<Item = Result<T, String>> {
            text.lines().map(|line| serde_json::from_str(line).map_err(|error| error.to_string()))
        }
        let mut fixture = Self::default();
        let stream = Stream::single("organizations");
        for org in lines::<WireOrg>(organizations) {
            let org = org?.into_org(&stream).map_err(|error| error.to_string())?;
            fixture.orgs.extend(org.map(|org| (org.id, org)));
        }
        for user in lines::<WireUser>(users) {
            let user = user?.into_user(&stream).map_err(|error| error.to_string())?;
            fixture.users.extend(user.map(|user| (user.id, user)));
        }
        for membership in lines::<WireMembership>(memberships) {
            let membership = membership?;
            let of_user = fixture.memberships.entry(membership.user_id.unwrap_or_default()).or_default();
            membership.add_to(of_user, &stream).map_err(|error| error.to_string())?;
        }
        Ok(fixture)
    }

    pub fn organizations(&self) -> impl Iterator<Item = &OrgRecord> {
        self.orgs.values()
    }

    pub fn organization(&self, id: u64) -> Option<&OrgRecord> {
        self.orgs.get(&id)
    }

    pub fn user(&self, id: u64) -> Option<&UserRecord> {
        self.users.get(&id)
    }

    pub fn memberships(&self, user_id: u64) -> MembershipRecords {
        self.memberships.get(&user_id).cloned().unwrap_or_default()
    }
}
