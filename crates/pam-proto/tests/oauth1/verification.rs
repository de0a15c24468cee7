//! What a verifier refuses, and as what.

use std::sync::atomic::{AtomicUsize, Ordering};

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::uri::Scheme;
use http::{HeaderValue, Request, StatusCode, Uri};
use pam_proto::Secret;
use pam_proto::oauth1::base_string::UriError;
use pam_proto::oauth1::header::HeaderError;
use pam_proto::oauth1::signature::Key;
use pam_proto::oauth1::verify::{Origin, Refusal, Stamps, Unknown, Verifier};
use pam_proto::oauth1::{Credentials, Signer, Stamp, percent};

const URL: &str = "https://vault.example.com/iso/session/drop/3fcf1e4a";
const NOW: u64 = 1_700_000_000;

fn signer() -> Signer {
    let credentials = Credentials::new("ck", Secret::new("cs")).with_token("tk", Secret::new("ts"));
    Signer::new(&credentials).unwrap()
}

fn find(consumer_key: &str, token: Option<&str>) -> Result<Key, Unknown> {
    match (consumer_key, token) {
        ("ck", Some("tk" | "other token")) => {
            Ok(Key::new(&Secret::new("cs"), Some(&Secret::new("ts"))))
        }
        ("ck", None) => Ok(Key::new(&Secret::new("cs"), None)),
        ("ck", Some(_)) => Err(Unknown::Token),
        _ => Err(Unknown::ConsumerKey),
    }
}

fn unsigned() -> Request<Vec<u8>> {
    Request::delete(URL).body(Vec::new()).unwrap()
}

fn signed(timestamp: u64, nonce: &str) -> Request<Vec<u8>> {
    signer()
        .sign(unsigned(), &Stamp::new(timestamp, nonce))
        .unwrap()
}

fn origin() -> Origin {
    Origin::new("https://vault.example.com").unwrap()
}

fn verify(verifier: &Verifier, request: &Request<Vec<u8>>, now: u64) -> Result<(), Refusal> {
    verifier.verify(request, &origin(), now, find).map(drop)
}

/// A request whose header holds these parameters and a right signature of them, made without the
/// checks of a signer.
fn with_params(params: &[(&str, &str)]) -> Request<Vec<u8>> {
    with_params_to(URL, params)
}

fn with_params_to(url: &str, params: &[(&str, &str)]) -> Request<Vec<u8>> {
    let uri: Uri = url.parse().unwrap();
    let mut all = pam_proto::oauth1::params::Params::new();
    all.push_form(uri.query().unwrap_or_default().as_bytes());
    for (name, value) in params.iter().filter(|(name, _)| *name != "oauth_signature") {
        all.push(*name, *value);
    }
    let base_string = pam_proto::oauth1::base_string::build("DELETE", &uri, None, all).unwrap();
    let signature = find("ck", Some("tk"))
        .unwrap()
        .sign(&base_string)
        .to_string();
    let fields: Vec<String> = params
        .iter()
        .map(|(name, value)| match *name {
            "oauth_signature" if value.is_empty() => (*name, signature.as_str()),
            _ => (*name, *value),
        })
        .map(|(name, value)| format!("{name}=\"{}\"", percent::encode(value)))
        .collect();
    Request::delete(url)
        .header(AUTHORIZATION, format!("OAuth {}", fields.join(", ")))
        .body(Vec::new())
        .unwrap()
}

/// An empty signature stands for the right one.
const RIGHT: [(&str, &str); 7] = [
    ("oauth_consumer_key", "ck"),
    ("oauth_token", "tk"),
    ("oauth_signature_method", "HMAC-SHA1"),
    ("oauth_timestamp", "1700000000"),
    ("oauth_nonce", "n0nce"),
    ("oauth_version", "1.0"),
    ("oauth_signature", ""),
];

