//! `POST …/remote/session` (A2A API specification, "Create an authenticated URL for a web proxy
//! session").

use http::{HeaderValue, Method, Request, header};
use serde::Serialize;

use super::{Operation, bare};
use crate::base_url::BaseUrl;
use crate::envelope::Envelope;
use crate::error::{BuildError, ReplyError};
use crate::knowledge::Module;
use crate::legible::without_blanks;
use crate::routes::Routes;
use crate::secret::Secret;
use crate::tolerance::Notes;

/// Asks for a URL that opens a web proxy session without another login.
#[derive(Debug, Clone, Serialize)]
pub struct OpenSession {
    user: String,
    credential: String,
    device: String,
    protocol: String,
    /// The actual target (device id, IP or host name), for domain credentials.
    #[serde(rename = "remotedevice", skip_serializing_if = "Option::is_none")]
    pub remote_device: Option<String>,
    /// The end user's IP, bound for the whole session.
    #[serde(rename = "remoteAddr", skip_serializing_if = "Option::is_none")]
    pub remote_addr: Option<String>,
    /// The port, when it is not the device's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The RemoteApp id, for RemoteApp sessions.
    #[serde(rename = "remoteapp", skip_serializing_if = "Option::is_none")]
    pub remote_app: Option<u64>,
    /// `WIDTHxHEIGHT`; the appliance's default is `1920x1080`.
    #[serde(rename = "screensize", skip_serializing_if = "Option::is_none")]
    pub screen_size: Option<String>,
}

/// A way into a session. Both parts let their holder in, once, for 30 seconds.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OpenedSession {
    /// The single-use URL.
    pub session_url: Secret,
    /// The token behind it.
    pub token: Secret,
}

impl OpenSession {
    /// A session of this vault user, with this credential, on this device, over this protocol.
    pub fn new(
        user: impl Into<String>,
        credential: impl Into<String>,
        device: impl Into<String>,
        protocol: impl Into<String>,
    ) -> Self {
        Self {
            user: user.into(),
            credential: credential.into(),
            device: device.into(),
            protocol: protocol.into(),
            remote_device: None,
            remote_addr: None,
            port: None,
            remote_app: None,
            screen_size: None,
        }
    }
}

impl Operation for OpenSession {
    type Output = OpenedSession;

    fn module(&self) -> Module {
        Module::WebProxySession
    }

    fn request(&self, base: &BaseUrl, routes: Routes) -> Result<Request<Vec<u8>>, BuildError> {
        let mut request = bare(Method::POST, base.endpoint(routes.open().iter().copied())?)?;
        *request.body_mut() = serde_json::to_vec(self).map_err(|_| BuildError::Body)?;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::CONTENT_TYPE, json);
        Ok(request)
    }

    fn read(&self, envelope: &Envelope, notes: &mut Notes) -> Result<OpenedSession, ReplyError> {
        let mut part = |name: &'static str| {
            let session = envelope.payload("session");
            let text = session.and_then(|session| session.get(name)?.as_str());
            let text = text.map(str::trim).filter(|text| !text.is_empty());
            text.map(|text| without_blanks(text, notes)).ok_or_else(|| {
                envelope.malformed(format!(
                    "the appliance's answer has no usable `session.{name}`"
                ))
            })
        };
        Ok(OpenedSession {
            session_url: part("session_url")?,
            token: part("token")?,
        })
    }
}
