//! `pamctl session terminate`: what it says is held against the mock's own books.

use std::fs::OpenOptions;
use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use pam_mock::{FaultKind, Life, MockAppliance};
use serde_json::Value;

use crate::fixture::{Mock, Run, child, wait_until};

fn terminate(mock: &Mock, arguments: &[&str]) -> Run {
    Run::of(
        mock.pamctl()
            .args(["session", "terminate", "--yes"])
            .args(arguments),
    )
}

#[test]
fn a_terminated_session_is_gone_from_a_second_listing() {
    let mock = Mock::populated();
    let victim = mock.running().remove(0);
    let list = || {
        Run::of(
            mock.pamctl()
                .args(["session", "list", "--active", "-o", "ids"]),
        )
        .ended(0)
        .stdout
    };
    assert!(list().contains(&victim));
    terminate(&mock, &[&victim]).ended(0);
    assert!(!list().contains(&victim));
    assert!(!mock.runs(&victim));
    assert_eq!(mock.running().len(), 5);
}

#[test]
fn the_report_has_the_documented_keys() {
    let mock = Mock::populated();
    let victim = mock.running().remove(0);
    let run = terminate(
        &mock,
        &[
            &victim, "-o", "json", "--reason", "why", "--ticket", "INC-1",
        ],
    );
    let json = run.ended(0).json();
    let report = &json[0];
    assert_eq!(json.as_array().map(Vec::len), Some(1));
    assert_eq!(report["session_id"], victim.as_str());
    assert_eq!(report["outcome"], "terminated");
    assert_eq!(report["verified"], true);
    assert_eq!(report["attempts"], 1);
    assert!(report["elapsed_ms"].is_u64() && report["message"].is_string());
    assert_eq!(report["appliance"]["http_status"], 200);
    for key in ["error_code", "exception_code", "message"] {
        assert!(
            report["appliance"].as_object().unwrap().contains_key(key),
            "{key}"
        );
    }
    assert_eq!(
        (&report["reason"], &report["ticket"]),
        (&"why".into(), &"INC-1".into())
    );
}

#[test]
fn drop_is_another_word_for_terminate_and_a_row_id_another_name() {
    let mock = Mock::populated();
    let sessions = mock.appliance.sessions();
    let victim = sessions.iter().find(|session| session.active).unwrap();
    let run = Run::of(
        mock.pamctl()
            .args(["session", "drop", &victim.id, "--yes", "-o", "ndjson"]),
    );
    let report: Value = serde_json::from_str(run.ended(0).stdout.trim()).unwrap();
    assert_eq!(report["id"], victim.id.as_str());
    assert_eq!(report["session_id"], victim.session_id.as_str());
    assert!(!mock.runs(&victim.session_id));
}

