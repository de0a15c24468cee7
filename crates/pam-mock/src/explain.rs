//! Explains a refused signature to whoever runs the mock; never to a caller.
//!
//! A signature does not say what was signed. But the mistakes that people make are few, so the
//! mock signs what each of them would have made of the request, and sees which one fits.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Request;
use http::header::{AUTHORIZATION, HOST};
use pam_proto::Secret;
use pam_proto::oauth1::verify::{Origin, Refusal, Verifier};
use pam_proto::oauth1::{Credentials, header, percent};

use crate::access::{Grant, Keys};

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
    let keys = keys(credentials);
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
    let guesses = of_uri(base, request)
        .into_iter()
        .chain(of_method(base))
        .chain(of_parameters(base, &sent))
        .map(|(what, base)| (what, base.join()))
        .chain([lower_case_escapes(&ours)]);
    let mut guesses = guesses.filter(|(_, text)| *text != ours);
    let (what, text) = guesses.find(|(_, text)| fits(right, text))?;
    Some(Guess { what, text })
}

/// The right key first, then what people make of the two secrets.
fn keys(credentials: &Credentials) -> Vec<(&'static str, String)> {
    let consumer = credentials.consumer_secret.expose();
    let token = credentials.token.as_ref();
    let token = token.map_or("", |token| token.secret.expose());
    let (encoded_consumer, encoded_token) = (percent::encode(consumer), percent::encode(token));
    vec![
        ("", format!("{encoded_consumer}&{encoded_token}")),
        (
            "the caller signed without the token secret",
            format!("{encoded_consumer}&"),
        ),
        (
            "the caller left out the & between the secrets",
            format!("{encoded_consumer}{encoded_token}"),
        ),
        (
            "the caller signed with the consumer secret alone, without the &",
            encoded_consumer.clone(),
        ),
        (
            "the caller took the two secrets for each other",
            format!("{encoded_token}&{encoded_consumer}"),
        ),
        (
            "the caller did not percent-encode the secrets in the key",
            format!("{consumer}&{token}"),
        ),
    ]
}

type Candidate = (String, BaseString);

