//! A second signer: slow, by the letter of RFC 5849, sharing no code with the one under test. It
//! can be told to make one mistake.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::mistakes::Mistake;

type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

pub(crate) struct Reference {
    pub(crate) mistake: Option<Mistake>,
}

/// A request and what it is signed with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subject {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) realm: Option<String>,
    pub(crate) is_form: bool,
    pub(crate) body: String,
    /// Protocol parameters, without `oauth_signature`.
    pub(crate) oauth: Vec<(String, String)>,
    pub(crate) consumer_secret: String,
    pub(crate) token_secret: String,
}

impl Reference {
    pub(crate) const RIGHT: Self = Self { mistake: None };

    fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    pub(crate) fn signature(&self, subject: &Subject) -> String {
        let base_string = self.base_string(subject);
        self.mac(
            &base_string,
            &subject.consumer_secret,
            &subject.token_secret,
        )
    }

    /// RFC 5849 section 3.6.
    pub(crate) fn encode(&self, text: &[u8]) -> String {
        let mut encoded = String::new();
        let latin: Vec<u8>;
        let text = match std::str::from_utf8(text) {
            Ok(utf8) if self.makes(Mistake::Latin1) => {
                latin = utf8.chars().map(|c| c as u32 as u8).collect();
                &latin
            }
            _ => text,
        };
        for &byte in text {
            let kept = match byte {
                b'~' => !self.makes(Mistake::TildeEncoded),
                b'-' | b'.' | b'_' => !self.makes(Mistake::MarksEncoded),
                b'!' | b'*' | b'\'' | b'(' | b')' => self.makes(Mistake::MarksKept),
                b'/' => self.makes(Mistake::SlashKept),
                _ => byte.is_ascii_alphanumeric(),
            };
            if kept {
                encoded.push(char::from(byte));
            } else if byte == b' ' && self.makes(Mistake::PlusForSpace) {
                encoded.push('+');
            } else if self.makes(Mistake::LowerCaseHex) {
                encoded += &format!("%{byte:02x}");
            } else {
                encoded += &format!("%{byte:02X}");
            }
        }
        encoded
    }

    /// RFC 5849 section 3.4.1.
    pub(crate) fn base_string(&self, subject: &Subject) -> String {
        let method = match self.mistake {
            Some(Mistake::MethodAsWritten) => subject.method.clone(),
            Some(Mistake::MethodLowerCase) => subject.method.to_lowercase(),
            _ => subject.method.to_uppercase(),
        };
        let uri = self.uri(&subject.url);
        let normalised = self.normalised(self.collect(subject));
        let last = if self.makes(Mistake::ParametersEncodedOnce) {
            normalised
        } else {
            self.encode(normalised.as_bytes())
        };
        let method = self.encode(method.as_bytes());
        match self.mistake {
            Some(Mistake::UriNotEncoded) => format!("{method}&{uri}&{last}"),
            Some(Mistake::PartsSwapped) => {
                format!("{}&{method}&{last}", self.encode(uri.as_bytes()))
            }
            _ => format!("{method}&{}&{last}", self.encode(uri.as_bytes())),
        }
    }

