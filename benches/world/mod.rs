//! Seeded worlds for measuring: a Salesforce reference and a Zendesk export with realistic drift, in three sizes.
//!
//! A world is a function of its size and seed, not a value in memory: every record is computed from
//! `(seed, kind, index)`, so a ticket can ask for its requester and a membership for its user without anything being
//! kept, and the largest world is written with a few kilobytes. The module imports nothing of the program, so that what
//! it writes can't agree with the engine by construction. It does not try to reach every rule: hostile text, odd domains,
//! repeated and deleted records belong to the tests; here all text is plain, and only the frequencies are lifelike.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::str::FromStr;

/// The clock of every world, as `--as-of` takes it. Nine tickets of ten lie in the thirty days before it.
pub const AS_OF: &str = "2026-04-17T22:15:30Z";

/// [`AS_OF`] in Unix seconds.
const AS_OF_SECONDS: u64 = 1_776_464_130;
const DAY: u64 = 86_400;

/// Accounts share their fates in blocks of this many, so that every size holds the same shares of everything.
const BLOCK: u64 = 100;

/// How many records a world has.
#[derive(Clone, Copy, Debug)]
pub enum Size {
    /// 500 accounts and orgs, 5,000 users, 5,500 memberships, 10,000 tickets.
    Small,
    /// 20,000 accounts and orgs, 200,000 users, 220,000 memberships, 400,000 tickets.
    Medium,
    /// Ten times [`Size::Medium`].
    Large,
}

impl Size {
    /// Accounts; there are as many orgs, ten times as many users and twenty times as many tickets.
    fn accounts(self) -> u64 {
        match self {
            Self::Small => 500,
            Self::Medium => 20_000,
            Self::Large => 200_000,
        }
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "small" => Ok(Self::Small),
            "medium" => Ok(Self::Medium),
            "large" => Ok(Self::Large),
            _ => Err(format!("unknown size `{text}`: small, medium or large")),
        }
    }
}

/// How much of a record is written.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Every field that the Zendesk API sends.
    Full,
    /// Only the fields that the rules use.
    Rules,
}

impl FromStr for Shape {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "full" => Ok(Self::Full),
            "rules" => Ok(Self::Rules),
            _ => Err(format!("unknown shape `{text}`: full or rules")),
        }
    }
}

/// A world of one size and seed.
#[derive(Clone, Copy, Debug)]
pub struct World {
    seed: u64,
    accounts: u64,
    users: u64,
    tickets: u64,
}

impl World {
    /// The world of this size and seed; nothing is computed yet.
    pub fn new(size: Size, seed: u64) -> Self {
        let accounts = size.accounts();
        Self { seed, accounts, users: accounts * 10, tickets: accounts * 20 }
    }

    /// Writes the reference and the export into `folder`, which is made if needed. Returns the bytes written.
    pub fn write(&self, folder: &Path, shape: Shape) -> io::Result<u64> {
        std::fs::create_dir_all(folder)?;
        let settings = "{\"settings\":{\"user\":{\"multiple_organizations\":true}}}\n";
        std::fs::write(folder.join("account_settings.json"), settings)?;

        let mut bytes = settings.len() as u64;
        bytes += write_lines(folder, "salesforce_accounts.csv", self.accounts, |line, account| {
            if account == 0 {
                line.push_str(REFERENCE_HEADER);
            }
            self.account_row(line, account);
        })?;
        bytes += write_lines(folder, "organizations.ndjson", self.accounts, |line, position| {
            self.org_line(line, shape, self.shuffled(position, Kind::Org));
        })?;
        bytes += write_lines(folder, "users.ndjson", self.users, |line, position| {
            self.user_line(line, shape, self.shuffled(position, Kind::User));
        })?;
        bytes += write_lines(folder, "organization_memberships.ndjson", self.users, |line, user| {
            self.membership_lines(line, shape, user);
        })?;
        bytes += write_lines(folder, "tickets.ndjson", self.tickets, |line, position| {
            self.ticket_line(line, shape, self.shuffled(position, Kind::Ticket));
        })?;
        Ok(bytes)
    }

