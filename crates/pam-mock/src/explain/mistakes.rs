//! The mistakes that people make, and what each would have made of a request.

use bytes::Bytes;
use http::Request;
use http::header::HOST;
use pam_proto::oauth1::{Credentials, percent};

use super::BaseString;

/// Every base string that a mistake would have made of ours, with the mistake's name.
pub(super) fn base_strings(
    base: &BaseString,
    request: &Request<Bytes>,
    sent: &[(String, String)],
) -> impl Iterator<Item = (String, String)> {
    let ours = base.join();
    of_uri(base, request)
        .into_iter()
        .chain(of_method(base))
        .chain(of_parameters(base, sent))
        .map(|(what, base)| (what, base.join()))
        .chain([lower_case_escapes(&ours)])
        .filter(move |(_, text)| *text != ours)
}

/// The right key first, then what people make of the two secrets.
pub(super) fn keys(credentials: &Credentials) -> Vec<(&'static str, String)> {
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
