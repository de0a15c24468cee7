//! `pamctl session list` and `get`.

use pam_mock::{FaultKind, MockAppliance, NewSession, Profile};

use crate::fixture::{Mock, Run};

const KEYS: [&str; 14] = [
    "id",
    "session_id",
    "user",
    "origin_ip",
    "credential",
    "device",
    "protocol",
    "proxy",
    "started_at",
    "ended_at",
    "active",
    "prevent_purge",
    "request",
    "itsm",
];

fn named(user: &str, device: &str) -> NewSession {
    NewSession {
        user: Some(user.into()),
        device: Some(device.into()),
        ..NewSession::default()
    }
}

#[test]
fn json_is_one_array_with_the_english_keys_whatever_the_appliance_writes() {
    for profile in Profile::ALL {
        let mock = Mock::start(MockAppliance::builder().sessions(5, 2).profile(profile));
        let sessions = Run::of(mock.pamctl().args(["session", "list", "-o", "json"]))
            .ended(0)
            .json();
        let sessions = sessions.as_array().unwrap();
        assert_eq!(sessions.len(), 5, "{profile}");
        for (session, truth) in sessions.iter().zip(mock.appliance.sessions()) {
            let session = session.as_object().unwrap();
            let keys: Vec<&str> = session.keys().map(String::as_str).collect();
            let mut expected = KEYS.to_vec();
            expected.sort_unstable();
            assert_eq!(keys, expected, "{profile}");
            assert_eq!(session["session_id"], truth.session_id.as_str());
            assert_eq!(session["device"], truth.device.as_str());
            assert_eq!(session["active"], truth.active);
        }
    }
}

#[test]
fn every_form_lists_the_same_sessions() {
    let mock = Mock::populated();
    let list = |form: &str| {
        Run::of(
            mock.pamctl()
                .args(["session", "list", "--active", "-o", form]),
        )
        .ended(0)
        .stdout
    };
    let running = mock.running();
    assert_eq!(running.len(), 6);
    assert_eq!(list("ids").lines().collect::<Vec<_>>(), running);
    let ndjson = list("ndjson");
    let ids: Vec<String> = ndjson
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["session_id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(ids, running);
    let csv = list("csv");
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some(KEYS.join(",").as_str()));
    assert!(
        lines
            .zip(&running)
            .all(|(line, id)| line.split(',').nth(1) == Some(id))
    );
    let table = list("table");
    assert!(table.starts_with("ID  USER"));
    assert!(running.iter().all(|id| table.contains(id.as_str())));
}

#[test]
fn an_empty_list_is_whole_and_no_failure() {
    let mock = Mock::populated();
    let list = |form: &str| {
        Run::of(
            mock.pamctl()
                .args(["session", "list", "--user", "nobody", "-o", form]),
        )
        .ended(0)
        .stdout
    };
    assert_eq!(list("json"), "[]\n");
    assert_eq!(list("ndjson") + &list("ids"), "");
    assert_eq!(list("csv"), KEYS.join(",") + "\n");
    assert_eq!(list("table").lines().count(), 1);
}

#[test]
fn conditions_are_combined_and_a_device_goes_by_its_host_or_with_its_port() {
    let mock = Mock::start(
        MockAppliance::builder()
            .session(named("alice", "192.0.2.20:22"))
            .session(named("alice", "192.0.2.20:3389"))
            .session(named("bob", "192.0.2.20:22"))
            .session(named("José Müller", "db1.example.com:1433"))
            .session(NewSession {
                ended_at: Some("2024-05-06 16:00:00".into()),
                started_at: Some("2024-05-06 15:00:00".into()),
                origin_ip: Some("203.0.113.9".into()),
                ..named("alice", "192.0.2.2:22")
            }),
    );
    let count = |conditions: &[&str]| {
        let run = Run::of(
            mock.pamctl()
                .args(["session", "list", "-o", "ids"])
                .args(conditions),
        );
        run.ended(0).stdout.lines().count()
    };
    assert_eq!(count(&[]), 5);
    assert_eq!(count(&["--active"]), 4);
    assert_eq!(count(&["--device", "192.0.2.20"]), 3);
    assert_eq!(count(&["--device", "192.0.2.20:22"]), 2);
    assert_eq!(count(&["--device", "192.0.2.20:22", "--user", "ALICE"]), 1);
    assert_eq!(count(&["--user", "josé müller"]), 1);
    assert_eq!(count(&["--origin", "203.0.113.0/24"]), 1);
    assert_eq!(count(&["--started-before", "2024-05-07"]), 1);
    assert_eq!(
        count(&["--started-after", "2024-05-07", "--user", "alice"]),
        2
    );
    assert_eq!(count(&["--credential", "nothing"]), 0);
    assert_eq!(count(&["--protocol", "nothing"]), 0);
}

