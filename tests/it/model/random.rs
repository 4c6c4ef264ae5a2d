//! Seeded worlds, small and full of collisions: the same seed gives the same world everywhere.
//!
//! Every world is valid input; what the tool refuses is tested elsewhere. Nothing here knows the
//! rules but for one thing: suppressions are aimed at issues that the model finds without them.

mod earlier;

use serde_json::{Value, json};

use super::{ModelConfig, PlainWorld, Suppression, text};

/// All the input of one audit.
#[derive(Clone)]
pub struct Scenario {
    pub world: PlainWorld,
    pub reference_csv: String,
    /// The reference of the run that this one is compared with.
    pub baseline_csv: Option<String>,
    pub config: ModelConfig,
    pub as_of: String,
}

impl Scenario {
    /// The config file that says what `config` says.
    pub fn config_yaml(&self) -> String {
        let config = &self.config;
        let mut yaml = String::from("version: 1\n");
        if config.subdomain.is_some() || config.base_url.is_some() {
            yaml.push_str("zendesk:\n");
            push_text(&mut yaml, "  subdomain", config.subdomain.as_deref());
            push_text(&mut yaml, "  base_url", config.base_url.as_deref());
        }
        yaml.push_str(&format!("salesforce:\n  max_lost_percent: {}\n", config.max_lost_percent));
        if !config.columns.is_empty() {
            yaml.push_str("  columns:\n");
            for (ours, header) in &config.columns {
                push_text(&mut yaml, &format!("    {ours}"), Some(header));
            }
        }
        // JSON is YAML, so lists and texts are written as JSON.
        yaml.push_str(&format!(
            "domains:\n  personal: {}\n  not_personal: {}\n  ignored: {}\n",
            json!(config.personal),
            json!(config.not_personal),
            json!(config.ignored),
        ));
        yaml.push_str(&format!(
            "users:\n  roles: {}\n  include_suspended: {}\n  require_verified: {}\n",
            json!(config.roles),
            config.include_suspended,
            config.require_verified,
        ));
        let (enabled, days) = (config.tickets_enabled, config.lookback_days);
        yaml.push_str(&format!("tickets:\n  enabled: {enabled}\n  lookback_days: {days}\n"));
        push_thresholds(&mut yaml, &config.thresholds);
        if !config.suppressions.is_empty() {
            yaml.push_str("suppressions:\n");
        }
        for suppression in &config.suppressions {
            push_text(&mut yaml, "  - code", Some(&suppression.code));
            push_text(&mut yaml, "    sf_account_id", suppression.sf_account_id.as_deref());
            for (name, id) in [("org_id", suppression.org_id), ("user_id", suppression.user_id)] {
                if let Some(id) = id {
                    yaml.push_str(&format!("    {name}: {id}\n"));
                }
            }
            push_text(&mut yaml, "    domain", suppression.domain.as_deref());
            push_text(&mut yaml, "    issue_id", suppression.issue_id.as_deref());
            push_text(&mut yaml, "    reason", Some(&suppression.reason));
            if let Some(day) = &suppression.expires {
                yaml.push_str(&format!("    expires: {day}\n"));
            }
        }
        yaml
    }
}

fn push_text(yaml: &mut String, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        yaml.push_str(&format!("{key}: {}\n", json!(value)));
    }
}

fn push_thresholds(yaml: &mut String, thresholds: &[(String, u64)]) {
    if thresholds.is_empty() {
        return;
    }
    yaml.push_str("thresholds:\n");
    for (name, limit) in thresholds.iter().filter(|(name, _)| !name.contains('.')) {
        yaml.push_str(&format!("  {name}: {limit}\n"));
    }
    for group in ["max_by_risk", "max_by_code"] {
        let members: Vec<String> = thresholds
            .iter()
            .filter_map(|(name, limit)| Some(format!("{}: {limit}", name.strip_prefix(group)?.strip_prefix('.')?)))
            .collect();
        if !members.is_empty() {
            yaml.push_str(&format!("  {group}: {{ {} }}\n", members.join(", ")));
        }
    }
}

/// A generator of numbers (splitmix64).
pub struct Random {
    state: u64,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Random { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most - least + 1)
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }

    fn pick_text(&mut self, items: &[&str]) -> String {
        self.pick(items).to_owned()
    }

    /// Puts items into another order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

