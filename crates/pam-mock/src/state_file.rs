//! Sessions and applications from JSON.

use std::path::{Path, PathBuf};

use pam_proto::oauth1::Credentials;
use pam_proto::oauth2::ClientCredentials;
use pam_proto::{Secret, SessionId};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::access::{Application, Authorization, Permission, Resource};
use crate::clock::Moment;
use crate::fingerprint::Fingerprint;
use crate::state::NewSession;

/// The content of a state file: `{"sessions":[…]}`, and `"applications"` where they are wanted.
///
/// A session has the keys of `GET /_mock/sessions` or those of the wire; whatever is left out is
/// made up. An application has `name`, `enabled` and `authorizations`; an authorization has either
/// `oauth1` (`consumer_key`, `consumer_secret`, `token`, `token_secret`) or `oauth2` (`client_id`,
/// `client_secret`), and, where they are to restrict it, `resources` (`pam-core`,
/// `web-proxy-session`), `permission` (`read-only`, `read-and-write`), `expires`, `enabled`,
/// `addresses`, `referers`, `certificate` (a fingerprint), `tenant` and `devices`.
///
/// ```
/// let state = pam_mock::State::from_json(
///     r#"{"sessions":[{"id":"7","user":"alice","dispositivo":"192.0.2.9:22","end":null}]}"#,
/// )?;
/// assert_eq!(state.sessions[0].id, Some(7));
/// # Ok::<(), pam_mock::StateError>(())
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct State {
    /// The sessions.
    pub sessions: Vec<NewSession>,
    /// The applications beside the mock's own.
    pub applications: Vec<Application>,
}

/// A state that can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The file can't be read.
    #[error("the state file {path} can't be read: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not JSON, or not of this form.
    #[error("the state is not {{\"sessions\":[…]}}: {0}")]
    Form(#[from] serde_json::Error),
    /// A session contradicts itself or has an unusable value.
    #[error("session {number} of the state: {what}")]
    Session {
        /// Which, counted from 1.
        number: usize,
        /// What is wrong with it.
        what: String,
    },
    /// An application has an unusable value.
    #[error("application `{name}` of the state: {what}")]
    Application {
        /// Its name.
        name: String,
        /// What is wrong with it.
        what: String,
    },
}

impl State {
    /// Reads a file.
    ///
    /// # Errors
    /// [`StateError`] names the file, the session or the application.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, StateError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|source| StateError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::from_json(&text)
    }

    /// Reads a JSON text.
    ///
    /// # Errors
    /// [`StateError`] names the session or the application.
    pub fn from_json(text: &str) -> Result<Self, StateError> {
        // By way of an object: an array would do for the structure as well.
        let object: Map<String, Value> = serde_json::from_str(text)?;
        let file: File = serde_json::from_value(Value::Object(object))?;
        let sessions = file.sessions.into_iter().zip(1..);
        let sessions = sessions.map(|(session, number)| {
            let session = session.meant();
            session.map_err(|what| StateError::Session { number, what })
        });
        let applications = file.applications.into_iter().map(ApplicationEntry::meant);
        Ok(Self {
            sessions: sessions.collect::<Result<_, _>>()?,
            applications: applications.collect::<Result<_, _>>()?,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, alias = "remote_sessions")]
    sessions: Vec<SessionEntry>,
    #[serde(default)]
    applications: Vec<ApplicationEntry>,
}

/// A session in either spelling; keys that are not known are passed over, as a listing may have
/// them.
#[derive(Deserialize)]
pub(crate) struct SessionEntry {
    id: Option<Value>,
    session_id: Option<String>,
    user: Option<String>,
    origin_ip: Option<String>,
    #[serde(alias = "credencial")]
    credential: Option<String>,
    #[serde(alias = "dispositivo")]
    device: Option<String>,
    protocol: Option<String>,
    proxy: Option<String>,
    #[serde(alias = "start")]
    started_at: Option<String>,
    #[serde(alias = "end")]
    ended_at: Option<String>,
    active: Option<bool>,
    prevent_purge: Option<Value>,
    request: Option<String>,
    #[serde(alias = "ITSM")]
    itsm: Option<String>,
}

