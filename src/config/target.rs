//! Which Zendesk is meant: by its subdomain, or by a URL.

use crate::text::escape::without_local_part;

/// The origin of a Zendesk by its subdomain.
pub fn origin_of_subdomain(subdomain: &str) -> Result<String, String> {
    let subdomain = subdomain.trim();
    let bytes = subdomain.as_bytes();
    let valid = !bytes.is_empty()
        && bytes.len() <= 63
        && bytes.iter().all(|c| c.is_ascii_alphanumeric() || *c == b'-')
        && bytes[0] != b'-'
        && bytes[bytes.len() - 1] != b'-';
    if valid {
        Ok(format!("https://{}.zendesk.com", subdomain.to_ascii_lowercase()))
    } else {
        Err(format!(
            "the subdomain is the part before .zendesk.com, such as `acme`, not `{}`",
            without_local_part(subdomain)
        ))
    }
}

/// The origin of a base URL: `scheme://host[:port]`, lower-case, without default port or final slash.
pub fn origin(text: &str) -> Result<String, String> {
    let url = url::Url::parse(text.trim()).map_err(|error| format!("`base_url` is no URL: {error}"))?;
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => return Err("`base_url` has no host".to_owned()),
    };
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => return Err("`base_url` may be http only for a loopback address; use https".to_owned()),
        other => return Err(format!("`base_url` begins with https://, not {other}://")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("`base_url` must not hold a user or a password; credentials come from the environment".to_owned());
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err("`base_url` is only scheme and host, such as https://acme.zendesk.com".to_owned());
    }
    Ok(url.origin().ascii_serialization())
}