/// The scenario of a seed.
pub fn scenario(seed: u64) -> Scenario {
    let mut builder = Builder::new(seed);
    builder.add_accounts();
    builder.add_orgs();
    builder.add_users();
    builder.add_spread_domain();
    builder.add_tickets();
    builder.configure();
    let reference_csv = builder.reference_csv();
    let mut scenario = Scenario {
        world: builder.world(),
        reference_csv,
        baseline_csv: None,
        config: builder.config.clone(),
        as_of: builder.as_of.clone(),
    };
    builder.suppress(&mut scenario);
    scenario.baseline_csv = builder.earlier_reference();
    if scenario.baseline_csv.is_some() {
        scenario.config.max_lost_percent = builder.config.max_lost_percent;
        scenario.config.thresholds = builder.config.thresholds.clone();
    }
    scenario
}

/// A row of the reference in the making, and what the rest of the world needs to know of it.
#[derive(Clone)]
struct Row {
    sf_account_id: String,
    name: String,
    /// As an operator knows them, not as the cells spell them.
    domains: Vec<String>,
    cells: [String; 4],
    org: Option<u64>,
}

struct Builder {
    random: Random,
    as_of: String,
    now: i64,
    config: ModelConfig,
    rows: Vec<Row>,
    /// Domains that several accounts may claim.
    common: Vec<String>,
    orgs: Vec<Value>,
    users: Vec<Value>,
    memberships: Vec<Value>,
    tickets: Vec<Value>,
}

const NAMES: [&str; 21] = [
    "Acme Health",
    "Beta GmbH & Co. KG",
    " Padded ",
    "=HYPERLINK(\"http://evil.example\")",
    "+41 44 000",
    "-minus",
    "@mention",
    "Quote \"Q\" Inc",
    "Semi; colon, comma",
    "Vertical\u{b}tab",
    "Form\u{c}feed",
    "Tab\tbed",
    "\u{1b}[31mRed\u{7f}",
    "\u{85}Next line\u{9b}x\u{85}",
    "\u{202e}ltr",
    "Ünï çødé 例え 🦊",
    "",
    "'quoted",
    "a|b|c",
    "<script>",
    "＝full width",
];

const STEMS: [&str; 11] = [
    "acme",
    "bücher",
    "straße",
    "northwind",
    "例え",
    "ciné",
    "globex",
    "xn--bcher-kva",
    "ini-tech",
    "umbrella",
    "ab--cd",
];
const ENDINGS: [&str; 6] = [".example", ".com", ".co.uk", ".de", ".uk.com", ".公司.cn"];

const JUNK_ENTRIES: [&str; 15] = [
    "n/a",
    "localhost",
    "co.uk",
    "1.2.3.4",
    "-bad.example",
    "two..dots.example",
    "http://",
    "xn--a.example",
    "under_score.example",
    ".",
    "@",
    "www.com",
    "#",
    "none",
    "‏عربىa.example",
];

const PLATFORMS: [&str; 4] =
    ["https://www.facebook.com/acme", "acme.wordpress.com", "sites.google.com/view/x", "linkedin.com/acme.com"];
const PERSONAL: [&str; 5] = ["gmail.com", "outlook.com", "web.de", "proton.me", "gmx.net"];
const IGNORED: [&str; 2] = ["ignored.example", "partner.example"];

const DEAD_ORG: u64 = 9_999;

