//! Who asks: API tokens, bearer tokens, the client-credentials grant, roles and scopes.
//!
//! It leaves out refresh tokens and every other grant, as the real client-credentials grant does.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::base64;
use super::reply::{Reply, Request, invalid_token, missing_scope, not_authenticated, oauth_error};

/// How one may log in.
#[derive(Clone, Debug)]
pub enum Login {
    /// Basic authentication with `email/token` and the token.
    ApiToken { email: String, token: String },
    /// A bearer token that doesn't expire by itself.
    Bearer { token: String },
    /// A confidential OAuth client, which gets bearer tokens at `/oauth/tokens`.
    Client { id: String, secret: String },
}

/// What the owner of a credential may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Admin,
    /// Everything but the incremental exports.
    Agent,
    /// Nothing but `users/me`.
    EndUser,
}

impl Role {
    /// As in a user record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Agent => "agent",
            Self::EndUser => "end-user",
        }
    }
}

/// A login that the fake accepts.
#[derive(Clone, Debug)]
pub struct Credential {
    pub login: Login,
    pub role: Role,
    /// The scopes of a bearer token, or those that a client may ask for; `None` for all. An API token has no scopes.
    pub scopes: Option<Vec<String>>,
}

impl Credential {
    /// An admin's credential for every scope.
    pub fn admin(login: Login) -> Self {
        Self { login, role: Role::Admin, scopes: None }
    }
}

/// How tokens are granted, and what is odd about it.
#[derive(Clone, Debug, Default)]
pub struct Grants {
    /// How long a token really lives; `None` for as long as was asked for.
    pub lifetime: Option<Duration>,
    /// After how many requests it dies.
    pub uses: Option<u32>,
    /// What `expires_in` says; `None` for what was asked for, or else 1800.
    pub announced_secs: Option<u64>,
    /// Leaves `expires_in` out of the answer.
    pub omit_expires_in: bool,
    /// Grants a token without scopes for a scope that the client may not have, instead of 400 `invalid_scope`.
    pub lenient_scopes: bool,
}

/// The one who asks.
#[derive(Clone, Debug)]
pub struct Who {
    pub role: Role,
    /// `None` for all.
    pub scopes: Option<Vec<String>>,
    pub email: Option<String>,
}

impl Who {
    /// Refuses a request that the scopes don't cover.
    pub fn check_scope(&self, method: &str, segments: &[&str]) -> Result<(), Reply> {
        let Some(scopes) = &self.scopes else {
            return Ok(());
        };
        let verb = if method == "GET" { "read" } else { "write" };
        let resource = match segments {
            ["organizations" | "organization_memberships", ..] => "organizations",
            ["users", _, "organization_memberships", ..] => "organizations",
            ["users", ..] => "users",
            ["tickets" | "incremental" | "search", ..] => "tickets",
            // A token may always look at itself.
            ["oauth", ..] => return Ok(()),
            _ => "",
        };
        let granular = format!("{resource}:{verb}");
        if scopes.iter().any(|scope| scope == verb || *scope == granular) {
            return Ok(());
        }
        Err(missing_scope(if resource.is_empty() { verb } else { &granular }))
    }
}

/// The tokens that were granted.
#[derive(Debug, Default)]
pub struct Tokens {
    issued: BTreeMap<String, Issued>,
    count: u64,
}

#[derive(Debug)]
struct Issued {
    role: Role,
    scopes: Vec<String>,
    dies_at: Option<Instant>,
    uses_left: Option<u32>,
}

impl Tokens {
    /// Finds out who asks, and uses up one use of a granted token. `Err` is the 401.
    pub fn identify(&mut self, request: &Request, credentials: &[Credential], now: Instant) -> Result<Who, Reply> {
        let header = request.header("authorization").unwrap_or("");
        if let Some(basic) = header.strip_prefix("Basic ") {
            return api_token(basic, credentials).ok_or_else(not_authenticated);
        }
        let Some(bearer) = header.strip_prefix("Bearer ") else {
            return Err(not_authenticated());
        };
        if let Some(issued) = self.issued.get_mut(bearer) {
            let expired = issued.dies_at.is_some_and(|at| at <= now);
            if expired || issued.uses_left == Some(0) {
                return Err(invalid_token());
            }
            issued.uses_left = issued.uses_left.map(|left| left - 1);
            return Ok(Who { role: issued.role, scopes: Some(issued.scopes.clone()), email: None });
        }
        credentials
            .iter()
            .find(|credential| matches!(&credential.login, Login::Bearer { token } if token == bearer))
            .map(|credential| Who { role: credential.role, scopes: credential.scopes.clone(), email: None })
            .ok_or_else(invalid_token)
    }