    /// The random numbers of one record.
    fn numbers(&self, kind: Kind, index: u64) -> SplitMix64 {
        SplitMix64(mix(self.seed ^ mix(index.wrapping_mul(8).wrapping_add(kind as u64))))
    }

    /// The record at a position of its file: neighbours change places within four, as in an export ordered by update.
    fn shuffled(&self, position: u64, kind: Kind) -> u64 {
        position ^ (self.numbers(kind, u64::MAX - position / 4).next() % 4)
    }
}

/// What a record's random numbers are for; users have two kinds, since tickets ask for their place only.
#[derive(Clone, Copy)]
enum Kind {
    Account,
    Block,
    Org,
    User,
    UserPlace,
    UserBlock,
    Ticket,
    Text,
}

// Accounts and their orgs.

const REFERENCE_HEADER: &str =
    "sf_account_id,account_name,account_domains,website,zendesk_domain_override,zendesk_expected\n";

/// What became of an account, and of the org at the same index. Partners are other slots of the same block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Its org has its id and all its domains.
    Linked,
    /// Two orgs have its id: its own, and the one of `MissingBesideDuplicate`.
    Duplicate,
    /// It has no org; the org at its index is the second one of `Duplicate`.
    MissingBesideDuplicate,
    /// Its org has no id and holds a domain of `ContestedSecond` too.
    ContestedFirst,
    /// Its domain is on the org of `ContestedFirst`.
    ContestedSecond,
    /// Its org has the id of an account that is gone.
    Conflict,
    /// Its domain is on two orgs without an id.
    MissingSeveral,
    /// It has no org; the org at its index is the second one of `MissingSeveral`.
    MissingBesideSeveral,
    /// Its org has its domains and no id.
    DomainLinked,
    /// Linked; its second domain is on the org of `Attracting`.
    DomainElsewhere,
    /// Linked, and its org holds a domain of `DomainElsewhere`.
    Attracting,
    /// Linked; its second domain is on no org.
    DomainMissing,
    /// Linked, and its first domain is expected by `Sharing` too.
    Shared,
    /// Linked, and expects the first domain of `Shared` too.
    Sharing,
    /// Linked by a domain that users of many orgs have.
    Spread,
}

impl Fate {
    fn of_slot(slot: u64, block: u64) -> Self {
        match slot {
            0 => Self::Duplicate,
            1 => Self::MissingBesideDuplicate,
            2 => Self::ContestedFirst,
            3 => Self::ContestedSecond,
            4 => Self::Conflict,
            5 => Self::MissingSeveral,
            6 => Self::MissingBesideSeveral,
            7..=10 => Self::DomainLinked,
            11 => Self::DomainElsewhere,
            12 => Self::Attracting,
            13..=15 => Self::DomainMissing,
            16 => Self::Shared,
            17 => Self::Sharing,
            18 if block.is_multiple_of(10) => Self::Spread,
            _ => Self::Linked,
        }
    }
}

impl World {
    /// Where the slots of a block begin, so that fates don't sit at the same places of every block.
    fn rotation(&self, block: u64) -> u64 {
        self.numbers(Kind::Block, block).next() % BLOCK
    }

    fn fate(&self, account: u64) -> Fate {
        let block = account / BLOCK;
        Fate::of_slot((account % BLOCK + self.rotation(block)) % BLOCK, block)
    }

    /// The account in the slot before (`-1`) or after (`1`) that of `account`, in the same block.
    fn partner(&self, account: u64, step: i64) -> u64 {
        let first = account / BLOCK * BLOCK;
        first + (account % BLOCK).wrapping_add_signed(step + BLOCK as i64) % BLOCK
    }

    /// How many domains an account expects of its own: one to three.
    fn domain_count(&self, account: u64) -> u64 {
        let least = match self.fate(account) {
            Fate::DomainElsewhere | Fate::DomainMissing => 2,
            _ => 1,
        };
        match self.numbers(Kind::Account, account).next() % 10 {
            0..=5 => least,
            6..=8 => 2,
            _ => 3,
        }
    }

