//! What holds for every request.

use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Request, Uri};
use pam_proto::Secret;
use pam_proto::oauth1::params::Params;
use pam_proto::oauth1::signature::Key;
use pam_proto::oauth1::{Credentials, SignError, Signer, Stamp, Target, header, percent};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::cases::any_case;
use crate::reference::Reference;

fn quoted<'h>(header: &'h [(String, String)], name: &str) -> Option<&'h str> {
    let mut found = header.iter().filter(|(known, _)| known == name);
    found.next().map(|(_, value)| value.as_str())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn encoding_round_trips_and_touches_reserved_bytes_only(text: String) {
        let encoded = percent::encode(&text);
        prop_assert_eq!(percent::decode(&encoded).unwrap(), text.clone());
        let mut rest = encoded.as_str();
        for byte in text.bytes() {
            let unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            let expected = if unreserved {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            };
            rest = rest.strip_prefix(&expected).expect("byte by byte");
        }
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn both_signers_agree(case in any_case()) {
        let request = case.request();
        let explained = case.signer().explain(&Target::of(&request), &case.stamp()).unwrap();
        prop_assert_eq!(&explained.signature, &case.signature_of_reference());
        let signed = case.signer().sign(request, &case.stamp()).unwrap();
        prop_assert_eq!(signed.headers()[AUTHORIZATION].as_bytes(), explained.authorization.as_bytes());
        prop_assert_eq!(explained.signature, case.key().sign(&explained.base_string).to_string());
        prop_assert!(explained.parameters.is_sorted());
    }

    #[test]
    fn the_order_and_the_place_of_parameters_do_not_matter(
        (case, shuffled) in any_case().prop_flat_map(|case| {
            let query = Just(case.query.clone()).prop_shuffle();
            (Just(case), query)
        })
    ) {
        let mut other = case.clone();
        other.query = shuffled;
        prop_assert_eq!(case.signature_of_reference(), other.signature_of_reference());
        let sign = |case: &crate::cases::Case| {
            let request = case.request();
            case.signer().explain(&Target::of(&request), &case.stamp()).unwrap()
        };
        prop_assert_eq!(sign(&case), sign(&other));
        // The spelling of an escape does not matter either.
        other.spelling = !case.spelling;
        let mut form = other.form.take().unwrap_or_default();
        form.append(&mut other.query);
        other.form = Some(form);
        prop_assert_eq!(sign(&case), sign(&other));
    }

    #[test]
    fn any_text_in_any_field_is_an_error_or_comes_back(
        consumer_key: String,
        token: Option<String>,
        nonce: String,
        realm: Option<String>,
        further in vec((prop_oneof![any::<String>(), "oauth_\\PC{0,9}"], any::<String>()), 0..3),
    ) {
        let uri = Uri::from_static("https://vault.example.com/");
        let signed = || -> Result<_, SignError> {
            let mut credentials = Credentials::new(&consumer_key, Secret::new("s"));
            if let Some(token) = &token {
                credentials = credentials.with_token(token, Secret::new("t"));
            }
            let mut signer = Signer::new(&credentials)?;
            if let Some(realm) = &realm {
                signer = signer.with_realm(realm)?;
            }
            for (name, value) in &further {
                signer = signer.with_parameter(name, value)?;
            }
            signer.authorization(&Target::new("GET", &uri), &Stamp::new(7, &nonce))
        };
        if let Ok(value) = signed() {
            let header = header::parse(value.as_bytes()).unwrap();
            prop_assert_eq!(quoted(&header, "oauth_consumer_key"), Some(&*consumer_key));
            prop_assert_eq!(quoted(&header, "oauth_token"), token.as_deref());
            prop_assert_eq!(quoted(&header, "oauth_nonce"), Some(&*nonce));
            prop_assert_eq!(quoted(&header, "oauth_timestamp"), Some("7"));
            prop_assert_eq!(quoted(&header, "realm"), realm.as_deref());
            for (name, value) in &further {
                prop_assert_eq!(quoted(&header, name), Some(&**value));
            }
        } else {
            let mut fields = vec![&consumer_key, &nonce];
            fields.extend(&token);
            fields.extend(further.iter().flat_map(|(name, value)| [name, value]));
            let control = fields.iter().any(|text| text.chars().any(char::is_control));
            let unprintable = realm.iter().any(|r| !r.bytes().all(|b| (b' '..=b'~').contains(&b)));
            let mut names: Vec<_> = further.iter().map(|(name, _)| name.as_str()).collect();
            let foreign = names.iter().any(|name| !name.starts_with("oauth_"));
            names.sort_unstable();
            let twice = names.windows(2).any(|pair| pair[0] == pair[1]);
            prop_assert!(control || unprintable || foreign || twice);
        }
    }

    #[test]
    fn a_mac_is_the_one_of_the_hmac_crate(
        consumer: String,
        token: String,
        text in "[a-zA-Z0-9%&]{0,200}",
    ) {
        let key = Key::new(&Secret::new(consumer.as_str()), Some(&Secret::new(token.as_str())));
        let expected = Reference::RIGHT.mac(&text, &consumer, &token);
        prop_assert_eq!(key.sign(&text).to_string(), expected);
    }

    #[test]
    fn normalised_parameters_are_their_own_normal_form(form: Vec<u8>) {
        let mut params = Params::new();
        params.push_form(&form);
        let normalised = params.normalised();
        let mut again = Params::new();
        again.push_form(normalised.as_bytes());
        prop_assert_eq!(&again.normalised(), &normalised);
        let mut decoded: Vec<_> = params.decoded();
        let mut decoded_again: Vec<_> = again.decoded();
        decoded.sort();
        decoded_again.sort();
        prop_assert_eq!(decoded, decoded_again);
    }

    #[test]
    fn any_bytes_are_a_header_or_an_error(bytes: Vec<u8>, text in "OAuth [a-z=\"%, \\\\\t\r\n0-9]{0,60}") {
        for value in [bytes.as_slice(), text.as_bytes()] {
            if let Ok(params) = header::parse(value) {
                let mut names: Vec<_> = params.iter().map(|(name, _)| name).collect();
                names.sort_unstable();
                names.dedup();
                prop_assert_eq!(names.len(), params.len());
            }
        }
    }
}

