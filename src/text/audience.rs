//! Who reads what is printed, and what they may read.
//!
//! Anyone can read a log, a job summary or a comment of a public repository. There, only counts and the plan's hash
//! are printed, unless the workflow allows more. The type decides: a literal is public; a text that was put together may hold
//! outside text and is withheld, unless it was made with [`Message::public`]. Left out: printing (`console`), rendering
//! (`report`).

use crate::files;
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::Path;

/// The variable that says the same as `--allow-public-artifacts`.
pub const ALLOW: &str = "GREMLIN_ALLOW_PUBLIC_ARTIFACTS";

/// Why something is not told, and what to do about it.
pub const WITHHELD: &str = "names, ids, domains and remote error messages are hidden because this repository \
    may be public. Run the command outside of GitHub Actions to see them, or allow them with \
    --allow-public-artifacts";

/// Who reads what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// People who may know the customers.
    Private,
    /// Everybody.
    Public,
}

impl Audience {
    /// Decides by the environment. Outside of GitHub Actions everything is private. Inside, only what the event's payload
    /// calls private is, or what the workflow allows; a payload that is missing, unreadable or silent counts as public.
    pub fn of(allowed: bool, env: &dyn Fn(&str) -> Option<String>, read: &dyn Fn(&str) -> io::Result<Vec<u8>>) -> Self {
        let is_true = |name: &str| env(name).is_some_and(|value| value.trim().eq_ignore_ascii_case("true"));
        if !is_true("GITHUB_ACTIONS") || allowed || is_true(ALLOW) {
            return Self::Private;
        }
        let payload = env("GITHUB_EVENT_PATH").and_then(|path| read(&path).ok());
        let payload: Option<Value> = payload.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        match payload.as_ref().and_then(|payload| payload.get("repository")?.get("private")) {
            Some(Value::Bool(true)) => Self::Private,
            _ => Self::Public,
        }
    }

    /// The audience of this process.
    pub fn of_process(allowed: bool) -> Self {
        Self::of(allowed, &|name| std::env::var(name).ok(), &|path| {
            files::read(Path::new(path), files::LONGEST_PAYLOAD)
        })
    }

    pub fn is_public(self) -> bool {
        self == Self::Public
    }
}

/// A text for people. It may exist in two forms, and the one for everybody may be missing.
///
/// A literal is for everybody; a `String` is for a private audience, since it may hold outside text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    private: Cow<'static, str>,
    public: Option<Cow<'static, str>>,
}

impl Message {
    /// A text that everybody may read: counts, names of this program, times, paths that the user typed, a hash.
    pub fn public(text: impl Into<String>) -> Self {
        let text: Cow<'static, str> = Cow::Owned(text.into());
        Self { private: text.clone(), public: Some(text) }
    }

    /// A text, and another one for everybody.
    pub fn with_public(private: impl Into<String>, public: impl Into<Cow<'static, str>>) -> Self {
        Self { private: Cow::Owned(private.into()), public: Some(public.into()) }
    }

    /// A text that begins with `line N: `: everybody reads the number, and nothing of what the line holds.
    pub fn of_line(text: String) -> Self {
        let line = text.strip_prefix("line ").and_then(|rest| rest.split_once(": ")).map(|(line, _)| line);
        match line.and_then(|line| line.parse::<u64>().ok()) {
            Some(line) => Self { private: Cow::Owned(text), public: Some(Cow::Owned(format!("line {line}"))) },
            None => text.into(),
        }
    }

    /// What this audience may read of it.
    pub fn to(&self, audience: Audience) -> Option<&str> {
        match audience {
            Audience::Private => Some(&self.private),
            Audience::Public => self.public.as_deref(),
        }
    }

    /// The text for those who may know everything.
    pub fn private(&self) -> &str {
        &self.private
    }

    /// Whether a public audience reads less.
    pub fn is_reduced(&self) -> bool {
        self.public.as_deref() != Some(&*self.private)
    }

    /// Both forms, changed in the same way.
    #[must_use]
    pub fn map(self, change: impl Fn(&str) -> String) -> Self {
        Self { private: Cow::Owned(change(&self.private)), public: self.public.map(|text| Cow::Owned(change(&text))) }
    }

