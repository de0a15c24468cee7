//! Documented bodies, and odd ones that are right all the same.

use super::*;
use crate::tolerance::Tolerance;

const S32: &str = r#"{"id":"540","user":"Admin","origin_ip":"192.0.2.10","credencial":"svc1","dispositivo":"192.0.2.20:22","protocol":"ssh","proxy":"Web Proxy","session_id":"3fcf1e4a16104e328d6794e1b9693cfc457871d2","start":"2024-05-06 16:05:07","end":"2024-05-06 16:07:59","time":"00:02:52","prevent_purge":"Não","request":null,"ITSM":null}"#;
const S33: &str = r#"{"id":"541","user":"Jos\u00e9 \"M\u00fcller\"","origin_ip":"192.0.2.11","credential":"root","device":"192.0.2.21:3389","protocol":"rdp","proxy":"RDP Proxy","session_id":"421c83a3b10be439d4da33b6c140f53eaf448207","start":"2024-05-06 16:05:07","end":null,"time":null,"prevent_purge":"No","request":"REQ\/7","ITSM":"governance code"}"#;

fn same_as_serde_json(body: &str) -> (Vec<Session>, ListingEnd) {
    let (sessions, end) = however_cut(200, body.as_bytes());
    assert_eq!(
        Ok(&sessions),
        by_serde_json(200, body.as_bytes()).as_ref(),
        "{body}"
    );
    (sessions, end.unwrap())
}

#[test]
fn the_documented_forms() {
    for (body, records) in [
        (
            format!(r#"{{"code":200,{OK},"remote_sessions":[{S32},{S33}]}}"#),
            2,
        ),
        (
            format!(r#"{{"code":200,{OK},"tenant":"acme","remote_sessions":[{S33}]}}"#),
            1,
        ),
        (
            format!(
                r#"{{"code":200,{OK},"remote_sessions":[{{"code":200,{OK},"tenant":"acme","remote_sessions":[{S33},{S32}]}}]}}"#
            ),
            2,
        ),
        (format!(r#"{{{OK},"remote_session":[{S33}]}}"#), 1),
        (format!(r#"{{{OK},"remote_sessions":[]}}"#), 0),
        (format!(r#"{{{OK},"remote_sessions":{{}}}}"#), 0),
        (format!(r#"{{{OK},"remote_sessions":{S33}}}"#), 1),
    ] {
        let (sessions, end) = same_as_serde_json(&body);
        assert_eq!(sessions.len(), records);
        assert_eq!(
            (end.records, end.wanted, end.complete),
            (records as u64, records as u64, true)
        );
    }
}

#[test]
fn keys_in_any_order_and_white_space_anywhere() {
    let body = format!(
        "\r\n{{ \"remote_sessions\" :\t[ {S33} , \n {{ }} , [ [ {S32} ] , [ ] ] ] , {OK} , \"x\" : [ {{ \"remote_sessions\" : 7 }} ] }}\n"
    );
    let (sessions, _) = same_as_serde_json(&body);
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[0].user, "José \"Müller\"");
    assert_eq!(sessions[0].request.as_deref(), Some("REQ/7"));
}

#[test]
fn a_byte_order_mark_and_white_space_may_come_before() {
    let record = r#"{"id":"1","session_id":"ab12","user":"alice"}"#;
    let listing = format!("{{{OK},\"remote_sessions\":[{record}]}}");
    for before in ["\u{FEFF}", "\u{FEFF} \r\n\t", " \n", "\u{C}"] {
        let (sessions, end) = same_as_serde_json(&format!("{before}{listing}"));
        assert_eq!((sessions.len(), end.records), (1, 1), "{before:?}");
    }
    for before in [" \u{FEFF}", "\u{FEFF}\u{FEFF}", "\u{B}", "x"] {
        let body = format!("{before}{listing}");
        let (sessions, end) = however_cut(200, body.as_bytes());
        assert_eq!(sessions, [], "{before:?}");
        end.unwrap_err();
    }
}

#[test]
fn a_key_may_be_escaped() {
    let body = format!(
        r#"{{{OK},"remote\u005fsession\u0073":[{{"\u0069d":1,"session\u005fid":"a","us\u0065r":"u"}}]}}"#
    );
    let (sessions, _) = same_as_serde_json(&body);
    assert_eq!(sessions[0].user, "u");
}

#[test]
fn a_key_twice_counts_last() {
    let body = format!(
        r#"{{{OK},"remote_sessions":[{{"id":"1","id":"2","session_id":"a","user":"x","user":null,"end":null,"end":"2024-05-06 16:05:07"}}]}}"#
    );
    let (sessions, _) = same_as_serde_json(&body);
    assert_eq!(sessions[0].id.value(), 2);
    assert_eq!(sessions[0].user, "");
    assert!(!sessions[0].is_active());
}

#[test]
fn numbers_and_booleans_for_texts_and_the_first_spelling_that_is_not_null() {
    let body = format!(
        r#"{{{OK},"remote_sessions":[{{"id":540,"session_id":12,"user":1.50,"proxy":true,"protocol":-0,"credential":null,"credencial":"c","device":[],"dispositivo":"d","prevent_purge":false,"end":0,"start":{{"a":[1,{{}}]}}}}]}}"#
    );
    let (sessions, _) = same_as_serde_json(&body);
    assert_eq!(sessions[0].credential, "c");
    assert_eq!(sessions[0].device, "");
    assert_eq!(sessions[0].user, "1.5");
}

#[test]
fn the_plural_key_counts_before_the_singular_one() {
    for lists in [
        format!(r#""remote_sessions":[{S32}],"remote_session":[{S33}]"#),
        format!(r#""remote_session":[],"remote_sessions":[{S32}]"#),
        format!(r#""remote_session":[{{}}],"remote_sessions":[{{"remote_session":[{S32}]}}]"#),
    ] {
        let (sessions, _) = same_as_serde_json(&format!("{{{OK},{lists}}}"));
        assert_eq!(sessions.len(), 1);
        assert_eq!(sessions[0].id.value(), 540);
    }
}

#[test]
fn nested_envelopes_stand_among_records() {
    let nested = format!(r#"{{"tenant":"acme",{OK},"remote_sessions":[{S32}],"more":{{"a":1}}}}"#);
    let body = format!(r#"{{{OK},"remote_sessions":[{S33},{nested},{S33},[{nested}],{S33}]}}"#);
    let (sessions, end) = same_as_serde_json(&body);
    let ids: Vec<_> = sessions.iter().map(|session| session.id.value()).collect();
    assert_eq!(ids, [541, 540, 541, 540, 541]);
    assert!(end.notes.has(Tolerance::NestedEnvelope));
    assert!(end.notes.tenant);
}

#[test]
fn what_is_forgiven_is_noted() {
    let table = [
        (
            format!("\u{FEFF}{{{OK},\"remote_sessions\":[]}}"),
            Tolerance::ByteOrderMark,
        ),
        (
            format!("{OK},\"remote_sessions\":[{S33}]}}"),
            Tolerance::MissingBrace,
        ),
        (
            format!(r#"{{{OK},"remote_sessions":{{}}}}"#),
            Tolerance::EmptyMapForList,
        ),
        (
            format!(r#"{{{OK},"remote_sessions":{S33}}}"#),
            Tolerance::RecordForList,
        ),
        (
            format!(r#"{{{OK},"remote_session":[]}}"#),
            Tolerance::OtherPayloadKey,
        ),
    ];
    for (body, tolerance) in table {
        let (_, end) = same_as_serde_json(&body);
        assert!(end.notes.has(tolerance), "{tolerance}: {body}");
    }
}