/// A mebibyte takes a moment; if time grew with its square, it would take minutes.
fn signer() -> Signer {
    let credentials = Credentials::new("ck", Secret::new("cs")).with_token("tk", Secret::new("ts"));
    Signer::new(&credentials).unwrap()
}

#[test]
fn a_request_is_signed_by_its_parts_as_it_is_by_itself() {
    let request = Request::post("https://vault.example.com/api?q=1")
        .header(HOST, "front.example.com:8443")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body("a=b")
        .unwrap();
    let parts = Target::new("POST", request.uri())
        .with_host("front.example.com:8443")
        .with_form(b"a=b");
    let stamp = Stamp::new(1, "n");
    let explained = signer().explain(&parts, &stamp).unwrap();
    assert_eq!(
        signer().explain(&Target::of(&request), &stamp),
        Ok(explained.clone())
    );
    let base_uri = "POST&https%3A%2F%2Ffront.example.com%3A8443%2Fapi&a%3Db%26";
    assert!(explained.base_string.starts_with(base_uri));

    let key = Key::new(&Secret::new("cs"), Some(&Secret::new("ts")));
    let signature = key.sign(&explained.base_string);
    assert!(signature.matches(&explained.signature));
    for other in [
        "",
        &explained.signature[1..],
        &explained.signature.to_lowercase(),
    ] {
        assert!(!signature.matches(other), "{other}");
    }
    assert_eq!(format!("{signature:?}"), "Signature([redacted])");
    assert!(format!("{:?}", signer()).contains("oauth_consumer_key"));
}

#[test]
fn what_a_signer_is_given_is_text_for_a_header() {
    let with = |name: &str, value: &str| signer().with_parameter(name, value).map(drop);
    assert_eq!(with("oauth_verifier", "a b\u{e9}\"\\"), Ok(()));
    for name in ["oauth_nonce", "oauth_signature", "oauth_token_secret"] {
        let name = name.to_owned();
        let refused = Err(SignError::Reserved { name: name.clone() });
        assert_eq!(with(&name, "v"), refused);
    }
    let field = "value of a parameter";
    let refused = Err(SignError::ControlCharacter { field });
    assert_eq!(with("oauth_verifier", "a\nb"), refused);

    let uri = Uri::from_static("https://vault.example.com/");
    let sign = |nonce: &str| {
        let stamp = Stamp::new(1, nonce);
        signer()
            .explain(&Target::new("GET", &uri), &stamp)
            .map(drop)
    };
    assert_eq!(sign("a b\u{e9}"), Ok(()));
    let refused = Err(SignError::ControlCharacter { field: "nonce" });
    assert_eq!(sign("a\u{7f}"), refused);
}