    /// This, a fixed text, and another message after it. What one of them withholds is withheld.
    #[must_use]
    pub fn then(self, between: &str, next: &Self) -> Self {
        let joined = |one: &str, other: &str| Cow::Owned(format!("{one}{between}{other}"));
        Self {
            private: joined(&self.private, &next.private),
            public: self.public.as_deref().zip(next.public.as_deref()).map(|(one, other)| joined(one, other)),
        }
    }
}

impl From<&'static str> for Message {
    fn from(text: &'static str) -> Self {
        Self { private: Cow::Borrowed(text), public: Some(Cow::Borrowed(text)) }
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self { private: Cow::Owned(text), public: None }
    }
}

impl From<&String> for Message {
    fn from(text: &String) -> Self {
        text.clone().into()
    }
}

/// What the system says is for everybody; what a library adds to it is not.
impl From<&io::Error> for Message {
    fn from(error: &io::Error) -> Self {
        if error.raw_os_error().is_some() {
            Self::public(error.to_string())
        } else {
            Self::with_public(error.to_string(), error.kind().to_string())
        }
    }
}

impl From<io::Error> for Message {
    fn from(error: io::Error) -> Self {
        (&error).into()
    }
}

/// The private form, as it is.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.private)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audience(variables: &[(&str, &str)], payload: Option<&str>) -> Audience {
        Audience::of(
            false,
            &|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()),
            &|_| payload.map(|text| text.as_bytes().to_vec()).ok_or_else(|| io::ErrorKind::NotFound.into()),
        )
    }

    const ACTIONS: (&str, &str) = ("GITHUB_ACTIONS", "true");
    const PATH: (&str, &str) = ("GITHUB_EVENT_PATH", "/event.json");

    #[test]
    fn only_a_payload_that_says_private_is_private() {
        assert_eq!(audience(&[ACTIONS, PATH], Some(r#"{"repository":{"private":true}}"#)), Audience::Private);
        for payload in [
            Some(r#"{"repository":{"private":false}}"#),
            Some(r#"{"repository":{"private":"true"}}"#),
            Some(r#"{"repository":{"private":1}}"#),
            Some(r#"{"repository":{}}"#),
            Some(r#"{"private":true}"#),
            Some("{}"),
            Some("true"),
            Some("not JSON"),
            None,
        ] {
            assert_eq!(audience(&[ACTIONS, PATH], payload), Audience::Public, "{payload:?}");
        }
        let private = Some(r#"{"repository":{"private":true}}"#);
        assert_eq!(audience(&[ACTIONS], private), Audience::Public, "no payload is named");
    }

    #[test]
    fn outside_of_actions_and_where_the_workflow_allows_it_everything_is_told() {
        assert_eq!(audience(&[PATH], None), Audience::Private);
        assert_eq!(audience(&[("GITHUB_ACTIONS", "false"), PATH], None), Audience::Private);
        assert_eq!(audience(&[ACTIONS, (ALLOW, "true")], None), Audience::Private);
        for no in ["false", "", "1", "yes"] {
            assert_eq!(audience(&[ACTIONS, (ALLOW, no)], None), Audience::Public, "{no:?}");
        }
        assert_eq!(
            Audience::of(true, &|_| Some("true".to_owned()), &|_| Err(io::ErrorKind::NotFound.into())),
            Audience::Private
        );
    }

    #[test]
    fn a_text_that_was_put_together_is_withheld_unless_it_is_marked() {
        let name = "Acme";
        assert_eq!(Message::from("ours").to(Audience::Public), Some("ours"));
        assert_eq!(Message::from(format!("{name} is blocked")).to(Audience::Public), None);
        assert_eq!(Message::from(format!("{name} is blocked")).to(Audience::Private), Some("Acme is blocked"));
        assert_eq!(Message::public(format!("{} blocked", 3)).to(Audience::Public), Some("3 blocked"));
        let both = Message::from("org ").then("", &name.to_owned().into());
        assert_eq!((both.to(Audience::Private), both.to(Audience::Public)), (Some("org Acme"), None));
    }

    #[test]
    fn of_an_io_error_the_systems_own_words_are_for_everybody() {
        let system = io::Error::from_raw_os_error(2);
        assert!(Message::from(&system).to(Audience::Public).is_some_and(|text| text.contains("os error 2")));
        let other = io::Error::other("at /srv/acme");
        assert_eq!(Message::from(&other).to(Audience::Public), Some("other error"));
    }
}
