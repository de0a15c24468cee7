use std::collections::BTreeSet;

use http::Response;

use super::*;
use crate::envelope::Envelope;
use crate::operation::{OpenSession, Operation, TerminateSession};
use crate::{Session, SessionId};

/// Every number of the specification's list (A2A API specification, "All numeric exception codes
/// found") and of its table of `error_code` values.
const DOCUMENTED: [i64; 41] = [
    4, 100, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1013, 1014, 1015,
    1016, 1017, 1018, 1019, 1020, 1021, 1022, 1023, 1024, 1026, 1029, 1039, 1042, 1043, 1044, 1045,
    1046, 1047, 1049, 1053, 1105, 400, 500, 1, 1001,
];

const FAULTS: [Fault; 30] = [
    Fault::NoRoute,
    Fault::ClientAuthentication,
    Fault::TokenRequest,
    Fault::Signature,
    Fault::Timestamp,
    Fault::Token,
    Fault::InactiveAuthorization,
    Fault::NotAuthorized,
    Fault::ReadOnly,
    Fault::Referer,
    Fault::NoAccess,
    Fault::Lockdown,
    Fault::SessionNotFound,
    Fault::IdentifierType,
    Fault::DropFailed,
    Fault::ResourceNotFound,
    Fault::NotFound,
    Fault::Inactive,
    Fault::AlreadyDone,
    Fault::WrongKind,
    Fault::NotInCustody,
    Fault::MissingParameter,
    Fault::InvalidParameter,
    Fault::RateLimited,
    Fault::Gateway,
    Fault::TimedOut,
    Fault::Unexpected,
    Fault::Refused,
    Fault::Redirect,
    Fault::Malformed,
];

fn refusal(status: u16, body: &str) -> ReplyError {
    let mut response = Response::new(body.as_bytes().to_vec());
    *response.status_mut() = status.try_into().unwrap();
    Envelope::success(&response).unwrap_err()
}

/// A refusal in the fullest form of the envelope.
fn enveloped(entry: &Entry, message: &str) -> ReplyError {
    let status = entry.http_status.unwrap_or(400);
    let (error_code, exception) = match entry.code {
        Some(Code::Error(code)) => (code, serde_json::Value::Null),
        Some(Code::Exception(code)) => (
            1,
            serde_json::json!({"code": code, "message": message, "detail": null}),
        ),
        None => (1, serde_json::Value::Null),
    };
    let body = serde_json::json!({
        "code": status,
        "response": {"status": status, "message": message, "mensagem": message, "error": true,
            "erro": true, "error_code": error_code, "cod_erro": error_code, "detail": ""},
        "exception": exception,
    });
    refusal(status, &body.to_string())
}

#[test]
fn every_documented_number_is_known() {
    let known: BTreeSet<i64> = entries()
        .filter_map(|entry| entry.code.map(Code::number))
        .collect();
    assert_eq!(known, BTreeSet::from(DOCUMENTED));
}

#[test]
fn every_entry_explains_itself_on_one_line() {
    for entry in entries() {
        for text in [entry.cause, entry.remedy, entry.topic] {
            assert!(!text.is_empty(), "{entry}");
            assert!(
                !text.contains("  ") && !text.contains('\n'),
                "{entry}: {text}"
            );
            assert!(!text.ends_with('.'), "{entry}: {text}");
        }
    }
}

#[test]
fn every_kind_has_a_cause_and_a_remedy_of_its_own() {
    let causes: BTreeSet<_> = FAULTS
        .iter()
        .map(|fault| {
            let entry = table::kind(*fault);
            assert_eq!(entry.fault, *fault);
            entry.cause
        })
        .collect();
    assert_eq!(causes.len(), FAULTS.len());
}

#[test]
fn every_documented_text_leads_back_to_its_entry() {
    let mut texts = 0;
    for entry in entries() {
        for message in entry.messages {
            let message = message.trim_matches('*').replace('*', "'xyz'");
            let numbered = match entry.code {
                Some(code) => format!("{}: {message}.", code.number()),
                None => format!("{message}."),
            };
            for text in [&message, &numbered] {
                let error = enveloped(entry, text).in_module(entry.module);
                assert_eq!(error.fault, entry.fault, "{text}");
                assert_eq!(error.cause(), entry.cause, "{text}");
                let found = lookup_text(text);
                assert!(found.exact, "{text}");
                assert!(
                    found
                        .entries
                        .iter()
                        .any(|found| std::ptr::eq(*found, entry)),
                    "{text}"
                );
            }
            texts += 1;
        }
    }
    assert!(texts > 80, "{texts} texts");
}