    /// The `nth` domain of an account, on a top-level domain that is reserved for examples.
    fn domain(&self, account: u64, nth: u64) -> String {
        let (first, second) = self.name_words(account);
        match nth {
            0 => format!("{first}{second}{account}.example"),
            1 => format!("{first}-{account}.example"),
            _ => format!("eu.{second}-{account}.example"),
        }
    }

    fn name_words(&self, account: u64) -> (&'static str, &'static str) {
        let mut numbers = self.numbers(Kind::Text, account);
        (numbers.pick(&FIRST_WORDS), numbers.pick(&SECOND_WORDS))
    }

    fn account_name(&self, account: u64) -> String {
        let (first, second) = self.name_words(account);
        format!("{}{} {}{} {account}", first[..1].to_uppercase(), &first[1..], second[..1].to_uppercase(), &second[1..])
    }

    fn account_row(&self, line: &mut String, account: u64) {
        let fate = self.fate(account);
        let mut numbers = self.numbers(Kind::Account, account);
        numbers.next(); // the count of domains
        let mut domains: Vec<String> = (0..self.domain_count(account)).map(|nth| self.domain(account, nth)).collect();
        if fate == Fate::Sharing {
            domains.push(self.domain(self.partner(account, -1), 0));
        }
        if numbers.chance(10) {
            domains[0].make_ascii_uppercase();
        }
        if numbers.chance(5) {
            domains.push("gmail.com".to_owned());
        }
        let mut expected = domains.join(";");
        let mut replacement = String::new();
        if numbers.chance(10) {
            replacement = std::mem::replace(&mut expected, format!("former-name-{account}.example"));
        }
        // The only cells with a comma, and so the only quoted ones.
        let mut name = self.account_name(account);
        if numbers.chance(100) {
            name = format!("\"{name}, Inc.\"");
        }
        let wanted = match fate {
            Fate::MissingBesideSeveral if numbers.chance(300) => "no",
            _ => "",
        };
        let id = salesforce_id(self.seed, account);
        let website = self.domain(account, 0);
        let _ = writeln!(line, "{id},{name},{expected},https://www.{website}/,{replacement},{wanted}");
    }

    fn org_id(&self, org: u64) -> u64 {
        spaced_id(9_998_000_000_000, 98_765, org, self.numbers(Kind::Org, org).next())
    }

    fn org_external_id(&self, org: u64) -> Option<String> {
        let owner = match self.fate(org) {
            Fate::Linked
            | Fate::Duplicate
            | Fate::DomainElsewhere
            | Fate::Attracting
            | Fate::DomainMissing
            | Fate::Shared
            | Fate::Sharing
            | Fate::Spread => org,
            Fate::MissingBesideDuplicate => self.partner(org, -1),
            Fate::Conflict => self.accounts + org,
            Fate::ContestedFirst
            | Fate::ContestedSecond
            | Fate::MissingSeveral
            | Fate::MissingBesideSeveral
            | Fate::DomainLinked => return None,
        };
        let mut id = salesforce_id(self.seed, owner);
        if self.numbers(Kind::Org, org).nth(2).is_multiple_of(10) {
            id.truncate(15);
        }
        Some(id)
    }

    fn org_domains(&self, org: u64) -> Vec<String> {
        let own = |skipped: Option<u64>| {
            (0..self.domain_count(org)).filter(|nth| Some(*nth) != skipped).map(|nth| self.domain(org, nth)).collect()
        };
        let unmapped = || vec![unmapped_domain(org)];
        match self.fate(org) {
            Fate::MissingBesideDuplicate | Fate::ContestedSecond => unmapped(),
            Fate::MissingBesideSeveral => vec![self.domain(self.partner(org, -1), 0)],
            Fate::DomainMissing => own(Some(1)),
            // Every other time its own org holds the domain as well.
            Fate::DomainElsewhere => own((!org.is_multiple_of(2)).then_some(1)),
            Fate::Attracting => {
                let mut domains: Vec<String> = own(None);
                domains.push(self.domain(self.partner(org, -1), 1));
                domains
            }
            Fate::ContestedFirst => {
                let mut domains: Vec<String> = own(None);
                domains.push(self.domain(self.partner(org, 1), 0));
                domains
            }
            _ => own(None),
        }
    }