    /// Ends a granted token; a static one goes on.
    pub fn revoke(&mut self, request: &Request) {
        let header = request.header("authorization").unwrap_or("");
        if let Some(bearer) = header.strip_prefix("Bearer ") {
            self.issued.remove(bearer);
        }
    }

    /// Answers `POST /oauth/tokens`.
    pub fn grant(&mut self, request: &Request, credentials: &[Credential], grants: &Grants, now: Instant) -> Reply {
        let body = &request.body;
        let field = |name: &str| body.get(name).and_then(Value::as_str);
        if !request.header("content-type").is_some_and(|kind| kind.starts_with("application/json")) {
            return oauth_error(400, "invalid_request", "The body must be JSON.");
        }
        if field("grant_type") != Some("client_credentials") {
            let text = "The authorization grant type is not supported by the authorization server.";
            return oauth_error(400, "unsupported_grant_type", text);
        }
        let client = credentials.iter().find(|credential| {
            matches!(&credential.login, Login::Client { id, secret }
                if field("client_id") == Some(id) && field("client_secret") == Some(secret))
        });
        let Some(client) = client else {
            return oauth_error(
                401,
                "invalid_client",
                "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.",
            );
        };
        let asked_secs = match body.get("expires_in") {
            None => None,
            Some(value) => match value.as_u64() {
                Some(secs) if secs > 300 && secs < 172_800 => Some(secs),
                _ => return oauth_error(400, "invalid_request", "expires_in is out of range."),
            },
        };
        let scopes = match granted_scopes(field("scope"), client.scopes.as_deref()) {
            Some(scopes) => scopes,
            None if grants.lenient_scopes => Vec::new(),
            None => {
                let text = "The requested scope is invalid, unknown, or malformed.";
                return oauth_error(400, "invalid_scope", text);
            }
        };
        let lifetime = grants.lifetime.unwrap_or(Duration::from_secs(asked_secs.unwrap_or(1800)));
        self.count += 1;
        let token = format!("fake-granted-token-{}", self.count);
        let mut answer = json!({
            "access_token": token, "token_type": "bearer", "scope": scopes.join(" "),
            "expires_in": grants.announced_secs.or(asked_secs).unwrap_or(1800),
        });
        if grants.omit_expires_in
            && let Some(members) = answer.as_object_mut()
        {
            members.remove("expires_in");
        }
        let issued = Issued { role: client.role, scopes, dies_at: now.checked_add(lifetime), uses_left: grants.uses };
        self.issued.insert(token, issued);
        Reply::json(200, answer)
    }
}

fn api_token(basic: &str, credentials: &[Credential]) -> Option<Who> {
    let decoded = base64::decode(basic)?;
    let credential = credentials.iter().find(|credential| {
        matches!(&credential.login, Login::ApiToken { email, token }
            if decoded == format!("{email}/token:{token}"))
    })?;
    let Login::ApiToken { email, .. } = &credential.login else {
        return None;
    };
    Some(Who { role: credential.role, scopes: None, email: Some(email.clone()) })
}

/// `None` when a scope is unknown, or not one of the client's.
fn granted_scopes(asked: Option<&str>, allowed: Option<&[String]>) -> Option<Vec<String>> {
    let Some(asked) = asked else {
        let all = || vec!["read".into(), "write".into()];
        return Some(allowed.map_or_else(all, <[String]>::to_vec));
    };
    let mut scopes = Vec::new();
    for scope in asked.split_whitespace() {
        let verb = scope.rsplit(':').next().unwrap_or(scope);
        let known = matches!(verb, "read" | "write") || scope == "impersonate";
        let may = allowed.is_none_or(|list| list.iter().any(|allowed| allowed == scope));
        if !known || !may {
            return None;
        }
        scopes.push(scope.to_owned());
    }
    Some(scopes)
}
