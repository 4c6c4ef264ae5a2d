//! Rules, sections 2, 3 and 5: which records exist, and what the reference says of accounts.

use serde_json::{Value, json};

use super::super::text::{self, CsvRow};
use super::super::{ModelConfig, PlainWorld, Warning};
use super::{Account, Audit, Membership, Org, Ticket, User};

impl<'a> Audit<'a> {
    /// Reads the records that exist, the tickets of the window, and the reference.
    pub fn read(world: &PlainWorld, reference_csv: &str, config: &'a ModelConfig, as_of: i64) -> Self {
        let normal = |entries: &[String]| -> Vec<String> {
            entries.iter().map(|entry| text::domain(entry).expect("a usable domain")).collect()
        };
        let not_personal = normal(&config.not_personal);
        let mut personal = domains_of_file("personal_domains.txt");
        personal.retain(|domain| !not_personal.contains(domain));
        personal.extend(normal(&config.personal));
        let settings = world.settings.as_ref();
        let mut audit = Audit {
            config,
            as_of,
            personal,
            ignored: normal(&config.ignored),
            not_personal,
            multiple_organizations: settings
                .and_then(|settings| settings["settings"]["user"]["multiple_organizations"].as_bool()),
            accounts: vec![],
            orgs: existing(&world.organizations, ORG_FIELDS).iter().map(org).collect(),
            users: existing(&world.users, USER_FIELDS).iter().map(|user| self::user(user, config)).collect(),
            memberships: existing(&world.memberships, MEMBERSHIP_FIELDS).iter().map(membership).collect(),
            tickets: existing(&world.tickets, TICKET_FIELDS).iter().map(ticket).collect(),
            resolutions: vec![],
            verdicts: vec![],
            issues: vec![],
            warnings: vec![],
            memberships_read: 0,
            baseline: None,
            baseline_issues: vec![],
        };
        audit.memberships_read = audit.memberships.len();
        let (orgs, users) = (&audit.orgs, &audit.users);
        audit.memberships.retain(|membership| {
            orgs.iter().any(|org| org.id == membership.org_id) && users.iter().any(|user| user.id == membership.user_id)
        });
        if !config.tickets_enabled {
            audit.tickets.clear();
            audit.warn_of_all("tickets_not_read");
        }
        let first = (as_of - config.lookback_days * 86_400, 0);
        audit.tickets.retain(|ticket| {
            let updated_at = text::instant(&ticket.updated_at).expect("updated_at is RFC 3339");
            first <= updated_at && updated_at <= (as_of, 0)
        });
        audit.read_reference(reference_csv);
        audit
    }

    fn read_reference(&mut self, reference_csv: &str) {
        // Rows that hold something, each with whether an empty one stands right above it.
        let mut rows: Vec<(CsvRow, bool)> = vec![];
        let mut below_empty = false;
        for row in text::csv_rows(reference_csv) {
            if row.cells.iter().all(|cell| cell.trim().is_empty()) {
                below_empty = true;
            } else {
                rows.push((row, below_empty));
                below_empty = false;
            }
        }
        let (header, _) = rows.remove(0);
        self.leave_the_footer_out(&mut rows);
        let mut read: Vec<String> = vec![];
        for (row, _) in &rows {
            let (id, _) = unwrapped(self.cell("sf_account_id", &header, row));
            let key = text::account_key(&id);
            if read.contains(&key) {
                // What is read is valid, so it is the same row again.
                self.warn_of_line("repeated_row", row.line, Some(id));
            } else {
                read.push(key);
                self.read_account(&header, row);
            }
        }
        for account in 0..self.accounts.len() {
            for domain in self.accounts[account].expected_domains.clone() {
                if self.accounts_expecting(&domain).len() > 1 {
                    self.warn("shared_domain", account, Some(&domain));
                }
            }
        }
    }

    fn leave_the_footer_out(&mut self, rows: &mut Vec<(CsvRow, bool)>) {
        let only_first = |row: &CsvRow| row.cells.iter().skip(1).all(|cell| cell.trim().is_empty());
        let is_text = |row: &CsvRow| row.cells[0].trim().contains(char::is_whitespace);
        let mut run = rows.len();
        while run > 0 && only_first(&rows[run - 1].0) {
            run -= 1;
        }
        for first in run..rows.len() {
            let (row, below_empty) = &rows[first];
            if is_text(row) || *below_empty && rows[first + 1..].iter().any(|(later, _)| is_text(later)) {
                self.warn_of_line("report_footer", row.line, None);
                rows.truncate(first);
                return;
            }
        }
    }