#[test]
fn a_request_brings_no_parameter_that_its_signer_sets_or_never_sends() {
    let signer = signer().with_parameter("oauth_callback", "c").unwrap();
    let sign = |text: &str| {
        let query = Request::get(format!("https://vault.example.com/?{text}"));
        let form = Request::post("https://vault.example.com/")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let requests = [
            query.body(String::new()).unwrap(),
            form.body(text.to_owned()).unwrap(),
        ];
        requests.map(|request| signer.sign(request, &Stamp::new(1, "n")).map(drop))
    };
    for (text, name) in [
        ("oauth_nonce=n", "oauth_nonce"),
        ("a=b&oauth%5Ftoken=tk", "oauth_token"),
        ("oauth_signature", "oauth_signature"),
        ("oauth_callback=d", "oauth_callback"),
        ("oauth_consumer_secret=cs", "oauth_consumer_secret"),
        ("oauth_token_secret=ts", "oauth_token_secret"),
    ] {
        let name = name.to_owned();
        let refused = Err(SignError::Twice { name });
        assert_eq!(sign(text), [refused.clone(), refused], "{text}");
    }
    for text in ["oauth_verifier=v", "oauth_nonces=n", "nonce=oauth_nonce"] {
        assert_eq!(sign(text), [Ok(()), Ok(())], "{text}");
    }
}

#[test]
fn a_huge_header_is_read_in_a_moment() {
    let size = 1 << 20;
    let names = |count: usize| {
        (0..count)
            .map(|i| format!("n{i}=\"\","))
            .collect::<String>()
    };
    let headers = [
        format!("OAuth {}", names(size / 10)),
        format!("OAuth {}", ",".repeat(size)),
        format!("OAuth {}", " ".repeat(size)),
        format!("OAuth a=\"{}\"", "%41".repeat(size / 3)),
        format!("OAuth realm=\"{}\"", "\\\"".repeat(size / 2)),
        format!("OAuth {}=\"\"", "a".repeat(size)),
        format!("OAuth a=\"{}", "b".repeat(size)),
        format!("OAuth {}", "a=\"\",".repeat(size / 5)),
    ];
    let read: Vec<bool> = headers
        .iter()
        .map(|text| header::parse(text.as_bytes()).is_ok())
        .collect();
    assert_eq!(read, [true, true, true, true, true, true, false, false]);
}

/// Every way of filling the buffer of the base string, and of running over it.
#[test]
fn base_strings_of_every_length_are_signed_right() {
    for length in 0..1_500 {
        let text = "x".repeat(length);
        let key = Key::new(&Secret::new("a"), None);
        assert_eq!(
            key.sign(&text).as_str(),
            Reference::RIGHT.mac(&text, "a", ""),
            "{length}"
        );
    }
}

#[test]
fn keys_of_every_length_are_prepared_right() {
    for length in 0..200 {
        let secret = "x".repeat(length);
        let key = Key::new(&Secret::new(secret.as_str()), Some(&Secret::new("~ ")));
        assert_eq!(
            key.sign("text").as_str(),
            Reference::RIGHT.mac("text", &secret, "~ "),
            "{length}"
        );
    }
}

#[test]
fn a_long_header_is_whole() {
    let nonce = "ü/".repeat(1_000);
    let credentials = Credentials::new("k".repeat(3_000), Secret::new("s"));
    let uri = Uri::from_static("https://vault.example.com/");
    let value = Signer::new(&credentials)
        .unwrap()
        .authorization(&Target::new("GET", &uri), &Stamp::new(7, &nonce))
        .unwrap();
    let header = header::parse(value.as_bytes()).unwrap();
    assert_eq!(quoted(&header, "oauth_nonce"), Some(&*nonce));
    assert_eq!(
        quoted(&header, "oauth_consumer_key").map(str::len),
        Some(3_000)
    );
}
