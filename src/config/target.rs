//! Which Zendesk and which Salesforce are meant, and the pin that holds the credentials to one of each (rules 2).
//!
//! A pin is a variable beside the secrets. So no change of a file in a repository can send them to another host.

use super::{Config, SalesforceSource};
use crate::exit::Exit;
use crate::text::audience::Message;
use crate::text::escape::without_local_part;
use url::{Host, Url};

/// The variable that names the one Zendesk which the credentials are for.
const ZENDESK_PIN: &str = "ZENDESK_SUBDOMAIN";
/// The variable that names the one Salesforce which the credentials are for.
const SALESFORCE_PIN: &str = "SALESFORCE_INSTANCE_URL";
const ZENDESK_DOMAIN: &str = ".zendesk.com";

/// Why no credentials may be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// The configuration names another host than the pin.
    #[error("{variable} pins the credentials to {pinned}, but the configured target is {configured}")]
    OtherTarget { variable: &'static str, pinned: String, configured: String },
    /// The pin is not a host.
    #[error("{variable} cannot be used: {why}")]
    Unusable { variable: &'static str, why: String },
}

impl TargetError {
    /// How the program ends.
    pub fn exit(&self) -> Exit {
        match self {
            Self::OtherTarget { .. } => Exit::Refused,
            Self::Unusable { .. } => Exit::Invalid,
        }
    }

    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::OtherTarget { variable, .. } => format!(
                "no request was sent. If the configured target is right, set {variable} to it; if it is not, correct the configuration or the flag"
            ),
            Self::Unusable { variable: variable @ ZENDESK_PIN, .. } => {
                format!("set {variable} to the subdomain (such as acme), to host[:port], or to a URL, or unset it")
            }
            Self::Unusable { variable, .. } => {
                format!("set {variable} to a URL such as https://acme.my.salesforce.com, or unset it")
            }
        }
    }
}

/// The public text names no host.
impl From<&TargetError> for Message {
    fn from(error: &TargetError) -> Self {
        match error {
            TargetError::OtherTarget { variable, .. } => Message::with_public(
                error.to_string(),
                format!("{variable} pins the credentials to a different host than the configured target"),
            ),
            TargetError::Unusable { variable, .. } => {
                Message::with_public(error.to_string(), format!("{variable} cannot be used"))
            }
        }
    }
}

/// The Zendesk that a command may send its credentials to: the configured one, or, where none is configured, the one that
/// `ZENDESK_SUBDOMAIN` names. `None`: neither names one.
///
/// Every command that sends credentials calls this before its first request.
/// Errors: the pin names another host than the configuration, or is not a host.
pub fn target(config: &Config, env: &dyn Fn(&str) -> Option<String>) -> Result<Option<String>, TargetError> {
    held_to(config.zendesk.as_deref(), ZENDESK_PIN, env)
}

/// The same for Salesforce: the host of `source: soql`, held to `SALESFORCE_INSTANCE_URL`. `None`: the reference is a CSV.
pub fn salesforce_target(config: &Config, env: &dyn Fn(&str) -> Option<String>) -> Result<Option<String>, TargetError> {
    match &config.salesforce {
        SalesforceSource::Csv => Ok(None),
        SalesforceSource::Soql { instance_url, .. } => held_to(Some(instance_url), SALESFORCE_PIN, env),
    }
}

fn held_to(
    configured: Option<&str>,
    variable: &'static str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<String>, TargetError> {
    let Some(pin) = env(variable).map(|pin| pin.trim().to_owned()).filter(|pin| !pin.is_empty()) else {
        return Ok(configured.map(str::to_owned));
    };
    let unusable = |why| TargetError::Unusable { variable, why };
    let subdomains = variable == ZENDESK_PIN;
    let pinned = pinned_origin(&pin, subdomains, configured.and_then(scheme_of)).map_err(unusable)?;
    match configured {
        None => Ok(Some(pinned)),
        Some(configured) if host_and_port(configured) == host_and_port(&pinned) => Ok(Some(configured.to_owned())),
        Some(configured) => Err(TargetError::OtherTarget { variable, pinned, configured: configured.to_owned() }),
    }
}

fn scheme_of(origin: &str) -> Option<&str> {
    origin.split_once("://").map(|(scheme, _)| scheme)
}

/// Host and port of an origin, the scheme's default port filled in.
fn host_and_port(origin: &str) -> Option<(String, u16)> {
    let url = Url::parse(origin).ok()?;
    Some((url.host_str()?.to_owned(), url.port_or_known_default()?))
}