impl Builder {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let as_of = random.pick_text(&[
            "2026-04-17T22:15:30Z",
            "2026-03-01T00:00:00Z",
            "2024-02-29T23:59:59Z",
            "2026-04-18T00:15:30+02:00",
            "2025-12-31T23:30:00.75-01:00",
        ]);
        let (now, _) = text::instant(&as_of).expect("RFC 3339");
        Builder {
            random,
            as_of,
            now,
            config: ModelConfig::default(),
            rows: vec![],
            common: vec![],
            orgs: vec![],
            users: vec![],
            memberships: vec![],
            tickets: vec![],
        }
    }

    // The reference.

    fn add_accounts(&mut self) {
        let count = self.random.between(2, 12);
        self.common = (0..2).map(|_| self.new_domain()).collect();
        while self.rows.len() < count {
            let sf_account_id = self.new_account_id();
            let key = text::account_key(&sf_account_id);
            if self.rows.iter().any(|row| text::account_key(&row.sf_account_id) == key) {
                continue;
            }
            let mut domains = vec![];
            for _ in 0..self.random.pick(&[1, 1, 1, 2, 3]) {
                domains.push(self.new_domain());
            }
            if self.random.chance(25) {
                domains.push(self.random.pick(&self.common.clone()));
            }
            if self.random.chance(8)
                && let Some(row) = self.rows.last()
            {
                domains.push(row.domains[0].clone());
            }
            let cells = self.cells(&mut domains);
            let name = self.random.pick_text(&NAMES);
            self.rows.push(Row { sf_account_id, name, domains, cells, org: None });
        }
    }

    fn new_account_id(&mut self) -> String {
        let fifteen = |random: &mut Random| -> String {
            let letters: Vec<char> = "0123456789abcdefXYZABCQRS".chars().collect();
            "001".chars().chain((0..12).map(|_| random.pick(&letters))).collect()
        };
        match self.random.below(10) {
            0..3 => fifteen(&mut self.random),
            3..6 => {
                let id = fifteen(&mut self.random);
                let check = text::check_of(&id);
                self.recased(&(id + &check))
            }
            6 => {
                let id = fifteen(&mut self.random);
                self.random.pick(&[id.clone() + "9zz", id.to_lowercase() + "555"])
            }
            _ => {
                let stem = self.random.pick_text(&[
                    "001ACME", "acme_", "=cmd", "-7", "+1", "@x", "Ünï", "id\"q\"", "a;b,", "l.f", "[1m", "ΣΑΣ",
                ]);
                format!("{stem}{:03}", self.random.below(40))
            }
        }
    }

    /// An id as exports and spreadsheets mangle its case.
    fn recased(&mut self, id: &str) -> String {
        match self.random.below(4) {
            0 => id.to_ascii_lowercase(),
            1 => id.to_ascii_uppercase(),
            _ => id.to_owned(),
        }
    }

    fn new_domain(&mut self) -> String {
        if self.random.chance(4) {
            // A public suffix, but of the private section: a domain as good as any.
            return self.random.pick_text(&["uk.com", "dyndns.org"]);
        }
        let number = self.random.pick(&["", "1", "2", "-3"]);
        let stem = self.random.pick_text(&STEMS);
        let prefix = if self.random.chance(10) { "mail." } else { "" };
        format!("{prefix}{stem}{number}{}", self.random.pick_text(&ENDINGS))
    }

    /// A domain as people write it; it has no character that splits entries.
    fn spelled(&mut self, domain: &str) -> String {
        match self.random.below(18) {
            0 => domain.to_ascii_uppercase(),
            1 => format!("https://www.{domain}/about?x=1#y"),
            2 => format!("mailto:Info@{domain}"),
            3 => format!("{domain}:8080"),
            4 => format!("{domain}."),
            5 => format!("@{domain}"),
            6 => format!("WWW.{domain}"),
            7 => domain.replace('.', "。"),
            8 => format!("ftp+x://user:secret@{domain}:21/"),
            10 => format!(
                "{domain}{}old-acme.{}",
                self.random.pick(&['/', '#', '?']),
                self.random.pick(&["com", "example"])
            ),
            9 => text::domain(domain).unwrap_or_else(|| domain.to_owned()),
            _ => domain.to_owned(),
        }
    }

    /// The cells for domains, override, website and `zendesk_expected`.
    fn cells(&mut self, domains: &mut Vec<String>) -> [String; 4] {
        let mut entries = vec![];
        for domain in domains.iter() {
            entries.push(self.spelled(domain));
            if self.random.chance(5) {
                entries.push(self.spelled(domain));
            }
        }
        for (percent, others) in [(12, &JUNK_ENTRIES[..]), (12, &PERSONAL[..]), (8, &IGNORED[..]), (6, &PLATFORMS[..])]
        {
            if self.random.chance(percent) {
                entries.push(self.random.pick_text(others));
            }
        }
        let overrides = match self.random.below(20) {
            0 => self.random.pick_text(&JUNK_ENTRIES),
            1 | 2 => {
                *domains = vec![self.new_domain()];
                let junk = self.random.pick_text(&["", "n/a;", "gmail.com,"]);
                junk + &self.spelled(&domains[0])
            }
            3 => self.random.pick_text(&["gmail.com", "ignored.example"]),
            4 => {
                entries.clear();
                String::new()
            }
            _ => String::new(),
        };
        self.random.shuffle(&mut entries);
        let separator = self.random.pick_text(&[",", ";", "|", " ", "\n", "; ", " ,, ", "\u{a0}"]);
        let website = self.random.pick_text(&["", "https://www.acme.example"]);
        let expected = self.random.pick_text(&[
            "", "", "", "", "yes", "TRUE", " y ", "1", "no", "No", "FALSE ", "n", "0", "maybe", "nein", "２",
        ]);
        [entries.join(&separator), overrides, website, expected]
    }

    fn reference_csv(&mut self) -> String {
        let has_sep_line = self.random.chance(15);
        let delimiter =
            if has_sep_line { self.random.pick(&[",", ";", "\t", "|"]) } else { self.random.pick(&[",", ";", "\t"]) };
        let end = self.random.pick(&["\n", "\r\n", "\r"]);
        let mut headers: Vec<String> = [
            "sf_account_id",
            "account_name",
            "account_domains",
            "zendesk_domain_override",
            "website",
            "zendesk_expected",
        ]
        .map(str::to_owned)
        .to_vec();
        for (ours, replacement) in &self.config.columns {
            for header in &mut headers {
                if header == ours {
                    *header = replacement.clone();
                }
            }
        }
        for header in &mut headers {
            match self.random.below(5) {
                0 => *header = header.to_uppercase(),
                1 => *header = format!(" {header} "),
                _ => {}
            }
        }
        let mut lines = vec![headers];
        for i in 0..self.rows.len() {
            let row = &self.rows[i];
            let row_id = row.sf_account_id.clone();
            let [domains, overrides, website, expected] = row.cells.clone();
            let mut line = vec![row.sf_account_id.clone(), row.name.clone(), domains, overrides, website, expected];
            if self.random.chance(10) {
                line[0] = format!(" {}\u{a0}", line[0]);
            }
            if self.random.chance(10) {
                let wrapped = [format!("'{}", line[0].trim()), format!("=\"{}\"", line[0].trim())];
                line[0] = self.random.pick(&wrapped);
            }
            lines.push(line.clone());
            if self.random.chance(6) {
                // The same row again, perhaps not in the same words.
                line[0] = format!("'{}", row_id);
                line[1] = format!(" {} ", line[1]);
                lines.push(line);
            }
            if self.random.chance(8) {
                lines.push(vec![String::new(), " ".to_owned()]);
            }
        }
        // Our columns come in any order, and others stand between them.
        let mut order: Vec<usize> = (0..6).collect();
        self.random.shuffle(&mut order);
        let has_extra = self.random.chance(30);
        let mut csv = self.random.pick_text(&["", "", "\u{feff}"]);
        if has_sep_line {
            csv.push_str(&format!("{}{delimiter}{end}", self.random.pick(&["sep=", "SEP="])));
        }
        csv.push_str(&self.random.pick(&["", "", end]).repeat(2));
        for (number, line) in lines.iter().enumerate() {
            let mut cells: Vec<String> = order.iter().map(|i| line.get(*i).cloned().unwrap_or_default()).collect();
            if has_extra {
                cells.insert(3, if number == 0 { "Owner \"x\"".to_owned() } else { "ignored, really".to_owned() });
            }
            if line.len() < 6 {
                cells = line.clone();
            } else if number > 0 && self.random.chance(50) {
                // Missing last cells are empty.
                while cells.last().is_some_and(String::is_empty) && cells.len() > 1 {
                    cells.pop();
                }
            }
            let cells: Vec<String> = cells.iter().map(|cell| self.csv_cell(cell, delimiter)).collect();
            csv.push_str(&cells.join(delimiter));
            csv.push_str(end);
        }
        if self.random.chance(20) {
            csv.push_str(&self.footer(end));
        }
        if self.random.chance(30) {
            csv.truncate(csv.len() - end.len());
        }
        csv
    }

    /// The lines with which Salesforce ends a report.
    fn footer(&mut self, end: &str) -> String {
        let empty = self.random.pick(&["", end]);
        let lines =
            ["Accounts", "\"All accounts, with support\"", "Generated By:  Runner", "\"Two\nlines\"", "Larkspur"];
        let count = self.random.between(1, 4);
        let mut footer = empty.to_owned();
        // Without a text, and right below the accounts, such rows would be accounts that a row lacks cells of.
        footer.push_str(&format!("\"Copyright (c) 2026, all rights reserved\"{end}"));
        for _ in 0..count {
            footer.push_str(&self.random.pick_text(&lines));
            footer.push_str(end);
        }
        footer
    }

    fn csv_cell(&mut self, cell: &str, delimiter: &str) -> String {
        // A quote that does not begin the cell is text, and is quoted only most of the time.
        let must = cell.contains(delimiter) || cell.contains(['\n', '\r']) || cell.starts_with('"');
        if must || self.random.chance(if cell.contains('"') { 70 } else { 10 }) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.to_owned()
        }
    }

    // Zendesk.

    fn add_orgs(&mut self) {
        // Where the link is held in another field, every org has another id.
        let all_conflict = self.random.chance(6);
        for account in 0..self.rows.len() {
            let id = self.rows[account].sf_account_id.clone();
            let mut domains = self.rows[account].domains.clone();
            domains.retain(|_| self.random.chance(80));
            let first = self.rows[account].domains[0].clone();
            let kind = if all_conflict { 14 } else { self.random.below(20) };
            let org = match kind {
                0..8 => {
                    let external_id = self.external_id(&id);
                    Some(self.add_org(Some(external_id), &domains))
                }
                8..12 => {
                    let blank = self.random.pick(&[None, Some(String::new()), Some(" \t".to_owned())]);
                    Some(self.add_org(blank, &domains))
                }
                12 | 13 => {
                    for _ in 0..self.random.between(2, 3) {
                        let external_id = self.external_id(&id);
                        self.add_org(Some(external_id), &domains);
                    }
                    self.orgs.last().and_then(|org| org["id"].as_u64())
                }
                14 => {
                    let other = self.random.pick_text(&["legacy-1", "001000000000XYZ", "=1+1", "\nx", "-9"]);
                    Some(self.add_org(Some(other), std::slice::from_ref(&first)))
                }
                15 | 16 => {
                    self.add_org(None, &domains);
                    Some(self.add_org(None, std::slice::from_ref(&first)))
                }
                17 => self.give_domain_to_an_org(&first),
                _ => None,
            };
            self.rows[account].org = org;
            if self.random.chance(20) {
                let domain = self.random.pick(&self.rows[account].domains.clone());
                self.give_domain_to_an_org(&domain);
            }
        }
        for _ in 0..self.random.below(4) {
            let common = self.random.pick(&self.common.clone());
            self.add_org(None, &[common]);
        }
        let versions =
            self.other_versions(&self.orgs.clone(), "name", &[json!("Renamed"), json!("Zz"), json!("A\u{1}")]);
        self.orgs.extend(versions);
        let versions = self.other_versions(&self.orgs.clone(), "external_id", &[json!(null), json!("other")]);
        self.orgs.extend(versions);
    }

    /// An account id as it may stand in an org.
    fn external_id(&mut self, id: &str) -> String {
        let key = text::written_id(id);
        let is_salesforce_id = key.len() == 18 && !text::has_wrong_check(&key);
        let spelled = match self.random.below(5) {
            0 if is_salesforce_id => key[..15].to_owned(),
            1 => key,
            2 if is_salesforce_id => self.recased(&key),
            2 => self.recased(id),
            _ => id.to_owned(),
        };
        if self.random.chance(15) { format!("\t{spelled} ") } else { spelled }
    }

    fn add_org(&mut self, external_id: Option<String>, domains: &[String]) -> u64 {
        let id = 4_001 + 3 * self.orgs.len() as u64;
        let mut domain_names: Vec<String> = domains.iter().map(|domain| self.spelled(domain)).collect();
        if self.random.chance(10) {
            domain_names.push(self.random.pick_text(&JUNK_ENTRIES));
        }
        let mut org = json!({
            "id": id,
            "name": self.random.pick_text(&NAMES),
            "external_id": external_id,
            "domain_names": domain_names,
            "updated_at": self.time_near(-40),
            "group_id": null,
        });
        if self.random.chance(25) {
            org["shared_tickets"] = json!(self.random.chance(80));
        }
        self.orgs.push(org);
        id
    }

    fn give_domain_to_an_org(&mut self, domain: &str) -> Option<u64> {
        let spelled = self.spelled(domain);
        let place = self.random.below(self.orgs.len().max(1));
        let org = self.orgs.get_mut(place)?;
        org["domain_names"].as_array_mut()?.push(json!(spelled));
        org["id"].as_u64()
    }

    fn org_ids(&self) -> Vec<u64> {
        let mut ids: Vec<u64> = self.orgs.iter().filter_map(|org| org["id"].as_u64()).collect();
        ids.push(DEAD_ORG);
        ids
    }

    fn time_near(&mut self, days: i64) -> String {
        text::utc(self.now + days * 86_400 + self.random.below(1000) as i64)
    }

    /// Other versions of some records: older, newer, of the same age, deleted.
    fn other_versions(&mut self, records: &[Value], field: &str, values: &[Value]) -> Vec<Value> {
        let mut versions = vec![];
        for record in records {
            if !self.random.chance(6) {
                continue;
            }
            let mut version = record.clone();
            let (at, _) = text::instant(record["updated_at"].as_str().unwrap_or_default()).unwrap_or((self.now, 0));
            version["updated_at"] = match self.random.below(5) {
                0 => json!(text::utc(at - 1)),
                1 => json!(text::utc(at + 1)),
                // The same instant, in another time zone.
                2 => json!(text::utc(at + 3600).replace('Z', "+01:00")),
                _ => record["updated_at"].clone(),
            };
            match self.random.below(4) {
                0 => version["deleted_at"] = json!(text::utc(at)),
                1 => version["deleted_at"] = json!(null),
                _ => version[field] = self.random.pick(values),
            }
            versions.push(version);
        }
        versions
    }

    fn add_users(&mut self) {
        for _ in 0..self.random.between(3, 30) {
            let account = self.random.below(self.rows.len());
            let home = self.rows[account].org;
            let domain = match self.random.below(20) {
                0 => self.random.pick_text(&PERSONAL),
                1 => self.random.pick_text(&IGNORED),
                2 => self.new_domain(),
                3 => self.random.pick(&self.common.clone()),
                _ => self.random.pick(&self.rows[account].domains.clone()),
            };
            let email = self.email(&domain);
            self.add_user(email, home);
        }
        let roles = [json!("agent"), json!("end-user"), json!("admin")];
        let versions = self.other_versions(&self.users.clone(), "role", &roles);
        self.users.extend(versions);
        let emails = [json!(null), json!("zz@acme.example"), json!("aa@acme.example")];
        let versions = self.other_versions(&self.users.clone(), "email", &emails);
        self.users.extend(versions);
        let defaults = [json!(true), json!(false), json!(null)];
        let versions = self.other_versions(&self.memberships.clone(), "default", &defaults);
        self.memberships.extend(versions);
    }

    fn email(&mut self, domain: &str) -> Value {
        match self.random.below(30) {
            0 => json!(null),
            1 => json!("no-at-sign.example"),
            2 => json!("x@localhost"),
            3 => json!(format!("x@www.{domain}")),
            4 => json!(format!("a@b@{}", domain.to_uppercase())),
            5 => json!(format!(" x@{domain} ")),
            6 => json!(format!("x@{domain}.")),
            7 => json!(text::domain(domain).map(|domain| format!("\"a/b?\"@{domain}"))),
            8 => json!("x@"),
            _ => json!(format!("user{}@{domain}", self.random.below(1000))),
        }
    }

    /// Adds a user, who is likely to be a member of `home`, and its memberships.
    fn add_user(&mut self, email: Value, home: Option<u64>) {
        let id = 70_001 + self.users.len() as u64;
        let mut orgs = vec![];
        if let Some(home) = home {
            for percent in [65, 8] {
                if self.random.chance(percent) {
                    orgs.push(home);
                }
            }
        }
        for percent in [30, 12] {
            if self.random.chance(percent) {
                orgs.push(self.random.pick(&self.org_ids()));
            }
        }
        self.random.shuffle(&mut orgs);
        let style = self.random.below(6);
        for (place, org) in orgs.iter().enumerate() {
            let default = match style {
                0 => json!(null),
                1 => json!(true),
                2 => json!(false),
                _ => json!(place == 0),
            };
            // Ids fall as often as they rise, so that the lowest is not always the first.
            let number = self.memberships.len() as u64;
            let membership_id = if number.is_multiple_of(2) { 100_000 + number } else { 99_999 - number };
            let mut membership = json!({
                "id": membership_id, "user_id": id, "organization_id": org, "updated_at": self.time_near(-20),
            });
            if !default.is_null() || self.random.chance(50) {
                membership["default"] = default;
            }
            self.memberships.push(membership);
        }
        let organization_id = match self.random.below(6) {
            0 => json!(null),
            1 => json!(self.random.pick(&self.org_ids())),
            _ => json!(orgs.first()),
        };
        let mut user = json!({
            "id": id, "email": email, "role": "end-user", "verified": true, "organization_id": organization_id,
            "updated_at": self.time_near(-10), "name": "Somebody",
        });
        let oddities = [
            ("role", json!("agent")),
            ("role", json!("admin")),
            ("verified", json!(false)),
            ("verified", json!(null)),
            ("active", json!(false)),
            ("active", json!(true)),
            ("active", json!(null)),
            ("suspended", json!(true)),
            ("suspended", json!(null)),
            ("shared", json!(true)),
            ("shared", json!(false)),
        ];
        for (field, value) in oddities {
            if self.random.chance(5) {
                user[field] = value;
            }
        }
        self.users.push(user);
    }

    /// Adds an account whose domain has users with many default orgs, as a provider's has.
    fn add_spread_domain(&mut self) {
        if !self.random.chance(35) || self.orgs.len() < 4 {
            return;
        }
        let domain = self.random.pick_text(&["provider.example", "straßennetz.de"]);
        // Three of them, so that one may link, the provider's and another be missing.
        let domains = [domain.clone(), self.new_domain(), self.new_domain()];
        let sf_account_id = "Spread-1".to_owned();
        let held = self.random.pick(&[&domains[..1], &domains[..1], &domains[1..2], &domains[..]]);
        let external_id = self.random.pick(&[None, None, Some(sf_account_id.clone())]);
        let home = self.add_org(external_id, held);
        let cells = [domains.join(" "), String::new(), String::new(), String::new()];
        self.rows.push(Row {
            sf_account_id,
            name: "Spread".to_owned(),
            domains: domains.to_vec(),
            cells,
            org: Some(home),
        });
        let first = self.random.below(self.orgs.len());
        for number in 0..self.random.between(3, 8) {
            let org = self.orgs[(first + number) % self.orgs.len()]["id"].clone();
            let memberships = self.memberships.len();
            self.add_user(json!(format!("user@{domain}")), None);
            self.memberships.truncate(memberships);
            if let Some(user) = self.users.last_mut() {
                user["organization_id"] = org;
            }
        }
        for _ in 0..self.random.below(4) {
            let domain = self.random.pick(&domains);
            self.add_user(json!(format!("user@{domain}")), Some(home));
        }
        if self.random.chance(15) {
            self.config.not_personal.extend(text::domain(&domain));
        }
    }

    fn add_tickets(&mut self) {
        self.config.lookback_days = self.random.pick(&[30, 30, 30, 1, 7, 365]);
        let first = self.now - self.config.lookback_days * 86_400;
        for number in 0..self.random.below(40) as u64 {
            let requester = self.random.pick(&self.users.clone());
            let updated_at = match self.random.below(12) {
                0 => text::utc(first),
                1 => text::utc(first - 1),
                2 => text::utc(self.now),
                3 => text::utc(self.now + 1),
                4 => text::utc(self.now).replace('Z', ".500Z"),
                5 => text::utc(first - 1).replace('Z', ".999Z"),
                6 => text::utc(first + 7200).replace('Z', "+02:00"),
                7 => text::utc(self.now - 5400 + 1).replace('Z', "-01:30"),
                _ => text::utc(self.now - 60 - self.random.below(80_000) as i64),
            };
            let memberships: Vec<Value> = self
                .memberships
                .iter()
                .filter(|membership| membership["user_id"] == requester["id"])
                .map(|membership| membership["organization_id"].clone())
                .collect();
            let org = match self.random.below(5) {
                0 => json!(null),
                1 => json!(self.random.pick(&self.org_ids())),
                2 if !memberships.is_empty() => self.random.pick(&memberships),
                _ => requester["organization_id"].clone(),
            };
            let requester_id = if self.random.chance(4) { json!(88_888) } else { requester["id"].clone() };
            let status =
                self.random.pick_text(&["new", "open", "pending", "hold", "solved", "closed", "closed", "deleted"]);
            self.tickets.push(json!({
                "id": 500_000 - number, "requester_id": requester_id, "organization_id": org,
                "status": status, "updated_at": updated_at, "subject": "=secret",
            }));
        }
        let statuses = [json!("open"), json!("deleted"), json!("solved")];
        let versions = self.other_versions(&self.tickets.clone(), "status", &statuses);
        self.tickets.extend(versions);
    }

    fn world(&mut self) -> PlainWorld {
        let settings = match self.random.below(10) {
            0 => None,
            1 => Some(json!({ "settings": { "user": {} } })),
            2..4 => Some(json!({ "settings": { "user": { "multiple_organizations": false } } })),
            _ => Some(json!({ "settings": { "user": { "multiple_organizations": true } } })),
        };
        let mut world = PlainWorld {
            organizations: self.orgs.clone(),
            users: self.users.clone(),
            memberships: self.memberships.clone(),
            tickets: self.tickets.clone(),
            settings,
        };
        for records in [&mut world.organizations, &mut world.users, &mut world.memberships, &mut world.tickets] {
            self.random.shuffle(records);
        }
        world
    }

    // The config.

    fn configure(&mut self) {
        let config = &mut self.config;
        let random = &mut self.random;
        match random.below(5) {
            0 => config.subdomain = Some("acme".to_owned()),
            1 => config.subdomain = Some("Acme-2".to_owned()),
            2 => config.base_url = Some("https://Acme.Zendesk.com:443/".to_owned()),
            3 => config.base_url = Some("http://127.0.0.1:8080".to_owned()),
            _ => {}
        }
        if random.chance(20) {
            config.columns = vec![
                ("sf_account_id".to_owned(), "Account ID".to_owned()),
                ("account_domains".to_owned(), "Domänen".to_owned()),
            ];
        }
        if random.chance(20) {
            config.personal = vec!["Corpmail.example".to_owned()];
            config.personal.extend(text::domain(&random.pick(&self.common)));
        }
        if random.chance(15) {
            config.not_personal.push("gmail.com".to_owned());
        }
        if random.chance(60) {
            config.ignored = IGNORED.map(str::to_owned).to_vec();
            if random.chance(20) {
                config.ignored.push("https://www.web.de/".to_owned());
            }
        }
        config.roles = match random.below(6) {
            0 => vec!["end-user".to_owned(), "agent".to_owned()],
            1 => vec!["agent".to_owned(), "admin".to_owned(), "end-user".to_owned()],
            _ => vec!["end-user".to_owned()],
        };
        config.tickets_enabled = random.chance(93);
        config.include_suspended = random.chance(20);
        config.require_verified = random.chance(80);
        for name in [
            "max_total_issues",
            "max_blocked_actions",
            "max_by_risk.critical",
            "max_by_risk.medium",
            "max_by_code.org_external_id_conflict",
            "max_by_code.ticket_org_mismatch",
        ] {
            if random.chance(10) {
                config.thresholds.push((name.to_owned(), random.below(12) as u64));
            }
        }
    }

    /// Adds suppressions that match, almost match, have expired or never matched.
    fn suppress(&mut self, scenario: &mut Scenario) {
        if self.random.chance(40) {
            return;
        }
        let findings = super::audit(&scenario.world, &scenario.reference_csv, None, &scenario.config, &scenario.as_of);
        let issues = findings.tables.iter().find(|table| table.file == "all_exceptions.csv");
        let rows: &[Vec<String>] = issues.map_or(&[], |table| &table.rows);
        let columns: &[&str] = issues.map_or(&[], |table| &table.columns);
        for number in 0..self.random.between(1, 4) {
            let mut suppression = Suppression {
                code: self.random.pick_text(&super::rules::ISSUE_CODES),
                reason: self.random.pick_text(&["Shared until the \"cutover\"", "=because", "ünïcode: yes # no"]),
                ..Suppression::default()
            };
            // The first is likely to be of a link, on which other actions depend.
            let links: Vec<&Vec<String>> =
                rows.iter().filter(|row| row.iter().any(|cell| cell == "org_missing_external_id")).collect();
            let row = match number {
                0 if !links.is_empty() && self.random.chance(50) => Some(self.random.pick(&links)),
                _ if !rows.is_empty() && self.random.chance(85) => Some(&rows[self.random.below(rows.len())]),
                _ => None,
            };
            if let Some(row) = row {
                let cell = |name: &str| {
                    let place = columns.iter().position(|column| *column == name).expect("a column");
                    // No id begins with the quote that guards it.
                    let cell = row[place].trim_start_matches('\'').to_owned();
                    Some(cell).filter(|cell| !cell.is_empty())
                };
                suppression.code = cell("issue_code").expect("a code");
                let account = cell("sf_account_id");
                match self.random.below(6) {
                    0 => suppression.issue_id = cell("issue_id"),
                    1 => suppression.org_id = cell("org_id").and_then(|id| id.parse().ok()),
                    2 => suppression.user_id = cell("user_id").and_then(|id| id.parse().ok()),
                    3 => suppression.domain = cell("domain").map(|domain| self.spelled(&domain)),
                    4 => suppression.sf_account_id = account.map(|id| self.external_id(&id)),
                    _ => {
                        suppression.sf_account_id = account;
                        suppression.domain = cell("domain").map(|domain| self.spelled(&domain));
                        suppression.org_id = cell("org_id").and_then(|id| id.parse().ok());
                    }
                }
                if self.random.chance(10) {
                    suppression.org_id = Some(DEAD_ORG);
                }
            }
            let today = text::utc(self.now)[..10].to_owned();
            let yesterday = text::utc(self.now - 86_400)[..10].to_owned();
            suppression.expires = match self.random.below(6) {
                0 => Some(today),
                1 => Some(yesterday),
                2 => Some("2099-12-31".to_owned()),
                _ => None,
            };
            scenario.config.suppressions.push(suppression);
        }
    }
}