#[test]
fn several_come_from_standard_input_in_their_order() {
    let mock = Mock::populated();
    let running = mock.running();
    let mut command = mock.pamctl();
    command.args(["session", "terminate", "-", "--yes", "-o", "json"]);
    let json = Run::of(command.write_stdin(running[..3].join("\n") + "\n\n"))
        .ended(0)
        .json();
    let ids: Vec<&str> = json
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["session_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, running[..3]);
    assert_eq!(mock.running(), running[3..]);
}

#[test]
fn nothing_is_terminated_without_consent_or_with_unusable_names() {
    let mock = Mock::populated();
    let victim = mock.running().remove(0);
    Run::of(mock.pamctl().args(["session", "terminate", &victim])).failed(2, &["--yes"]);
    let masked = terminate(&mock, &[&victim, "1dbd4cd***308975"]).ended(2);
    assert!(masked.stderr.contains("masked"));
    for name in ["", ".", "..", "a b", "x\ny"] {
        terminate(&mock, &[&victim, name]).ended(2);
    }
    let stdin = |text: &str| {
        let mut command = mock.pamctl();
        command.args(["session", "terminate", "-", "--yes"]);
        Run::of(command.write_stdin(text))
    };
    stdin(&format!("{victim}\nnot*whole\n")).failed(2, &["line 2", "nothing was terminated"]);
    stdin("\n\n").failed(3, &["names no session"]);
    Run::of(mock.pamctl().args(["session", "terminate", "--yes"])).ended(2);
    assert!(mock.appliance.requests().is_empty());
}

#[test]
fn each_outcome_has_its_exit_code() {
    let mock = Mock::populated();
    let [first, second, third, ..] = &mock.running()[..] else {
        panic!()
    };
    let outcome = |run: &Run| run.json()[0]["outcome"].as_str().unwrap().to_owned();
    let quick = ["--verify-timeout", "1s", "-o", "json"];
    let run = |session: &str| terminate(&mock, &[&[session], &quick[..]].concat());

    terminate(&mock, &[first]).ended(0);
    let ended = run(first).ended(0);
    assert_eq!(outcome(&ended), "already_ended");
    let unknown = run("0000000000000000000000000000000000000000").failed(3, &["visible"]);
    assert_eq!(outcome(&unknown), "not_found");

    mock.appliance
        .set_faults([FaultKind::DropAcceptedButAlive.into()]);
    let alive = run(second).failed(5, &[]);
    assert_eq!(outcome(&alive), "unconfirmed");
    mock.appliance.set_faults([FaultKind::Drop500.into()]);
    let refused = run(second).failed(1, &[]);
    assert_eq!(outcome(&refused), "still_active");
    mock.appliance
        .set_faults([FaultKind::Unauthorized500.into()]);
    let denied = run(second).failed(6, &[]);
    assert_eq!(outcome(&denied), "denied");
    assert!(mock.runs(second));

    mock.appliance.set_faults([FaultKind::LostReply.into()]);
    let lost = run(third).ended(0);
    assert_eq!(outcome(&lost), "terminated");
    assert!(!mock.runs(third));
}

#[test]
fn without_verification_the_outcome_is_at_best_unconfirmed() {
    let mock = Mock::populated();
    let victim = mock.running().remove(0);
    let run = terminate(&mock, &[&victim, "--no-verify", "-o", "json"]).failed(5, &[]);
    assert_eq!(run.json()[0]["verified"], false);
    terminate(&mock, &[&victim, "--no-verify", "--verify-timeout", "1s"]).ended(2);
}

#[test]
fn some_of_several_is_a_code_of_its_own() {
    let mock = Mock::populated();
    let victim = mock.running().remove(0);
    let unknown = "0000000000000000000000000000000000000000";
    let run = terminate(&mock, &[&victim, unknown, "-o", "json"]).failed(8, &[unknown]);
    assert_eq!(run.json().as_array().map(Vec::len), Some(2));
    terminate(&mock, &[unknown, "999999"]).failed(3, &["2 not_found"]);
}

#[test]
fn an_appliance_that_was_never_reached_is_not_an_unconfirmed_outcome() {
    let mock = Mock::populated();
    let victim = mock.running().remove(0);
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut command = mock.pamctl();
    command.args([
        "session",
        "terminate",
        &victim,
        "--yes",
        "--verify-timeout",
        "1s",
    ]);
    let run = Run::of(command.env("PAM_URL", format!("https://{closed}")));
    run.failed(7, &["refused the connection"]);
}

#[test]
fn with_oauth2_it_terminates_as_well() {
    let mock = Mock::populated();
    let victim = mock.running().remove(0);
    Run::of(
        mock.pamctl_oauth2()
            .args(["session", "terminate", "--yes", &victim]),
    )
    .ended(0);
    assert!(!mock.runs(&victim));
}

#[test]
fn ctrl_c_stops_cleanly_and_says_what_was_done() {
    let mut life = Life::default();
    life.drop_delay = Duration::from_secs(3600);
    let mock = Mock::start(MockAppliance::builder().sessions(6, 3).life(life));
    let victim = mock.running().remove(0);
    let mut command = mock.pamctl();
    command.args(["session", "terminate", "--yes", "-o", "json", &victim]);
    let child = child(&command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("the drop", || {
        let mut requests = mock.appliance.requests().into_iter();
        requests.any(|request| request.method == "DELETE" && request.status == Some(200))
    });
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let run = Run::from(child.wait_with_output().unwrap()).ended(130);
    assert!(run.stderr.contains("interrupted"), "{}", run.stderr);
    assert_eq!(run.json()[0]["outcome"], "unconfirmed");
}

#[test]
fn a_full_disk_does_not_hide_what_was_done() {
    let mock = Mock::populated();
    let victim = mock.running().remove(0);
    let mut command = mock.pamctl();
    command.args(["session", "terminate", "-", "--yes"]);
    let mut child = child(&command)
        .stdin(Stdio::piped())
        .stdout(OpenOptions::new().write(true).open("/dev/full").unwrap())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(victim.as_bytes())
        .unwrap();
    let run = Run::from(child.wait_with_output().unwrap());
    run.failed(1, &["standard output", "1 terminated"]);
    assert!(!mock.runs(&victim));
}
