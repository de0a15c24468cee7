//! `POST …/remote/session` (A2A API specification, "Create an authenticated URL for a web proxy
//! session").

use std::net::IpAddr;

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
    /// The end user's IP address, to which the whole session is bound.
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

impl OpenSession {
    /// What the appliance would refuse, or bind the session to by mistake.
    fn check(&self) -> Result<(), BuildError> {
        let field = |field, reason| Err(BuildError::Field { field, reason });
        for (name, value) in [
            ("user", &self.user),
            ("credential", &self.credential),
            ("device", &self.device),
            ("protocol", &self.protocol),
        ] {
            if value.trim().is_empty() {
                return field(name, "is empty; the appliance needs it");
            }
            if value.chars().any(char::is_control) {
                return field(name, "holds a control character");
            }
        }
        let address = self.remote_addr.as_deref();
        if address.is_some_and(|address| address.parse::<IpAddr>().is_err()) {
            return field("remoteAddr", "is no IP address");
        }
        let size = self.screen_size.as_deref();
        if size.is_some_and(|size| !is_size(size)) {
            return field("screensize", "is not WIDTHxHEIGHT, such as 1920x1080");
        }
        Ok(())
    }
}

fn is_size(text: &str) -> bool {
    let number = |text: &str| text.parse::<u16>().is_ok_and(|pixels| pixels > 0);
    text.split_once('x')
        .is_some_and(|(width, height)| number(width) && number(height))
}

impl Operation for OpenSession {
    type Output = OpenedSession;

    fn module(&self) -> Module {
        Module::WebProxySession
    }

    fn request(&self, base: &BaseUrl, routes: Routes) -> Result<Request<Vec<u8>>, BuildError> {
        self.check()?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn built(open: &OpenSession) -> Result<Request<Vec<u8>>, String> {
        let base = BaseUrl::new("https://vault.example.com").unwrap();
        open.request(&base, Routes::Iso)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_body_has_the_documented_names_and_only_what_was_given() {
        let mut open = OpenSession::new("jdoe", "root", "192.0.2.20", "ssh");
        let body =
            |open: &OpenSession| String::from_utf8(built(open).unwrap().into_body()).unwrap();
        assert_eq!(
            body(&open),
            r#"{"user":"jdoe","credential":"root","device":"192.0.2.20","protocol":"ssh"}"#
        );
        open.remote_device = Some("7".to_owned());
        open.remote_addr = Some("2001:db8::5".to_owned());
        open.port = Some(2222);
        open.remote_app = Some(3);
        open.screen_size = Some("1900x1200".to_owned());
        assert!(body(&open).ends_with(
            r#""remotedevice":"7","remoteAddr":"2001:db8::5","port":2222,"remoteapp":3,"screensize":"1900x1200"}"#
        ));
    }

    #[test]
    fn what_the_appliance_would_refuse_is_refused_by_name() {
        let open = OpenSession::new("jdoe", " ", "d", "ssh");
        let error = built(&open).unwrap_err();
        assert_eq!(error, "credential is empty; the appliance needs it");
        let open = OpenSession::new("jdoe\n", "c", "d", "ssh");
        assert_eq!(built(&open).unwrap_err(), "user holds a control character");

        let mut open = OpenSession::new("u", "c", "d", "ssh");
        open.remote_addr = Some("host.example.com".to_owned());
        assert_eq!(built(&open).unwrap_err(), "remoteAddr is no IP address");
        open.remote_addr = None;
        for size in ["1920", "x", "0x1", "1920x1080x2", "1920X1080", "-1x5"] {
            open.screen_size = Some(size.to_owned());
            assert!(
                built(&open).unwrap_err().starts_with("screensize"),
                "{size}"
            );
        }
    }
}