/// Other URLs by which the caller may believe to have called.
fn of_uri(base: &BaseString, request: &Request<Bytes>) -> Vec<Candidate> {
    let Some((scheme, rest)) = base.uri.split_once("://") else {
        return Vec::new();
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let header = |name: &str| {
        let value = request.headers().get(name)?.to_str().ok()?;
        Some(value.to_owned())
    };
    let host = authority
        .rsplit_once(':')
        .map_or(authority, |(host, _)| host);
    let hosts = [
        Some(authority.to_owned()),
        header("x-forwarded-host"),
        header(HOST.as_str()),
        Some(host.to_owned()),
        Some(format!("{host}:443")),
        Some(format!("{host}:80")),
        Some(authority.to_uppercase()),
    ];
    let prefix = header("x-forwarded-prefix").unwrap_or_default();
    let decoded = percent::decode(path).unwrap_or_default();
    let paths = [
        path.to_owned(),
        format!("{}{path}", prefix.trim_end_matches('/')),
        decoded.clone(),
        path.replace('%', "%25"),
        percent::encode(&decoded).replace("%2F", "/"),
        format!("{path}/"),
        path.trim_end_matches('/').to_owned(),
    ];
    let query = request.uri().query().unwrap_or_default();
    let with_query = base.with_uri(format!("{}?{query}", base.uri));
    let what = "the caller signed the query as a part of the URL".to_owned();
    let mut candidates = vec![(what, with_query)];
    for path in &paths {
        for host in hosts.iter().flatten() {
            for scheme in [scheme, "http", "https"] {
                let uri = format!("{scheme}://{host}{path}");
                let what = format!(
                    "the caller signed the URL {uri}, the request came to {}",
                    base.uri
                );
                candidates.push((what, base.with_uri(uri)));
            }
        }
    }
    candidates
}

fn of_method(base: &BaseString) -> Vec<Candidate> {
    let lower = base.method.to_lowercase();
    let methods = [lower.as_str(), "GET", "POST", "PUT", "DELETE"];
    let candidates = methods.map(|method| {
        let what = format!(
            "the caller signed the method {method}, the request has {}",
            base.method
        );
        let method = method.to_owned();
        (
            what,
            BaseString {
                method,
                ..base.clone()
            },
        )
    });
    candidates.into()
}

fn of_parameters(base: &BaseString, sent: &[(String, String)]) -> Vec<Candidate> {
    let of_values = |change: fn(&str) -> String| {
        let pairs = base.parameters.iter();
        let pairs = pairs.map(|(name, value)| (change(name), change(value)));
        base.with_parameters(pairs.collect())
    };
    let only = |wanted: &dyn Fn(&str) -> bool| {
        let pairs = base.parameters.iter().filter(|(name, _)| wanted(name));
        base.with_parameters(pairs.cloned().collect())
    };
    let encoded =
        |(name, value): &(String, String)| (percent::encode(name), percent::encode(value));
    let in_header = |(name, _): &&(String, String)| *name != "oauth_signature";
    let mut as_sent: Vec<_> = sent.iter().filter(in_header).map(encoded).collect();
    as_sent.retain(|(name, _)| name != "realm");
    let elsewhere = base
        .parameters
        .iter()
        .filter(|pair| !as_sent.contains(pair));
    let as_sent = as_sent.iter().chain(elsewhere).cloned().collect();
    let mut with_realm = base.parameters.clone();
    with_realm.extend(sent.iter().filter(|(name, _)| name == "realm").map(encoded));
    with_realm.sort();
    let mut by_name = base.parameters.clone();
    by_name.sort_by_key(|(name, _)| percent::decode(name).unwrap_or_default());
    let table = [
        (
            "the caller left the query and the form body out",
            only(&|name| name.starts_with("oauth_")),
        ),
        (
            "the caller left parameters without a value out",
            base.with_parameters(
                base.parameters
                    .iter()
                    .filter(|(_, value)| !value.is_empty())
                    .cloned()
                    .collect(),
            ),
        ),
        (
            "the caller wrote a space as +",
            of_values(|text| text.replace("%20", "+")),
        ),
        (
            "the caller did not percent-encode the parameters",
            of_values(|text| percent::decode(text).unwrap_or_default()),
        ),
        (
            "the caller percent-encoded the parameters twice",
            of_values(|text| percent::encode(text)),
        ),
        (
            "the caller percent-encoded ~",
            of_values(|text| text.replace('~', "%7E")),
        ),
        (
            "the caller did not sort the parameters",
            base.with_parameters(as_sent),
        ),
        (
            "the caller sorted the parameters before encoding them",
            base.with_parameters(by_name),
        ),
        (
            "the caller signed the realm",
            base.with_parameters(with_realm),
        ),
        (
            "the caller left oauth_version out",
            only(&|name| name != "oauth_version"),
        ),
    ];
    let candidates = table.map(|(what, base)| (what.to_owned(), base));
    candidates.into()
}

fn lower_case_escapes(text: &str) -> (String, String) {
    let mut lower = String::with_capacity(text.len());
    let mut digits = 0;
    for character in text.chars() {
        if digits > 0 {
            digits -= 1;
            lower.push(character.to_ascii_lowercase());
        } else {
            lower.push(character);
            digits = if character == '%' { 2 } else { 0 };
        }
    }
    ("the caller wrote escapes in lower case".to_owned(), lower)
}

#[cfg(test)]
mod tests {
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
        let keys = keys(&credentials());
        let (_, right) = &keys[0];
        let request = request("");
        let header = header::parse(request.headers()[AUTHORIZATION].as_bytes()).unwrap();
        let ours = base().join();
        let guesses = of_uri(&base(), &request)
            .into_iter()
            .chain(of_method(&base()))
            .chain(of_parameters(&base(), &header))
            .map(|(what, base)| (what, base.join()))
            .chain([lower_case_escapes(&ours)])
            .filter(|(_, text)| *text != ours);
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
        let keys = keys(&credentials());
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
