//! A whole responder against the mock: from an alert on the wire to a session proven ended.

use pam_audit::AuditFile;
use pam_respond_core::End;
use pam_responder::control::{Answer, Command};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};

use crate::fixture::{Bench, RULE, cef, configuration, exchange, webhook};

#[tokio::test(flavor = "multi_thread")]
async fn each_way_in_ends_the_right_session_and_no_other() {
    let bench = Bench::new(RULE).await;
    let refused = bench.http("wrong", &cef_json("alice")).await;
    assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
    let accepted = bench.http("battery staple", &cef_json("alice")).await;
    assert!(accepted.starts_with("HTTP/1.1 202"), "{accepted}");
    bench.until_running(&["bob", "ceo"]).await;
    let mut stream = TcpStream::connect(bench.address("tcp")).await.unwrap();
    let message = cef("bob");
    let framed = format!("{} {message}", message.len());
    stream.write_all(framed.as_bytes()).await.unwrap();
    bench.until_running(&["ceo"]).await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let datagram = cef("ceo");
    socket
        .send_to(datagram.as_bytes(), bench.address("udp"))
        .await
        .unwrap();
    bench.until_running(&[]).await;
    for session in bench.mock.sessions() {
        assert_eq!(session.drops, 1, "{session:?}");
    }
    let ends = [
        bench.ends(1).await,
        bench.ends(2).await,
        bench.ends(3).await,
    ];
    assert_eq!(ends, [[End::Terminated]; 3]);
    let metrics = bench.metrics().await;
    assert!(
        metrics.contains("pam_responder_alert_to_drop_seconds_count 3"),
        "{metrics}"
    );
    let audit = AuditFile::new(bench.folder.path().join("audit.jsonl"));
    // A line before each drop, and one after.
    assert_eq!(audit.verify().unwrap().link.seq, 6);
    bench.service.shutdown().await;
}