fn with(name: &str, value: &'static str) -> Request<Vec<u8>> {
    let params = RIGHT.map(|(known, old)| (known, if known == name { value } else { old }));
    with_params(&params)
}

fn refusal(request: &Request<Vec<u8>>) -> Refusal {
    verify(&Verifier::new(), request, NOW).unwrap_err()
}

#[test]
fn a_right_request_is_verified() {
    let request = with_params(&RIGHT);
    let verifier = Verifier::new();
    let verified = verifier.verify(&request, &origin(), NOW, find).unwrap();
    assert_eq!(verified.consumer_key(), "ck");
    assert_eq!(verified.token(), Some("tk"));
    assert_eq!(verified.timestamp(), Some(NOW));
    assert_eq!(verified.nonce(), Some("n0nce"));
    assert_eq!(
        verified.request().uri().path(),
        "/iso/session/drop/3fcf1e4a"
    );
}

#[test]
fn a_mandatory_parameter_is_missing() {
    for (name, _) in RIGHT {
        let rest: Vec<_> = RIGHT
            .into_iter()
            .filter(|(known, _)| *known != name)
            .collect();
        let outcome = verify(&Verifier::new(), &with_params(&rest), NOW);
        match name {
            // Optional: with a token the key is another one.
            "oauth_token" => assert_eq!(outcome, Err(Refusal::Signature)),
            "oauth_version" => assert_eq!(outcome, Ok(())),
            _ => {
                let refusal = outcome.unwrap_err();
                assert_eq!(
                    refusal.to_string(),
                    format!("the parameter {name} is missing")
                );
                assert_eq!(refusal.status(), StatusCode::BAD_REQUEST);
            }
        }
    }
    for name in ["oauth_consumer_key", "oauth_nonce", "oauth_timestamp"] {
        let refusal = refusal(&with(name, ""));
        assert_eq!(
            refusal.to_string(),
            format!("the parameter {name} is missing")
        );
    }
}

#[test]
fn the_header_is_missing_or_doubled_or_of_another_scheme() {
    let mut request = unsigned();
    assert_eq!(refusal(&request), Refusal::Authorization { count: 0 });
    assert_eq!(refusal(&request).status(), StatusCode::UNAUTHORIZED);
    let bearer = HeaderValue::from_static("Bearer abc");
    request.headers_mut().insert(AUTHORIZATION, bearer);
    assert_eq!(refusal(&request), Refusal::Header(HeaderError::Scheme));
    assert_eq!(refusal(&request).status(), StatusCode::UNAUTHORIZED);
    let mut request = signed(NOW, "n0nce");
    let again = request.headers()[AUTHORIZATION].clone();
    request.headers_mut().append(AUTHORIZATION, again);
    assert_eq!(refusal(&request), Refusal::Authorization { count: 2 });
    assert_eq!(refusal(&request).status(), StatusCode::BAD_REQUEST);
}

#[test]
fn a_parameter_is_given_twice() {
    for twice in ["oauth_nonce", "oauth_signature", "oauth_callback"] {
        let mut params = RIGHT.to_vec();
        params.extend([(twice, "a"), (twice, "a")]);
        let refusal = refusal(&with_params(&params));
        let name = twice.to_owned();
        assert_eq!(refusal, Refusal::Header(HeaderError::Twice { name }));
        assert_eq!(refusal.status(), StatusCode::BAD_REQUEST);
    }
}

