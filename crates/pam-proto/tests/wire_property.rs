//! What holds for every answer, documented or not.

#![allow(
    clippy::expect_used,
    reason = "a helper of a test fails by panicking, like the test itself"
)]

use std::fs;
use std::path::Path;

use http::Response;
use pam_proto::{
    GetSession, ListSessions, Notes, OpenSession, Operation, ReplyError, SessionId,
    TerminateSession,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn terminate() -> TerminateSession {
    let id = SessionId::new("3fcf1e4a16104e328d6794e1b9693cfc457871d2");
    TerminateSession::new(id.expect("a session_id"))
}

fn answer(status: u16, body: Vec<u8>) -> Response<Vec<u8>> {
    let mut response = Response::new(body);
    *response.status_mut() = status.try_into().expect("a status");
    response
}

/// Every combination of the parts that a verdict rests on: an answer is a success exactly when
/// none of them says otherwise and the envelope is there.
#[test]
fn a_success_is_one_in_every_part() {
    let statuses = [
        Some(json!(200)),
        Some(json!("201")),
        Some(json!(299)),
        Some(json!(199)),
        Some(json!(300)),
        Some(json!(500)),
        Some(json!("x")),
        Some(Value::Null),
        None,
    ];
    let flags = [
        (Some(json!(false)), false),
        (Some(json!(true)), true),
        (Some(json!(1)), true),
        (Some(json!("true")), true),
        (Some(json!("")), false),
        (None, false),
    ];
    let exceptions = [
        (None, false),
        (Some(Value::Null), false),
        (Some(json!({})), false),
        (Some(json!({"code": 0})), true),
        (Some(json!("x")), true),
        (Some(json!([])), false),
    ];
    let (mut checked, mut successes) = (0, 0);
    for line in [200, 201, 302, 404, 500] {
        for status in &statuses {
            for (error, error_set) in &flags {
                for (erro, erro_set) in &flags {
                    for (exception, has_exception) in &exceptions {
                        for code in [None, Some(500)] {
                            let parts = [("status", status), ("error", error), ("erro", erro)];
                            let inner: Map<String, Value> = parts
                                .into_iter()
                                .filter_map(|(key, part)| Some((key.to_owned(), part.clone()?)))
                                .collect();
                            let mut body = json!({"response": inner});
                            if let Some(exception) = exception {
                                body["exception"] = exception.clone();
                            }
                            if let Some(code) = code {
                                body["code"] = json!(code);
                            }
                            let expected = line < 300
                                && matches!(
                                    status.as_ref().map(Value::to_string).as_deref(),
                                    Some("200" | "\"201\"" | "299")
                                )
                                && !(error_set | erro_set | has_exception)
                                && code != Some(500);
                            let parsed = terminate().parse(&answer(line, body.to_string().into()));
                            assert_eq!(parsed.is_ok(), expected, "HTTP {line}: {body}");
                            checked += 1;
                            successes += usize::from(expected);
                        }
                    }
                }
            }
        }
    }
    println!("{successes} successes among {checked} answers");
    assert!(successes > 0 && successes < checked);
}

fn bodies() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/wire");
    let mut bodies = Vec::new();
    for call in ["terminate", "list", "get", "open", "token", "any"] {
        let directory = fs::read_dir(folder.join(call)).expect("the fixtures");
        for file in directory {
            let file = file.expect("a fixture").path();
            if file
                .extension()
                .is_some_and(|extension| extension == "http")
            {
                let bytes = fs::read(file).expect("a fixture");
                let end = bytes.windows(2).position(|pair| pair == b"\n\n");
                bodies.push(bytes[end.expect("headers") + 2..].to_vec());
            }
        }
    }
    bodies
}

/// One line, of bearable length, that can't steer a terminal.
fn is_presentable(error: &ReplyError) -> bool {
    let text = error.to_string();
    text.chars().count() < 700 && !text.chars().any(char::is_control)
}

fn check(response: &Response<Vec<u8>>) -> Result<(), TestCaseError> {
    let mut notes = Notes::default();
    let errors = [
        terminate().parse_noting(response, &mut notes).err(),
        ListSessions.parse_noting(response, &mut notes).err(),
        GetSession::new(53.into())
            .parse_noting(response, &mut notes)
            .err(),
        OpenSession::new("u", "c", "d", "ssh")
            .parse_noting(response, &mut notes)
            .err(),
    ];
    for error in errors.iter().flatten() {
        prop_assert!(is_presentable(error), "{error:?}");
        prop_assert!(!error.cause().is_empty() && !error.remedy().is_empty());
    }
    Ok(())
}

proptest! {
    /// Any bytes whatever are read without a panic and refused on one line.
    #[test]
    fn any_body_is_read(status in 200_u16..600, body: Vec<u8>) {
        check(&answer(status, body))?;
    }

    /// So is any documented answer with some bytes changed, cut or doubled.
    #[test]
    fn any_damaged_answer_is_read(
        status in prop_oneof![Just(200_u16), 200_u16..600],
        which: prop::sample::Index,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4), 1..4),
    ) {
        thread_local! {
            static BODIES: Vec<Vec<u8>> = bodies();
        }
        let mut body = BODIES.with(|bodies| which.get(bodies).clone());
        for (at, byte, change) in changes {
            if body.is_empty() {
                break;
            }
            let at = at.index(body.len());
            match change {
                0 => body[at] = byte,
                1 => body.truncate(at),
                2 => body.insert(at, byte),
                _ => body.extend_from_within(at..),
            }
        }
        check(&answer(status, body))?;
    }
}
