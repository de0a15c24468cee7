//! Answers as the appliance writes them, read by the crate's own operations (A2A API
//! specification, "Wire bodies for the session endpoints" and "Response envelope and error
//! bodies").

use crate::error::ReplyError;
use crate::identity::SessionId;
use crate::operation::{Operation, TerminateSession};
use crate::termination::{Accepted, Failure};

pub(in crate::termination) fn accepted() -> Result<Accepted, Failure> {
    Ok(Accepted {
        http_status: 200,
        message: "Sessão interrompida com sucesso".to_owned(),
    })
}

pub(in crate::termination) fn lost() -> Failure {
    Failure::Lost {
        reason: "the connection broke".to_owned(),
    }
}

pub(in crate::termination) fn not_executed() -> Failure {
    Failure::NotExecuted {
        reason: "connection refused".to_owned(),
    }
}

pub(in crate::termination) fn drop_failed() -> Failure {
    envelope(500, "An error occurred while droping session", 1, None)
}

pub(in crate::termination) fn unexpected() -> Failure {
    envelope(500, "Unexpected error.", 1, None)
}

pub(in crate::termination) fn not_authorized() -> Failure {
    envelope(
        500,
        "You are not authorized to access this resource",
        1,
        None,
    )
}

pub(in crate::termination) fn referer() -> Failure {
    envelope(500, "The http referer is not allowed", 1105, None)
}

pub(in crate::termination) fn inactive_authorization() -> Failure {
    envelope(401, "Inactive authorization", 1, None)
}

pub(in crate::termination) fn read_only() -> Failure {
    envelope(
        400,
        "1039: Without PAM Configuration Access permission",
        1,
        Some(1039),
    )
}

pub(in crate::termination) fn session_not_found() -> Failure {
    envelope(400, "1002: Session not found", 1, Some(1002))
}

pub(in crate::termination) fn identifier_type() -> Failure {
    envelope(400, "1003: Unexpected identifier type", 1, Some(1003))
}

pub(in crate::termination) fn refused() -> Failure {
    envelope(400, "Something that is not documented", 1, None)
}

pub(in crate::termination) fn resource_not_found() -> Failure {
    envelope(404, "Resource sub not found", 4, None)
}

pub(in crate::termination) fn lockdown() -> Failure {
    envelope(
        503,
        "senhasegura is under Lockdown until 09/08/2022 22:54:00",
        100,
        None,
    )
}

pub(in crate::termination) fn signature() -> Failure {
    reply(401, None, r#"{"message":"Invalid signature"}"#)
}

pub(in crate::termination) fn client_authentication() -> Failure {
    reply(
        401,
        None,
        r#"{"error":"invalid_client","message":"Client authentication failed"}"#,
    )
}

pub(in crate::termination) fn token() -> Failure {
    reply(401, None, r#"{"message":"unauthorized"}"#)
}

pub(in crate::termination) fn no_route() -> Failure {
    reply(
        404,
        None,
        r#"{"message":"no Route matched with those values"}"#,
    )
}

pub(in crate::termination) fn gateway() -> Failure {
    reply(502, None, "<html><body>Bad Gateway</body></html>")
}

pub(in crate::termination) fn timed_out() -> Failure {
    reply(504, None, "The upstream server is timing out")
}

pub(in crate::termination) fn malformed() -> Failure {
    reply(200, None, r#"{"code":200,"resp"#)
}

pub(in crate::termination) fn redirect() -> Failure {
    reply(302, None, "")
}

pub(in crate::termination) fn rate_limited(seconds: Option<&str>) -> Failure {
    reply(429, seconds, r#"{"message":"API rate limit exceeded"}"#)
}

fn envelope(status: u16, message: &str, error_code: i64, exception: Option<i64>) -> Failure {
    let mut body = serde_json::json!({"code": status, "response": {
        "status": status, "message": message, "error": true, "error_code": error_code,
        "detail": "", "mensagem": message, "erro": true, "cod_erro": error_code}});
    if let Some(code) = exception {
        body["exception"] = serde_json::json!({"code": code, "message": message, "detail": null});
    }
    reply(status, None, &body.to_string())
}

fn reply(status: u16, retry_after: Option<&str>, body: &str) -> Failure {
    Failure::Reply(reply_error(status, retry_after, body))
}

fn reply_error(status: u16, retry_after: Option<&str>, body: &str) -> ReplyError {
    let mut response = http::Response::builder().status(status);
    if let Some(seconds) = retry_after {
        response = response.header("retry-after", seconds);
    }
    let response = response.body(body.as_bytes().to_vec()).unwrap();
    let operation = TerminateSession::new(SessionId::new("ab12").unwrap());
    operation.parse(&response).unwrap_err()
}