#[test]
fn a_parameter_is_in_two_places() {
    let header = signer()
        .with_parameter("oauth_callback", "c")
        .unwrap()
        .sign(unsigned(), &Stamp::new(NOW, "n0nce"))
        .unwrap()
        .headers()[AUTHORIZATION]
        .clone();
    for place in [
        "oauth_nonce=n0nce",
        "a=b&oauth%5Ftoken=tk",
        "oauth_signature",
        "oauth_callback=c",
    ] {
        let in_query = Request::delete(format!("{URL}?{place}"))
            .header(AUTHORIZATION, &header)
            .body(Vec::new())
            .unwrap();
        let in_form = Request::delete(URL)
            .header(AUTHORIZATION, &header)
            .header(
                CONTENT_TYPE,
                "application/x-www-form-urlencoded;charset=utf-8",
            )
            .body(place.as_bytes().to_vec())
            .unwrap();
        for request in [in_query, in_form] {
            let refusal = refusal(&request);
            assert!(
                matches!(refusal, Refusal::Elsewhere { .. }),
                "{place}: {refusal}"
            );
            assert_eq!(refusal.status(), StatusCode::BAD_REQUEST);
        }
    }
    // A protocol parameter that the header does not have may be elsewhere.
    let request = Request::delete(format!("{URL}?oauth_verifier=v")).body(Vec::new());
    let request = signer().sign(request.unwrap(), &Stamp::new(NOW, "n0nce"));
    assert_eq!(verify(&Verifier::new(), &request.unwrap(), NOW), Ok(()));
    // And one that is not the protocol's may be in several places (RFC 5849 section 3.4.1.3.1).
    let request = with_params_to(&format!("{URL}?a=c"), &[&[("a", "b")], &RIGHT[..]].concat());
    assert_eq!(verify(&Verifier::new(), &request, NOW), Ok(()));
}

#[test]
fn a_secret_is_sent() {
    for name in ["oauth_consumer_secret", "oauth_token_secret"] {
        let mut params = RIGHT.to_vec();
        params.push((name, "hunter2"));
        let in_header = with_params(&params);
        let mut in_query = with_params(&RIGHT);
        *in_query.uri_mut() = format!("{URL}?{name}=hunter2").parse().unwrap();
        for request in [in_header, in_query] {
            let refusal = refusal(&request);
            assert!(matches!(refusal, Refusal::SecretSent { .. }), "{refusal}");
            assert!(!format!("{refusal} {refusal:?}").contains("hunter2"));
        }
    }
}

#[test]
fn the_signature_method_is_unknown_or_unwanted() {
    for method in ["PLAINTEXT", "RSA-SHA1", "HMAC-SHA256", "hmac-sha1", "x"] {
        let refusal = refusal(&with("oauth_signature_method", method));
        let given = method.to_owned();
        assert_eq!(refusal, Refusal::SignatureMethod { given });
        assert_eq!(refusal.status(), StatusCode::BAD_REQUEST);
    }
}

#[test]
fn the_version_is_another() {
    for version in ["1.1", "2.0", "1", "1.0 ", ""] {
        let refusal = refusal(&with("oauth_version", version));
        let given = version.to_owned();
        assert_eq!(refusal, Refusal::Version { given });
        assert_eq!(refusal.status(), StatusCode::BAD_REQUEST);
    }
}

#[test]
fn the_timestamp_is_no_number() {
    for timestamp in [
        "-1700000000",
        "+1700000000",
        "1700000000.0",
        " 1700000000",
        "yesterday",
        "0x6553f100",
        "99999999999999999999",
    ] {
        let refusal = refusal(&with("oauth_timestamp", timestamp));
        let given = timestamp.to_owned();
        assert_eq!(refusal, Refusal::TimestampSyntax { given });
        assert_eq!(refusal.status(), StatusCode::BAD_REQUEST);
    }
    assert_eq!(
        verify(
            &Verifier::new(),
            &with("oauth_timestamp", "01700000000"),
            NOW
        ),
        Ok(())
    );
}

