//! Explains a refused signature to whoever runs the mock; never to a caller.
//!
//! A signature does not say what was signed. But the mistakes that people make are few, so the
//! mock signs what each of them would have made of the request, and sees which one fits.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Request;
use http::header::AUTHORIZATION;
use pam_proto::Secret;
use pam_proto::oauth1::verify::{Origin, Refusal, Verifier};
use pam_proto::oauth1::{Credentials, header, percent};

use crate::access::{Grant, Keys};

mod mistakes;

/// Logs why a request was refused, and gives the difference that was found.
pub(crate) fn refusal(
    refusal: &Refusal,
    verifier: &Verifier,
    request: &Request<Bytes>,
    origin: &Origin,
    grant: Option<&Grant>,
) -> Option<String> {
    let (method, path) = (request.method(), request.uri().path());
    tracing::warn!("refused {method} {path}: {refusal}");
    let base_string = verifier.explain(request, origin).ok()?;
    let base = BaseString::read(&base_string)?;
    let credentials = grant.and_then(|grant| match &grant.authorization.keys {
        Keys::OAuth1(credentials) => Some(credentials),
        Keys::OAuth2(_) => None,
    });
    tracing::warn!("base string built: {}", base.masked(credentials).join());
    if *refusal != Refusal::Signature {
        return None;
    }
    let guess = first_difference(&base, request, credentials?);
    let difference = match &guess {
        Some(guess) => guess.told(&base, credentials?),
        None => "no usual mistake explains the signature: the consumer secret or the token secret \
                 is another one, or the request was changed on its way"
            .to_owned(),
    };
    tracing::warn!("first difference: {difference}");
    Some(difference)
}

/// A base string taken apart (RFC 5849 section 3.4.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
struct BaseString {
    method: String,
    uri: String,
    /// Names and values, still encoded as in the normalised parameters.
    parameters: Vec<(String, String)>,
}

/// Parameters whose values nobody should read in a log.
const SECRET: &[&str] = &[
    "oauth_consumer_secret",
    "oauth_token_secret",
    "client_secret",
    "password",
    "secret",
    "token",
];

impl BaseString {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('&');
        let method = parts.next()?.to_owned();
        let uri = percent::decode(parts.next()?).ok()?;
        let parameters = percent::decode(parts.next()?).ok()?;
        let pairs = parameters.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let parameters = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Some(Self {
            method,
            uri,
            parameters: parameters.collect(),
        })
    }

    fn join(&self) -> String {
        let pairs = self.parameters.iter();
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let uri = percent::encode(&self.uri);
        format!("{}&{uri}&{}", self.method, percent::encode(pairs.join("&")))
    }

    /// The same without anything secret in it.
    fn masked(&self, credentials: Option<&Credentials>) -> Self {
        let hidden = |text: &str| credentials.map_or_else(|| text.to_owned(), |c| hide(text, c));
        let mut masked = self.with_uri(hidden(&self.uri));
        for (name, value) in &mut masked.parameters {
            let decoded = percent::decode(value).unwrap_or_default();
            if SECRET.contains(&name.as_str()) || hidden(&decoded) != decoded {
                *value = "***".to_owned();
            }
        }
        masked
    }

    fn with_uri(&self, uri: String) -> Self {
        Self {
            uri,
            ..self.clone()
        }
    }

    fn with_parameters(&self, parameters: Vec<(String, String)>) -> Self {
        Self {
            parameters,
            ..self.clone()
        }
    }
}

/// A text without the two secrets in it, plain or percent-encoded.
fn hide(text: &str, credentials: &Credentials) -> String {
    let token = credentials.token.as_ref().map(|token| &token.secret);
    let secrets = [Some(&credentials.consumer_secret), token];
    let mut hidden = text.to_owned();
    for secret in secrets.into_iter().flatten().map(Secret::expose) {
        if !secret.is_empty() {
            hidden = hidden.replace(secret, "***");
            hidden = hidden.replace(&percent::encode(secret), "***");
        }
    }
    hidden
}

/// What the caller seems to have done, and what it signed by it.
struct Guess {
    what: String,
    /// Where it is not the base string that is wrong, the right one.
    text: String,
}

impl Guess {
    /// The mistake, and the place where its base string leaves ours.
    fn told(&self, base: &BaseString, credentials: &Credentials) -> String {
        let what = hide(&self.what, credentials);
        let ours = base.masked(Some(credentials)).join();
        let theirs = BaseString::read(&self.text)
            .map_or_else(String::new, |text| text.masked(Some(credentials)).join());
        let pairs = ours.bytes().zip(theirs.bytes());
        let at = pairs.take_while(|(ours, theirs)| ours == theirs).count();
        if at == ours.len() && at == theirs.len() {
            return what;
        }
        let excerpt = |text: &str| {
            let rest = text.get(at.saturating_sub(12)..).unwrap_or_default();
            rest.chars().take(48).collect::<String>()
        };
        format!(
            "{what}; from byte {at} on the request implies `{}` and the caller signed `{}`",
            excerpt(&ours),
            excerpt(&theirs)
        )
    }
}

