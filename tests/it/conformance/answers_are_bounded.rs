use std::time::Duration;

use pam_adapter::{CallError, TransportError};

use super::Adapter;
use super::appliance::{Appliance, Step, a_drop, answer, ok, settings};

fn failure<A: Adapter>(steps: Vec<Step>) -> TransportError {
    let appliance = Appliance::start(move |_| steps.clone());
    let error = appliance.client::<A>().call(&a_drop()).unwrap_err();
    assert!(error.may_have_executed(), "{error}");
    match error {
        CallError::Transport(error) => error,
        error => panic!("{error}"),
    }
}

pub(super) fn an_announced_body_over_the_limit_is_not_read<A: Adapter>() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1099511627776\r\n\r\n".to_vec();
    let error = failure::<A>(vec![Step::Send(head), Step::Hang]);
    assert!(matches!(
        error,
        TransportError::BodyOverLimit { limit: 1_048_576 }
    ));
}

pub(super) fn a_chunked_body_that_never_ends_stops_at_the_limit<A: Adapter>() {
    let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000)).into_bytes();
    let error = failure::<A>(vec![Step::Send(head), Step::Repeat(chunk, Duration::ZERO)]);
    assert!(
        matches!(error, TransportError::BodyOverLimit { .. }),
        "{error}"
    );
}

pub(super) fn a_body_of_exactly_the_limit_is_taken_and_one_byte_more_is_not<A: Adapter>() {
    for (excess, taken) in [(0, true), (1, false)] {
        let mut body = String::from(r#"{"response":{"status":200,"error":false},"x":""#);
        body.push_str(&"y".repeat(4096 + excess - body.len() - 2));
        body.push_str(r#""}"#);
        let appliance = Appliance::start(move |_| vec![Step::Send(answer("200 OK", "", &body))]);
        let mut settings = settings(appliance.base());
        settings.body_limit = 4096;
        let outcome = A::new(settings).unwrap().call(&a_drop());
        assert_eq!(outcome.is_ok(), taken, "{outcome:?}");
    }
}

pub(super) fn headers_that_never_end_stop_at_a_limit<A: Adapter>() {
    let line = format!("x: {}\r\n", "y".repeat(1000)).into_bytes();
    let head = b"HTTP/1.1 200 OK\r\n".to_vec();
    let error = failure::<A>(vec![Step::Send(head), Step::Repeat(line, Duration::ZERO)]);
    assert!(matches!(error, TransportError::NotHttp { .. }), "{error}");
}

pub(super) fn too_many_headers_are_refused<A: Adapter>() {
    let many = "x: y\r\n".repeat(1000);
    let error = failure::<A>(vec![Step::Send(answer("200 OK", &many, "{}"))]);
    assert!(matches!(error, TransportError::NotHttp { .. }), "{error}");
}

pub(super) fn gzip_that_was_not_asked_for_is_named<A: Adapter>() {
    let gzip = answer("503 Busy", "content-encoding: gzip\r\n", b"\x1f\x8b\x08");
    let error = failure::<A>(vec![Step::Send(gzip)]);
    let text = error.to_string();
    assert!(text.contains("gzip") && text.contains("503"), "{text}");
}

pub(super) fn what_is_not_http_is_named<A: Adapter>() {
    for bytes in [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec(),
        b"\x15\x03\x01\x00\x02\x02\x46".to_vec(),
        b"HTTP/1.1 OK\r\n\r\n".to_vec(),
        b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n".to_vec(),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_vec(),
    ] {
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let error = failure::<A>(vec![Step::Send(bytes), Step::Close]);
        assert!(
            matches!(error, TransportError::NotHttp { .. }),
            "{shown}: {error}"
        );
        assert_eq!(error.to_string().lines().count(), 1, "{error}");
    }
}

pub(super) fn a_body_without_a_length_ends_with_the_connection<A: Adapter>() {
    let body = String::from_utf8(ok()).unwrap();
    let body = body.split_once("\r\n\r\n").unwrap().1;
    let whole = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}").into_bytes();
    let appliance = Appliance::start(move |_| vec![Step::Send(whole.clone()), Step::Close]);
    appliance.client::<A>().call(&a_drop()).unwrap();
}