    fn cell<'r>(&self, ours: &str, header: &CsvRow, row: &'r CsvRow) -> &'r str {
        let mut name = ours.to_owned();
        for (column, replacement) in &self.config.columns {
            if column == ours {
                name = replacement.trim().to_lowercase();
            }
        }
        for (i, heading) in header.cells.iter().enumerate() {
            if heading.trim().to_lowercase() == name {
                return row.cells.get(i).map_or("", String::as_str);
            }
        }
        ""
    }

    fn read_account(&mut self, header: &CsvRow, row: &CsvRow) {
        let (sf_account_id, was_wrapped) = unwrapped(self.cell("sf_account_id", header, row));
        let name = text::shown_name(self.cell("account_name", header, row).trim());
        let overrides = text::entries(self.cell("zendesk_domain_override", header, row));
        let domains = text::entries(self.cell("account_domains", header, row));
        let expected_flag = self.cell("zendesk_expected", header, row).trim().to_lowercase();

        let number = self.accounts.len();
        self.accounts.push(Account {
            key: text::account_key(&sf_account_id),
            is_doubtful: text::has_lost_its_case(&sf_account_id)
                || text::has_wrong_check(&sf_account_id) && sf_account_id.starts_with("001"),
            sf_account_id,
            name,
            line: row.line,
            expected_domains: vec![],
            needs_org: !matches!(expected_flag.as_str(), "no" | "false" | "n" | "0"),
        });
        if was_wrapped {
            self.warn("id_unwrapped", number, None);
        }

        let override_counts = overrides.iter().any(|entry| text::domain(entry).is_some());
        // An override without one usable entry is read, and warned about, before it is given up.
        let read = if override_counts { overrides } else { [overrides, domains].concat() };
        let mut expected: Vec<String> = vec![];
        // Each normal form, or text without one, is warned about once.
        let mut seen: Vec<String> = vec![];
        let mut seen_pairs: Vec<(String, String)> = vec![];
        for entry in &read {
            if let (Some(first), Some(second)) = (text::domain(entry), text::second_domain(entry)) {
                let pair = (first, second);
                if !seen_pairs.contains(&pair) {
                    self.warn("domain_path_dropped", number, Some(&pair.1));
                    seen_pairs.push(pair);
                }
            }
            let form = text::domain(entry).unwrap_or_else(|| format!("not a domain: {entry}"));
            if seen.contains(&form) {
                continue;
            }
            seen.push(form);
            match text::domain(entry) {
                None => {
                    // What stands before the last `@` may name a person.
                    let at = entry.rfind('@').unwrap_or(0);
                    let shown = if at > 0 { format!("…{}", &entry[at..]) } else { entry.clone() };
                    self.warn("domain_not_usable", number, Some(&shown));
                }
                Some(domain) if self.personal.contains(&domain) => {
                    self.warn("personal_domain", number, Some(&domain));
                }
                Some(domain) if is_platform(&domain) && !self.not_personal.contains(&domain) => {
                    self.warn("platform_domain", number, Some(&domain));
                }
                Some(domain) if self.ignored.contains(&domain) => {}
                Some(domain) => expected.push(domain),
            }
        }
        expected.sort();
        if expected.is_empty() {
            self.warn("account_without_domain", number, None);
        }
        self.accounts[number].expected_domains = expected;
        if text::has_lost_its_case(&self.accounts[number].sf_account_id) {
            self.warn("id_doubtful", number, None);
        }
        if text::has_wrong_check(&self.accounts[number].sf_account_id) {
            self.warn("id_check_wrong", number, None);
        }
        if !["", "yes", "true", "y", "1", "no", "false", "n", "0"].contains(&expected_flag.as_str()) {
            self.warn("zendesk_expected_unclear", number, None);
        }
    }

    pub(super) fn warn_of_all(&mut self, code: &'static str) {
        self.warnings.push(Warning { code, line: None, sf_account_id: None, domain: None });
    }

    /// The accounts of another reference.
    pub fn accounts_of(reference_csv: &str, config: &'a ModelConfig) -> Vec<Account> {
        Self::read(&PlainWorld::default(), reference_csv, config, 0).accounts
    }

    pub(super) fn warn(&mut self, code: &'static str, account: usize, domain: Option<&str>) {
        self.warnings.push(Warning {
            code,
            line: Some(self.accounts[account].line),
            sf_account_id: Some(self.accounts[account].sf_account_id.clone()),
            domain: domain.map(str::to_owned),
        });
    }

    fn warn_of_line(&mut self, code: &'static str, line: u64, sf_account_id: Option<String>) {
        self.warnings.push(Warning { code, line: Some(line), sf_account_id, domain: None });
    }
}