    fn org_line(&self, line: &mut String, shape: Shape, org: u64) {
        let id = self.org_id(org);
        let mut numbers = self.numbers(Kind::Text, org);
        let name = self.account_name(org);
        let external_id = self.org_external_id(org).map_or("null".to_owned(), |id| format!("\"{id}\""));
        let domains = self.org_domains(org).iter().map(|domain| format!("\"{domain}\"")).collect::<Vec<_>>().join(",");
        let shared = numbers.chance(30);
        let updated = AS_OF_SECONDS - numbers.next() % (700 * DAY);
        let updated_at = Timestamp(updated);
        let _ = match shape {
            Shape::Rules => writeln!(
                line,
                "{{\"id\":{id},\"name\":\"{name}\",\"external_id\":{external_id},\"domain_names\":[{domains}],\
                 \"shared_tickets\":{shared},\"updated_at\":\"{updated_at}\"}}"
            ),
            Shape::Full => writeln!(
                line,
                "{{\"url\":\"{BASE}/organizations/{id}.json\",\"id\":{id},\"name\":\"{name}\",\
                 \"shared_tickets\":{shared},\"shared_comments\":{shared},\"external_id\":{external_id},\
                 \"created_at\":\"{}\",\"updated_at\":\"{updated_at}\",\"domain_names\":[{domains}],\
                 \"details\":\"\",\"notes\":\"{}\",\"group_id\":null,\"tags\":[\"customer\",\"{}\"],\
                 \"organization_fields\":{{\"account_owner\":\"Owner {}\",\"contract_end\":\"2027-01-31T00:00:00+00:00\",\
                 \"health_score\":{},\"plan\":\"{}\",\"region\":\"emea\"}},\"deleted_at\":null}}",
                Timestamp(updated - 400 * DAY),
                numbers.pick(&SENTENCES),
                numbers.pick(&PLANS),
                numbers.next() % 100,
                numbers.next() % 100,
                numbers.pick(&PLANS),
            ),
        };
    }
}

// Users and memberships.

/// Where a user belongs: the domain of the address, and the orgs.
struct Place {
    address: Address,
    /// Orgs the user is a member of; the default one first.
    orgs: [Option<u64>; 2],
}

#[derive(Clone, Copy)]
enum Address {
    None,
    Personal(&'static str),
    OfAccount { account: u64, nth: u64 },
    Unmapped(u64),
    Staff,
}

impl World {
    /// Every ten users have eleven memberships: one user has two, and now and then a second one has two and another none.
    fn membership_count(&self, user: u64) -> usize {
        let mut numbers = self.numbers(Kind::UserBlock, user / 10);
        let slot = (user + numbers.next()) % 10;
        let uneven = numbers.chance(300);
        match slot {
            0 => 2,
            1 if uneven => 0,
            2 if uneven => 2,
            _ => 1,
        }
    }

