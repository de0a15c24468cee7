//! Bodies that are no success, or no listing, or no JSON.

use super::*;
use crate::listing::RECORD_MAX;

const RECORD: &str = r#"{"id":"1","session_id":"a","user":"u","end":null}"#;

/// The error, which is the one of reading the whole body at once.
fn same_refusal(status: u16, body: &str) -> ReplyError {
    let (_, end) = however_cut(status, body.as_bytes());
    let error = end.unwrap_err();
    let whole = by_serde_json(status, body.as_bytes()).unwrap_err();
    assert_eq!(error, whole, "{body}");
    error
}

#[test]
fn an_error_in_place_of_a_listing_is_the_error_it_is() {
    let table = [
        (
            404,
            r#"{"message":"no Route matched with those values"}"#,
            Fault::NoRoute,
        ),
        (
            500,
            r#"{"code":500,"response":{"status":500,"message":"You are not authorized to access this resource","error":true}}"#,
            Fault::NotAuthorized,
        ),
        (
            503,
            r#"{"response":{"status":503,"message":"senhasegura is under Lockdown until 09/08/2022 22:54:00","error":true,"error_code":100}}"#,
            Fault::Lockdown,
        ),
        (
            401,
            r#"{"error":"invalid_client","error_description":"Client authentication failed","message":"Client authentication failed"}"#,
            Fault::ClientAuthentication,
        ),
        (502, "<html><body>Bad Gateway</body></html>", Fault::Gateway),
        (200, "<html><body>Welcome</body></html>", Fault::Malformed),
        (200, "", Fault::Malformed),
        (200, " \n", Fault::Malformed),
        (200, "[1,2]", Fault::Malformed),
        (200, "null", Fault::Malformed),
        (200, "upstream error", Fault::Malformed),
        (200, r#"{"a":1,}"#, Fault::Malformed),
        (200, r#"{"a":1}{"b":2}"#, Fault::Malformed),
        (200, r#"{"a":tru}"#, Fault::Malformed),
        (200, r#"{"a":01}"#, Fault::Malformed),
        (
            200,
            r#"{"response":{"status":200,"error":false}}"#,
            Fault::Malformed,
        ),
        (
            200,
            r#"{"response":{"status":200,"error":false},"remote_sessions":null}"#,
            Fault::Malformed,
        ),
        (
            200,
            r#"{"response":{"status":200,"error":false},"remote_sessions":[7]}"#,
            Fault::Malformed,
        ),
        (200, r#"{"remote_sessions":[]}"#, Fault::Malformed),
        (302, "", Fault::Redirect),
    ];
    for (status, body, fault) in table {
        assert_eq!(same_refusal(status, body).fault, fault, "{body}");
    }
}

#[test]
fn a_refusal_around_a_list_of_sessions_is_a_refusal() {
    for parts in [
        r#""response":{"status":200,"error":true,"message":"Unexpected error"}"#,
        r#""response":{"status":500,"error":false}"#,
        r#""response":{"status":200,"error":false},"exception":{"code":1039,"message":"x"}"#,
        r#""code":503,"response":{"status":200,"error":false}"#,
    ] {
        for body in [
            format!(r#"{{{parts},"remote_sessions":[{RECORD}]}}"#),
            format!(r#"{{"remote_sessions":[{RECORD}],{parts}}}"#),
            format!(
                r#"{{{OK},"remote_sessions":[{RECORD},{{{parts},"remote_sessions":[{RECORD}]}}]}}"#
            ),
            format!(
                r#"{{{OK},"remote_sessions":[{{"remote_sessions":[{RECORD}],{parts}}},{RECORD}]}}"#
            ),
            format!(r#"{{{OK},"remote_sessions":[{RECORD},{{{parts}}}]}}"#),
        ] {
            same_refusal(200, &body);
        }
    }
    let (sessions, end) = however_cut(
        500,
        format!(r#"{{{OK},"remote_sessions":[{RECORD}]}}"#).as_bytes(),
    );
    assert_eq!(end.unwrap_err().fault, Fault::Unexpected);
    assert_eq!(
        sessions,
        [],
        "nothing is handed out of what is no success by its status line"
    );
}

#[test]
fn a_listing_that_is_cut_off_says_after_how_many_sessions() {
    let body = format!(r#"{{{OK},"remote_sessions":[{RECORD},{RECORD}]}}"#);
    let list = body.find('[').unwrap();
    for length in 0..body.len() {
        let (sessions, end) = fed(200, [&body.as_bytes()[..length]]);
        let error = end.unwrap_err();
        assert_eq!(error.fault, Fault::Malformed);
        let expected = if length == 0 {
            "the appliance answered nothing where JSON was expected".to_owned()
        } else if length <= list {
            "the appliance answered JSON that is cut off where JSON was expected".to_owned()
        } else {
            format!(
                "the session list is cut off after {} sessions; ask for it again",
                sessions.len()
            )
        };
        assert_eq!(error.message, expected, "{length}");
    }
}

#[test]
fn damage_says_where() {
    let table = [
        (r#"[{"id":"1",}]}"#, "damaged JSON", 0),
        (r#"[RECORD RECORD]}"#, "damaged JSON", 1),
        (r#"[RECORD,]}"#, "damaged JSON", 1),
        (r#"[RECORD,{"id":"2","user":"\c"}]}"#, "damaged JSON", 1),
        (
            "[RECORD,{\"id\":\"2\",\"user\":\"a\nb\"}]}",
            "damaged JSON",
            1,
        ),
        (r#"[RECORD,{"id":"2","user":"\u12G4"}]}"#, "damaged JSON", 1),
        (r#"[RECORD,{"id":-}]}"#, "damaged JSON", 1),
        (r#"[RECORD,{"id":nul}]}"#, "damaged JSON", 1),
        (r#"[RECORD,{"a":[1}]}]}"#, "damaged JSON", 1),
        (r#"[RECORD]}}"#, "followed by something else", 1),
        (r#"[RECORD]} x"#, "followed by something else", 1),
    ];
    for (list, what, records) in table {
        let body = format!(
            "{{{OK},\"remote_sessions\":{}",
            list.replace("RECORD", RECORD)
        );
        let (sessions, end) = however_cut(200, body.as_bytes());
        let error = end.unwrap_err();
        assert!(error.message.contains(what), "{list}: {}", error.message);
        assert_eq!(sessions.len(), records, "{list}");
        assert!(by_serde_json(200, body.as_bytes()).is_err());
    }
}

#[test]
fn a_record_that_lacks_something_is_left_out_and_named() {
    for (damaged, field) in [
        (r#"{"session_id":"b"}"#, "id"),
        (r#"{"id":"x","session_id":"b"}"#, "id"),
        (r#"{"id":"2"}"#, "session_id"),
        (r#"{"a":1}"#, "id"),
    ] {
        let body = format!(r#"{{{OK},"remote_sessions":[{RECORD},{damaged},{RECORD},{damaged}]}}"#);
        let (sessions, end) = however_cut(200, body.as_bytes());
        assert_eq!(sessions.len(), 2);
        let message = end.unwrap_err().message;
        let expected = format!(
            "the appliance's answer has no usable `{field}` (record 2 of the list; 2 were left out)"
        );
        assert_eq!(message, expected);
    }
}

#[test]
fn a_second_list_after_records_is_an_error() {
    for lists in [
        format!(r#""remote_sessions":[{RECORD}],"remote_sessions":[{RECORD}]"#),
        format!(r#""remote_session":[{RECORD}],"remote_sessions":[]"#),
    ] {
        let (sessions, end) = however_cut(200, format!("{{{OK},{lists}}}").as_bytes());
        assert_eq!(sessions.len(), 1);
        assert!(end.unwrap_err().message.contains("second session list"));
    }
}

#[test]
fn as_many_levels_as_serde_json_takes_and_no_more() {
    let nested = |levels: usize| {
        let (open, close) = ("[".repeat(levels), "]".repeat(levels));
        [
            // Three levels are around each.
            format!(
                r#"{{{OK},"remote_sessions":[{{"id":"1","session_id":"a","x":{open}{close}}}]}}"#
            ),
            format!(r#"{{{OK},"remote_sessions":[[[{RECORD}],{open}{close}]]}}"#),
            format!(r#"{{{OK},"y":{{"x":[{open}{close}]}},"remote_sessions":[{RECORD}]}}"#),
        ]
    };
    for body in nested(124) {
        let (sessions, end) = however_cut(200, body.as_bytes());
        assert_eq!((sessions.len(), end.map(|end| end.records)), (1, Ok(1)));
        assert!(by_serde_json(200, body.as_bytes()).is_ok());
    }
    for body in nested(125) {
        assert!(by_serde_json(200, body.as_bytes()).is_err());
        let (_, end) = however_cut(200, body.as_bytes());
        assert!(end.unwrap_err().message.contains("more than 127 levels"));
    }
    let envelopes = format!(r#"{{{OK},"remote_sessions":["#).repeat(200);
    assert!(
        fed(200, [envelopes.as_bytes()])
            .1
            .unwrap_err()
            .message
            .contains("127")
    );
}

#[test]
fn a_huge_text_costs_one_record() {
    let huge = "x".repeat(RECORD_MAX);
    let large = "y".repeat(RECORD_MAX - RECORD.len());
    let body = format!(
        r#"{{{OK},"remote_sessions":[{RECORD},{{"id":"2","session_id":"b","request":"{huge}"}},{},{RECORD}]}}"#,
        RECORD.replace(r#""u""#, &format!("\"{large}\"")),
    );
    for size in [1, 4096, 1 << 16, RECORD_MAX, body.len()] {
        let (sessions, end) = fed(200, body.as_bytes().chunks(size));
        assert_eq!(sessions.len(), 3, "in chunks of {size}");
        assert_eq!(sessions[1].user, large);
        let expected =
            "a session has more than 1048576 bytes (record 2 of the list; the others were read)";
        assert_eq!(end.unwrap_err().message, expected);
    }
}

#[test]
fn too_much_beside_the_list_is_an_error() {
    let much = "x".repeat(RECORD_MAX);
    for body in [
        format!(r#"{{{OK},"other":"{much}","remote_sessions":[{RECORD}]}}"#),
        format!(
            r#"{{{OK},"remote_sessions":[{RECORD},{{"other":"{much}","remote_sessions":[]}}]}}"#
        ),
        format!(r#"{{{OK},"remote_sessions":[{RECORD},"{much}"]}}"#),
        " ".repeat(RECORD_MAX + 1),
        format!("[{much}"),
    ] {
        for size in [1, 4096, body.len()] {
            let (_, end) = fed(200, body.as_bytes().chunks(size));
            assert!(end.is_err());
        }
    }
}

#[test]
fn an_answer_that_is_too_large_is_not_called_cut_off() {
    let much = "x".repeat(RECORD_MAX);
    let expected = "the answer holds more than 1048576 bytes that are no session list";
    for body in [
        format!(r#"{{"response":{{"status":400,"message":"{much}{much}","error":true}}}}"#),
        " ".repeat(RECORD_MAX + 1),
    ] {
        for status in [200, 400] {
            let (_, end) = fed(status, body.as_bytes().chunks(4096));
            assert_eq!(end.unwrap_err().message, expected, "{status}");
        }
    }
    // What the part that was read says stands: a gateway's page needs no end.
    let page = format!("<html>{much}");
    let (_, end) = fed(502, [page.as_bytes()]);
    assert_eq!(end.unwrap_err().fault, Fault::Gateway);
}
