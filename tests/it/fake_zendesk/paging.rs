//! Pages: by cursor, by offset, and of the incremental export.
//!
//! A cursor names the place between two rows by the sort key and id of a row, so records that come or go elsewhere don't move it.

use serde_json::{Map, Value, json};

use super::base64;
use super::reply::{Reply, Request, invalid_pagination, invalid_value, pagination_too_deep};
use super::world::{Kind, Record, on_the_wire};

/// What rows are sorted by, and then the id.
pub type Key = (i64, u64);

/// A row on its way to a page. It becomes JSON only when it is on that page.
pub struct Row<'a> {
    pub key: Key,
    pub kind: Kind,
    pub record: &'a Record,
    /// A field that only this endpoint sends.
    pub extra: Option<(&'static str, Value)>,
}

/// A place between rows: after the row with this key.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// The sort that it belongs to, with its minus sign.
    pub sort: String,
    pub key: Key,
    /// Makes two cursors for the same place differ.
    pub salt: u64,
}

impl Position {
    /// Before the first row.
    fn start(sort: &str) -> Self {
        let first = if sort.starts_with('-') { (i64::MAX, u64::MAX) } else { (i64::MIN, 0) };
        Self { sort: sort.into(), key: first, salt: 0 }
    }

    /// The text that clients see: base64, so it holds characters that a URL must encode.
    pub fn cursor(&self) -> String {
        let Self { sort, key, salt } = self;
        let text = format!("{sort}|{}|{}|{salt}|", key.0, key.1);
        // One byte beyond a multiple of three gives two padding signs.
        let fill = "~".repeat((4 - text.len() % 3) % 3);
        base64::encode(&format!("{text}{fill}"))
    }

    fn parse(cursor: &str, sort: &str) -> Option<Self> {
        let text = base64::decode(cursor)?;
        let mut parts = text.split('|');
        let position = Self {
            sort: parts.next()?.into(),
            key: (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?),
            salt: parts.next()?.parse().ok()?,
        };
        (position.sort == sort).then_some(position)
    }
}

/// A request for pages by cursor or by offset.
pub struct Paging<'a> {
    pub request: &'a Request,
    /// The fake's own URL, for links.
    pub base: &'a str,
    /// The array's name in the answer.
    pub array: &'a str,
    /// Name of the sort, with a minus sign for descending.
    pub sort: &'a str,
    /// Set by a fault: the size of pages, whatever is asked for.
    pub forced_size: Option<usize>,
}