/// The id in a cell, and whether it was in a wrapper.
fn unwrapped(cell: &str) -> (String, bool) {
    let cell = cell.trim();
    if let Some(id) = cell.strip_prefix('\'') {
        return (id.to_owned(), true);
    }
    if cell.len() >= 3 && cell.starts_with("=\"") && cell.ends_with('"') {
        return (cell[2..cell.len() - 1].to_owned(), true);
    }
    (cell.to_owned(), false)
}

/// Whether the list of platforms holds a domain, or one above it.
pub(super) fn is_platform(domain: &str) -> bool {
    let platforms = domains_of_file("platforms.txt");
    platforms.iter().any(|platform| domain == platform || domain.ends_with(&format!(".{platform}")))
}

fn domains_of_file(name: &str) -> Vec<String> {
    let path = format!("{}/src/model/data/{name}", env!("CARGO_MANIFEST_DIR"));
    let list = std::fs::read_to_string(path).expect("a list of domains");
    list.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

const ORG_FIELDS: &[&str] = &["id", "name", "external_id", "domain_names", "shared_tickets", "updated_at"];
const USER_FIELDS: &[&str] =
    &["id", "role", "active", "suspended", "shared", "verified", "email", "organization_id", "updated_at"];
const MEMBERSHIP_FIELDS: &[&str] = &["id", "user_id", "organization_id", "default", "updated_at"];
const TICKET_FIELDS: &[&str] = &["id", "requester_id", "organization_id", "status", "updated_at"];

/// The records that exist: of several with one id, the one that counts, unless it is deleted.
fn existing(records: &[Value], fields: &[&str]) -> Vec<Value> {
    let mut winners: Vec<&Value> = vec![];
    for record in records {
        match winners.iter().position(|winner| winner["id"] == record["id"]) {
            None => winners.push(record),
            Some(i) if precedence(record, fields) > precedence(winners[i], fields) => winners[i] = record,
            Some(_) => {}
        }
    }
    winners.iter().filter(|record| !is_deleted(record)).map(|record| filled_in(record, fields)).collect()
}

/// The later `updated_at`, then the deleted one, then the greater canonical JSON.
fn precedence(record: &Value, fields: &[&str]) -> (Option<text::Instant>, bool, String) {
    let updated_at = record["updated_at"].as_str().and_then(text::instant);
    (updated_at, is_deleted(record), text::canonical_json(&filled_in(record, fields)))
}

fn is_deleted(record: &Value) -> bool {
    // Only tickets have a status.
    !record["deleted_at"].is_null() || record["status"] == "deleted"
}

fn filled_in(record: &Value, fields: &[&str]) -> Value {
    let mut filled = json!({});
    for field in fields {
        filled[*field] = match (*field, &record[*field]) {
            ("active", Value::Null) => json!(true),
            ("suspended" | "shared" | "verified" | "default" | "shared_tickets", Value::Null) => {
                json!(false)
            }
            (_, value) => value.clone(),
        };
    }
    filled
}

fn string(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn org(record: &Value) -> Org {
    let mut domains = vec![];
    let mut stored_domains: Vec<String> = vec![];
    for name in record["domain_names"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        domains.extend(text::domain(name));
        if !stored_domains.iter().any(|stored| stored == name) {
            stored_domains.push(name.to_owned());
        }
    }
    let stored_external_id = string(&record["external_id"]);
    let key = stored_external_id.as_deref().filter(|id| !id.trim().is_empty()).map(text::account_key);
    Org {
        id: record["id"].as_u64().expect("an id"),
        name: string(&record["name"]).map(|name| text::shown_name(&name)),
        stored_external_id,
        key,
        domains,
        stored_domains,
        shared_tickets: record["shared_tickets"] == true,
    }
}

fn user(record: &Value, config: &ModelConfig) -> User {
    let domain = record["email"].as_str().and_then(text::email_domain);
    let role = string(&record["role"]).unwrap_or_default();
    User {
        id: record["id"].as_u64().expect("an id"),
        in_scope: config.roles.contains(&role)
            && record["active"] == true
            && (record["suspended"] == false || config.include_suspended)
            && record["shared"] == false
            && domain.is_some(),
        verified: record["verified"] == true,
        domain,
        organization_id: record["organization_id"].as_u64(),
    }
}

fn membership(record: &Value) -> Membership {
    Membership {
        id: record["id"].as_u64().expect("an id"),
        user_id: record["user_id"].as_u64().expect("a user id"),
        org_id: record["organization_id"].as_u64().expect("an organization id"),
        default: record["default"] == true,
    }
}

fn ticket(record: &Value) -> Ticket {
    Ticket {
        id: record["id"].as_u64().expect("an id"),
        requester_id: record["requester_id"].as_u64(),
        org_id: record["organization_id"].as_u64(),
        status: string(&record["status"]).unwrap_or_default(),
        updated_at: string(&record["updated_at"]).expect("updated_at"),
    }
}