/// The origin that a pin names: a subdomain (where those are known), `host[:port]`, or a URL. A host without a scheme has that of
/// the configured target, else https, or http for a loopback address.
fn pinned_origin(pin: &str, subdomains: bool, configured_scheme: Option<&str>) -> Result<String, String> {
    let shown = || without_local_part(pin).into_owned();
    if subdomains && is_label(pin) && pin != "localhost" {
        return Ok(of_label(pin));
    }
    let url = match pin.contains("://") {
        true => Url::parse(pin),
        false => Url::parse(&format!("https://{pin}")),
    };
    let url = url.map_err(|_| format!("`{}` is not a host", shown()))?;
    let host = url.host().ok_or_else(|| format!("`{}` is not a host", shown()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it must not contain a user or a password".to_owned());
    }
    if pin.contains("://") {
        return match url.scheme() {
            // Credentials are never sent without TLS to another machine.
            "http" if configured_scheme.is_none() && !is_loopback(&host) => {
                Ok(format!("https{}", url.origin().ascii_serialization().trim_start_matches("http")))
            }
            "https" | "http" => Ok(url.origin().ascii_serialization()),
            other => Err(format!("it must begin with https://, not {other}://")),
        };
    }
    let scheme = configured_scheme.unwrap_or(if is_loopback(&host) { "http" } else { "https" });
    // The port belongs to the scheme that is meant, so the text is read again under it.
    let url = Url::parse(&format!("{scheme}://{pin}")).map_err(|_| format!("`{}` is not a host", shown()))?;
    Ok(url.origin().ascii_serialization())
}

/// The origin of a Zendesk by its subdomain; its host, or a URL that was copied from a browser, will do as well.
pub fn origin_of_subdomain(text: &str) -> Result<String, String> {
    let text = text.trim();
    let wrong = || {
        format!(
            "the subdomain must be the part before .zendesk.com, such as `acme`, not `{}`",
            without_local_part(text)
        )
    };
    if is_label(text) {
        return Ok(of_label(text));
    }
    let url = match text.contains("://") {
        true => Url::parse(text),
        false => Url::parse(&format!("https://{text}")),
    };
    let url = url.map_err(|_| wrong())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong());
    }
    if !matches!(url.scheme(), "https" | "http") || url.port().is_some() {
        return Err(wrong());
    }
    match url.host_str().and_then(|host| host.strip_suffix(ZENDESK_DOMAIN)) {
        Some(label) if is_label(label) => Ok(of_label(label)),
        Some(_) => Err(wrong()),
        None if url.host_str().is_some_and(|host| host.contains('.')) => {
            Err(format!("{}; for another host, use base_url", wrong()))
        }
        None => Err(wrong()),
    }
}

fn of_label(label: &str) -> String {
    format!("https://{}{ZENDESK_DOMAIN}", label.to_ascii_lowercase())
}

fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    !bytes.is_empty()
        && bytes.len() <= 63
        && bytes.iter().all(|c| c.is_ascii_alphanumeric() || *c == b'-')
        && bytes[0] != b'-'
        && bytes[bytes.len() - 1] != b'-'
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    }
}

