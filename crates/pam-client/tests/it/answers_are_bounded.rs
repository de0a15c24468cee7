use std::time::Duration;

use pam_client::{CallError, Client, TransportError};

use crate::appliance::{Appliance, Step, a_drop, answer, ok, settings};

async fn failure(steps: Vec<Step>) -> TransportError {
    let appliance = Appliance::start(move |_| steps.clone()).await;
    let error = appliance.client().call(&a_drop()).await.unwrap_err();
    assert!(error.may_have_executed(), "{error}");
    match error {
        CallError::Transport(error) => error,
        error => panic!("{error}"),
    }
}

#[tokio::test]
async fn an_announced_body_over_the_limit_is_not_read() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1099511627776\r\n\r\n".to_vec();
    let error = failure(vec![Step::Send(head), Step::Hang]).await;
    assert!(matches!(
        error,
        TransportError::BodyOverLimit { limit: 1_048_576 }
    ));
}

#[tokio::test]
async fn a_chunked_body_that_never_ends_stops_at_the_limit() {
    let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000)).into_bytes();
    let error = failure(vec![Step::Send(head), Step::Repeat(chunk, Duration::ZERO)]).await;
    assert!(
        matches!(error, TransportError::BodyOverLimit { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_taken_and_one_byte_more_is_not() {
    for (excess, taken) in [(0, true), (1, false)] {
        let mut body = String::from(r#"{"response":{"status":200,"error":false},"x":""#);
        body.push_str(&"y".repeat(4096 + excess - body.len() - 2));
        body.push_str(r#""}"#);
        let appliance =
            Appliance::start(move |_| vec![Step::Send(answer("200 OK", "", &body))]).await;
        let mut settings = settings(appliance.base());
        settings.body_limit = 4096;
        let outcome = Client::new(settings).unwrap().call(&a_drop()).await;
        assert_eq!(outcome.is_ok(), taken, "{outcome:?}");
    }
}

#[tokio::test]
async fn headers_that_never_end_stop_at_a_limit() {
    let line = format!("x: {}\r\n", "y".repeat(1000)).into_bytes();
    let head = b"HTTP/1.1 200 OK\r\n".to_vec();
    let error = failure(vec![Step::Send(head), Step::Repeat(line, Duration::ZERO)]).await;
    assert!(matches!(error, TransportError::NotHttp { .. }), "{error}");
}

#[tokio::test]
async fn too_many_headers_are_refused() {
    let many = "x: y\r\n".repeat(1000);
    let error = failure(vec![Step::Send(answer("200 OK", &many, "{}"))]).await;
    assert!(matches!(error, TransportError::NotHttp { .. }), "{error}");
}

#[tokio::test]
async fn gzip_that_was_not_asked_for_is_named() {
    let gzip = answer("503 Busy", "content-encoding: gzip\r\n", b"\x1f\x8b\x08");
    let error = failure(vec![Step::Send(gzip)]).await;
    let text = error.to_string();
    assert!(text.contains("gzip") && text.contains("503"), "{text}");
}

#[tokio::test]
async fn what_is_not_http_is_named() {
    for bytes in [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec(),
        b"\x15\x03\x01\x00\x02\x02\x46".to_vec(),
        b"HTTP/1.1 OK\r\n\r\n".to_vec(),
        b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n".to_vec(),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_vec(),
    ] {
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let error = failure(vec![Step::Send(bytes), Step::Close]).await;
        assert!(
            matches!(error, TransportError::NotHttp { .. }),
            "{shown}: {error}"
        );
        assert_eq!(error.to_string().lines().count(), 1, "{error}");
    }
}

#[tokio::test]
async fn a_body_without_a_length_ends_with_the_connection() {
    let body = String::from_utf8(ok()).unwrap();
    let body = body.split_once("\r\n\r\n").unwrap().1;
    let whole = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}").into_bytes();
    let appliance = Appliance::start(move |_| vec![Step::Send(whole.clone()), Step::Close]).await;
    appliance.client().call(&a_drop()).await.unwrap();
}
