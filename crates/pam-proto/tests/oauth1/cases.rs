//! Any request, any credentials.

use http::header::CONTENT_TYPE;
use http::{Method, Request};
use pam_proto::Secret;
use pam_proto::oauth1::signature::Key;
use pam_proto::oauth1::{Credentials, Signer, Stamp};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::reference::{Reference, Subject};

/// A request and what it is signed with; its parts are given decoded.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) method: String,
    pub(crate) scheme: String,
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    /// As sent.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) form: Option<Vec<(String, String)>>,
    pub(crate) consumer_key: String,
    pub(crate) consumer_secret: String,
    pub(crate) token: Option<(String, String)>,
    pub(crate) has_version: bool,
    pub(crate) realm: Option<String>,
    pub(crate) callback: Option<String>,
    pub(crate) timestamp: u64,
    pub(crate) nonce: String,
    /// Chooses between the spellings of a byte in a form.
    pub(crate) spelling: u64,
}

/// Text without control characters.
fn printable() -> impl Strategy<Value = String> {
    prop_oneof!["[!-~]{1,40}", "\\PC{1,20}"]
}

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    let text =
        prop_oneof![4 => "[a-c~ %+&=/-]{0,4}", 1 => any::<String>(), 1 => "oauth_[a-z]{0,3}_"];
    prop_oneof![9 => vec((text.clone(), text.clone()), 0..5), 1 => vec((text.clone(), text), 5..40)]
}

pub(crate) fn any_case() -> impl Strategy<Value = Case> {
    let host = prop_oneof![
        "[a-zA-Z0-9]{1,20}(\\.[a-z]{2,5})?",
        Just("192.0.2.7".to_owned()),
        Just("[2001:DB8::7]".to_owned()),
    ];
    let target = (
        prop_oneof![
            "GET",
            "DELETE",
            "POST",
            "[A-Z]{1,9}",
            "[a-z!#$&'*+.^_`|~-]{1,9}"
        ],
        prop_oneof![Just("http"), Just("https")],
        host,
        option::of(any::<u16>()),
        "(/[a-zA-Z0-9~._!$&'()*+,;=:@-]{0,20}(%[0-9a-fA-F]{2}|é|日)?){1,5}",
        pairs(),
        option::of(pairs()),
    );
    let credentials = (
        printable(),
        any::<String>(),
        option::of((printable(), any::<String>())),
        any::<bool>(),
        option::of("[ -~]{0,20}"),
        option::of(printable()),
    );
    let stamp = (any::<u64>(), printable(), any::<u64>());
    (target, credentials, stamp).prop_map(|(target, credentials, stamp)| {
        let (method, scheme, host, port, path, query, form) = target;
        let (consumer_key, consumer_secret, token, has_version, realm, callback) = credentials;
        let (timestamp, nonce, spelling) = stamp;
        Case {
            method,
            scheme: scheme.to_owned(),
            host,
            port,
            path,
            query,
            form,
            consumer_key,
            consumer_secret,
            token,
            has_version,
            realm,
            callback,
            timestamp,
            nonce,
            spelling,
        }
    })
}

impl Case {
    pub(crate) fn signer(&self) -> Signer {
        let secret = Secret::new(self.consumer_secret.clone());
        let mut credentials = Credentials::new(self.consumer_key.clone(), secret);
        if let Some((key, secret)) = &self.token {
            credentials = credentials.with_token(key.clone(), Secret::new(secret.clone()));
        }
        let mut signer = Signer::new(&credentials).unwrap();
        if !self.has_version {
            signer = signer.without_version();
        }
        if let Some(realm) = &self.realm {
            signer = signer.with_realm(realm).unwrap();
        }
        if let Some(callback) = &self.callback {
            signer = signer.with_parameter("oauth_callback", callback).unwrap();
        }
        signer
    }

    pub(crate) fn key(&self) -> Key {
        let token_secret = self.token.as_ref().map(|(_, s)| Secret::new(s.clone()));
        Key::new(
            &Secret::new(self.consumer_secret.clone()),
            token_secret.as_ref(),
        )
    }

    pub(crate) fn stamp(&self) -> Stamp {
        Stamp::new(self.timestamp, self.nonce.clone())
    }

    pub(crate) fn origin(&self) -> String {
        let port = self.port.map_or(String::new(), |port| format!(":{port}"));
        format!("{}://{}{port}", self.scheme, self.host)
    }

    pub(crate) fn url(&self) -> String {
        let query = match self.query.is_empty() {
            true => String::new(),
            false => format!("?{}", self.spell(&self.query)),
        };
        format!("{}{}{query}", self.origin(), self.path)
    }

    pub(crate) fn body(&self) -> String {
        self.form
            .as_ref()
            .map_or(String::new(), |form| self.spell(form))
    }

    pub(crate) fn request(&self) -> Request<Vec<u8>> {
        let mut request = Request::builder()
            .method(Method::from_bytes(self.method.as_bytes()).unwrap())
            .uri(self.url());
        if self.form.is_some() {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        request.body(self.body().into_bytes()).unwrap()
    }

    pub(crate) fn signature_of_reference(&self) -> String {
        let mut oauth = vec![
            ("oauth_consumer_key".to_owned(), self.consumer_key.clone()),
            ("oauth_nonce".to_owned(), self.nonce.clone()),
            ("oauth_signature_method".to_owned(), "HMAC-SHA1".to_owned()),
            ("oauth_timestamp".to_owned(), self.timestamp.to_string()),
        ];
        let mut further = |name: &str, value: Option<String>| {
            oauth.extend(value.map(|value| (name.to_owned(), value)));
        };
        further("oauth_version", self.has_version.then(|| "1.0".to_owned()));
        further("oauth_callback", self.callback.clone());
        further("oauth_token", self.token.clone().map(|(key, _)| key));
        Reference::RIGHT.signature(&Subject {
            method: self.method.clone(),
            url: self.url(),
            realm: self.realm.clone(),
            is_form: true,
            body: self.body(),
            oauth,
            consumer_secret: self.consumer_secret.clone(),
            token_secret: self.token.clone().unwrap_or_default().1,
        })
    }

    /// A form in one of its spellings.
    fn spell(&self, pairs: &[(String, String)]) -> String {
        let mut chooser = self.spelling;
        let mut text = |decoded: &str| {
            let mut spelled = String::new();
            for byte in decoded.bytes() {
                chooser = chooser
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let choice = (chooser >> 60) as u8;
                match byte {
                    b' ' if choice < 8 => spelled.push('+'),
                    _ if byte.is_ascii_alphanumeric() && choice > 0 => {
                        spelled.push(char::from(byte));
                    }
                    b'-' | b'.' | b'_' | b'~' | b'!' | b'/' | b':' | b'@' if choice < 8 => {
                        spelled.push(char::from(byte));
                    }
                    _ if choice < 4 => spelled += &format!("%{byte:02x}"),
                    _ => spelled += &format!("%{byte:02X}"),
                }
            }
            spelled
        };
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{}={}", text(name), text(value)))
            .collect();
        pairs.join("&")
    }
}
