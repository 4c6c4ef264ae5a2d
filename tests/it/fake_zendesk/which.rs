//! Which requests a fault or a hook means, and the counting of them.

use super::log::Logged;
use super::reply::bare_path;

/// Which of the matching requests are meant; they are counted from 1, retries too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nth {
    Every,
    Only(u32),
    /// The first so many.
    First(u32),
    /// This one and all later ones.
    From(u32),
}

#[derive(Clone, Debug)]
enum Paths {
    Any,
    Below(String),
    Exactly(String),
}

/// A choice of requests, which counts what it is shown.
#[derive(Clone, Debug)]
pub struct Which {
    /// Without `.json`.
    paths: Paths,
    writes: bool,
    method: Option<String>,
    query: Option<String>,
    after_writes: usize,
    nth: Nth,
    seen: u32,
}

impl Which {
    fn of(paths: Paths) -> Self {
        Self { paths, writes: false, method: None, query: None, after_writes: 0, nth: Nth::Every, seen: 0 }
    }

    /// Every request.
    pub fn any() -> Self {
        Self::of(Paths::Any)
    }

    /// Requests to exactly this path, as `/api/v2/users`; a segment `*` stands for any number, as in `/api/v2/users/*`.
    pub fn on(path: &str) -> Self {
        Self::of(Paths::Exactly(bare_path(path).into()))
    }

    /// Requests to a path that begins with this.
    pub fn below(prefix: &str) -> Self {
        Self::of(Paths::Below(bare_path(prefix).into()))
    }

    /// Requests of any path that are neither a GET nor the grant of a token.
    pub fn writes() -> Self {
        Self { writes: true, ..Self::any() }
    }

    /// Only the nth of them.
    pub fn nth(mut self, nth: u32) -> Self {
        self.nth = Nth::Only(nth);
        self
    }

    /// The first so many of them.
    pub fn first(mut self, count: u32) -> Self {
        self.nth = Nth::First(count);
        self
    }

    /// From the nth of them on.
    pub fn from(mut self, nth: u32) -> Self {
        self.nth = Nth::From(nth);
        self
    }

    /// Only those of this method.
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.into());
        self
    }

    /// Only those with this query parameter of this value, written `name=value` and not encoded.
    pub fn query(mut self, pair: &str) -> Self {
        self.query = Some(pair.into());
        self
    }

    /// Only those that come when so many writes were carried out; the ones before aren't counted.
    pub fn after_writes(mut self, count: usize) -> Self {
        self.after_writes = count;
        self
    }

    /// Whether this request is meant. `writes` is how many were carried out before it.
    pub fn hits(&mut self, request: &Logged, writes: usize) -> bool {
        let path = bare_path(&request.path);
        let on_path = match &self.paths {
            Paths::Any => true,
            Paths::Below(prefix) => path.starts_with(prefix),
            Paths::Exactly(pattern) => same(pattern, path),
        };
        let on_method = self.method.as_ref().is_none_or(|method| *method == request.method);
        let on_query = self
            .query
            .as_ref()
            .is_none_or(|pair| request.query.iter().any(|(name, value)| *pair == format!("{name}={value}")));
        let of_writes = !self.writes || request.is_write();
        if !(on_path && on_method && on_query && of_writes && writes >= self.after_writes) {
            return false;
        }
        self.seen += 1;
        match self.nth {
            Nth::Every => true,
            Nth::Only(nth) => self.seen == nth,
            Nth::First(count) => self.seen <= count,
            Nth::From(nth) => self.seen >= nth,
        }
    }
}

fn same(pattern: &str, path: &str) -> bool {
    let number = |segment: &str| !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
    pattern.split('/').count() == path.split('/').count()
        && pattern.split('/').zip(path.split('/')).all(|(want, own)| want == own || want == "*" && number(own))
}
