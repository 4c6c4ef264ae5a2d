//! The answers of Salesforce, read from bytes, for the proofs.

use super::auth::granted;
use super::page::Page;
use super::query::Query;
use super::read::Whole;
use crate::text::said::Said;

const QUERY: &str = "SELECT Id, Name, Owner.Name, Website FROM Account WHERE Type = 'Customer'";

/// The answer to a grant.
pub(crate) fn grant(answer: &[u8]) -> bool {
    granted(answer).is_ok()
}

/// A page of the answer to a query, and the table that its records make.
pub(crate) fn page(answer: &[u8]) -> bool {
    let query = Query::parse(QUERY).expect("a query");
    let mut whole = Whole::new(&query);
    let Ok(page) = Page::parse(answer) else { return false };
    let Ok(next) = whole.add(page) else { return false };
    if let Some(next) = next {
        let url = "https://acme.my.salesforce.com/services/data/v64.0/query?q=x".parse().expect("a URL");
        let _ = whole.follow(&url, "/services/data/v64.0/query", &next);
    }
    let csv = whole.into_csv();
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(csv.as_slice());
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("the table is a CSV")).collect();
    assert!(rows.iter().all(|row| row.len() == query.fields().len()), "a record has a cell for each field");
    true
}

/// The body of an error answer to a query.
pub(crate) fn refusal(answer: &[u8]) -> bool {
    Said::of_query(answer, &["s3cret-token"]).text.is_some()
}

/// A query of the configuration.
pub(crate) fn query(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| Query::parse(text).is_ok())
}
