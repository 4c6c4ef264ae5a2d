//! A page of the answer: from its JSON to cells, and to what it says about the rest.
//!
//! Left out: which page comes next, and whether all of them are there (`read`).

use super::error::SalesforceGap;
use super::table::Table;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// A page, its records not read yet.
///
/// Source: <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm>
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub total: u64,
    /// Where the next page is, unless this is the last one.
    pub next: Option<String>,
    pub records: Vec<&'a RawValue>,
}

/// Why a body is not a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotAPage {
    /// It is not JSON at all; another try may bring it whole.
    NotJson,
    /// It is JSON, but of another shape.
    Gap(SalesforceGap),
}

impl<'a> Page<'a> {
    /// Reads the body of an answer.
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, NotAPage> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire<'a> {
            total_size: Option<u64>,
            done: Option<bool>,
            next_records_url: Option<String>,
            #[serde(borrow)]
            records: Option<Vec<&'a RawValue>>,
        }
        let text = std::str::from_utf8(body).map_err(|_| NotAPage::NotJson)?;
        let wire: Wire<'_> = serde_json::from_str(text).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => NotAPage::Gap(SalesforceGap::AnotherShape),
            _ => NotAPage::NotJson,
        })?;
        let gap = |name| NotAPage::Gap(SalesforceGap::Missing(name));
        let Wire { total_size, done, next_records_url, records } = wire;
        let total = total_size.ok_or(gap("totalSize"))?;
        let records = records.ok_or(gap("records"))?;
        let next = match done.ok_or(gap("done"))? {
            true => None,
            false => Some(next_records_url.ok_or(gap("nextRecordsUrl"))?),
        };
        Ok(Self { total, next, records })
    }
}

/// The members of a JSON object, in their order.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfMembers;
        impl<'de> Visitor<'de> for OfMembers {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                #[derive(serde::Deserialize)]
                struct Key<'a>(#[serde(borrow)] Cow<'a, str>);
                let mut members = Vec::new();
                while let Some((Key(name), value)) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(OfMembers).map(Self)
    }
}

impl<'a> Members<'a> {
    fn of(value: &'a RawValue) -> Option<Self> {
        serde_json::from_str(value.get()).ok()
    }

    /// A member by its name without case: Salesforce answers with the field's own spelling, not with the query's.
    fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }
}

/// Adds the cells of a record to the table, and returns the record's own URL.
///
/// `paths` has for each field the names that lead to its value. Null is empty, as is a field of a relationship that is null;
/// numbers and booleans are the answer's own text.
/// Errors: an object where a plain field was asked for, a field that is not there, a record without a URL.
pub(super) fn add_record(record: &RawValue, paths: &[Vec<&str>], table: &mut Table) -> Result<String, SalesforceGap> {
    let members = Members::of(record).ok_or(SalesforceGap::AnotherShape)?;
    let url = members.get("attributes").and_then(|attributes| Members::of(attributes)?.get("url")).and_then(text_of);
    let url = url.ok_or(SalesforceGap::NoUrl)?.into_owned();
    for path in paths {
        let cell = cell(&members, path)?;
        table.push(cell.as_deref().unwrap_or_default());
    }
    Ok(url)
}

/// The value at the end of a path as text; `None` for null.
fn cell<'a>(members: &Members<'a>, path: &[&str]) -> Result<Option<Cow<'a, str>>, SalesforceGap> {
    let (name, rest) = path.split_first().ok_or(SalesforceGap::AnotherShape)?;
    let value = members.get(name).ok_or_else(|| SalesforceGap::NoField((*name).to_owned()))?;
    match (value.get().as_bytes().first(), rest) {
        (Some(b'n'), _) => Ok(None),
        (Some(b'{'), [_, ..]) => cell(&Members::of(value).ok_or(SalesforceGap::AnotherShape)?, rest),
        (Some(b'{' | b'['), []) => Err(SalesforceGap::NotPlain((*name).to_owned())),
        (_, [_, ..]) => Err(SalesforceGap::NotARelationship((*name).to_owned())),
        (Some(b'"'), []) => text_of(value).map(Some).ok_or(SalesforceGap::AnotherShape),
        (_, []) => Ok(Some(Cow::Borrowed(value.get()))),
    }
}