fn cef_json(user: &str) -> String {
    webhook(&format!("a-{user}"), user)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_halt_holds_back_and_the_halt_file_too() {
    let bench = Bench::new(RULE).await;
    let (by, why) = ("carol".to_owned(), "drill".to_owned());
    let halted = bench
        .tell(Command::Halt {
            by: by.clone(),
            why,
        })
        .await;
    assert_eq!(halted, Answer::Done);
    bench.http("correct horse", &cef_json("alice")).await;
    assert_eq!(bench.ends(1).await, [End::HeldBack]);
    assert_eq!(bench.tell(Command::Resume { by }).await, Answer::Done);
    std::fs::write(bench.folder.path().join("halt"), "").unwrap();
    bench.http("correct horse", &cef_json("bob")).await;
    assert_eq!(bench.ends(2).await, [End::HeldBack]);
    assert_eq!(bench.running(), ["alice", "bob", "ceo"]);
    std::fs::remove_file(bench.folder.path().join("halt")).unwrap();
    bench.http("correct horse", &webhook("again", "bob")).await;
    assert_eq!(bench.ends(3).await, [End::Terminated]);
    bench.service.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_approves_over_the_socket() {
    let bench = Bench::new(&RULE.replace("armed", "approve")).await;
    bench.http("correct horse", &cef_json("alice")).await;
    let pending = bench.pending().await;
    assert_eq!(pending[0].candidates[0].user, "alice");
    let (case, by) = (pending[0].case, "carol".to_owned());
    let sessions = Vec::new();
    let unknown = bench
        .tell(Command::Deny {
            case: 99,
            by: by.clone(),
        })
        .await;
    assert!(matches!(unknown, Answer::Refused(_)));
    assert_eq!(
        bench.tell(Command::Approve { case, by, sessions }).await,
        Answer::Done
    );
    bench.until_running(&["bob", "ceo"]).await;
    bench.service.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_before_a_stop_is_done_after_the_next_start() {
    let mut bench = Bench::new(RULE).await;
    let (by, why) = ("carol".to_owned(), "drill".to_owned());
    bench.tell(Command::Halt { by, why }).await;
    bench.service.shutdown().await;
    // A halt outlives the process.
    bench.service = Bench::start(&bench.mock, &bench.folder, &configuration(RULE)).await;
    let Answer::Status(status) = bench.tell(Command::Status).await else {
        panic!("no status");
    };
    assert!(status.halted.unwrap().contains("drill"));
    bench.http("correct horse", &cef_json("alice")).await;
    assert_eq!(bench.ends(1).await, [End::HeldBack]);
    let again = bench.http("correct horse", &cef_json("alice")).await;
    assert!(
        again.starts_with("HTTP/1.1 202"),
        "a repetition is accepted and known: {again}"
    );
    bench.service.shutdown().await;
}

/// Takes one request and answers it with 200.
async fn one_request(listener: &tokio::net::TcpListener) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut request = Vec::new();
    while !request.ends_with(b"}") {
        let mut buffer = [0; 4_096];
        let length = stream.read(&mut buffer).await.unwrap();
        assert_ne!(length, 0, "the request broke off");
        request.extend_from_slice(&buffer[..length]);
    }
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    stream.write_all(answer).await.unwrap();
    String::from_utf8(request).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_approves_with_a_signed_link_and_hears_of_the_end() {
    let chat = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let rules = format!(
        "{}\n[[report]]\nwebhook = \"http://{}/chat\"\n[approval]\n\
         url = \"http://responder.example.com/approve\"\nkey_file = \"token\"\n",
        RULE.replace("armed", "approve"),
        chat.local_addr().unwrap()
    );
    let bench = Bench::new(&rules).await;
    bench.http("correct horse", &cef_json("alice")).await;
    let question = one_request(&chat).await;
    assert!(question.contains("session 1 of alice"), "{question}");
    let (_, link) = question
        .split_once("approve: http://responder.example.com")
        .unwrap();
    let (link, _) = link.split_once("\\n").unwrap();
    let ask = async |method: &str, link: &str| {
        let request = format!("{method} {link} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        exchange(bench.address("http"), &request).await
    };
    // A program that opens the link, or that changed it, ends nothing.
    assert!(ask("GET", link).await.contains("<button>Approve</button>"));
    let forged = ask("POST", &link.replace("answer=approve", "answer=deny")).await;
    assert!(forged.starts_with("HTTP/1.1 403"), "{forged}");
    assert_eq!(bench.running(), ["alice", "bob", "ceo"]);
    assert!(ask("POST", link).await.starts_with("HTTP/1.1 200"));
    bench.until_running(&["bob", "ceo"]).await;
    let report = one_request(&chat).await;
    assert!(report.contains("terminated by rule"), "{report}");
    assert!(ask("POST", link).await.starts_with("HTTP/1.1 409"));
    bench.service.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_one_trace_from_the_alert_to_the_outcome() {
    let collector = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let rules = format!(
        "{}\n[traces]\notlp = \"http://{}/v1/traces\"\nheader = \"x-key\"\nheader_file = \"token\"\n",
        RULE.replace("armed", "approve"),
        collector.local_addr().unwrap()
    );
    let bench = Bench::new(&rules).await;
    let body = r#"{"id": "a1", "rule": {"id": "12"}, "event": {"id": "12"}, "user": "alice", "password": "pl4nted"}"#;
    bench.http("correct horse", body).await;
    let case = bench.pending().await[0].case;
    let (by, sessions) = ("carol".to_owned(), Vec::new());
    bench.tell(Command::Approve { case, by, sessions }).await;
    let request = one_request(&collector).await;
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /v1/traces HTTP/1.1"), "{head}");
    assert!(head.contains("x-key: correct horse"), "{head}");
    for secret in ["pl4nted", "correct horse", "battery staple"] {
        assert!(!body.contains(secret), "{body}");
    }
    let document: serde_json::Value = serde_json::from_str(body).unwrap();
    let spans = &document["resourceSpans"][0]["scopeSpans"][0]["spans"];
    let spans = spans.as_array().unwrap();
    let names: Vec<_> = spans
        .iter()
        .map(|span| span["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["case", "correlate", "approve", "terminate"]);
    let root = &spans[0];
    let trace = root["traceId"].as_str().unwrap();
    assert!(trace.len() == 32 && trace.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let nanos =
        |span: &serde_json::Value, key: &str| span[key].as_str().unwrap().parse::<u64>().unwrap();
    for span in spans {
        assert_eq!(span["traceId"], trace);
        assert_eq!(span["status"]["code"], 1, "{span}");
        let (from, to) = (
            nanos(span, "startTimeUnixNano"),
            nanos(span, "endTimeUnixNano"),
        );
        assert!(
            from <= to && from >= nanos(root, "startTimeUnixNano"),
            "{span}"
        );
        assert!(to <= nanos(root, "endTimeUnixNano"), "{span}");
    }
    for span in &spans[1..] {
        assert_eq!(span["parentSpanId"], root["spanId"]);
        assert_eq!(span["spanId"].as_str().unwrap().len(), 16);
    }
    println!("one trace of {} spans: {}", spans.len(), names.join(", "));
    bench.service.shutdown().await;
}