    fn place(&self, user: u64) -> Place {
        let mut numbers = self.numbers(Kind::UserPlace, user);
        // A few accounts have very many users: the square of a uniform number falls near zero often.
        let uniform = (numbers.next() >> 40) as f64 / (1u64 << 24) as f64;
        let account = ((uniform * uniform) * self.accounts as f64) as u64;
        let nth = match numbers.next() % 10 {
            0..=6 => 0,
            other => other % self.domain_count(account),
        };
        let address = match numbers.next() % 1000 {
            0..=19 => Address::None,
            20..=49 => Address::Staff,
            50..=419 => Address::Personal(numbers.pick(&PERSONAL_DOMAINS)),
            420..=479 => Address::Unmapped(numbers.next() % self.accounts),
            _ => Address::OfAccount { account, nth },
        };
        let mut other = || (account + 1 + numbers.next() % (self.accounts - 1)) % self.accounts;
        let (first_other, second_other) = (other(), other());
        let spread = nth == 0 && self.fate(account) == Fate::Spread;
        let roll = numbers.next() % 1000;
        let orgs = match self.membership_count(user) {
            0 => [None, None],
            // A few are in the wrong org only; of a spread domain nearly all are.
            1 if roll < 15 || (spread && roll < 800) => [Some(first_other), None],
            1 => [Some(account), None],
            _ if roll < 240 || (spread && roll < 800) => [Some(first_other), Some(account)],
            _ if roll < 250 && first_other != second_other => [Some(first_other), Some(second_other)],
            _ => [Some(account), Some(first_other)],
        };
        Place { address, orgs }
    }

    fn user_id(&self, user: u64) -> u64 {
        spaced_id(9_990_000_000_000, 45_678, user, self.numbers(Kind::User, user).next())
    }

    fn user_line(&self, line: &mut String, shape: Shape, user: u64) {
        let id = self.user_id(user);
        let place = self.place(user);
        let mut numbers = self.numbers(Kind::User, user).after(1);
        let (first, last) = (numbers.pick(&GIVEN_NAMES), numbers.pick(&FAMILY_NAMES));
        let capitals = numbers.chance(10);
        let email = match place.address {
            Address::None => "null".to_owned(),
            Address::Personal(domain) => format!("\"{first}.{last}.{user}@{domain}\""),
            Address::OfAccount { account, nth } => {
                let mut domain = self.domain(account, nth);
                if capitals {
                    domain.make_ascii_uppercase();
                }
                format!("\"{first}.{last}{}@{domain}\"", user % 1000)
            }
            Address::Unmapped(org) => format!("\"{first}.{last}@{}\"", unmapped_domain(org)),
            Address::Staff => format!("\"{first}.{last}{user}@support-desk.example\""),
        };
        let role = match place.address {
            Address::Staff if numbers.chance(100) => "admin",
            Address::Staff => "agent",
            _ => "end-user",
        };
        let active = !numbers.chance(10);
        let suspended = numbers.chance(10);
        let shared = numbers.chance(5);
        let verified = !numbers.chance(120);
        let organization = Nullable(place.orgs[0].map(|org| self.org_id(org)));
        let updated = AS_OF_SECONDS - numbers.next() % (500 * DAY);
        let updated_at = Timestamp(updated);
        let _ = match shape {
            Shape::Rules => writeln!(
                line,
                "{{\"id\":{id},\"role\":\"{role}\",\"active\":{active},\"suspended\":{suspended},\"shared\":{shared},\
                 \"verified\":{verified},\"email\":{email},\"organization_id\":{organization},\
                 \"updated_at\":\"{updated_at}\"}}"
            ),
            Shape::Full => writeln!(
                line,
                "{{\"id\":{id},\"url\":\"{BASE}/users/{id}.json\",\"name\":\"{first} {last}\",\"email\":{email},\
                 \"created_at\":\"{}\",\"updated_at\":\"{updated_at}\",\"time_zone\":\"Berlin\",\
                 \"iana_time_zone\":\"Europe/Berlin\",\"phone\":null,\"shared_phone_number\":null,\"photo\":null,\
                 \"locale_id\":1,\"locale\":\"en-US\",\"organization_id\":{organization},\"role\":\"{role}\",\
                 \"verified\":{verified},\"external_id\":null,\"tags\":[],\"alias\":\"\",\"active\":{active},\
                 \"shared\":{shared},\"shared_agent\":false,\"last_login_at\":\"{}\",\
                 \"two_factor_auth_enabled\":null,\"signature\":null,\"details\":\"\",\"notes\":\"{}\",\
                 \"role_type\":null,\"custom_role_id\":null,\"is_billing_admin\":false,\"moderator\":false,\
                 \"ticket_restriction\":\"requested\",\"only_private_comments\":false,\"restricted_agent\":true,\
                 \"suspended\":{suspended},\"default_group_id\":null,\"report_csv\":false,\
                 \"user_fields\":{{\"contact_role\":\"{}\",\"crm_contact_id\":null,\"last_survey\":null,\
                 \"newsletter\":{},\"preferred_language\":\"en\"}}}}",
                Timestamp(updated - numbers.next() % (900 * DAY)),
                Timestamp(updated - numbers.next() % (30 * DAY)),
                if numbers.chance(100) { numbers.pick(&SENTENCES) } else { "" },
                numbers.pick(&PLANS),
                numbers.chance(300),
            ),
        };
    }

