//! `pamctl doctor`: for each thing that can be wrong it names that thing and its fix.

use std::net::TcpListener;
use std::time::{Duration, SystemTime};

use pam_mock::{
    Application, Authorization, FaultKind, Fingerprint, MockAppliance, Profile, Resource,
    ServerCertificate, Switches,
};
use pam_proto::Secret;
use pam_proto::oauth1::Credentials;
use serde_json::Value;

use crate::fixture::{Mock, Run, pamctl};

fn diagnose(mock: &Mock, more: &[&str]) -> Run {
    Run::of(mock.pamctl().args(["doctor", "-o", "json"]).args(more))
}

/// The check of this name.
#[track_caller]
fn check(run: &Run, name: &str) -> Value {
    let diagnosis = run.json();
    let checks = diagnosis["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| check["name"] == name);
    found
        .unwrap_or_else(|| panic!("no {name} in {}", run.stdout))
        .clone()
}

/// Asserts that the check of this name failed, and that what to do has these words in it.
#[track_caller]
fn failed(run: Run, code: i32, name: &str, words: &[&str]) -> Run {
    let run = run.ended(code);
    let check = check(&run, name);
    assert_eq!(check["status"], "failed", "{check}");
    let said = format!("{} {}", check["message"], check["fix"]);
    assert!(!check["fix"].as_str().unwrap().is_empty(), "{check}");
    for word in words {
        assert!(said.contains(word), "no `{word}` in {said}");
    }
    assert_eq!(run.json()["ok"], false);
    run
}

#[test]
fn a_healthy_appliance_is_ok_in_every_line_and_loses_no_session() {
    let mock = Mock::populated();
    let before = mock.running();
    let run = diagnose(&mock, &[]).ended(0);
    let diagnosis = run.json();
    assert_eq!(diagnosis["ok"], true);
    let names: Vec<&str> = diagnosis["checks"]
        .as_array()
        .unwrap()
        .iter()
        .inspect(|check| assert_eq!(check["status"], "ok", "{check}"))
        .map(|check| check["name"].as_str().unwrap())
        .collect();
    let expected = [
        "settings",
        "name",
        "tcp",
        "tls",
        "clock",
        "authentication",
        "restrictions",
        "routes",
        "list",
        "terminate",
        "token",
    ];
    assert_eq!(names, expected);
    let link = &diagnosis["chain"][0];
    for key in ["subject", "issuer", "not_before", "not_after"] {
        assert!(link[key].is_string(), "{link}");
    }
    assert_eq!(run.stderr, "");
    assert_eq!(mock.running(), before);
    let text = Run::of(mock.pamctl_oauth2().arg("doctor")).ended(0);
    assert!(
        text.stdout
            .contains("ok       token            the access token"),
        "{}",
        text.stdout
    );
    assert!(text.stdout.contains("issued by"), "{}", text.stdout);
}

#[test]
fn the_right_to_terminate_need_not_be_tried() {
    let mock = Mock::populated();
    let run = diagnose(&mock, &["--no-drop-probe"]).ended(0);
    assert_eq!(check(&run, "terminate")["status"], "warning");
    let methods = mock.appliance.requests().into_iter().map(|r| r.method);
    assert!(methods.into_iter().all(|method| method == "GET"));
}

#[test]
fn what_is_not_set_is_the_first_line() {
    let run = Run::of(pamctl().args(["doctor", "-o", "json"]));
    failed(run, 2, "settings", &["PAM_URL", "profile"]);
    let mock = Mock::populated();
    let mut command = mock.pamctl();
    command.args(["doctor", "-o", "json", "--ca-file", "/no/such.pem"]);
    failed(Run::of(&mut command), 2, "settings", &["/no/such.pem"]);
}

#[test]
fn a_way_that_ends_early_is_told_where_it_ends() {
    let mock = Mock::populated();
    let mut nowhere = mock.pamctl();
    nowhere
        .args(["doctor", "-o", "json"])
        .env("PAM_URL", "https://nowhere.invalid");
    let run = failed(
        Run::of(&mut nowhere),
        7,
        "name",
        &["nowhere.invalid", "DNS"],
    );
    assert_eq!(run.json()["checks"].as_array().unwrap().len(), 2);
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut refused = mock.pamctl();
    refused
        .args(["doctor", "-o", "json"])
        .env("PAM_URL", format!("https://{closed}"));
    failed(
        Run::of(&mut refused),
        7,
        "tcp",
        &["refused", "check the port"],
    );
}

#[test]
fn a_certificate_that_is_not_trusted_is_shown_with_the_reason() {
    let table = [
        (ServerCertificate::Expired, "expired", "renew"),
        (
            ServerCertificate::OtherName,
            "elsewhere.example.com",
            "in the URL",
        ),
        (ServerCertificate::SelfSigned, "authority", "--ca-file"),
    ];
    for (certificate, reason, fix) in table {
        let mock = Mock::start(MockAppliance::builder().certificate(certificate));
        let run = failed(diagnose(&mock, &[]), 7, "tls", &[reason, fix]);
        let diagnosis = run.json();
        assert!(diagnosis["chain"][0]["subject"].is_string(), "{diagnosis}");
        assert!(mock.appliance.requests().is_empty());
    }
    let mock = Mock::populated();
    let other = Mock::populated();
    let mut command = mock.pamctl();
    command
        .args(["doctor", "-o", "json"])
        .env("PAM_CA_FILE", other.file("mock.ca.pem"));
    failed(
        Run::of(&mut command),
        7,
        "tls",
        &["unknown authority", "ca_file", "trusted now"],
    );
}

#[test]
fn keys_that_are_not_believed() {
    let mock = Mock::populated();
    let mut wrong = mock.pamctl();
    wrong
        .args(["doctor", "-o", "json"])
        .env("PAM_TOKEN_SECRET", "another");
    failed(
        Run::of(&mut wrong),
        6,
        "authentication",
        &["Invalid signature", "check the four keys"],
    );
    let mut wrong = mock.pamctl_oauth2();
    wrong
        .args(["doctor", "-o", "json"])
        .env("PAM_CLIENT_SECRET", "another");
    failed(Run::of(&mut wrong), 6, "authentication", &["client secret"]);
    mock.appliance.set_fault(FaultKind::Lockdown);
    failed(
        diagnose(&mock, &[]),
        1,
        "authentication",
        &["Lockdown", "lifted"],
    );
    mock.appliance.set_fault(FaultKind::Gateway502Html);
    failed(diagnose(&mock, &[]), 7, "authentication", &["502"]);
}

/// A mock that has one authorization, with the keys of `ck`.
fn restricted(limit: impl FnOnce(Authorization) -> Authorization) -> Mock {
    let keys = Credentials::new("ck", Secret::new("cs")).with_token("tk", Secret::new("ts"));
    let authorization = limit(Authorization::oauth1(keys));
    let builder = MockAppliance::builder()
        .sessions(6, 3)
        .application(Application::new("siem", [authorization]));
    Mock::start(builder)
}

fn diagnose_restricted(mock: &Mock, more: &[&str]) -> Run {
    let mut command = mock.pamctl();
    command
        .args(["doctor", "-o", "json"])
        .args(more)
        .env("PAM_CONSUMER_KEY", "ck")
        .env("PAM_CONSUMER_SECRET", "cs")
        .env("PAM_TOKEN", "tk")
        .env("PAM_TOKEN_SECRET", "ts");
    Run::of(&mut command)
}

#[test]
fn an_authorization_that_is_restricted() {
    let elsewhere = restricted(|auth| auth.addresses(["192.0.2.1"]));
    let run = diagnose_restricted(&elsewhere, &[]);
    failed(run, 6, "restrictions", &["IP addresses", "127.0.0.1"]);

    let referred = restricted(|auth| auth.referers(["https://soc.example.com"]));
    let run = diagnose_restricted(&referred, &[]);
    failed(run, 6, "restrictions", &["no Referer is sent", "--referer"]);
    let run = diagnose_restricted(&referred, &["--referer", "https://other.example.com"]);
    failed(
        run,
        6,
        "restrictions",
        &["`https://other.example.com` is not on"],
    );
    diagnose_restricted(&referred, &["--referer", "https://soc.example.com"]).ended(0);

    let certified = restricted(|auth| auth.certificate(Fingerprint::of(b"another certificate")));
    let run = diagnose_restricted(&certified, &[]);
    failed(
        run,
        6,
        "restrictions",
        &["client certificate", "--client-cert"],
    );

    let narrow = restricted(|auth| auth.resources([Resource::WebProxySession]));
    failed(
        diagnose_restricted(&narrow, &[]),
        6,
        "restrictions",
        &["PAM Core"],
    );

    let over = restricted(|auth| auth.expires(SystemTime::now() - Duration::from_secs(60)));
    failed(
        diagnose_restricted(&over, &[]),
        6,
        "authentication",
        &["authorization"],
    );
    let off = restricted(Authorization::disabled);
    failed(
        diagnose_restricted(&off, &[]),
        6,
        "authentication",
        &["authorization"],
    );
}

#[test]
fn an_authorization_that_may_read_only() {
    let mock = restricted(Authorization::read_only);
    let before = mock.running();
    let run = failed(
        diagnose_restricted(&mock, &[]),
        6,
        "terminate",
        &["Read and write"],
    );
    assert_eq!(check(&run, "list")["status"], "ok");
    assert_eq!(mock.running(), before);
}

#[test]
fn a_clock_that_is_off_is_a_warning() {
    let mock = Mock::populated();
    mock.appliance.set_fault(FaultKind::ClockSkew(4000));
    let run = diagnose(&mock, &[]).ended(0);
    let clock = check(&run, "clock");
    assert_eq!(clock["status"], "warning", "{clock}");
    assert!(
        clock["message"].as_str().unwrap().contains("ahead of"),
        "{clock}"
    );
    assert!(clock["fix"].as_str().unwrap().contains("NTP"), "{clock}");
}

#[test]
fn a_family_of_paths_that_is_not_served() {
    let mut switches = Switches::default();
    switches.set("routes=documented").unwrap();
    let builder = MockAppliance::builder().sessions(2, 1);
    let mock = Mock::start(builder.switches(switches).profile(Profile::V4_0));
    let run = diagnose(&mock, &["--routes", "iso"]);
    let code = run.code.unwrap();
    failed(run, code, "routes", &["`iso`", "leave --routes"]);
    diagnose(&mock, &[]).ended(0);
}

#[test]
fn a_client_certificate_that_is_demanded() {
    let mock = Mock::start(
        MockAppliance::builder()
            .sessions(2, 1)
            .client_certificates(pam_mock::ClientCertificates::Required),
    );
    let run = diagnose(&mock, &[]).ended(6);
    let diagnosis = run.json();
    let checks = diagnosis["checks"].as_array().unwrap();
    let failed = checks
        .iter()
        .find(|check| check["status"] == "failed")
        .unwrap();
    let said = failed.to_string();
    assert!(said.contains("client certificate"), "{said}");
}