impl SessionEntry {
    /// The session that is meant.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn meant(self) -> Result<NewSession, String> {
        let id = match self.id {
            None | Some(Value::Null) => None,
            Some(Value::Number(number)) if number.is_u64() => number.as_u64(),
            Some(Value::String(digits)) => Some(
                digits
                    .parse()
                    .map_err(|_| format!("its id `{digits}` is not a number"))?,
            ),
            Some(other) => return Err(format!("its id {other} is not a number")),
        };
        let session_id = self.session_id.map(SessionId::new).transpose();
        let session_id = session_id.map_err(|error| error.to_string())?;
        // A zero date means that there is no end (A2A API specification, "List all": `end`).
        let ended_at = self
            .ended_at
            .filter(|end| end.bytes().any(|byte| matches!(byte, b'1'..=b'9')));
        let ended_at = match (self.active, ended_at) {
            (Some(true), Some(end)) => {
                return Err(format!("it is active and ended at {end}; leave out one"));
            }
            // An end is needed; at its start is as good as any.
            (Some(false), None) => Some(self.started_at.clone().ok_or(
                "it is not active and has neither ended_at nor started_at; give one of them",
            )?),
            (_, end) => end,
        };
        let prevent_purge = match self.prevent_purge {
            None | Some(Value::Null) => false,
            Some(Value::Bool(flag)) => flag,
            Some(Value::String(text)) => match text.to_lowercase().as_str() {
                "yes" | "sim" => true,
                "no" | "não" => false,
                _ => return Err(format!("its prevent_purge `{text}` is neither Yes nor No")),
            },
            Some(other) => return Err(format!("its prevent_purge {other} is neither Yes nor No")),
        };
        Ok(NewSession {
            id,
            session_id,
            user: self.user,
            origin_ip: self.origin_ip,
            credential: self.credential,
            device: self.device,
            protocol: self.protocol,
            proxy: self.proxy,
            started_at: self.started_at,
            ended_at,
            prevent_purge,
            request: self.request,
            itsm: self.itsm,
        })
    }
}