#[test]
fn the_window_has_sharp_edges() {
    let table: [(i64, Option<i128>); 6] = [
        (-301, Some(-301)),
        (-300, None),
        (0, None),
        (300, None),
        (301, Some(301)),
        (-1_600_000_000, Some(-1_600_000_000)),
    ];
    for (offset, ahead) in table {
        let request = signed(NOW.checked_add_signed(offset).unwrap(), "n0nce");
        let expected = ahead.map_or(Ok(()), |ahead| Err(Refusal::Timestamp { ahead }));
        assert_eq!(
            verify(&Verifier::new(), &request, NOW),
            expected,
            "{offset}"
        );
    }
    let narrow = Verifier::new().with_window(10);
    assert_eq!(verify(&narrow, &signed(NOW - 10, "a"), NOW), Ok(()));
    assert!(verify(&narrow, &signed(NOW - 11, "b"), NOW).is_err());
    let refusal = verify(&narrow, &signed(NOW + 11, "b"), NOW).unwrap_err();
    assert_eq!(refusal.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        refusal.to_string(),
        "the timestamp is 11 seconds ahead of the server's clock"
    );
    assert!(verify(&narrow, &signed(u64::MAX, "b"), 0).is_err());
}

#[test]
fn a_nonce_is_used_once() {
    let verifier = Verifier::new();
    let request = signed(NOW, "n0nce");
    assert_eq!(verify(&verifier, &request, NOW), Ok(()));
    let refusal = verify(&verifier, &request, NOW + 300).unwrap_err();
    assert_eq!(refusal, Refusal::NonceUsed);
    assert_eq!(refusal.status(), StatusCode::UNAUTHORIZED);
    // Another spelling is the same nonce.
    let mut spelled = request.clone();
    let header = request.headers()[AUTHORIZATION].to_str().unwrap();
    let header = header.replace("n0nce", "n%30nce").parse().unwrap();
    spelled.headers_mut().insert(AUTHORIZATION, header);
    assert_eq!(verify(&verifier, &spelled, NOW), Err(Refusal::NonceUsed));
    // With another timestamp or token, it is another one.
    assert_eq!(verify(&verifier, &signed(NOW + 1, "n0nce"), NOW), Ok(()));
    let other =
        Credentials::new("ck", Secret::new("cs")).with_token("other token", Secret::new("ts"));
    let other = Signer::new(&other).unwrap();
    let other = other.sign(unsigned(), &Stamp::new(NOW, "n0nce")).unwrap();
    assert_eq!(verify(&verifier, &other, NOW), Ok(()));
    let bare = Signer::new(&Credentials::new("ck", Secret::new("cs"))).unwrap();
    let bare = bare.sign(unsigned(), &Stamp::new(NOW, "n0nce")).unwrap();
    assert_eq!(verify(&verifier, &bare, NOW), Ok(()));
}

#[test]
fn a_wrong_signature_spends_no_nonce() {
    let verifier = Verifier::new();
    let right = signed(NOW, "n0nce");
    let mut wrong = right.clone();
    *wrong.uri_mut() = format!("{URL}0").parse().unwrap();
    assert_eq!(verify(&verifier, &wrong, NOW), Err(Refusal::Signature));
    assert_eq!(verify(&verifier, &right, NOW), Ok(()));
}

#[test]
fn of_concurrent_duplicates_one_is_admitted() {
    let verifier = Verifier::new();
    for round in 0..50 {
        let request = signed(NOW, &format!("n{round}"));
        let admitted = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| match verify(&verifier, &request, NOW) {
                    Ok(()) => {
                        admitted.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(refusal) => assert_eq!(refusal, Refusal::NonceUsed),
                });
            }
        });
        assert_eq!(admitted.into_inner(), 1);
    }
}

#[test]
fn a_full_ledger_refuses_and_forgets_nothing_that_counts() {
    let verifier = Verifier::new().with_capacity(2);
    assert_eq!(verify(&verifier, &signed(NOW, "a"), NOW), Ok(()));
    assert_eq!(verify(&verifier, &signed(NOW + 100, "b"), NOW), Ok(()));
    let refusal = verify(&verifier, &signed(NOW, "c"), NOW).unwrap_err();
    assert_eq!(refusal, Refusal::LedgerFull);
    assert_eq!(refusal.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        verify(&verifier, &signed(NOW, "a"), NOW),
        Err(Refusal::NonceUsed)
    );
    // Twice the window after it, the first one makes room.
    let later = NOW + 600;
    assert_eq!(
        verify(&verifier, &signed(later, "d"), later),
        Err(Refusal::LedgerFull)
    );
    assert_eq!(verify(&verifier, &signed(later, "d"), later + 1), Ok(()));
    assert_eq!(
        verify(&verifier, &signed(later, "e"), later + 1),
        Err(Refusal::LedgerFull)
    );
}