    fn membership_lines(&self, line: &mut String, shape: Shape, user: u64) {
        let user_id = self.user_id(user);
        for (nth, org) in self.place(user).orgs.into_iter().flatten().enumerate() {
            let index = user * 2 + nth as u64;
            let mut numbers = self.numbers(Kind::Text, index.wrapping_neg());
            let id = spaced_id(9_995_000_000_000, 12_345, index, numbers.next());
            let org_id = self.org_id(org);
            // Zendesk sends null, not false, for a membership that is not the default one.
            let default = if nth == 0 { "true" } else { "null" };
            let updated = AS_OF_SECONDS - numbers.next() % (500 * DAY);
            let updated_at = Timestamp(updated);
            let _ = match shape {
                Shape::Rules => writeln!(
                    line,
                    "{{\"id\":{id},\"user_id\":{user_id},\"organization_id\":{org_id},\"default\":{default},\
                     \"updated_at\":\"{updated_at}\"}}"
                ),
                Shape::Full => writeln!(
                    line,
                    "{{\"url\":\"{BASE}/organization_memberships/{id}.json\",\"id\":{id},\"user_id\":{user_id},\
                     \"organization_id\":{org_id},\"default\":{default},\"created_at\":\"{}\",\
                     \"organization_name\":\"{}\",\"updated_at\":\"{updated_at}\",\"view_tickets\":false}}",
                    Timestamp(updated - numbers.next() % (300 * DAY)),
                    self.account_name(org),
                ),
            };
        }
    }
}

// Tickets.

impl World {
    fn ticket_line(&self, line: &mut String, shape: Shape, ticket: u64) {
        // Zendesk counts tickets up from one in each account, unlike everything else.
        let id = 1_000_001 + ticket;
        let mut numbers = self.numbers(Kind::Ticket, ticket);
        let requester = numbers.next() % self.users;
        let requester_id = self.user_id(requester);
        let orgs = self.place(requester).orgs;
        let org = match numbers.next() % 1000 {
            0..=12 => None,
            13..=25 => orgs[1].or(Some(numbers.next() % self.accounts)),
            26..=39 => Some(numbers.next() % self.accounts),
            _ => orgs[0],
        };
        let organization = Nullable(org.map(|org| self.org_id(org)));
        let status = if numbers.chance(5) { "deleted" } else { numbers.pick(&STATUSES) };
        let age = match numbers.next() % 10 {
            0 => 30 * DAY + 1 + numbers.next() % (300 * DAY),
            _ => numbers.next() % (30 * DAY),
        };
        let updated = AS_OF_SECONDS - age;
        let updated_at = Timestamp(updated);
        if let Shape::Rules = shape {
            let _ = writeln!(
                line,
                "{{\"id\":{id},\"requester_id\":{requester_id},\"organization_id\":{organization},\
                 \"status\":\"{status}\",\"updated_at\":\"{updated_at}\"}}"
            );
            return;
        }
        let created_at = Timestamp(updated - numbers.next() % (20 * DAY));
        let subject = numbers.pick(&SUBJECTS);
        let _ = write!(
            line,
            "{{\"url\":\"{BASE}/tickets/{id}.json\",\"id\":{id},\"external_id\":null,\"via\":{{\"channel\":\"email\",\
             \"source\":{{\"from\":{{\"address\":\"customer{requester}@mail.example\",\"name\":\"Customer {requester}\"}},\
             \"to\":{{\"name\":\"Acme Support\",\"address\":\"support@acme.example\"}},\"rel\":null}}}},\
             \"created_at\":\"{created_at}\",\"updated_at\":\"{updated_at}\",\"generated_timestamp\":{updated},\
             \"type\":\"incident\",\"subject\":\"{subject}\",\"raw_subject\":\"{subject}\",\"description\":\""
        );
        for _ in 0..2 + numbers.next() % 5 {
            line.push_str(numbers.pick(&SENTENCES));
        }
        let _ = write!(
            line,
            "\",\"priority\":\"normal\",\"status\":\"{status}\",\"recipient\":\"support@acme.example\",\
             \"requester_id\":{requester_id},\"submitter_id\":{requester_id},\"assignee_id\":9990000000017,\
             \"organization_id\":{organization},\"group_id\":9996000000021,\"collaborator_ids\":[],\
             \"follower_ids\":[],\"email_cc_ids\":[],\"forum_topic_id\":null,\"problem_id\":null,\
             \"has_incidents\":false,\"is_public\":true,\"due_at\":null,\"tags\":[\"billing\",\"tier_{}\"],\
             \"custom_fields\":",
            numbers.next() % 4,
        );
        // The API sends the custom fields twice, under both names.
        let fields_from = numbers.next();
        custom_fields(line, SplitMix64(fields_from));
        let _ = write!(
            line,
            ",\"satisfaction_rating\":{{\"score\":\"unoffered\"}},\"sharing_agreement_ids\":[],\
             \"custom_status_id\":9997000000033,\"encoded_id\":\"{:06X}-{:04X}\",\"fields\":",
            numbers.next() >> 40,
            numbers.next() >> 48,
        );
        custom_fields(line, SplitMix64(fields_from));
        line.push_str(
            ",\"followup_ids\":[],\"ticket_form_id\":9991000000044,\"brand_id\":9992000000055,\
             \"allow_channelback\":false,\"allow_attachments\":true,\"from_messaging_channel\":false}\n",
        );
    }
}

fn custom_fields(line: &mut String, mut numbers: SplitMix64) {
    line.push('[');
    for field in 0..8u64 {
        let comma = if field == 0 { "" } else { "," };
        let id = 9_993_000_000_000 + field * 1_234;
        let _ = match numbers.next() % 3 {
            0 => write!(line, "{comma}{{\"id\":{id},\"value\":\"{}\"}}", numbers.pick(&PLANS)),
            _ => write!(line, "{comma}{{\"id\":{id},\"value\":null}}"),
        };
    }
    line.push(']');
}

// Writing.

/// Writes one text for each of `count` indices into a file of `folder`; each text brings its own line ends.
fn write_lines(folder: &Path, name: &str, count: u64, render: impl Fn(&mut String, u64)) -> io::Result<u64> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(folder.join(name))?);
    let mut line = String::new();
    let mut bytes = 0;
    for index in 0..count {
        line.clear();
        render(&mut line, index);
        file.write_all(line.as_bytes())?;
        bytes += line.len() as u64;
    }
    file.flush()?;
    Ok(bytes)
}

