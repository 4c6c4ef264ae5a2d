//! What is accepted here, `serde_json` accepts with the same values.

use super::scanner::plain_length;
use super::*;
use serde::Deserialize;
use std::fmt::Debug;

/// A small generator of numbers (splitmix64), so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) % limit as u64) as usize
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

const KEYS: [&str; 18] = [
    "id",
    "id",
    "role",
    "active",
    "suspended",
    "shared",
    "verified",
    "email",
    "organization_id",
    "user_id",
    "requester_id",
    "default",
    "status",
    "updated_at",
    "deleted_at",
    "name",
    "domain_names",
    "\u{e9}\\n\\u00e9",
];
const ATOMS: [&str; 24] = [
    "null",
    "true",
    "false",
    "0",
    "1",
    "9990000097542",
    "9007199254740993",
    "12345678901234567",
    "18446744073709551616",
    "-1",
    "-0",
    "01",
    "1.5",
    "1e3",
    "1E-7",
    "-",
    "1.",
    "\"\"",
    "\"end-user\"",
    "\"a.very.long.text@acme.example\"",
    "\"Z\u{fc}rich \u{1f600}\"",
    "\"line\\nend \\\"q\\\" \\u00e9\"",
    "\"\\ud800\"",
    "\"2026-04-17T22:15:30Z\"",
];

fn value(random: &mut Random, depth: usize, into: &mut String) {
    match random.below(if depth < 3 { 8 } else { 6 }) {
        0..6 => into.push_str(random.one(&ATOMS)),
        6 => {
            into.push('[');
            for item in 0..random.below(4) {
                into.push_str(if item == 0 { random.one(&["", " "]) } else { random.one(&[",", " , "]) });
                value(random, depth + 1, into);
            }
            into.push_str(random.one(&["]", " ]"]));
        }
        _ => object(random, depth + 1, into),
    }
}

fn object(random: &mut Random, depth: usize, into: &mut String) {
    into.push_str(random.one(&["{", "{ "]));
    for member in 0..random.below(if depth == 0 { 9 } else { 4 }) {
        if member > 0 {
            into.push_str(random.one(&[",", ",\t"]));
        }
        into.push_str(&format!("\"{}\"{}", random.one(&KEYS), random.one(&[":", ": ", " :"])));
        value(random, depth, into);
    }
    into.push_str(random.one(&["}", " }"]));
}

/// A record that would be ordinary, but for what chance does to it.
fn record(random: &mut Random) -> String {
    let mut record = String::new();
    if random.below(2) == 0 {
        object(random, 0, &mut record);
    } else {
        record.push_str("{\"id\":7,\"user_id\":8,\"organization_id\":9,\"extra\":");
        value(random, 0, &mut record);
        record.push_str(random.one(&[
            ",\"email\":\"x@acme.example\"}",
            ",\"name\":null,\"domain_names\":[\"acme.example\", \"acme.test\"]} \r",
            ",\"updated_at\":\"2026-04-17T22:15:30Z\",\"default\":true,\"status\":\"open\"}",
        ]));
    }
    // Damage to the text itself: a byte more, less or other.
    for _ in 0..random.below(3) {
        let at = random.below(record.len());
        if !record.is_char_boundary(at) {
            continue;
        }
        if random.below(2) == 0 {
            record.insert_str(at, random.one(&["\"", "\\", "{", "}", "[", "]", ",", ":", "0", "\u{1}", "\u{7f}", " "]));
        } else {
            record.remove(at);
        }
    }
    record
}

#[derive(Debug, Default)]
struct Tally {
    scanned: u32,
    left_to_serde: u32,
    refused_by_both: u32,
}

fn agrees<'a, T: Plain<'a> + Deserialize<'a> + PartialEq + Debug>(record: &'a str, tally: &mut Tally) {
    match (T::scan(record), serde_json::from_str::<T>(record)) {
        (Some(scanned), Ok(parsed)) => {
            assert_eq!(scanned, parsed, "{record}");
            tally.scanned += 1;
        }
        (Some(_), Err(error)) => panic!("{record} was scanned, but {error}"),
        (None, Ok(_)) => tally.left_to_serde += 1,
        (None, Err(_)) => tally.refused_by_both += 1,
    }
}

#[test]
fn what_is_scanned_is_what_serde_json_reads() {
    let mut random = Random(1);
    let mut tally = Tally::default();
    for _ in 0..20_000 {
        let record = record(&mut random);
        agrees::<Organization<'_>>(&record, &mut tally);
        agrees::<User<'_>>(&record, &mut tally);
        agrees::<Membership<'_>>(&record, &mut tally);
        agrees::<Ticket<'_>>(&record, &mut tally);
    }
    let Tally { scanned, left_to_serde, refused_by_both } = tally;
    assert!(scanned > 10_000 && left_to_serde > 100 && refused_by_both > 10_000, "{tally:?}");
}

#[test]
fn records_as_zendesk_writes_them_are_ordinary() {
    let user = r#"{"id":9990000097542,"url":"https://acme.zendesk.com/api/v2/users/9990000097542.json","name":"Lee \"L\" J",
        "email":"lee@acme.example","locale_id":1,"organization_id":null,"role":"end-user","verified":true,"tags":[],
        "photo":{"size":-1.5e3,"thumbnails":[{},[[]],{"a":[null]}]},"active":true,"shared":false,"suspended":false,
        "updated_at":"2026-03-01T18:35:49Z","user_fields":{"newsletter":true,"note":"\u00e9\n"}}"#;
    let scanned = User::scan(user).expect("an ordinary record");
    assert_eq!(
        (scanned.id.0, &*scanned.email.flatten().expect("an address").0),
        (9_990_000_097_542, "lee@acme.example")
    );
    let org = r#"{"id":1,"name":"Acme","external_id":null,"domain_names":["acme.example","acme.test"],"shared_tickets":false}"#;
    let scanned = Organization::scan(org).expect("an ordinary record");
    assert_eq!(scanned.domain_names.flatten().map(|names| names.len()), Some(2));
    assert_eq!(scanned.external_id, Some(None), "null is not absent");
}

#[test]
fn what_is_unusual_is_left_to_serde_json() {
    let deep = format!("{{\"id\":1,\"x\":{}{}}}", "[".repeat(100), "]".repeat(100));
    for record in [
        r#"{"id":1,"id":1}"#,
        r#"{"\u0069d":1}"#,
        r#"{"id":1,"status":"o\u0070en"}"#,
        r#"{"id":1.0}"#,
        r#"{"id":1,"status":4}"#,
        r#"[1]"#,
        r#"{"status":"open"}"#,
        &deep,
    ] {
        assert!(Ticket::scan(record).is_none(), "{record}");
    }
}

#[test]
fn a_plain_run_ends_at_the_first_quote_backslash_or_control() {
    for length in 0..40 {
        let plain: String = "az\u{e9}\u{80}~!#[]".chars().cycle().take(length).collect();
        for end in ["\"", "\\", "\u{0}", "\u{1f}", "\n", ""] {
            for after in ["", "\"", "\\\\\"\u{1}", " plain again"] {
                let after = if end.is_empty() { "" } else { after };
                assert_eq!(plain_length(format!("{plain}{end}{after}").as_bytes()), plain.len());
            }
        }
    }
}