#[test]
fn a_clock_that_is_set_back_lets_nothing_be_replayed() {
    let verifier = Verifier::new();
    let request = signed(NOW, "a");
    assert_eq!(verify(&verifier, &request, NOW), Ok(()));
    let later = NOW + 10_000;
    assert_eq!(verify(&verifier, &signed(later, "b"), later), Ok(()));
    let refusal = verify(&verifier, &request, NOW).unwrap_err();
    assert_eq!(refusal, Refusal::TimestampForgotten);
    assert_eq!(refusal.status(), StatusCode::UNAUTHORIZED);
}

#[test]
fn after_a_restart_nothing_from_before_is_taken() {
    let request = signed(NOW - 5, "a");
    assert_eq!(verify(&Verifier::new(), &request, NOW), Ok(()));
    let restarted = Verifier::new().with_capacity(10).refusing_before(NOW);
    assert_eq!(
        verify(&restarted, &request, NOW),
        Err(Refusal::TimestampForgotten)
    );
    assert_eq!(verify(&restarted, &signed(NOW, "a"), NOW), Ok(()));
    let capacity_last = Verifier::new().refusing_before(NOW).with_capacity(10);
    assert_eq!(
        verify(&capacity_last, &request, NOW),
        Err(Refusal::TimestampForgotten)
    );
}

#[test]
fn an_unknown_client_takes_the_path_of_a_wrong_signature() {
    let consumer = refusal(&with("oauth_consumer_key", "nobody"));
    assert_eq!(consumer, Refusal::Unknown(Unknown::ConsumerKey));
    let token = refusal(&with("oauth_token", "none"));
    assert_eq!(token, Refusal::Unknown(Unknown::Token));
    assert_eq!(consumer.status(), Refusal::Signature.status());
    assert_eq!(token.status(), Refusal::Signature.status());
    // What is wrong besides is found before: the client's existence is looked at last.
    let mut params = RIGHT.to_vec();
    params[0].1 = "nobody";
    params[3].1 = "1";
    assert!(matches!(
        refusal(&with_params(&params)),
        Refusal::Timestamp { .. }
    ));
}

#[test]
fn the_signature_has_one_spelling() {
    let right = "oX6nnEpc56Sr5tmImUe35iLQd6o=";
    let credentials = Credentials::new("ck-0f1e2d3c", Secret::new("cs+secret/1="))
        .with_token("tk-9a8b7c6d", Secret::new("ts&secret 2"));
    let url = "https://vault.example.com/iso/session/drop/3fcf1e4a16104e328d6794e1b9693cfc457871d2";
    let request = Request::delete(url).body(Vec::new()).unwrap();
    let stamp = Stamp::new(NOW, "n0nce123");
    let request = Signer::new(&credentials)
        .unwrap()
        .sign(request, &stamp)
        .unwrap();
    let key = Key::new(
        &Secret::new("cs+secret/1="),
        Some(&Secret::new("ts&secret 2")),
    );
    let spelled = |signature: &str| {
        let mut request = request.clone();
        let header = request.headers()[AUTHORIZATION].to_str().unwrap();
        let header = header.replace(&percent::encode(right), signature);
        request
            .headers_mut()
            .insert(AUTHORIZATION, header.parse().unwrap());
        let verifier = Verifier::new();
        let outcome = verifier.verify(&request, &origin(), NOW, |_, _| Ok::<_, Unknown>(&key));
        outcome.map(drop)
    };
    assert_eq!(spelled(&percent::encode(right)), Ok(()));
    assert_eq!(spelled("oX6nnEpc56Sr5tmImUe35iLQd6o="), Ok(()));
    for wrong in [
        // The same bytes: the last character's low bits are not used.
        "oX6nnEpc56Sr5tmImUe35iLQd6p%3D",
        "oX6nnEpc56Sr5tmImUe35iLQd6o",
        "oX6nnEpc56Sr5tmImUe35iLQd6o%3D%3D",
        "oX6nnEpc56Sr5tmImUe35iLQd6o%3D%0A",
        "%20oX6nnEpc56Sr5tmImUe35iLQd6o%3D",
        "ox6nnEpc56Sr5tmImUe35iLQd6o%3D",
        "AAAA",
    ] {
        assert_eq!(spelled(wrong), Err(Refusal::Signature), "{wrong}");
    }
}

