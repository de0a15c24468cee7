//! What was written in CEF or LEEF is read again as the same event.

use std::borrow::Cow;

use pam_alert::{Alert, Cef, CefEncodeError, Leef, LeefEncodeError};
use proptest::prelude::*;

/// Text with everything in it that the formats treat in a special way.
fn text() -> impl Strategy<Value = String> {
    let special = prop_oneof![
        Just("\\"),
        Just("|"),
        Just("="),
        Just(" "),
        Just("\n"),
        Just("\r"),
        Just("\t"),
        Just("^"),
        Just(" suser="),
        Just("CEF:0|"),
        Just("LEEF:1.0|"),
        Just("\\n"),
        Just("é"),
        Just("\""),
        Just("\u{feff}"),
        Just("cs1Label"),
        Just("\0"),
    ]
    .prop_map(str::to_owned);
    let any = prop_oneof![special, "[a-z0-9]{1,4}", "\\PC"];
    proptest::collection::vec(any, 0..8).prop_map(|parts| parts.concat())
}

fn line() -> impl Strategy<Value = String> {
    text().prop_map(|text| text.replace(['\n', '\r'], "_"))
}

fn key() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9_][a-zA-Z0-9_.\\-]{0,8}(\\[[0-9]\\])?"
}

fn cef() -> impl Strategy<Value = Cef<'static>> {
    let header = (0..=1_u8, line(), line(), line(), line(), line(), line());
    let extension = proptest::collection::vec((key(), text()), 0..6);
    (header, extension).prop_map(|(header, extension)| {
        let (version, vendor, product, product_version, signature_id, name, severity) = header;
        let mut cef = Cef::default();
        cef.version = version;
        cef.vendor = vendor.into();
        cef.product = product.into();
        cef.product_version = product_version.into();
        cef.signature_id = signature_id.into();
        cef.name = name.into();
        cef.severity = severity.into();
        cef.extension = owned(extension);
        cef
    })
}

fn leef() -> impl Strategy<Value = Leef<'static>> {
    let delimiter = prop_oneof![Just('\t'), Just('^'), Just(';'), Just('\u{1}'), Just('¦')];
    let header = (1..=2_u8, delimiter, line(), line(), line(), line());
    let attributes = proptest::collection::vec((key(), text()), 0..6);
    (header, attributes).prop_map(|(header, attributes)| {
        let (version, delimiter, vendor, product, product_version, event_id) = header;
        let mut leef = Leef::default();
        leef.version = version;
        leef.delimiter = if version == 1 { '\t' } else { delimiter };
        leef.vendor = vendor.replace('|', "/").into();
        leef.product = product.replace('|', "/").into();
        leef.product_version = product_version.replace('|', "/").into();
        leef.event_id = event_id.replace('|', "/").into();
        leef.attributes = owned(attributes);
        leef
    })
}

type Pairs = Vec<(Cow<'static, str>, Cow<'static, str>)>;

fn owned(pairs: Vec<(String, String)>) -> Pairs {
    let pairs = pairs.into_iter();
    pairs
        .map(|(key, value)| (key.into(), value.into()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn cef_comes_back(cef in cef()) {
        match cef.encode() {
            Ok(line) => {
                prop_assert!(!line.contains(['\n', '\r']));
                prop_assert_eq!(Cef::decode(&line).unwrap(), cef);
            }
            Err(error) => prop_assert!(matches!(error, CefEncodeError::TrailingSpace(_))),
        }
    }

    #[test]
    fn leef_comes_back(leef in leef()) {
        match leef.encode() {
            Ok(line) => {
                prop_assert!(!line.contains(['\n', '\r']));
                prop_assert_eq!(Leef::decode(&line).unwrap(), leef);
            }
            Err(error) => prop_assert!(matches!(error, LeefEncodeError::Value(_))),
        }
    }

    #[test]
    fn a_text_of_any_kind_is_an_alert_that_survives_json(text in "\\PC{0,200}", cut in any::<bool>()) {
        let line = if cut { format!("CEF:0|{text}") } else { text };
        if let Ok(alerts) = pam_alert::decode("any", line.as_bytes()) {
            for alert in alerts {
                let json = serde_json::to_string(&alert).unwrap();
                prop_assert_eq!(serde_json::from_str::<Alert>(&json).unwrap(), alert);
            }
        }
    }

    #[test]
    fn bytes_of_any_kind_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = pam_alert::decode("any", &bytes);
        let _ = pam_alert::decode_json("any", pam_alert::Preset::Auto, &bytes);
    }
}

#[test]
fn what_a_format_cannot_carry_is_refused() {
    let mut cef = Cef::default();
    cef.version = 2;
    assert_eq!(cef.encode(), Err(CefEncodeError::Version(2)));
    cef.version = 0;
    cef.name = "two\nlines".into();
    assert_eq!(cef.encode(), Err(CefEncodeError::LineBreak("name")));
    cef.name = "one".into();
    cef.extension = owned(vec![("a key".into(), String::new())]);
    assert_eq!(cef.encode(), Err(CefEncodeError::Key("a key".into())));

    let mut leef = Leef::default();
    leef.delimiter = '^';
    assert_eq!(leef.encode(), Err(LeefEncodeError::Delimiter('^')));
    leef.delimiter = '\t';
    leef.vendor = "a|b".into();
    assert_eq!(leef.encode(), Err(LeefEncodeError::Header("vendor")));
}
