//! A signed request verifies, and not when anything that is signed was changed.

use http::Request;
use http::header::AUTHORIZATION;
use pam_proto::oauth1::verify::{Origin, Refusal, Unknown, Verifier};
use pam_proto::oauth1::{header, percent};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::cases::{Case, any_case};

fn verify(case: &Case, request: &Request<Vec<u8>>, now: u64) -> Result<(), Refusal> {
    let origin = Origin::new(&case.origin()).unwrap();
    let key = case.key();
    let verifier = Verifier::new();
    let verified = verifier.verify(request, &origin, now, |_, _| Ok::<_, Unknown>(&key))?;
    assert_eq!(verified.consumer_key(), case.consumer_key);
    assert_eq!(
        verified.token(),
        case.token.as_ref().map(|(k, _)| k.as_str())
    );
    assert_eq!(verified.timestamp(), Some(case.timestamp));
    assert_eq!(verified.nonce(), Some(case.nonce.as_str()));
    Ok(())
}

/// What is changed: one byte of it, or one more or one less.
#[derive(Clone, Copy, Debug)]
enum Part {
    Method,
    Scheme,
    Host,
    Port,
    Path,
    QueryName,
    QueryValue,
    FormName,
    FormValue,
    ConsumerSecret,
    TokenSecret,
    ConsumerKey,
    Token,
    Nonce,
    Timestamp,
    Callback,
    Signature,
}

const PARTS: [Part; 17] = [
    Part::Method,
    Part::Scheme,
    Part::Host,
    Part::Port,
    Part::Path,
    Part::QueryName,
    Part::QueryValue,
    Part::FormName,
    Part::FormValue,
    Part::ConsumerSecret,
    Part::TokenSecret,
    Part::ConsumerKey,
    Part::Token,
    Part::Nonce,
    Part::Timestamp,
    Part::Callback,
    Part::Signature,
];

/// Changes one character to another letter, whatever the case; empty text becomes a letter.
fn change(text: &mut String, at: Index, to: u8) {
    let letter = char::from(b'a' + to % 26);
    if text.is_empty() {
        text.push(letter);
        return;
    }
    let (start, old) = text
        .char_indices()
        .nth(at.index(text.chars().count()))
        .unwrap();
    let new = match letter.eq_ignore_ascii_case(&old) {
        true if letter == 'z' => 'a',
        true => char::from(letter as u8 + 1),
        false => letter,
    };
    text.replace_range(start..start + old.len_utf8(), &new.to_string());
}

/// Whether there was anything to change.
fn alter(case: &mut Case, signed: &mut [(String, String)], part: Part, at: Index, to: u8) -> bool {
    let mut in_header = |name: &str| {
        let value = signed.iter_mut().find(|(known, _)| known == name);
        value.map(|(_, value)| change(value, at, to)).is_some()
    };
    let in_pairs = |pairs: &mut Vec<(String, String)>, is_name: bool| {
        if pairs.is_empty() {
            return false;
        }
        let index = at.index(pairs.len());
        let (name, value) = &mut pairs[index];
        change(if is_name { name } else { value }, at, to);
        true
    };
    match part {
        Part::Method => change(&mut case.method, at, to),
        Part::Scheme if case.scheme == "http" => case.scheme = "https".to_owned(),
        Part::Scheme => case.scheme = "http".to_owned(),
        // Of an address in brackets any other letter could make it unreadable.
        Part::Host if case.host.starts_with('[') => case.host = "[2001:db8::8]".to_owned(),
        Part::Host => {
            let dot = case.host.find('.').unwrap_or(case.host.len());
            let (first, rest) = case.host.split_at(dot);
            let mut first = first.to_owned();
            change(&mut first, at, to);
            case.host = first + rest;
        }
        Part::Port => case.port = Some(case.port.map_or(8080, |port| port ^ 0x1000)),
        Part::Path => {
            let mut tail = case.path.split_off(1);
            if tail.contains('%') {
                return false;
            }
            change(&mut tail, at, to);
            case.path += &tail;
        }
        Part::QueryName => return in_pairs(&mut case.query, true),
        Part::QueryValue => return in_pairs(&mut case.query, false),
        Part::FormName => return case.form.as_mut().is_some_and(|form| in_pairs(form, true)),
        Part::FormValue => return case.form.as_mut().is_some_and(|form| in_pairs(form, false)),
        Part::ConsumerSecret => change(&mut case.consumer_secret, at, to),
        Part::TokenSecret => match &mut case.token {
            Some((_, secret)) => change(secret, at, to),
            None => return false,
        },
        Part::ConsumerKey => return in_header("oauth_consumer_key"),
        Part::Token => return in_header("oauth_token"),
        Part::Nonce => return in_header("oauth_nonce"),
        Part::Callback => return in_header("oauth_callback"),
        Part::Timestamp => {
            let value = signed
                .iter_mut()
                .find(|(name, _)| name == "oauth_timestamp");
            let (_, value) = value.unwrap();
            *value = (case.timestamp ^ 1).to_string();
        }
        Part::Signature => return in_header("oauth_signature"),
    }
    true
}

fn header_of(params: &[(String, String)]) -> http::HeaderValue {
    let fields: Vec<String> = params
        .iter()
        .filter(|(name, _)| name != "realm")
        .map(|(name, value)| format!("{name}=\"{}\"", percent::encode(value)))
        .collect();
    format!("OAuth {}", fields.join(",")).parse().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_was_signed_is_verified(case in any_case()) {
        let request = case.signer().sign(case.request(), &case.stamp()).unwrap();
        prop_assert_eq!(verify(&case, &request, case.timestamp), Ok(()));
    }

    #[test]
    fn what_was_changed_is_refused(
        case in any_case(),
        part in proptest::sample::select(&PARTS[..]),
        at: Index,
        to: u8,
    ) {
        let request = case.signer().sign(case.request(), &case.stamp()).unwrap();
        let mut signed = header::parse(request.headers()[AUTHORIZATION].as_bytes()).unwrap();
        let mut changed = case.clone();
        prop_assume!(alter(&mut changed, &mut signed, part, at, to));
        let mut forged = changed.request();
        forged.headers_mut().insert(AUTHORIZATION, header_of(&signed));
        prop_assert_eq!(verify(&changed, &forged, case.timestamp), Err(Refusal::Signature));
    }

    #[test]
    fn any_header_is_verified_or_refused(bytes: Vec<u8>) {
        if let Ok(value) = http::HeaderValue::from_bytes(&[b"OAuth ", bytes.as_slice()].concat()) {
            let request = Request::get("/").header(AUTHORIZATION, value).body(Vec::new()).unwrap();
            let origin = Origin::new("https://vault.example.com").unwrap();
            let find = |_: &str, _: Option<&str>| {
                Err::<pam_proto::oauth1::signature::Key, _>(Unknown::ConsumerKey)
            };
            prop_assert!(Verifier::new().verify(&request, &origin, 0, find).is_err());
        }
    }
}