    /// RFC 5849 section 3.4.1.2.
    pub(crate) fn uri(&self, url: &str) -> String {
        let (scheme, rest) = url.split_once("://").unwrap();
        let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(authority_end);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let authority = authority.rsplit('@').next().unwrap();
        let colon = authority
            .rfind(':')
            .filter(|at| authority[*at..].find(']').is_none());
        let (host, port) = match colon {
            Some(at) => (&authority[..at], &authority[at + 1..]),
            None => (authority, ""),
        };
        let mut uri = if self.makes(Mistake::SchemeCase) {
            scheme.to_owned()
        } else {
            scheme.to_lowercase()
        };
        uri += "://";
        uri += &if self.makes(Mistake::HostCase) {
            host.to_owned()
        } else {
            host.to_lowercase()
        };
        let is_default = match (scheme.to_lowercase().as_str(), port) {
            ("http", "80") => !self.makes(Mistake::DefaultPort80Kept),
            ("https", "443") => !self.makes(Mistake::DefaultPort443Kept),
            (_, "") => true,
            _ => self.makes(Mistake::PortDropped),
        };
        if !is_default {
            uri += &format!(":{port}");
        }
        let mut path = path.to_owned();
        if path.is_empty() && !self.makes(Mistake::EmptyPathKept) {
            path.push('/');
        }
        match self.mistake {
            Some(Mistake::PathLowerCase) => path = path.to_lowercase(),
            Some(Mistake::PathDecoded) => path = String::from_utf8(decode(&path, false)).unwrap(),
            Some(Mistake::PathEncodedAgain) => {
                path = path
                    .split('/')
                    .map(|s| self.encode(s.as_bytes()))
                    .collect::<Vec<_>>()
                    .join("/");
            }
            Some(Mistake::TrailingSlashCut) => path = path.trim_end_matches('/').to_owned(),
            Some(Mistake::ExtensionCut) => {
                path = path.split('.').next().unwrap().to_owned();
            }
            _ => {}
        }
        uri += &path;
        if self.makes(Mistake::QueryInUri) && !query.is_empty() {
            uri += &format!("?{query}");
        }
        uri
    }

    /// RFC 5849 section 3.4.1.3.1.
    fn collect(&self, subject: &Subject) -> Pairs {
        let mut params = Pairs::new();
        let (_, query) = subject.url.split_once('?').unwrap_or_default();
        if !self.makes(Mistake::QueryIgnored) {
            params.extend(self.form(query));
        }
        let body_counts = subject.is_form || self.makes(Mistake::EveryBodyIsForm);
        if body_counts && !self.makes(Mistake::FormIgnored) {
            params.extend(self.form(&subject.body));
        }
        for (name, value) in &subject.oauth {
            let left_out = match self.mistake {
                Some(Mistake::VersionLeftOut) => name == "oauth_version",
                Some(Mistake::TokenLeftOut) => name == "oauth_token",
                Some(Mistake::CallbackLeftOut) => name == "oauth_callback",
                Some(Mistake::VerifierLeftOut) => name == "oauth_verifier",
                Some(Mistake::BodyHashLeftOut) => name == "oauth_body_hash",
                Some(Mistake::MethodParameterLeftOut) => name == "oauth_signature_method",
                _ => false,
            };
            if !left_out {
                params.push((name.clone().into(), value.clone().into()));
            }
        }
        let has = |wanted: &str| subject.oauth.iter().any(|(name, _)| name == wanted);
        if self.makes(Mistake::EmptyTokenAdded) && !has("oauth_token") {
            params.push((b"oauth_token".to_vec(), Vec::new()));
        }
        if self.makes(Mistake::VersionAdded) && !has("oauth_version") {
            params.push((b"oauth_version".to_vec(), b"1.0".to_vec()));
        }
        if let Some(realm) = &subject.realm
            && self.makes(Mistake::RealmSigned)
        {
            params.push((b"realm".to_vec(), realm.clone().into()));
        }
        params
    }