#[test]
fn spelling_of_the_header_does_not_matter() {
    let request = signed(NOW, "n0nce");
    let header = request.headers()[AUTHORIZATION].to_str().unwrap();
    for spelled in [
        header.replace("OAuth ", "oAuTh   "),
        header.replace(", ", " ,\t "),
        header.replace(", ", ","),
        header.replace("=\"", " = \""),
        header.replace("OAuth ", "OAuth realm=\"a, oauth_nonce=\\\"x\\\"\", "),
        format!("{header},"),
    ] {
        let mut request = request.clone();
        request
            .headers_mut()
            .insert(AUTHORIZATION, spelled.parse().unwrap());
        assert_eq!(verify(&Verifier::new(), &request, NOW), Ok(()), "{spelled}");
    }
}

#[test]
fn case_and_default_port_of_the_origin_do_not_matter() {
    let request = signed(NOW, "n0nce");
    for origin in [
        "HTTPS://Vault.Example.COM",
        "https://vault.example.com:443",
        "https://vault.example.com/",
        "https://vault.example.com:",
    ] {
        let origin = Origin::new(origin).unwrap();
        assert!(Verifier::new().verify(&request, &origin, NOW, find).is_ok());
    }
    for origin in ["http://vault.example.com", "https://vault.example.com:8443"] {
        let origin = Origin::new(origin).unwrap();
        let refusal = Verifier::new()
            .verify(&request, &origin, NOW, find)
            .unwrap_err();
        assert_eq!(refusal, Refusal::Signature);
    }
}

#[test]
fn behind_a_proxy_the_origin_is_what_the_client_called() {
    let outside = Request::get("https://vault.example.com:8443/pam/iso/pam/device?a=b");
    let stamp = Stamp::new(NOW, "n0nce");
    let mut request = signer()
        .sign(outside.body(Vec::new()).unwrap(), &stamp)
        .unwrap();
    *request.uri_mut() = "/iso/pam/device?a=b".parse().unwrap();
    let origin = Origin::of_host(Scheme::HTTPS, "vault.example.com:8443").unwrap();
    let unaware = Verifier::new()
        .verify(&request, &origin, NOW, find)
        .map(drop);
    assert_eq!(unaware, Err(Refusal::Signature));
    let origin = origin.with_prefix("/pam/");
    assert_eq!(
        Verifier::new()
            .explain(&request, &origin)
            .unwrap()
            .split('&')
            .nth(1),
        Some("https%3A%2F%2Fvault.example.com%3A8443%2Fpam%2Fiso%2Fpam%2Fdevice")
    );
    assert!(Verifier::new().verify(&request, &origin, NOW, find).is_ok());
    let same = Origin::new("https://vault.example.com:8443/pam").unwrap();
    assert_eq!(origin, same);
}