/// An id that grows with the index and leaves gaps, as ids shared by all customers of a service do.
fn spaced_id(base: u64, step: u64, index: u64, random: u64) -> u64 {
    base + index * step + random % step
}

fn unmapped_domain(org: u64) -> String {
    format!("no-account-{org}.example")
}

/// An 18-character Salesforce account id: 15 characters and three that encode the case of them.
fn salesforce_id(seed: u64, account: u64) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const CHECKS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    // The factor has no divisor in common with 62, so that different accounts get different ids.
    let mut number = (account.wrapping_mul(487_654_321) + seed % 1_000_000) % 62u64.pow(5);
    let mut id = *b"0015g0000000000";
    for place in (10..15).rev() {
        id[place] = DIGITS[(number % 62) as usize];
        number /= 62;
    }
    let mut text: String = id.iter().map(|byte| char::from(*byte)).collect();
    for group in id.chunks(5) {
        let bits = (0..5).filter(|bit| group[*bit].is_ascii_uppercase()).map(|bit| 1 << bit).sum::<usize>();
        text.push(char::from(CHECKS[bits]));
    }
    text
}

/// A number, or `null`.
struct Nullable(Option<u64>);

impl std::fmt::Display for Nullable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(number) => write!(f, "{number}"),
            None => f.write_str("null"),
        }
    }
}

