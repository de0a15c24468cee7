//! Everything that can be wrong with an answer gives one line and its exit code, never a panic
//! and never a success.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use pam_mock::{FaultKind, MockAppliance, ServerCertificate};

use crate::fixture::{Mock, Run, pamctl};

/// A server that answers every request with the same bytes and hangs up.
fn canned(answer: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let Ok(mut connection) = connection else {
                continue;
            };
            let mut head = [0; 4096];
            let _ = connection.read(&mut head);
            let _ = connection.write_all(answer);
        }
    });
    address
}

fn against(address: SocketAddr, arguments: &[&str]) -> Run {
    let mut command = pamctl();
    command
        .args(arguments)
        .env("PAM_URL", format!("http://{address}"))
        .env("PAM_CONSUMER_KEY", "ck")
        .env("PAM_CONSUMER_SECRET", "cs")
        .env("PAM_TOKEN", "tk")
        .env("PAM_TOKEN_SECRET", "ts");
    Run::of(&mut command)
}

const LIST: [&str; 2] = ["session", "list"];
const GET: [&str; 3] = ["session", "get", "1"];

#[test]
fn an_appliance_that_is_not_there() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    against(closed, &LIST).failed(7, &["refused the connection", "check the port"]);
    let mock = Mock::populated();
    let mut nowhere = mock.pamctl();
    nowhere.args(LIST).env("PAM_URL", "https://nowhere.invalid");
    Run::of(&mut nowhere).failed(7, &["nowhere.invalid", "DNS"]);
}

#[test]
fn a_certificate_that_can_not_be_trusted() {
    for (certificate, words) in [
        (ServerCertificate::Expired, ["expired", "renew"]),
        (
            ServerCertificate::OtherName,
            ["elsewhere.example.com", "use that name"],
        ),
        (
            ServerCertificate::SelfSigned,
            ["unknown authority", "CA file"],
        ),
    ] {
        let mock = Mock::start(MockAppliance::builder().certificate(certificate));
        for command in [&LIST[..], &["session", "terminate", "ab12", "--yes"]] {
            Run::of(mock.pamctl().args(command)).failed(7, &words);
        }
    }
    let mock = Mock::populated();
    let mut untrusted = mock.pamctl();
    untrusted.args(LIST).env_remove("PAM_CA_FILE");
    let run = Run::of(&mut untrusted);
    assert!(matches!(run.code, Some(2 | 7)), "{}", run.stderr);
    assert_eq!(run.stdout, "");
}