/// The text of a JSON string.
fn text_of(value: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(serde::Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str(value.get()).ok().map(|Text(text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[&str], record: &str) -> Result<Vec<String>, SalesforceGap> {
        let paths: Vec<Vec<&str>> = fields.iter().map(|field| field.split('.').collect()).collect();
        let mut table = Table::new(fields.iter().map(|field| (*field).to_owned()).collect());
        let record = RawValue::from_string(record.to_owned()).expect("JSON");
        assert_eq!(add_record(&record, &paths, &mut table)?, "/u/1");
        let csv = table.into_csv();
        let row = csv::Reader::from_reader(csv.as_slice()).records().next().expect("a row").expect("a CSV");
        Ok(row.iter().map(str::to_owned).collect())
    }

    const URL: &str = r#""attributes":{"type":"Account","url":"/u/1"}"#;

    #[test]
    fn values_become_the_texts_that_json_writes() {
        let record = format!(
            r#"{{{URL},"Id":"001","name":"A\"é\n","N":1.50,"Big":12345678901234567890,"E":1e3,"Yes":true,"No":false,"Nil":null,
            "Owner":{{"attributes":{{"url":"/u/2"}},"Name":"Jo"}},"Parent":null}}"#
        );
        let fields = ["ID", "Name", "n", "Big", "e", "Yes", "No", "nil", "owner.name", "Parent.Owner.Name"];
        let cells = read(&fields, &record).expect("cells");
        assert_eq!(cells, ["001", "A\"é\n", "1.50", "12345678901234567890", "1e3", "true", "false", "", "Jo", ""]);
    }

    #[test]
    fn what_is_not_a_plain_field_is_a_gap() {
        let read = |field: &str, value: &str| read(&[field], &format!(r#"{{{URL},{value}}}"#)).expect_err(value);
        assert_eq!(read("A", r#""A":{"city":"x"}"#), SalesforceGap::NotPlain("A".into()));
        assert_eq!(read("A", r#""A":[1]"#), SalesforceGap::NotPlain("A".into()));
        assert_eq!(read("A.B", r#""A":{"B":{}}"#), SalesforceGap::NotPlain("B".into()));
        assert_eq!(read("A.B", r#""A":"x""#), SalesforceGap::NotARelationship("A".into()));
        assert_eq!(read("A.B", r#""A":{"C":1}"#), SalesforceGap::NoField("B".into()));
        assert_eq!(read("A", r#""B":1"#), SalesforceGap::NoField("A".into()));
    }

    #[test]
    fn a_record_has_a_url_of_its_own() {
        for record in [r#"{"Id":"1"}"#, r#"{"attributes":{"type":"AggregateResult"},"Id":"1"}"#, r#"{"attributes":1}"#]
        {
            assert_eq!(read(&["Id"], record), Err(SalesforceGap::NoUrl), "{record}");
        }
        assert_eq!(read(&["Id"], "[]"), Err(SalesforceGap::AnotherShape));
    }

    #[test]
    fn a_page_says_how_many_records_there_are_and_where_the_next_page_is() {
        let page =
            Page::parse(br#"{"totalSize":3,"done":false,"nextRecordsUrl":"/n","records":[{},{}]}"#).expect("a page");
        assert_eq!((page.total, page.next.as_deref(), page.records.len()), (3, Some("/n"), 2));
        let last = Page::parse(br#"{"totalSize":3,"done":true,"records":[]}"#).expect("a page");
        assert_eq!((last.next, last.records.len()), (None, 0));
    }

    #[test]
    fn a_body_that_is_not_a_page_says_what_it_lacks() {
        let parse = |body: &str| Page::parse(body.as_bytes()).expect_err(body);
        for body in ["", "<html>", r#"{"totalSize":1,"done":tr"#] {
            assert_eq!(parse(body), NotAPage::NotJson, "{body}");
        }
        for (body, gap) in [
            (r#"{"done":true,"records":[]}"#, SalesforceGap::Missing("totalSize")),
            (r#"{"totalSize":1,"records":[]}"#, SalesforceGap::Missing("done")),
            (r#"{"totalSize":1,"done":true}"#, SalesforceGap::Missing("records")),
            (r#"{"totalSize":1,"done":false,"records":[]}"#, SalesforceGap::Missing("nextRecordsUrl")),
            (r#"{"totalSize":-1,"done":true,"records":[]}"#, SalesforceGap::AnotherShape),
            (r#"{"totalSize":1,"done":"yes","records":[]}"#, SalesforceGap::AnotherShape),
            ("[]", SalesforceGap::AnotherShape),
        ] {
            assert_eq!(parse(body), NotAPage::Gap(gap), "{body}");
        }
    }
}