/// The first of the usual mistakes that makes the caller's signature.
fn first_difference(
    base: &BaseString,
    request: &Request<Bytes>,
    credentials: &Credentials,
) -> Option<Guess> {
    let header = request.headers().get(AUTHORIZATION)?;
    let sent = header::parse(header.as_bytes()).ok()?;
    let (_, signature) = sent.iter().find(|(name, _)| name == "oauth_signature")?;
    let received = STANDARD.decode(signature).ok()?;
    let keys = mistakes::keys(credentials);
    let (_, right) = keys.first()?;
    let fits = |key: &str, text: &str| {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
        hmac::verify(&key, text.as_bytes(), &received).is_ok()
    };

    let ours = base.join();
    let of_keys = keys.iter().skip(1).find(|(_, key)| fits(key, &ours));
    if let Some((what, _)) = of_keys {
        return Some(Guess {
            what: (*what).to_owned(),
            text: ours,
        });
    }
    let mut guesses = mistakes::base_strings(base, request, &sent);
    let (what, text) = guesses.find(|(_, text)| fits(right, text))?;
    Some(Guess { what, text })
}

#[cfg(test)]
mod tests {
    use http::header::HOST;

    use super::*;

    fn credentials() -> Credentials {
        Credentials::new("ck", Secret::new("cs+secret/1="))
            .with_token("tk", Secret::new("ts&secret 2"))
    }

    fn base() -> BaseString {
        let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let parameters = [
            ("a", "b%20c"),
            ("empty", ""),
            ("oauth_consumer_key", "ck"),
            ("oauth_nonce", "n~%C3%A9"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "1700000000"),
            ("oauth_token", "tk"),
            ("oauth_version", "1.0"),
        ];
        BaseString {
            method: "GET".to_owned(),
            uri: "https://vault.example.com:8443/api/a%20b".to_owned(),
            parameters: parameters.map(pair).into(),
        }
    }

    fn request(signature: &str) -> Request<Bytes> {
        let header = format!(
            "OAuth realm=\"r\", oauth_version=\"1.0\", oauth_consumer_key=\"ck\", \
             oauth_token=\"tk\", oauth_signature_method=\"HMAC-SHA1\", \
             oauth_timestamp=\"1700000000\", oauth_nonce=\"n~%C3%A9\", oauth_signature=\"{}\"",
            percent::encode(signature)
        );
        Request::get("/api/a%20b?a=b+c&empty=")
            .header(HOST, "vault.example.com:8443")
            .header("x-forwarded-host", "outside.example.com")
            .header(AUTHORIZATION, header)
            .body(Bytes::new())
            .unwrap()
    }

    fn signature(key: &str, text: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
        STANDARD.encode(hmac::sign(&key, text.as_bytes()))
    }

    fn told(signature: &str) -> Option<String> {
        let (base, credentials) = (base(), credentials());
        let guess = first_difference(&base, &request(signature), &credentials)?;
        Some(guess.told(&base, &credentials))
    }

    #[test]
    fn a_base_string_is_joined_as_it_was() {
        let text = base().join();
        assert_eq!(BaseString::read(&text).unwrap(), base());
        assert!(
            text.contains("a%3Db%2520c%26empty%3D%26oauth_consumer_key"),
            "{text}"
        );
    }

    #[test]
    fn each_usual_mistake_is_found_by_its_signature() {
        let keys = mistakes::keys(&credentials());
        let (_, right) = &keys[0];
        let request = request("");
        let header = header::parse(request.headers()[AUTHORIZATION].as_bytes()).unwrap();
        let base = base();
        let ours = base.join();
        let guesses = mistakes::base_strings(&base, &request, &header);
        let mut count = 0;
        for (what, text) in guesses {
            let difference = told(&signature(right, &text)).unwrap();
            assert!(difference.contains("the caller "), "{what}: {difference}");
            let same_when_read = what.contains("lower case");
            let placed = difference.contains("from byte");
            assert!(placed || same_when_read, "{what}: {difference}");
            count += 1;
        }
        assert!(count > 100, "{count}");
        for (what, key) in &keys[1..] {
            assert_eq!(told(&signature(key, &ours)).as_deref(), Some(*what));
        }
        assert_eq!(told(&signature("another key", &ours)), None);
    }

    #[test]
    fn a_proxy_that_changed_the_host_is_named() {
        let text = base().with_uri("https://outside.example.com/api/a%20b".to_owned());
        let keys = mistakes::keys(&credentials());
        let difference = told(&signature(&keys[0].1, &text.join())).unwrap();
        assert!(
            difference.starts_with(
                "the caller signed the URL https://outside.example.com/api/a%20b, the request \
                 came to https://vault.example.com:8443/api/a%20b"
            ),
            "{difference}"
        );
    }

    #[test]
    fn nothing_secret_is_left_in_what_is_shown() {
        let mut base = base();
        let secret = percent::encode("ts&secret 2");
        base.parameters.push(("x".to_owned(), secret.clone()));
        base.parameters
            .push(("password".to_owned(), "hunter2".to_owned()));
        base.uri.push_str("/cs+secret/1=");
        let shown = base.masked(Some(&credentials())).join();
        for secret in ["hunter2", "secret%2F1", "secret/1", "secret%25202"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(shown.contains("ck"), "{shown}");
    }
}