#[test]
fn an_answer_that_never_ends() {
    let mock = Mock::populated();
    mock.appliance
        .set_fault(FaultKind::Drip(std::num::NonZeroU64::MIN));
    let begun = Instant::now();
    Run::of(mock.pamctl().args(LIST).args(["--list-timeout", "500ms"])).failed(7, &["0.5"]);
    Run::of(mock.pamctl().args(GET).args(["--timeout", "500ms"])).failed(7, &["0.5"]);
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn an_answer_that_is_too_large_or_not_whole() {
    let mock = Mock::populated();
    Run::of(mock.pamctl().args(GET).args(["--body-limit", "100"])).failed(1, &["limit of 100"]);
    mock.appliance.set_fault(FaultKind::TruncatedJson);
    Run::of(mock.pamctl().args(GET)).failed(1, &[]);
    Run::of(mock.pamctl().args(LIST)).failed(1, &[]);
    let short = canned(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"code\":200");
    against(short, &GET).failed(7, &["cut off"]);
    against(short, &LIST).failed(7, &["cut off"]);
}

#[test]
fn an_answer_that_says_200_and_means_no() {
    let flagged = canned(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 115\r\n\r\n{\"code\":200,\"response\":{\"status\":200,\"message\":\"quite wrong\",\"error\":true,\"error_code\":1},\"remote_sessions\":[  ]  }");
    let exception = canned(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 156\r\n\r\n{\"code\":200,\"response\":{\"status\":200,\"message\":\"\",\"error\":false,\"error_code\":0},\"exception\":{\"code\":1002,\"message\":\"1002: Session not found\",\"detail\":null}}");
    for routes in ["auto", "api-pam", "iso"] {
        against(flagged, &[&GET[..], &["--routes", routes]].concat()).failed(1, &["quite wrong"]);
        against(flagged, &[&LIST[..], &["--routes", routes]].concat()).failed(1, &["quite wrong"]);
        against(exception, &[&GET[..], &["--routes", routes]].concat()).failed(3, &["1002"]);
    }
    let mock = Mock::populated();
    mock.appliance.set_fault(FaultKind::Error200);
    for command in [&LIST[..], &GET] {
        let run = Run::of(mock.pamctl().args(command));
        assert!(run.code.is_some_and(|code| code != 0), "{}", run.stdout);
    }
}

#[test]
fn an_answer_of_another_kind() {
    let html = canned(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 27\r\n\r\n<html><h1>Login</h1></html>");
    let empty = canned(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let redirect = canned(b"HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example.com/\r\nContent-Length: 0\r\n\r\n");
    let noise = canned(b"SSH-2.0-OpenSSH_9.2\r\n");
    let zipped = canned(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00",
    );
    for address in [html, empty, redirect, noise, zipped] {
        for command in [&LIST[..], &GET] {
            against(address, command).failed(1, &[]);
        }
    }
    let gateway = canned(b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 24\r\n\r\n<html>Bad Gateway</html>");
    against(gateway, &GET).failed(7, &["502"]);
    let silent = canned(b"");
    against(silent, &GET).failed(7, &["was lost"]);
}

#[test]
fn an_appliance_that_takes_no_more_for_a_while() {
    let mock = Mock::populated();
    mock.appliance
        .set_faults(["rate-limit:1/3".parse().unwrap()]);
    Run::of(mock.pamctl().args(GET)).ended(0);
    let run = Run::of(mock.pamctl().args(GET)).ended(0);
    let told = run
        .stderr
        .contains("takes no more requests for now; asking again in");
    assert!(told, "{}", run.stderr);
    mock.appliance.set_faults(["rate-limit:0".parse().unwrap()]);
    let begun = Instant::now();
    let mut hasty = mock.pamctl();
    Run::of(hasty.args(GET).args(["--timeout", "2s"])).failed(1, &["HTTP 429", "retry after"]);
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "nothing to wait for"
    );
}

#[test]
fn a_refusal_of_who_asks() {
    let mock = Mock::populated();
    let mut wrong = mock.pamctl();
    wrong.args(LIST).env("PAM_TOKEN_SECRET", "another");
    Run::of(&mut wrong).failed(6, &["Invalid signature", "auth explain"]);
    let mut wrong = mock.pamctl_oauth2();
    wrong.args(LIST).env("PAM_CLIENT_SECRET", "another");
    Run::of(&mut wrong).failed(6, &["client"]);
    for fault in [FaultKind::NoRoute, FaultKind::Unauthorized500] {
        mock.appliance.set_faults([fault.into()]);
        Run::of(mock.pamctl().args(LIST)).failed(6, &[]);
    }
    mock.appliance.set_faults([FaultKind::Lockdown.into()]);
    Run::of(mock.pamctl().args(LIST)).failed(1, &["Lockdown"]);
}

#[test]
fn a_clock_that_is_off_is_told_and_worked_around() {
    let mock = Mock::populated();
    mock.appliance.set_fault(FaultKind::ClockSkew(4000));
    let run = Run::of(mock.pamctl().args(["session", "list", "-o", "ids"])).ended(0);
    assert!(
        run.stderr.contains("warning") && run.stderr.contains("ahead"),
        "{}",
        run.stderr
    );
    assert_eq!(run.stdout.lines().count(), 20);
}
