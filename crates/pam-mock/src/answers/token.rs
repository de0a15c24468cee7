//! The OAuth 2.0 token endpoint: client credentials only (A2A API specification, "OAuth 2.0
//! client credentials"; RFC 6749 section 4.4).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use super::Answer;
use crate::access::{Access, Grant, Keys, TOKEN_LIFETIME};
use crate::clock::Moment;
use crate::dialect::Dialect;
use crate::form;
use crate::random::unguessable;

/// Bearer tokens beyond this number are forgotten, the oldest first.
const CAPACITY: usize = 100_000;

/// The bearer tokens that were issued.
#[derive(Debug)]
pub(crate) struct Tokens {
    issued: HashMap<String, Issued>,
    lifetime: Duration,
}

#[derive(Debug)]
struct Issued {
    grant: Arc<Grant>,
    expires: Moment,
}

/// What a client sends to get a token.
#[derive(Debug, Default)]
struct Asked {
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    tenant: Option<String>,
    ttl: Option<String>,
}

impl Asked {
    /// Form body, JSON body or HTTP Basic: pages show the first two, older ones the third.
    fn read(request: &Request<Bytes>) -> Self {
        let mut asked = Self::default();
        if form::is_json(request.headers()) {
            let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
            for (name, value) in body.as_object().into_iter().flatten() {
                match value {
                    Value::String(text) => asked.take(name, text.clone()),
                    Value::Number(number) => asked.take(name, number.to_string()),
                    _ => {}
                }
            }
        } else {
            for (name, value) in form::pairs(request.body()) {
                asked.take(&name, value);
            }
        }
        if let Some((id, secret)) = basic(request) {
            asked.client_id = Some(id);
            asked.client_secret = Some(secret);
        }
        asked
    }

    fn take(&mut self, name: &str, value: String) {
        let slot = match name {
            "grant_type" => &mut self.grant_type,
            "client_id" => &mut self.client_id,
            "client_secret" => &mut self.client_secret,
            "tenant" => &mut self.tenant,
            "ttl" => &mut self.ttl,
            _ => return,
        };
        *slot = Some(value);
    }
}

/// Client id and secret of HTTP Basic, form-encoded inside (RFC 6749 section 2.3.1).
fn basic(request: &Request<Bytes>) -> Option<(String, String)> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((form::decode(id), form::decode(secret)))
}

/// The tenant that a host name stands for, its first label; an address and a name without a dot
/// stand for none, and then the request has to say it.
pub(crate) fn tenant_of(host: &str) -> Option<&str> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<IpAddr>().is_ok() {
        return None;
    }
    host.split_once('.').map(|(label, _)| label)
}

impl Tokens {
    pub(crate) fn new(lifetime: Option<Duration>) -> Self {
        Self {
            issued: HashMap::new(),
            lifetime: lifetime.unwrap_or(TOKEN_LIFETIME),
        }
    }

    /// Answers a token request that was sent to `host`.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub(crate) fn answer(
        &mut self,
        request: &Request<Bytes>,
        host: &str,
        access: &Access,
        dialect: &Dialect,
        now: Moment,
    ) -> Result<Answer, getrandom::Error> {
        let asked = Asked::read(request);
        // The wording of PHP league/oauth2-server, which "Client authentication failed" is
        // taken from (A2A API specification, "Bodies that are not the envelope").
        if asked.grant_type.as_deref() != Some("client_credentials") {
            return Ok(refuse(
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                "The authorization grant type is not supported by the authorization server.",
            ));
        }
        let Some(client_id) = asked.client_id else {
            return Ok(refuse(
                StatusCode::BAD_REQUEST,
                "invalid_request",
                "The request is missing a required parameter, includes an invalid parameter \
                 value, includes a parameter more than once, or is otherwise malformed.",
            ));
        };
        let secret = asked.client_secret.unwrap_or_default();
        let tenant = asked.tenant.as_deref().filter(|tenant| !tenant.is_empty());
        let grant = access.client(&client_id);
        let admitted = grant.filter(|grant| {
            knows_secret(grant, &secret) && of_tenant(grant, tenant, host, &dialect.tenant)
        });
        let Some(grant) = admitted else {
            return Ok(refuse(
                dialect.switches.client_status,
                "invalid_client",
                "Client authentication failed",
            ));
        };
        // Only curl lines show `ttl=60`, beside a token of one hour: minutes.
        let minutes = asked.ttl.and_then(|ttl| ttl.parse::<u32>().ok());
        let lifetime = minutes.map_or(self.lifetime, |minutes| {
            Duration::from_secs(u64::from(minutes) * 60)
        });
        let token = self.issue(Arc::clone(grant), &client_id, lifetime, now)?;
        let body = format!(
            r#"{{"token_type":"Bearer","expires_in":{},"access_token":"{token}"}}"#,
            lifetime.as_secs()
        );
        Ok(Answer::json(StatusCode::OK, body))
    }

    /// A token that looks like the appliance's: three parts, of which the last is random.
    fn issue(
        &mut self,
        grant: Arc<Grant>,
        client_id: &str,
        lifetime: Duration,
        now: Moment,
    ) -> Result<String, getrandom::Error> {
        self.issued.retain(|_, issued| issued.expires > now);
        if self.issued.len() >= CAPACITY {
            let oldest = self.issued.iter().min_by_key(|(_, issued)| issued.expires);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                self.issued.remove(&key);
            }
        }
        let expires = now.plus(lifetime);
        let claims = json!({
            "aud": client_id,
            "jti": unguessable(20)?,
            "iat": now.seconds(),
            "nbf": now.seconds(),
            "exp": expires.seconds(),
            "sub": "",
            "scopes": [],
        });
        let header = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"RS256"}"#);
        let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
        let signature = URL_SAFE_NO_PAD.encode(unguessable(64)?);
        let token = format!("{header}.{claims}.{signature}");
        self.issued.insert(token.clone(), Issued { grant, expires });
        Ok(token)
    }

    /// The authorization behind a bearer token that is good at `host`.
    pub(crate) fn find(&self, token: &str, host: &str, now: Moment) -> Option<Arc<Grant>> {
        let issued = self.issued.get(token)?;
        let tenant = issued.grant.authorization.tenant.as_deref();
        let elsewhere =
            tenant.is_some_and(|tenant| tenant_of(host).is_some_and(|called| called != tenant));
        (issued.expires > now && !elsewhere).then(|| Arc::clone(&issued.grant))
    }
}

fn knows_secret(grant: &Grant, given: &str) -> bool {
    match &grant.authorization.keys {
        Keys::OAuth2(client) => {
            let secret = client.client_secret.expose().as_bytes();
            bool::from(secret.ct_eq(given.as_bytes()))
        }
        Keys::OAuth1(_) => false,
    }
}

/// Whether the request is for the tenant of the authorization. Where that has none, the mock has
/// one tenant, which need not be named.
fn of_tenant(grant: &Grant, given: Option<&str>, host: &str, only: &str) -> bool {
    match grant.authorization.tenant.as_deref() {
        Some(tenant) => given.or_else(|| tenant_of(host)) == Some(tenant),
        None => given.is_none_or(|given| given == only),
    }
}

fn refuse(status: StatusCode, error: &str, message: &str) -> Answer {
    let body =
        format!(r#"{{"error":"{error}","error_description":"{message}","message":"{message}"}}"#);
    Answer::json(status, body).because(error)
}
