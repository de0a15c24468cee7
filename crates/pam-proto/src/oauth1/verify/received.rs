//! What a request says about itself.

use std::borrow::Cow;
use std::collections::BTreeSet;

use http::Request;
use http::header::AUTHORIZATION;

use super::{Origin, Refusal, Stamps};
use crate::oauth1::base_string::{write_head, write_params};
use crate::oauth1::header::{self, HeaderError};
use crate::oauth1::params::{Param, Params};
use crate::oauth1::protocol;
use crate::oauth1::target::Target;
use crate::oauth1::writer::{Sink, Writer};

/// The parameters of a request whose shape is right; nothing of it is proven yet.
pub(super) struct Received<'r> {
    pub(super) consumer_key: Cow<'r, str>,
    pub(super) token: Option<Cow<'r, str>>,
    pub(super) timestamp: Option<u64>,
    pub(super) nonce: Option<Cow<'r, str>>,
    pub(super) signature: Cow<'r, str>,
    /// All that is signed, sorted.
    params: Params<'r>,
}

impl<'r> Received<'r> {
    /// Reads the header and checks everything that needs no key and no clock.
    pub(super) fn read<B: AsRef<[u8]>>(
        request: &'r Request<B>,
        stamps: Stamps,
    ) -> Result<Self, Refusal> {
        let mut headers = request.headers().get_all(AUTHORIZATION).iter();
        let header = match (headers.next(), headers.count()) {
            (Some(header), 0) => header.as_bytes(),
            (first, more) => {
                let count = usize::from(first.is_some()) + more;
                return Err(Refusal::Authorization { count });
            }
        };
        let mut params = Params::new();
        let mut own: [Option<Cow<'r, str>>; protocol::OWN.len()] = Default::default();
        let mut further = BTreeSet::new();
        for parameter in header::scan(header)? {
            let parameter = parameter?;
            let name = parameter.decoded_name()?;
            let value = parameter.decoded_value()?;
            refuse_secret(&name)?;
            if name != protocol::SIGNATURE && !parameter.is_realm() {
                params.add(Param::escaped(parameter.name, parameter.value));
            }
            let twice = match protocol::OWN
                .iter()
                .zip(&mut own)
                .find(|(own, _)| **own == name)
            {
                Some((_, slot)) => slot.replace(value).is_some(),
                None => !further.insert(name.clone()),
            };
            if twice {
                let name = name.into_owned();
                return Err(HeaderError::Twice { name }.into());
            }
        }
        let target = Target::of(request);
        let signed_in_header = params.as_slice().len();
        params.push_form(request.uri().query().unwrap_or_default().as_bytes());
        params.push_form(target.form);
        for param in params.as_slice().iter().skip(signed_in_header) {
            if !param.name_begins_with(protocol::PREFIX) {
                continue;
            }
            let name: Vec<u8> = param.name().collect();
            let name = String::from_utf8_lossy(&name);
            refuse_secret(&name)?;
            if protocol::OWN.contains(&&*name) || further.contains(&name) {
                let name = name.into_owned();
                return Err(Refusal::Elsewhere { name });
            }
        }
        params.sort();

        // In the order of `protocol::OWN`.
        let [
            consumer_key,
            nonce,
            signature,
            method,
            timestamp,
            token,
            version,
        ] = own;
        let required = |value: Option<Cow<'r, str>>, name| {
            let value = value.filter(|value| !value.is_empty());
            value.ok_or(Refusal::Missing { name })
        };
        let consumer_key = required(consumer_key, protocol::CONSUMER_KEY)?;
        let method = required(method, protocol::SIGNATURE_METHOD)?;
        let signature = required(signature, protocol::SIGNATURE)?;
        let optional = |value: Option<Cow<'r, str>>, name| match stamps {
            Stamps::Required => required(value, name).map(Some),
            Stamps::Optional => Ok(value.filter(|value| !value.is_empty())),
        };
        let timestamp = optional(timestamp, protocol::TIMESTAMP)?;
        let nonce = optional(nonce, protocol::NONCE)?;
        if method != protocol::HMAC_SHA1 {
            let given = method.into_owned();
            return Err(Refusal::SignatureMethod { given });
        }
        if let Some(given) = version.filter(|version| version != "1.0") {
            let given = given.into_owned();
            return Err(Refusal::Version { given });
        }
        Ok(Self {
            consumer_key,
            token,
            timestamp: timestamp.map(seconds).transpose()?,
            nonce,
            signature,
            params,
        })
    }

    /// Writes the base string of the request, as it was called at `origin`.
    #[inline]
    pub(super) fn write_base_string<B, S: Sink>(
        &self,
        writer: &mut Writer<'_, S>,
        request: &Request<B>,
        origin: &Origin,
    ) {
        let uri = origin.base_uri(request.uri().path());
        write_head(writer, request.method().as_str(), &uri);
        write_params(writer, self.params.as_slice());
    }
}

fn refuse_secret(name: &str) -> Result<(), Refusal> {
    match protocol::SECRETS.into_iter().find(|secret| *secret == name) {
        Some(name) => Err(Refusal::SecretSent { name }),
        None => Ok(()),
    }
}

/// A number of seconds: digits, as many as there are (RFC 5849 section 3.3).
fn seconds(given: Cow<'_, str>) -> Result<u64, Refusal> {
    let all_digits = given.bytes().all(|b| b.is_ascii_digit());
    match given.parse() {
        Ok(seconds) if all_digits => Ok(seconds),
        _ => Err(Refusal::TimestampSyntax {
            given: given.into_owned(),
        }),
    }
}
