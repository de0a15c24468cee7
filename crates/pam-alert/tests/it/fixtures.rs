//! Every recorded or documented message, with its alerts beside it: `x.bin` and `x.alerts.json`.
//!
//! `datagram` holds one message a file, `stream` what came over one connection, and `webhook` the
//! bodies that a sender posts, below the name of its preset.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use pam_alert::{Alert, Framer, Framing, Preset, decode, decode_frame, decode_json};

const EXPECTED: &str = ".alerts.json";

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/alerts")
}

fn messages(below: &str) -> Vec<PathBuf> {
    let mut open = vec![folder().join(below)];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if !path.to_str().unwrap().ends_with(EXPECTED) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The bytes of a fixture.
pub(crate) fn bytes(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The one alert of a datagram.
pub(crate) fn datagram(name: &str) -> Alert {
    let mut alerts = decode("vault", &bytes(&format!("datagram/{name}.bin"))).unwrap();
    assert_eq!(alerts.len(), 1);
    alerts.remove(0)
}

/// The alerts of a body that a sender posts.
pub(crate) fn webhook(name: &str) -> Vec<Alert> {
    let preset: Preset = name.split('/').next().unwrap().parse().unwrap();
    decode_json("siem", preset, &bytes(&format!("webhook/{name}.json"))).unwrap()
}

#[track_caller]
fn as_expected(message: &Path, alerts: &[Alert]) {
    let name = message.to_str().unwrap();
    let stem = name.rsplit_once('.').unwrap().0;
    let expected = format!("{stem}{EXPECTED}");
    let mut actual = serde_json::to_string_pretty(alerts).unwrap();
    actual.push('\n');
    if std::env::var_os("PAM_ALERT_BLESS").is_some() {
        fs::write(expected, actual).unwrap();
        return;
    }
    let known = fs::read_to_string(&expected).unwrap_or_default();
    assert!(
        known == actual,
        "{expected} differs; run the test with PAM_ALERT_BLESS=1 and review the change.\n{actual}"
    );
    let back: Vec<Alert> = serde_json::from_str(&known).unwrap();
    assert_eq!(back, alerts);
}

#[test]
fn every_datagram_is_the_alert_beside_it() {
    let all = messages("datagram");
    assert!(all.len() > 60, "{}", all.len());
    for message in all {
        as_expected(
            &message,
            &decode("vault", &fs::read(&message).unwrap()).unwrap(),
        );
    }
}

#[test]
fn every_stream_is_the_alerts_beside_it() {
    let all = messages("stream");
    assert!(all.len() >= 12, "{}", all.len());
    for message in all {
        let mut framer = Framer::new(Framing::Either);
        framer.feed(&fs::read(&message).unwrap());
        framer.end();
        let mut alerts = Vec::new();
        while let Some(frame) = framer.next_frame() {
            if let Ok(frame) = frame {
                alerts.extend(decode_frame("vault", frame).unwrap());
            }
        }
        as_expected(&message, &alerts);
    }
}

#[test]
fn every_webhook_is_the_alerts_beside_it() {
    let all = messages("webhook");
    assert!(all.len() > 20, "{}", all.len());
    for message in all {
        let folder = message
            .parent()
            .and_then(Path::file_name)
            .and_then(OsStr::to_str);
        let preset: Preset = folder.unwrap().parse().unwrap();
        let body = fs::read(&message).unwrap();
        let alerts = decode_json("siem", preset, &body).unwrap();
        as_expected(&message, &alerts);
        // a body with the sender's own marks is recognised without being told
        let told = decode_json("siem", Preset::Auto, &body).unwrap();
        if folder != Some("json") && !message.ends_with("elastalert2/mapped-fields.json") {
            assert_eq!(told, alerts, "{}", message.display());
        }
    }
}

#[test]
fn no_fixture_gives_away_a_secret() {
    for below in ["datagram", "stream", "webhook"] {
        for message in messages(below) {
            let name = message.to_str().unwrap();
            let expected = format!("{}{EXPECTED}", name.rsplit_once('.').unwrap().0);
            let alerts = fs::read_to_string(expected).unwrap();
            assert!(!alerts.contains("planted"), "{name}");
        }
    }
}