impl Paging<'_> {
    /// Whether the client asks for cursors.
    pub fn by_cursor(request: &Request) -> bool {
        request.query.iter().any(|(name, _)| name.starts_with("page["))
    }

    /// A page by cursor if `page[…]` is asked for, else by offset.
    pub fn page(&self, rows: Vec<Row<'_>>) -> Reply {
        let page = if Self::by_cursor(self.request) { self.cursor_page(rows, 100) } else { self.offset_page(rows) };
        page.unwrap_or_else(|refusal| refusal)
    }

    /// A page by cursor. `Err` is the 400.
    pub fn cursor_page(&self, mut rows: Vec<Row<'_>>, max_size: usize) -> Result<Reply, Reply> {
        self.sort(&mut rows);
        let size = match self.request.query("page[size]").map(str::parse) {
            None => 100,
            Some(Ok(size)) if (1..=max_size).contains(&size) => size,
            Some(_) => {
                let text = format!("page[size] must be between 1 and {max_size}");
                return Err(invalid_pagination(&text));
            }
        };
        let size = self.forced_size.unwrap_or(size);
        let position = |name: &str| match self.request.query(name) {
            None | Some("") => Ok(None),
            Some(cursor) => Position::parse(cursor, self.sort)
                .map(Some)
                .ok_or_else(|| invalid_pagination(&format!("{name} is not valid"))),
        };
        let before = position("page[before]")?;
        let after = position("page[after]")?;
        let (start, end, has_more) = if let Some(before) = &before {
            let end = rows.partition_point(|row| self.precedes(row.key, before.key));
            let start = end.saturating_sub(size);
            (start, end, start > 0)
        } else {
            let start =
                after.as_ref().map_or(0, |after| rows.partition_point(|row| !self.precedes(after.key, row.key)));
            let end = rows.len().min(start + size);
            (start, end, end < rows.len())
        };
        let cursor_at = |row: &Row<'_>| {
            let place = Position { sort: self.sort.into(), key: row.key, salt: 0 };
            place.cursor()
        };
        let page = &rows[start..end];
        let first = page.first().map(cursor_at);
        let last = page.last().map(cursor_at);
        let link = |name: &str, drop: &str, cursor: &Option<String>| {
            cursor.as_ref().map(|cursor| self.request.url_with(self.base, &[drop], name, cursor))
        };
        let body = json!({
            self.array: values(page),
            "meta": {"has_more": has_more, "after_cursor": last, "before_cursor": first},
            "links": {
                "next": link("page[after]", "page[before]", &last),
                "prev": link("page[before]", "page[after]", &first),
            },
        });
        let mut reply = Reply::json(200, body);
        reply.asked = Some(after.unwrap_or_else(|| Position::start(self.sort)));
        Ok(reply)
    }

    fn offset_page(&self, mut rows: Vec<Row<'_>>) -> Result<Reply, Reply> {
        self.sort(&mut rows);
        let number = |name: &str, default: usize| match self.request.query(name) {
            None => Ok(default),
            Some(text) => text
                .parse()
                .ok()
                .filter(|number| *number > 0)
                .ok_or_else(|| invalid_value(&format!("{name} must be a positive integer"))),
        };
        let page: usize = number("page", 1)?;
        let size = number("per_page", 100)?.min(100);
        let size = self.forced_size.unwrap_or(size);
        if page > 100 {
            return Err(pagination_too_deep());
        }
        let start = rows.len().min((page - 1) * size);
        let end = rows.len().min(start + size);
        let link = |page: usize| self.request.url_with(self.base, &[], "page", &page.to_string());
        let body = json!({
            self.array: values(&rows[start..end]),
            "count": rows.len(),
            "next_page": (end < rows.len()).then(|| link(page + 1)),
            "previous_page": (page > 1).then(|| link(page - 1)),
        });
        Ok(Reply::json(200, body))
    }

    /// A page of the incremental export; `rows` are all that changed since any time. `Err` is the 400.
    pub fn export_page(&self, mut rows: Vec<Row<'_>>, now: i64) -> Result<Reply, Reply> {
        self.sort(&mut rows);
        let size = match self.request.query("per_page").map(str::parse::<usize>) {
            None => 1000,
            Some(Ok(size)) if size > 0 => size.min(1000),
            Some(_) => return Err(invalid_value("per_page must be a positive integer")),
        };
        let size = self.forced_size.unwrap_or(size);
        let place = |key| Position { sort: self.sort.into(), key, salt: 0 };
        let cursor = self.request.query("cursor");
        let start_time = self.request.query("start_time").map(str::parse::<i64>);
        let asked = match (cursor, start_time) {
            (Some(cursor), _) => {
                Position::parse(cursor, self.sort).ok_or_else(|| invalid_pagination("cursor is not valid"))?
            }
            // Ids begin at 1, so this is before every row of that second.
            (None, Some(Ok(start_time))) if start_time <= now - 60 => place((start_time, 0)),
            (None, Some(Ok(_))) => {
                let text = "Too recent start_time. Use a start_time older than 60 seconds";
                return Err(super::reply::described(400, "StartTimeTooRecent", text));
            }
            (None, _) => return Err(invalid_value("start_time is missing or not a number")),
        };
        // The last minute of changes is withheld.
        rows.retain(|row| row.key.0 <= now - 60);
        let start = rows.partition_point(|row| row.key <= asked.key);
        let end = rows.len().min(start + size);
        let page = &rows[start..end];
        let after = page.last().map_or(asked.key, |row| row.key);
        let after = place(after).cursor();
        let body = json!({
            self.array: values(page),
            "after_cursor": after,
            "after_url": self.request.url_with(self.base, &["start_time"], "cursor", &after),
            "before_cursor": null,
            "before_url": null,
            "end_of_stream": end == rows.len(),
        });
        let mut reply = Reply::json(200, body);
        reply.asked = Some(asked);
        Ok(reply)
    }

    fn sort(&self, rows: &mut [Row<'_>]) {
        rows.sort_by_key(|row| row.key);
        if self.sort.starts_with('-') {
            rows.reverse();
        }
    }

    fn precedes(&self, one: Key, other: Key) -> bool {
        if self.sort.starts_with('-') { one > other } else { one < other }
    }
}

fn values(rows: &[Row<'_>]) -> Vec<Value> {
    rows.iter()
        .map(|row| {
            let mut value = on_the_wire(row.kind, row.record);
            if let Some((name, extra)) = &row.extra {
                value[name] = extra.clone();
            }
            value
        })
        .collect()
}

/// The array of rows of any list answer.
pub fn rows_of(body: &mut Value) -> Option<&mut Vec<Value>> {
    const ARRAYS: [&str; 5] = ["organizations", "users", "organization_memberships", "tickets", "results"];
    let members: &mut Map<String, Value> = body.as_object_mut()?;
    let name = ARRAYS.into_iter().find(|name| members.get(*name).is_some_and(Value::is_array))?;
    members.get_mut(name)?.as_array_mut()
}

/// The cursor to the next page, of a list or an export.
pub fn after_cursor(body: &Value) -> Option<&str> {
    body.pointer("/meta/after_cursor").or_else(|| body.get("after_cursor"))?.as_str()
}

/// Rewrites the end of a page: more follows, by this cursor or, for `None`, by none.
pub fn claim_more(body: &mut Value, request: &Request, base: &str, cursor: Option<&str>) {
    if body.get("meta").is_some() {
        let next = cursor.map(|cursor| request.url_with(base, &["page[before]"], "page[after]", cursor));
        body["meta"]["has_more"] = json!(true);
        body["meta"]["after_cursor"] = json!(cursor);
        body["links"]["next"] = json!(next);
    } else if body.get("end_of_stream").is_some() {
        let next = cursor.map(|cursor| request.url_with(base, &["start_time"], "cursor", cursor));
        body["end_of_stream"] = json!(false);
        body["after_cursor"] = json!(cursor);
        body["after_url"] = json!(next);
    }
}