#[test]
fn a_condition_that_can_not_be_read_is_wrong_usage() {
    let mock = Mock::populated();
    for condition in [
        ["--origin", "10.0.0.0/99"],
        ["--started-after", "yesterday"],
        ["-o", "yaml"],
    ] {
        let run = Run::of(mock.pamctl().args(["session", "list"]).args(condition)).ended(2);
        assert!(
            run.stdout.is_empty() && run.stderr.contains(condition[1]),
            "{}",
            run.stderr
        );
    }
    assert!(mock.appliance.requests().is_empty());
}

#[test]
fn a_hostile_field_reaches_neither_the_terminal_nor_a_spreadsheet() {
    let evil = "\u{1b}]0;owned\u{7}\u{202e}=1+1";
    let mock = Mock::start(MockAppliance::builder().session(named(evil, "=cmd|'/c calc'!A1")));
    let list = |form: &str| {
        Run::of(mock.pamctl().args(["session", "list", "-o", form]))
            .ended(0)
            .stdout
    };
    for form in ["table", "json", "ndjson", "csv"] {
        let shown = list(form);
        let acts = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!shown.contains(acts), "{form}: {shown:?}");
    }
    assert!(list("csv").contains("'=cmd|"), "{}", list("csv"));
    let json: serde_json::Value = serde_json::from_str(&list("json")).unwrap();
    assert_eq!(json[0]["user"], evil);
}

#[test]
fn a_listing_that_breaks_off_is_not_called_whole() {
    let mock = Mock::populated();
    mock.appliance.set_fault(FaultKind::TruncatedJson);
    for form in ["json", "ndjson", "ids", "csv", "table"] {
        let run = Run::of(mock.pamctl().args(["session", "list", "-o", form]));
        let run = run.failed(1, &["incomplete"]);
        assert!(form != "json" || serde_json::from_str::<serde_json::Value>(&run.stdout).is_err());
    }
    mock.appliance.set_faults([]);
    mock.appliance.set_fault(FaultKind::ResetMidBody);
    Run::of(mock.pamctl().args(["session", "list"])).failed(7, &["incomplete"]);
}

#[test]
fn oauth2_lists_too_and_keeps_its_token_when_told_to() {
    let mock = Mock::populated();
    let cache = mock.file("token");
    for _ in 0..2 {
        let mut command = mock.pamctl_oauth2();
        command
            .args(["session", "list", "-o", "ids"])
            .env("PAM_TOKEN_CACHE", &cache);
        assert_eq!(Run::of(&mut command).ended(0).stdout.lines().count(), 20);
    }
    let tokens = mock
        .appliance
        .requests()
        .into_iter()
        .filter(|r| r.path.ends_with("/oauth2/token"));
    assert_eq!(tokens.count(), 1);
}

#[test]
fn one_session_is_read_by_its_row_id_or_found_by_its_session_id() {
    let mock = Mock::populated();
    let truth = &mock.appliance.sessions()[7];
    for name in [&truth.id, &truth.session_id] {
        let json = Run::of(mock.pamctl().args(["session", "get", name, "-o", "json"]))
            .ended(0)
            .json();
        assert_eq!(json["session_id"], truth.session_id.as_str());
        assert_eq!(json["id"], truth.id.as_str());
        let table = Run::of(mock.pamctl().args(["session", "get", name]))
            .ended(0)
            .stdout;
        assert!(table.contains(&truth.user));
    }
    Run::of(mock.pamctl().args(["session", "get", "999999"])).failed(3, &["1002"]);
    Run::of(mock.pamctl().args(["session", "get", "abcdef"])).failed(3, &["no session abcdef"]);
    let masked = Run::of(mock.pamctl().args(["session", "get", "1dbd4cd***308975"])).ended(2);
    assert!(masked.stderr.contains("masked"));
}

#[test]
fn a_session_is_opened_and_its_url_kept_private_when_wanted() {
    let mock = Mock::populated();
    let what = [
        "session",
        "open",
        "--user",
        "alice",
        "--credential",
        "root",
        "--device",
        "192.0.2.1",
        "--protocol",
        "ssh",
    ];
    let url = Run::of(mock.pamctl().args(what)).ended(0).stdout;
    assert!(url.starts_with("https://") && url.lines().count() == 1);
    let json = Run::of(mock.pamctl().args(what).args(["-o", "json"]))
        .ended(0)
        .json();
    assert!(json["session_url"].is_string() && json["token"].is_string());
    let file = mock.file("way-in");
    let run = Run::of(mock.pamctl().args(what).arg("--output-file").arg(&file)).ended(0);
    assert_eq!(run.stdout, "");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let before = mock.appliance.requests().len();
    Run::of(mock.pamctl().args(what).arg("--output-file").arg(&file)).failed(2, &["way-in"]);
    assert_eq!(mock.appliance.requests().len(), before);
    Run::of(mock.pamctl().args(what).args(["--screen-size", "big"])).ended(2);
    mock.appliance.set_fault(FaultKind::ReadOnly);
    let unopened = mock.file("unopened");
    Run::of(mock.pamctl().args(what).arg("--output-file").arg(&unopened)).failed(6, &[]);
    assert!(!unopened.exists());
}
