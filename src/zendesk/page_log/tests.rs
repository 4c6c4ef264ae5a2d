//! What is kept, given back and refused.

use super::*;

fn about() -> About {
    About {
        tool_version: "1".to_owned(),
        zendesk: "https://acme.example".to_owned(),
        lookback_days: 30,
        tickets: true,
        allow_list: false,
        as_of: None,
    }
}

fn me(id: u64) -> Me {
    Me { id, role: Some("admin".to_owned()), ..Me::default() }
}

/// A log of user 7 with two pages of users, of which no more follow, and one of organizations.
fn log(folder: &Path) -> PageLog {
    let log = PageLog::begin(folder, about(), Instant::from_seconds(1000), Instant::from_seconds(10));
    assert!(log.is_read_by(&me(7)).expect("written"));
    log.of(List::Users).append(r#"[{"id":1,"name":"Jo","email":"jo@a.example"}]"#, Some("c\t1")).expect("kept");
    log.of(List::Users).append(r#"[{"id":2}]"#, None).expect("kept");
    log.of(List::Organizations).append("[]", Some("o1")).expect("kept");
    log
}

fn pages(log: &PageLog, list: List) -> Vec<(String, Option<String>)> {
    let mut pages = Vec::new();
    let take = |records: &str, next| {
        pages.push((records.to_owned(), next));
        Ok(false)
    };
    log.of(list).replay(take).expect("read");
    pages
}

#[test]
fn what_was_kept_is_given_back_and_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(log(folder.path()));
    let log = PageLog::open(folder.path()).expect("a log");
    assert_eq!((log.began_at().seconds(), log.tickets_from().seconds()), (1000, 10));
    assert_eq!(log.said(), "1 page of organizations, 2 pages of users (all)");
    assert!(log.is_read_by(&me(7)).expect("the same"));
    let first = (r#"[{"id":1,"email":"@a.example"}]"#.to_owned(), Some("c\t1".to_owned()));
    assert_eq!(pages(&log, List::Users), [first, (r#"[{"id":2}]"#.to_owned(), None)]);
    assert!(log.of(List::Users).had_ended() && !log.of(List::Organizations).had_ended());
    assert_eq!(log.ticket_source(), None);
    log.of(List::Organizations).append("[]", None).expect("kept");
    log.of(List::TicketsBySearch).append("[]", Some("t")).expect("kept");
    drop(log);
    let log = PageLog::open(folder.path()).expect("a log");
    assert_eq!((log.pages(), pages(&log, List::Organizations).len()), (5, 2));
    assert_eq!(log.ticket_source(), Some(TicketSource::SearchExport));
}

#[test]
fn another_login_and_a_list_that_begins_again_keep_nothing_of_before() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(log(folder.path()));
    let log = PageLog::open(folder.path()).expect("a log");
    log.of(List::Users).forget();
    log.of(List::Users).append("[]", Some("again")).expect("kept");
    drop(log);
    let log = PageLog::open(folder.path()).expect("a log");
    assert_eq!(pages(&log, List::Users), [("[]".to_owned(), Some("again".to_owned()))]);
    assert!(!log.is_read_by(&me(8)).expect("written"));
    assert!(log.pages() == 0 && !log.is_useful());
    drop(log);
    let log = PageLog::open(folder.path()).expect("a log");
    assert!(log.is_read_by(&me(8)).expect("the same") && log.pages() == 0);
}

#[test]
fn a_page_that_was_cut_off_is_dropped_and_any_other_damage_is_told() {
    let with = |change: &dyn Fn(Vec<u8>) -> Vec<u8>, name: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        drop(log(folder.path()));
        let path = folder.path().join(name);
        std::fs::write(&path, change(std::fs::read(&path).expect("a file"))).expect("written");
        PageLog::open(folder.path()).map(|log| pages(&log, List::Users).len()).map_err(|error| error.to_string())
    };
    let users = List::Users.name();
    let damaged = |name: &str| Err(format!("{name} is damaged"));
    assert_eq!(with(&|bytes| bytes[..bytes.len() - 1].to_vec(), users), Ok(1));
    assert_eq!(with(&|_| Vec::new(), users), Ok(0));
    let lines = |bytes: &[u8]| bytes.split_inclusive(|c| *c == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    assert_eq!(with(&|bytes| lines(&bytes)[1].clone(), users), damaged(users), "the first page is gone");
    assert_eq!(with(&|bytes| [bytes.clone(), bytes].concat(), users), damaged(users), "pages after the last one");
    let flipped = |mut bytes: Vec<u8>| {
        bytes[100] ^= 1;
        bytes
    };
    assert_eq!(with(&flipped, users), damaged(users));
    assert_eq!(with(&|_| vec![0xff, b'\n'], users), damaged(users));
    assert_eq!(with(&|_| b"{}".to_vec(), HEADER), damaged(HEADER));
    let other = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text").replace("acme", "emca").into_bytes();
    assert_eq!(with(&other, HEADER), damaged(List::Organizations.name()), "the pages are of another log");
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    drop(log(folder.path()));
    for entry in std::fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("an entry")) {
        let mode = entry.metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
    }
}