#[test]
fn a_number_says_what_an_unknown_text_means_when_it_means_one_thing() {
    let body = |code| {
        format!(
            r#"{{"code":400,"response":{{"status":400,"message":"x","error":true,"error_code":1}},
                "exception":{{"code":{code},"message":"x","detail":""}}}}"#
        )
    };
    assert_eq!(refusal(400, &body(1002)).fault, Fault::SessionNotFound);
    assert_eq!(refusal(400, &body(1039)).fault, Fault::ReadOnly);
    // 1005 is a missing parameter, a missing user or a missing note.
    assert_eq!(refusal(400, &body(1005)).fault, Fault::Refused);
    assert_eq!(refusal(400, &body(4711)).fault, Fault::Refused);
}

#[test]
fn the_resource_to_grant_depends_on_the_call() {
    let body = r#"{"code":500,"response":{"status":500,"error":true,
        "message":"You are not authorized to access this resource"}}"#;
    let mut response = Response::new(body.as_bytes().to_vec());
    *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;

    let id = SessionId::new("3fcf1e4a16104e328d6794e1b9693cfc457871d2").unwrap();
    let terminate = TerminateSession::new(id).parse(&response).unwrap_err();
    assert!(terminate.is_auth() && !terminate.may_have_executed());
    assert!(
        terminate.remedy().contains("PAM Core"),
        "{}",
        terminate.remedy()
    );
    assert!(!terminate.remedy().contains("Web Proxy Session"));

    let open = OpenSession::new("u", "c", "d", "ssh")
        .parse(&response)
        .unwrap_err();
    assert!(
        open.remedy().contains("Web Proxy Session"),
        "{}",
        open.remedy()
    );
}

#[test]
fn no_route_is_not_read_as_a_wrong_path_only() {
    let error = refusal(404, r#"{"message": "no Route matched with those values"}"#);
    assert_eq!(error.fault, Fault::NoRoute);
    assert!(error.is_auth());
    for words in [error.cause(), error.remedy()] {
        assert!(
            words.contains("Authorization") || words.contains("keys"),
            "{words}"
        );
        assert!(words.contains("path") || words.contains("URL"), "{words}");
    }
}

#[test]
fn a_lookup_finds_what_was_meant() {
    let first = |query: &str| {
        let found = lookup(query);
        (found.entries.first().map(|entry| entry.fault), found.exact)
    };
    assert_eq!(first("1039"), (Some(Fault::ReadOnly), true));
    assert_eq!(first(" 1105 "), (Some(Fault::Referer), true));
    assert_eq!(first("503"), (Some(Fault::Gateway), true));
    assert_eq!(first("invalid signature"), (Some(Fault::Signature), true));
    assert_eq!(first("1017:Key inactive"), (Some(Fault::Inactive), true));
    assert_eq!(
        first("senhasegura is under Lockdown until 09/08/2022 22:54:00"),
        (Some(Fault::Lockdown), true)
    );
    // A line of our own log holds the message and more.
    assert_eq!(
        first("error: An error occurred while droping session (HTTP 500, error_code 1)").0,
        Some(Fault::DropFailed)
    );
    assert_eq!(first("droping").0, Some(Fault::DropFailed));
    assert_eq!(first("dropping session").0, Some(Fault::DropFailed));
    assert_eq!(first("Invlid signatrue"), (Some(Fault::Signature), false));
    assert_eq!(
        first("1039: gibberish xyzzy"),
        (Some(Fault::ReadOnly), false)
    );
    for nothing in ["", "   ", "xyzzy", "-1", "99999999999999999999999", "12345"] {
        assert_eq!(first(nothing), (None, false), "{nothing:?}");
    }
}

#[test]
fn one_number_of_several_parts_gives_all_of_them() {
    let modules: BTreeSet<Module> = lookup_code(1005).map(|entry| entry.module).collect();
    assert_eq!(
        modules,
        BTreeSet::from([Module::Devices, Module::RelatedUsers, Module::MySafe])
    );
    let found = lookup_text("1010: Unexpected identifier type");
    assert!(found.exact);
    assert!(
        found
            .entries
            .iter()
            .all(|entry| entry.module == Module::MySafe)
    );
    assert_eq!(lookup_text("Unexpected identifier type").entries.len(), 2);
}

#[test]
fn an_entry_prints_its_number_and_text() {
    let title = |query| lookup(query).entries[0].to_string();
    assert_eq!(
        title("1039"),
        "1039: Without PAM Configuration Access permission"
    );
    assert_eq!(title("100"), "100: is under Lockdown until");
    assert_eq!(title("503"), "HTTP 503 without a documented text");
}

#[test]
fn a_success_needs_no_explanation() {
    let body = r#"{"response":{"status":200,"message":"Sess\u00e3o interrompida com sucesso",
        "error":false},"remote_sessions":[]}"#;
    let response = Response::new(body.as_bytes().to_vec());
    let sessions: Vec<Session> = crate::ListSessions.parse(&response).unwrap();
    assert!(sessions.is_empty());
}