/// The origin of a URL that the key or flag `name` gives: `scheme://host[:port]`, lower-case, without default port or final slash.
pub fn origin(name: &str, text: &str) -> Result<String, String> {
    let url = Url::parse(text.trim()).map_err(|error| format!("`{name}` is not a URL: {error}"))?;
    let Some(host) = url.host() else { return Err(format!("`{name}` has no host")) };
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&host) => {}
        "http" => return Err(format!("`{name}` may be http only for a loopback address; use https")),
        other => return Err(format!("`{name}` must begin with https://, not {other}://")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("`{name}` must not contain a user or a password; credentials come from the environment"));
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        let example =
            if name == "instance_url" { "https://acme.my.salesforce.com" } else { "https://acme.zendesk.com" };
        return Err(format!("`{name}` must be only scheme and host, such as {example}"));
    }
    Ok(url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn config(text: &str) -> Config {
        Config::parse(text, Path::new("")).expect("a configuration")
    }

    fn zendesk(yaml: &str, pin: &str) -> Result<Option<String>, TargetError> {
        target(&config(yaml), &|name| (name == ZENDESK_PIN).then(|| pin.to_owned()))
    }

    #[test]
    fn base_urls_are_origins() {
        let origin = |text| origin("base_url", text);
        assert_eq!(origin("HTTPS://Acme.Zendesk.com:443/"), Ok("https://acme.zendesk.com".to_owned()));
        assert_eq!(origin("http://127.0.0.1:4010"), Ok("http://127.0.0.1:4010".to_owned()));
        for text in [
            "http://acme.zendesk.com",
            "https://a:b@acme.zendesk.com",
            "https://acme.zendesk.com/agent",
            "https://acme.zendesk.com/?a",
            "acme",
        ] {
            assert!(origin(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_subdomain_is_understood_in_every_form_that_people_paste() {
        for text in [
            "acme",
            " Acme ",
            "acme.zendesk.com",
            "ACME.zendesk.com/",
            "https://acme.zendesk.com",
            "https://acme.zendesk.com/agent/dashboard?brand=1#x",
            "http://acme.zendesk.com",
            "https://acme.zendesk.com:443/",
        ] {
            assert_eq!(origin_of_subdomain(text), Ok("https://acme.zendesk.com".to_owned()), "{text}");
        }
        for text in [
            "",
            "-a",
            "a b",
            "a.b.zendesk.com",
            "https://jo:pw@acme.zendesk.com",
            "acme.zendesk.com:8443",
            ".zendesk.com",
        ] {
            let why = origin_of_subdomain(text).expect_err(text);
            assert!(
                why.starts_with("the subdomain must be the part before .zendesk.com") && !why.contains("jo"),
                "{why}"
            );
        }
        let address = origin_of_subdomain("jane.doe@acme").expect_err("an address");
        assert!(address.ends_with("not `…@acme`"), "{address}");
        let other = origin_of_subdomain("support.acme.com").expect_err("another host");
        assert!(other.ends_with("not `support.acme.com`; for another host, use base_url"), "{other}");
    }

    #[test]
    fn a_pin_names_the_same_zendesk_in_any_form() {
        for pin in ["acme", "ACME", "acme.zendesk.com", "acme.zendesk.com:443", "https://acme.zendesk.com/", ""] {
            let target = zendesk("zendesk: { subdomain: acme }", pin);
            assert_eq!(target, Ok(Some("https://acme.zendesk.com".to_owned())), "{pin}");
        }
        for pin in ["127.0.0.1:4010", "http://127.0.0.1:4010"] {
            let target = zendesk("zendesk: { base_url: 'http://127.0.0.1:4010' }", pin);
            assert_eq!(target, Ok(Some("http://127.0.0.1:4010".to_owned())), "{pin}");
        }
        assert!(zendesk("zendesk: { base_url: 'http://localhost' }", "localhost").is_ok());
        assert!(zendesk("zendesk: { base_url: 'http://[::1]:4010' }", "[::1]:4010").is_ok());
    }

    #[test]
    fn a_pin_refuses_every_other_host_and_port() {
        for (yaml, pin) in [
            ("zendesk: { subdomain: evil }", "acme"),
            ("zendesk: { base_url: 'https://acme.zendesk.com.evil.example' }", "acme"),
            ("zendesk: { base_url: 'https://acme.zendesk.com:8443' }", "acme"),
            ("zendesk: { base_url: 'http://127.0.0.1:4011' }", "127.0.0.1:4010"),
            ("zendesk: { base_url: 'http://127.0.0.1:4010' }", "acme"),
            ("zendesk: { base_url: 'http://127.0.0.1:443' }", "https://127.0.0.1:4010"),
        ] {
            let error = zendesk(yaml, pin).expect_err(yaml);
            assert_eq!(error.exit(), Exit::Refused, "{yaml} {pin}: {error}");
        }
        let error = zendesk("zendesk: { subdomain: evil }", "acme").expect_err("another");
        assert_eq!(
            error.to_string(),
            "ZENDESK_SUBDOMAIN pins the credentials to https://acme.zendesk.com, but the configured target is https://evil.zendesk.com"
        );
    }

    #[test]
    fn a_pin_alone_is_the_target() {
        let alone = |pin| zendesk("", pin).map(|target| target.unwrap_or_default());
        assert_eq!(alone("acme"), Ok("https://acme.zendesk.com".to_owned()));
        assert_eq!(alone("support.acme.com:8443"), Ok("https://support.acme.com:8443".to_owned()));
        assert_eq!(alone("127.0.0.1:4010"), Ok("http://127.0.0.1:4010".to_owned()));
        assert_eq!(alone("localhost"), Ok("http://localhost".to_owned()));
        assert_eq!(alone("http://acme.zendesk.com"), Ok("https://acme.zendesk.com".to_owned()), "never without TLS");
        assert_eq!(alone(" "), Ok(String::new()));
        for pin in
            ["jo:pw@acme.zendesk.com", "https://jo@acme.zendesk.com", "ftp://acme.zendesk.com", "a b", "https://"]
        {
            let error = zendesk("", pin).expect_err(pin);
            assert!(error.exit() == Exit::Invalid && !error.to_string().contains("pw"), "{pin}: {error}");
        }
    }

    #[test]
    fn salesforce_has_a_pin_of_its_own() {
        let soql = config(
            "salesforce: { source: soql, instance_url: 'https://acme.my.salesforce.com', query: SELECT Id FROM Account }",
        );
        let of = |pin: &str| salesforce_target(&soql, &|name| (name == SALESFORCE_PIN).then(|| pin.to_owned()));
        for pin in ["", "https://acme.my.salesforce.com", "ACME.my.salesforce.com"] {
            assert_eq!(of(pin), Ok(Some("https://acme.my.salesforce.com".to_owned())), "{pin}");
        }
        assert_eq!(of("https://evil.my.salesforce.com").expect_err("another").exit(), Exit::Refused);
        assert_eq!(of("acme").expect_err("no subdomains here").exit(), Exit::Refused);
        let csv = salesforce_target(&config(""), &|_| Some("https://acme.my.salesforce.com".to_owned()));
        assert_eq!(csv, Ok(None));
    }
}