/// Unix seconds, shown as Zendesk shows times.
struct Timestamp(u64);

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The civil date by counting in 400-year eras of years that begin in March.
        let days = self.0 / DAY + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * march_month + 2) / 5 + 1;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        let year = era * 400 + year_of_era + u64::from(month <= 2);
        let of_day = self.0 % DAY;
        let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// Sebastiano Vigna's splitmix64: small, and the same on every machine.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// The number that follows after `skipped` others.
    fn nth(self, skipped: u64) -> u64 {
        self.after(skipped).next()
    }

    /// The same sequence without its first `skipped` numbers.
    fn after(self, skipped: u64) -> Self {
        Self(self.0.wrapping_add(0x9e37_79b9_7f4a_7c15u64.wrapping_mul(skipped)))
    }

    fn chance(&mut self, of_thousand: u64) -> bool {
        self.next() % 1000 < of_thousand
    }

    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[(self.next() % choices.len() as u64) as usize]
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

// Words.

const BASE: &str = "https://acme.zendesk.com/api/v2";

/// Domains that any list of personal domains holds.
const PERSONAL_DOMAINS: [&str; 12] = [
    "gmail.com",
    "gmail.com",
    "gmail.com",
    "outlook.com",
    "hotmail.com",
    "yahoo.com",
    "icloud.com",
    "aol.com",
    "gmx.de",
    "web.de",
    "proton.me",
    "orange.fr",
];

const FIRST_WORDS: [&str; 16] = [
    "north", "amber", "blue", "cedar", "delta", "ever", "falcon", "granite", "harbor", "iron", "juniper", "kestrel",
    "lumen", "maple", "nova", "onyx",
];
const SECOND_WORDS: [&str; 16] = [
    "wind", "works", "labs", "health", "freight", "retail", "energy", "studios", "foods", "robotics", "capital",
    "media", "systems", "marine", "textiles", "mobility",
];
const GIVEN_NAMES: [&str; 12] =
    ["alex", "bela", "chris", "dana", "eli", "finn", "gale", "hana", "ira", "jules", "kim", "lee"];
const FAMILY_NAMES: [&str; 12] =
    ["archer", "brook", "carver", "dale", "easton", "field", "grove", "hill", "irving", "jordan", "keller", "lake"];
const PLANS: [&str; 4] = ["starter", "growth", "professional", "enterprise"];
const STATUSES: [&str; 10] =
    ["new", "open", "open", "pending", "hold", "solved", "solved", "closed", "closed", "closed"];
const SUBJECTS: [&str; 6] = [
    "Invoice shows the wrong billing address",
    "Can't sign in after the password change",
    "Export stops at 10,000 rows",
    "Re: order 88213 \\u2013 delivery date",
    "Webhook answers 502 since this morning",
    "Question about the renewal",
];
const SENTENCES: [&str; 6] = [
    "Hello team,\\n\\nsince yesterday the report that we send to our customers comes without the last column.\\n",
    "We tried the steps of your article \\\"Resetting an integration\\\" twice, but the message stays the same.\\n",
    "Could you please check whether the change of our contract is already active? Our finance team asks for it.\\n",
    "It happens in Firefox and in Chrome, with and without the VPN, for all colleagues of the Zürich office.\\n",
    "The attached log is from 09:14 to 09:20, the failing request is near the end.\\n\\n",
    "Thank you, and have a nice day!\\n-- \\nSent from my phone\\n",
];
