//! What a request says about itself.

use http::Request;
use http::header::AUTHORIZATION;

use super::{Origin, Refusal, Stamps};
use crate::oauth1::params::Params;
use crate::oauth1::target::Target;
use crate::oauth1::{base_string, header};

/// The parameters of a request whose shape is right; nothing of it is proven yet.
pub(super) struct Received {
    pub(super) consumer_key: String,
    pub(super) token: Option<String>,
    pub(super) timestamp: Option<u64>,
    pub(super) nonce: Option<String>,
    pub(super) signature: String,
    params: Params,
}

/// Parameters whose only place is the header.
const HEADER_ONLY: [&str; 7] = [
    "oauth_consumer_key",
    "oauth_nonce",
    "oauth_signature",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_token",
    "oauth_version",
];

const SECRETS: [&str; 2] = ["oauth_consumer_secret", "oauth_token_secret"];

impl Received {
    /// Reads the header and checks everything that needs no key and no clock.
    pub(super) fn read<B: AsRef<[u8]>>(
        request: &Request<B>,
        stamps: Stamps,
    ) -> Result<Self, Refusal> {
        let mut values = request.headers().get_all(AUTHORIZATION).iter();
        let header = match (values.next(), values.count()) {
            (Some(value), 0) => header::parse(value.as_bytes())?,
            (None, _) => return Err(Refusal::Authorization { count: 0 }),
            (Some(_), more) => return Err(Refusal::Authorization { count: more + 1 }),
        };
        let target = Target::of(request);
        let mut params = Params::new();
        params.push_form(request.uri().query().unwrap_or_default().as_bytes());
        params.push_form(target.form);
        for (name, _) in params
            .iter()
            .filter(|(name, _)| name.starts_with(b"oauth_"))
        {
            let name = String::from_utf8_lossy(name);
            refuse_secret(&name)?;
            if HEADER_ONLY.contains(&&*name) || header.iter().any(|(known, _)| *known == name) {
                return Err(Refusal::Elsewhere {
                    name: name.into_owned(),
                });
            }
        }

        let mut consumer_key = None;
        let mut token = None;
        let mut method = None;
        let mut signature = None;
        let mut timestamp = None;
        let mut nonce = None;
        let mut version = None;
        for (name, value) in header {
            refuse_secret(&name)?;
            let slot = match name.as_str() {
                "realm" => continue,
                "oauth_signature" => {
                    signature = Some(value);
                    continue;
                }
                "oauth_consumer_key" => &mut consumer_key,
                "oauth_token" => &mut token,
                "oauth_signature_method" => &mut method,
                "oauth_timestamp" => &mut timestamp,
                "oauth_nonce" => &mut nonce,
                "oauth_version" => &mut version,
                _ => &mut None,
            };
            *slot = Some(value.clone());
            params.push(name, value);
        }

        let missing = |name| Refusal::Missing { name };
        let consumer_key = consumer_key.ok_or(missing("oauth_consumer_key"))?;
        let method = method.ok_or(missing("oauth_signature_method"))?;
        let signature = signature.ok_or(missing("oauth_signature"))?;
        if stamps == Stamps::Required {
            if timestamp.is_none() {
                return Err(missing("oauth_timestamp"));
            }
            if nonce.as_ref().is_none_or(String::is_empty) {
                return Err(missing("oauth_nonce"));
            }
        }
        if method != "HMAC-SHA1" {
            return Err(Refusal::SignatureMethod { given: method });
        }
        if let Some(given) = version.filter(|version| version != "1.0") {
            return Err(Refusal::Version { given });
        }
        Ok(Self {
            consumer_key,
            token,
            timestamp: timestamp.map(seconds).transpose()?,
            nonce: nonce.filter(|nonce| !nonce.is_empty()),
            signature,
            params,
        })
    }

    pub(super) fn base_string<B>(
        &self,
        request: &Request<B>,
        origin: &Origin,
    ) -> Result<String, Refusal> {
        let uri = origin.base_uri(request.uri().path())?;
        let method = request.method().as_str();
        Ok(base_string::join(method, &uri, &self.params.normalised()))
    }
}

fn refuse_secret(name: &str) -> Result<(), Refusal> {
    match SECRETS.into_iter().find(|secret| *secret == name) {
        Some(name) => Err(Refusal::SecretSent { name }),
        None => Ok(()),
    }
}

/// A number of seconds: digits, as many as there are (RFC 5849 section 3.3).
fn seconds(given: String) -> Result<u64, Refusal> {
    if !given.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Refusal::TimestampSyntax { given });
    }
    given
        .parse()
        .map_err(|_| Refusal::TimestampSyntax { given })
}