/// Strict, unlike a session: a misspelt restriction must not be a missing one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApplicationEntry {
    name: String,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default)]
    authorizations: Vec<AuthorizationEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthorizationEntry {
    oauth1: Option<OAuth1Entry>,
    oauth2: Option<OAuth2Entry>,
    resources: Option<Vec<ResourceEntry>>,
    #[serde(default)]
    permission: PermissionEntry,
    expires: Option<String>,
    #[serde(default = "yes")]
    enabled: bool,
    addresses: Option<Vec<String>>,
    #[serde(default)]
    referers: Vec<String>,
    certificate: Option<String>,
    tenant: Option<String>,
    devices: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OAuth1Entry {
    consumer_key: String,
    consumer_secret: String,
    token: Option<String>,
    token_secret: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OAuth2Entry {
    client_id: String,
    client_secret: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ResourceEntry {
    PamCore,
    WebProxySession,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
enum PermissionEntry {
    ReadOnly,
    #[default]
    ReadAndWrite,
}

fn yes() -> bool {
    true
}

impl ApplicationEntry {
    fn meant(self) -> Result<Application, StateError> {
        let authorizations = self.authorizations.into_iter();
        let authorizations = authorizations.map(|entry| {
            entry.meant().map_err(|what| StateError::Application {
                name: self.name.clone(),
                what,
            })
        });
        let authorizations = authorizations.collect::<Result<Vec<_>, _>>()?;
        let mut application = Application::new(self.name, authorizations);
        application.enabled = self.enabled;
        Ok(application)
    }
}

impl AuthorizationEntry {
    fn meant(self) -> Result<Authorization, String> {
        let mut authorization = match (self.oauth1, self.oauth2) {
            (Some(keys), None) => Authorization::oauth1(keys.meant()?),
            (None, Some(keys)) => Authorization::oauth2(ClientCredentials::new(
                keys.client_id,
                Secret::new(keys.client_secret),
            )),
            _ => return Err("an authorization has either oauth1 or oauth2".to_owned()),
        };
        if let Some(resources) = self.resources {
            authorization =
                authorization.resources(resources.into_iter().map(|entry| match entry {
                    ResourceEntry::PamCore => Resource::PamCore,
                    ResourceEntry::WebProxySession => Resource::WebProxySession,
                }));
        }
        authorization.permission = match self.permission {
            PermissionEntry::ReadOnly => Permission::ReadOnly,
            PermissionEntry::ReadAndWrite => Permission::ReadAndWrite,
        };
        if let Some(text) = self.expires {
            let zone = jiff::tz::Offset::UTC;
            let moment = Moment::parse(&text, zone)
                .ok_or_else(|| format!("`{text}` is no time; write 2030-01-31T00:00:00Z"))?;
            authorization = authorization.expires(moment.into());
        }
        authorization.enabled = self.enabled;
        if let Some(addresses) = self.addresses {
            for address in &addresses {
                if address != "*" && address.parse::<std::net::IpAddr>().is_err() {
                    return Err(format!("`{address}` is neither an IP address nor *"));
                }
            }
            authorization.addresses = addresses;
        }
        authorization.referers = self.referers;
        if let Some(text) = self.certificate {
            let fingerprint: Result<Fingerprint, _> = text.parse();
            authorization = authorization.certificate(fingerprint.map_err(|e| e.to_string())?);
        }
        authorization.tenant = self.tenant;
        if let Some(devices) = self.devices {
            authorization = authorization.devices(devices);
        }
        Ok(authorization)
    }
}

impl OAuth1Entry {
    fn meant(self) -> Result<Credentials, String> {
        let credentials = Credentials::new(self.consumer_key, Secret::new(self.consumer_secret));
        match (self.token, self.token_secret) {
            (Some(token), Some(secret)) => Ok(credentials.with_token(token, Secret::new(secret))),
            (None, None) => Ok(credentials),
            _ => Err("a token and its token_secret come together".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_read() {
        let state = State::from_json(
            r#"{"sessions":[
                {"id":"540","session_id":"ab12","user":"Admin","origin_ip":"192.0.2.10",
                 "credencial":"svc1","dispositivo":"192.0.2.20:22","protocol":"ssh",
                 "proxy":"Web Proxy","start":"2024-05-06 16:05:07","end":"2024-05-06 16:07:59",
                 "time":"00:02:52","prevent_purge":"Não","request":null,"ITSM":null},
                {"id":541,"credential":"root","device":"192.0.2.21:22",
                 "started_at":"2024-05-06 16:05:07","ended_at":null,"active":true,
                 "prevent_purge":true,"itsm":"CHG1"}]}"#,
        )
        .unwrap();
        let [first, second] = state.sessions.as_slice() else {
            panic!("{state:?}");
        };
        assert_eq!(first.credential.as_deref(), Some("svc1"));
        assert_eq!(first.ended_at.as_deref(), Some("2024-05-06 16:07:59"));
        assert_eq!(second.id, Some(541));
        assert_eq!(second.ended_at, None);
        assert!(second.prevent_purge);
    }

    #[test]
    fn a_wrong_state_says_where() {
        let keys = r#""oauth1":{"consumer_key":"k","consumer_secret":"s"}"#;
        let authorization = |rest: &str| {
            format!(r#"{{"applications":[{{"name":"a","authorizations":[{{{keys}{rest}}}]}}]}}"#)
        };
        for (text, part) in [
            ("[]".to_owned(), "map"),
            (r#"{"session":[]}"#.to_owned(), "session"),
            (r#"{"sessions":[{},{"id":"x"}]}"#.to_owned(), "session 2"),
            (
                r#"{"sessions":[{"session_id":"a*b"}]}"#.to_owned(),
                "masked",
            ),
            (
                r#"{"sessions":[{"active":true,"end":"2024-05-06 16:07:59"}]}"#.to_owned(),
                "active and ended",
            ),
            (
                r#"{"sessions":[{"active":false}]}"#.to_owned(),
                "started_at",
            ),
            (authorization(r#","ips":["*"]"#), "ips"),
            (authorization(r#","addresses":["x"]"#), "IP address"),
            (authorization(r#","certificate":"x"]"#), "state"),
            (authorization(r#","expires":"soon""#), "application `a`"),
            (
                authorization(r#","oauth2":null,"permission":"all""#),
                "read-only",
            ),
        ] {
            let error = State::from_json(&text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
        let error = State::read("/nowhere/state.json").unwrap_err().to_string();
        assert!(error.contains("/nowhere/state.json"), "{error}");
    }
}