    pub(crate) fn form(&self, text: &str) -> Pairs {
        let mut params = Pairs::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = match pair.split_once('=') {
                Some(halves) => halves,
                None if self.makes(Mistake::BareNameDropped) => continue,
                None => (pair, ""),
            };
            if value.is_empty() && self.makes(Mistake::EmptyValueDropped) {
                continue;
            }
            let plus_is_space = !self.makes(Mistake::PlusKept);
            let read = |text: &str| match self.mistake {
                Some(Mistake::ParametersNotDecoded) => text.as_bytes().to_vec(),
                Some(Mistake::ParametersDecodedTwice) => {
                    let once = decode(text, plus_is_space);
                    decode(&String::from_utf8_lossy(&once), plus_is_space)
                }
                _ => decode(text, plus_is_space),
            };
            params.push((read(name), read(value)));
        }
        params
    }

    /// RFC 5849 section 3.4.1.3.2.
    pub(crate) fn normalised(&self, mut params: Pairs) -> String {
        if self.makes(Mistake::SortedBeforeEncoding) {
            params.sort();
        }
        let mut pairs: Vec<(String, String)> = params
            .iter()
            .map(|(name, value)| (self.encode(name), self.encode(value)))
            .collect();
        match self.mistake {
            Some(Mistake::SortedBeforeEncoding | Mistake::NotSorted) => {}
            Some(Mistake::SortedByNameOnly) => pairs.sort_by(|a, b| a.0.cmp(&b.0)),
            Some(Mistake::SortedByValueFirst) => {
                pairs.sort_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)))
            }
            Some(Mistake::SortedDescending) => pairs.sort_by(|a, b| b.cmp(a)),
            Some(Mistake::SortedAsPairs) => {
                pairs.sort_by_key(|(name, value)| format!("{name}={value}"));
            }
            _ => pairs.sort(),
        }
        if self.makes(Mistake::RepeatedNameDropped) {
            pairs.dedup_by(|a, b| a.0 == b.0);
        }
        if self.makes(Mistake::RepeatedPairDropped) {
            pairs.dedup();
        }
        let joined: Vec<String> = pairs
            .iter()
            .map(|(name, value)| match self.mistake {
                Some(Mistake::EqualsDroppedWhenEmpty) if value.is_empty() => name.clone(),
                _ => format!("{name}={value}"),
            })
            .collect();
        joined.join("&")
    }

    /// RFC 5849 section 3.4.2.
    pub(crate) fn mac(&self, text: &str, consumer_secret: &str, token_secret: &str) -> String {
        let encoded = |secret: &str| match self.mistake {
            Some(Mistake::SecretsNotEncoded) => secret.to_owned(),
            _ => self.encode(secret.as_bytes()),
        };
        let (consumer, token) = (encoded(consumer_secret), encoded(token_secret));
        let key = match self.mistake {
            Some(Mistake::SecretsSwapped) => format!("{token}&{consumer}"),
            Some(Mistake::TokenSecretIgnored) => format!("{consumer}&"),
            Some(Mistake::KeyWithoutAmpersand) => format!("{consumer}{token}"),
            Some(Mistake::AmpersandOnlyWithToken) if token.is_empty() => consumer,
            Some(Mistake::KeyEncodedAgain) => self.encode(format!("{consumer}&{token}").as_bytes()),
            _ => format!("{consumer}&{token}"),
        };
        let (key, text) = match self.mistake {
            Some(Mistake::KeyAndTextSwapped) => (text, key.as_str()),
            _ => (key.as_str(), text),
        };
        let mac = Hmac::<Sha1>::new_from_slice(key.as_bytes())
            .unwrap()
            .chain_update(text)
            .finalize()
            .into_bytes();
        match self.mistake {
            Some(Mistake::HexDigest) => mac.iter().map(|byte| format!("{byte:02x}")).collect(),
            Some(Mistake::Base64OfHex) => {
                let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
                STANDARD.encode(hex)
            }
            Some(Mistake::PaddingCut) => STANDARD_NO_PAD.encode(mac),
            Some(Mistake::UrlSafeBase64) => URL_SAFE.encode(mac),
            _ => STANDARD.encode(mac),
        }
    }
}

fn decode(text: &str, plus_is_space: bool) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let escape = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let digits = escape.filter(|pair| pair.bytes().all(|b| b.is_ascii_hexdigit()));
        if let Some(digits) = digits {
            decoded.push(u8::from_str_radix(digits, 16).unwrap());
            at += 3;
            continue;
        }
        decoded.push(match bytes[at] {
            b'+' if plus_is_space => b' ',
            byte => byte,
        });
        at += 1;
    }
    decoded
}