#[test]
fn an_origin_is_scheme_and_host() {
    for text in [
        "",
        "vault.example.com",
        "/pam",
        "https://",
        "https://h?a=b",
        "https://h:x",
        "https://h:99999",
    ] {
        let error = Origin::new(text).unwrap_err();
        assert!(error.to_string().contains("scheme://HOST"), "{error}");
    }
    assert_eq!(
        Origin::of_host(Scheme::HTTP, "").unwrap_err(),
        UriError::NoHost
    );
    assert_eq!(
        Origin::of_host(Scheme::HTTP, "h:99999").unwrap_err(),
        UriError::Authority
    );
}

#[test]
fn a_form_body_is_signed_and_a_json_body_is_not() {
    let sign = |content_type: &str, body: &str| {
        let request = Request::post(URL)
            .header(CONTENT_TYPE, content_type)
            .body(body.as_bytes().to_vec());
        signer()
            .sign(request.unwrap(), &Stamp::new(NOW, "n0nce"))
            .unwrap()
    };
    let mut json = sign("application/json", r#"{"a":"b"}"#);
    *json.body_mut() = br#"{"a":"c"}"#.to_vec();
    assert_eq!(verify(&Verifier::new(), &json, NOW), Ok(()));
    for form_type in [
        "application/x-www-form-urlencoded",
        "APPLICATION/X-WWW-FORM-URLENCODED; charset=utf-8",
    ] {
        let mut form = sign(form_type, "a=b&c=d+e");
        assert_eq!(verify(&Verifier::new(), &form, NOW), Ok(()));
        *form.body_mut() = b"c=d%20e&a=b".to_vec();
        assert_eq!(verify(&Verifier::new(), &form, NOW), Ok(()));
        *form.body_mut() = b"a=b&c=d".to_vec();
        assert_eq!(
            verify(&Verifier::new(), &form, NOW),
            Err(Refusal::Signature)
        );
    }
}

#[test]
fn timestamp_and_nonce_are_optional_when_told_so() {
    let request = signer().sign(unsigned(), &Stamp::absent()).unwrap();
    assert_eq!(
        verify(&Verifier::new(), &request, NOW),
        Err(Refusal::Missing {
            name: "oauth_timestamp"
        })
    );
    let lenient = Verifier::new().with_stamps(Stamps::Optional);
    assert_eq!(verify(&lenient, &request, NOW), Ok(()));
    assert_eq!(verify(&lenient, &request, NOW), Ok(()));
    // What is there is looked at all the same.
    assert_eq!(verify(&lenient, &signed(NOW, "a"), NOW), Ok(()));
    assert_eq!(
        verify(&lenient, &signed(NOW, "a"), NOW),
        Err(Refusal::NonceUsed)
    );
    assert!(verify(&lenient, &signed(1, "a"), NOW).is_err());
    let nonce_only: Vec<_> = RIGHT
        .into_iter()
        .filter(|(n, _)| *n != "oauth_timestamp")
        .collect();
    let nonce_only = with_params(&nonce_only);
    assert_eq!(verify(&lenient, &nonce_only, NOW + 1), Ok(()));
    assert_eq!(
        verify(&lenient, &nonce_only, NOW + 1),
        Err(Refusal::NonceUsed)
    );
}

#[test]
fn a_refusal_shows_neither_secret_nor_signature() {
    let verifier = Verifier::new();
    let request = with("oauth_signature", "d3Jvbmc=");
    let refusal = verify(&verifier, &request, NOW).unwrap_err();
    let base_string = verifier.explain(&request, &origin()).unwrap();
    let key = find("ck", Some("tk")).unwrap();
    let right = key.sign(&base_string);
    let shown = format!(
        "{refusal} {refusal:?} {verifier:?} {right:?} {:?}",
        signer()
    );
    assert_eq!(format!("{key:?}"), "Key([redacted])");
    for hidden in ["\"cs\"", "cs&ts", right.as_str(), "[105,", "0x"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
    assert!(base_string.starts_with("DELETE&https%3A%2F%2Fvault.example.com%2Fiso"));
}
