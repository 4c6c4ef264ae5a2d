//! A request that is harmless to repeat, and the chain of requests that it belongs to.
//!
//! Left out: sending it (`client`) and reading its answer (`page`).

use url::Url;

use super::endpoint::Endpoint;
use crate::model::kind::Kind;
use crate::retry::{Fault, Seen};

pub(super) const TICKETS_BY_SEARCH: &str = "tickets by search";
pub(super) const TICKETS_BY_LIST: &str = "tickets by list";

/// The kind whose main stream has this name; records by id are read by streams beside.
pub(super) fn kind_of_list(stream: &str) -> Option<Kind> {
    match stream {
        "organizations" => Some(Kind::Organizations),
        "users" => Some(Kind::Users),
        "memberships" => Some(Kind::Memberships),
        "tickets" | TICKETS_BY_SEARCH | TICKETS_BY_LIST => Some(Kind::Tickets),
        _ => None,
    }
}

/// A chain of requests, each of which needs the one before. Its place is what an error names.
pub(super) struct Stream {
    pub what: &'static str,
    /// Number of the page that is due; 0 where there are no pages.
    page: u64,
}

impl Stream {
    pub(super) fn paged(what: &'static str) -> Self {
        Self { what, page: 1 }
    }

    pub(super) fn single(what: &'static str) -> Self {
        Self { what, page: 0 }
    }

    /// "users, page 7".
    pub(super) fn place(&self) -> String {
        if self.page == 0 { self.what.to_owned() } else { format!("{}, page {}", self.what, self.page) }
    }

    /// Goes on to the next page, after this one was found good.
    pub(super) fn turn(&mut self) {
        self.page += 1;
    }

    /// How many pages came so far.
    pub(super) fn pages(&self) -> i64 {
        i64::try_from(self.page).unwrap_or(i64::MAX)
    }

    /// Begins again with the first page.
    pub(super) fn restart(&mut self) {
        self.page = 1;
    }
}

/// Zendesk's largest page of a list.
pub(super) const PAGE_SIZE: u32 = 100;
/// Zendesk's largest page of an export.
pub(super) const EXPORT_PAGE_SIZE: u32 = 1000;
/// A page that took too long is asked for in smaller pieces, down to this.
const SMALLEST_PAGE: u32 = 100;

/// A request that is harmless to repeat.
pub(super) struct Ask {
    pub endpoint: Endpoint,
    pub path: String,
    query: Vec<(&'static str, String)>,
    /// The parameter that asks for pages of a size, and the size.
    size: Option<(&'static str, u32)>,
    /// The body of a token grant, which goes without credentials of its own.
    pub grant: Option<String>,
}

impl Ask {
    pub(super) fn get(endpoint: Endpoint, path: impl Into<String>) -> Self {
        Self { endpoint, path: path.into(), query: Vec::new(), size: None, grant: None }
    }

    pub(super) fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.query.push((key, value.into()));
        self
    }

    /// Asks for pages of this size, to be lowered while they prove too big.
    pub(super) fn sized(mut self, parameter: &'static str, size: u32) -> Self {
        self.size = Some((parameter, size));
        self
    }

    /// The page size after the answer came.
    pub(super) fn size(&self) -> Option<u32> {
        self.size.map(|(_, size)| size)
    }

    /// Halves the page after one that took too long, or was too long; `false` where it cannot be smaller.
    pub(super) fn shrink(&mut self, seen: &Seen) -> bool {
        let too_big = matches!(seen, Seen::Status(504) | Seen::Fault(Fault::TimedOut | Fault::TooLong));
        match &mut self.size {
            Some((_, size)) if too_big && *size > SMALLEST_PAGE => {
                *size = (*size / 2).max(SMALLEST_PAGE);
                true
            }
            _ => false,
        }
    }

    pub(super) fn url(&self, base_url: &Url) -> Url {
        let mut url = base_url.clone();
        url.set_path(&self.path);
        url.set_query(None);
        let mut pairs = self.query.clone();
        pairs.extend(self.size.map(|(parameter, size)| (parameter, size.to_string())));
        if !pairs.is_empty() {
            url.query_pairs_mut().extend_pairs(pairs);
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_took_too_long_is_asked_for_in_smaller_steps() {
        let mut ask = Ask::get(Endpoint::IncrementalTickets, "/").sized("per_page", 1000);
        let mut sizes = Vec::new();
        for seen in [
            Seen::Status(504),
            Seen::Status(500),
            Seen::Fault(Fault::TimedOut),
            Seen::Fault(Fault::Cut),
            Seen::Fault(Fault::TooLong),
            Seen::Status(504),
            Seen::Status(504),
        ] {
            ask.shrink(&seen);
            sizes.extend(ask.size());
        }
        assert_eq!(sizes, [500, 500, 250, 250, 125, 100, 100]);
    }

    #[test]
    fn a_url_is_made_on_the_base_alone() {
        let base = "https://acme.zendesk.com/".parse().unwrap();
        let ask = Ask::get(Endpoint::Users, "/api/v2/users").with("page[after]", "http://evil.example/?a=b&c");
        assert_eq!(
            ask.url(&base).as_str(),
            "https://acme.zendesk.com/api/v2/users?page%5Bafter%5D=http%3A%2F%2Fevil.example%2F%3Fa%3Db%26c"
        );
    }
}
