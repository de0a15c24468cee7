//! Where settings come from, and what is said when they are missing or wrong.

use crate::fixture::{Mock, Run, pamctl};

#[test]
fn every_missing_setting_stands_in_one_line() {
    let run = Run::of(pamctl().args(["session", "list"]).env("PAM_TOKEN", "t"));
    let names = [
        "PAM_URL",
        "PAM_CONSUMER_KEY",
        "PAM_CONSUMER_SECRET",
        "PAM_TOKEN_SECRET",
    ];
    let run = run.failed(2, &names);
    assert!(!run.stderr.contains("PAM_TOKEN,"), "{}", run.stderr);
    let oauth2 = Run::of(pamctl().args(["session", "list"]).env("PAM_CLIENT_ID", "c"));
    oauth2.failed(2, &["PAM_URL", "PAM_CLIENT_SECRET"]);
}

#[test]
fn a_flag_wins_over_its_variable() {
    let mock = Mock::populated();
    let url = mock.appliance.base_url().to_string();
    let mut command = mock.pamctl();
    command
        .env("PAM_URL", "https://192.0.2.1:1")
        .args(["session", "list", "--url", &url]);
    Run::of(&mut command).ended(0);
    let mut before = mock.pamctl();
    before
        .env("PAM_URL", "https://192.0.2.1:1")
        .args(["--url", &url, "session", "list"]);
    Run::of(&mut before).ended(0);
}

#[test]
fn no_flag_takes_a_secret() {
    for flag in [
        "--consumer-secret",
        "--consumer-key",
        "--token",
        "--token-secret",
        "--client-secret",
        "--client-id",
        "--password",
        "--bearer",
        "--access-token",
        "--oauth_token_secret",
    ] {
        for value in [
            vec![format!("{flag}=hunter2")],
            vec![flag.to_owned(), "hunter2".to_owned()],
        ] {
            let run = Run::of(pamctl().args(["session", "list"]).args(value));
            let run = run.failed(2, &[flag, "environment"]);
            assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
        }
    }
}

#[test]
fn unusable_settings_say_what_to_write() {
    let mock = Mock::populated();
    let missing = mock.file("missing.pem");
    let empty = mock.file("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let table: [(&[&str], &str); 8] = [
        (&["--url", "vault.example.com"], "no scheme"),
        (&["--url", "http://vault.example.com"], "loopback"),
        (
            &["--url", "https://user:pw@vault.example.com"],
            "user information",
        ),
        (&["--ca-file", missing.to_str().unwrap()], "missing.pem"),
        (&["--ca-file", empty.to_str().unwrap()], "empty.pem"),
        (&["--client-cert", "x.pem"], "--client-key"),
        (&["--client-key", "x.pem"], "--client-cert"),
        (&["--referer", "line\nbreak"], "referer"),
    ];
    for (arguments, word) in table {
        let run = Run::of(mock.pamctl().args(["session", "list"]).args(arguments));
        run.failed(2, &[word]);
    }
    for arguments in [
        ["--routes", "v9"],
        ["--timeout", "0"],
        ["--timeout", "soon"],
        ["--body-limit", "0"],
        ["--verify-timeout", "0s"],
    ] {
        let run = Run::of(
            mock.pamctl()
                .args(["session", "terminate", "1", "--yes"])
                .args(arguments),
        );
        assert!(run.ended(2).stderr.contains(arguments[0]));
    }
    assert!(mock.appliance.requests().is_empty());
}

#[test]
fn a_damaged_secret_is_told_by_its_name_only() {
    let mock = Mock::populated();
    let mut command = mock.pamctl();
    command
        .args(["session", "list"])
        .env("PAM_TOKEN_SECRET", "hunter2\n");
    let run = Run::of(&mut command).failed(2, &["PAM_TOKEN_SECRET", "line break"]);
    assert!(!run.stderr.contains("hunter2"));
}

#[test]
fn both_kinds_of_credentials_are_ambiguous() {
    let mock = Mock::populated();
    let mut command = mock.pamctl();
    command.args(["session", "list"]).env("PAM_CLIENT_ID", "c");
    Run::of(&mut command).failed(2, &["PAM_CLIENT_ID", "PAM_CONSUMER_KEY"]);
}

#[test]
fn a_command_that_asks_no_appliance_refuses_its_options() {
    for command in [&["demo"][..], &["mock", "faults"], &["explain", "1039"]] {
        Run::of(
            pamctl()
                .args(command)
                .args(["--url", "https://vault.example.com"]),
        )
        .failed(2, &["--url"]);
    }
}

#[test]
fn fixed_routes_and_limits_are_obeyed() {
    let mock = Mock::populated();
    Run::of(mock.pamctl().args(["session", "list", "--routes", "iso"])).ended(0);
    let paths: Vec<String> = mock
        .appliance
        .requests()
        .into_iter()
        .map(|r| r.path)
        .collect();
    assert_eq!(paths, ["/api/session/remotesessions"]);
    Run::of(
        mock.pamctl()
            .args(["session", "get", "1", "--body-limit", "64"]),
    )
    .failed(1, &["64 bytes"]);
}
