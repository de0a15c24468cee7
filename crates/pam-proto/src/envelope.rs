//! The envelope around every answer, in all its documented variants, and the conclusion from it
//! (A2A API specification, "Response envelope and error bodies").

use http::{Response, StatusCode};
use serde_json::{Map, Value};

use crate::error::{Fault, ReplyError};

/// An answer taken apart. Every part is optional on the wire; unknown keys are kept in reach.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Envelope {
    http_status: StatusCode,
    /// `response.status`, or the top-level `code` of the flat form.
    pub status: Option<i64>,
    /// `message`, else `mensagem`, else `Message`; empty when there is none.
    pub message: String,
    /// Whether `error` or `erro` is true.
    pub error: bool,
    /// `error_code`, else `cod_erro`.
    pub error_code: Option<i64>,
    /// `tenant`.
    pub tenant: Option<String>,
    /// `exception.code`, when there is an exception.
    pub exception_code: Option<i64>,
    has_exception: bool,
    request_id: Option<String>,
    retry_after: Option<std::time::Duration>,
    body: Map<String, Value>,
}

impl Envelope {
    /// Reads an answer that must be a success: a 2xx status line, a 2xx `response.status`, no
    /// `error` and no `exception`.
    ///
    /// # Errors
    /// [`ReplyError`] with the conclusion from all parts when it is not.
    pub fn success(response: &Response<Vec<u8>>) -> Result<Self, ReplyError> {
        let envelope = Self::read(response)?;
        match envelope.fault() {
            None => Ok(envelope),
            Some(fault) => Err(envelope.refusal(fault)),
        }
    }

    fn read(response: &Response<Vec<u8>>) -> Result<Self, ReplyError> {
        let mut envelope = Self {
            http_status: response.status(),
            status: None,
            message: String::new(),
            error: false,
            error_code: None,
            tenant: None,
            exception_code: None,
            has_exception: false,
            request_id: text_header(response, "x-request-id"),
            retry_after: text_header(response, "retry-after")
                .and_then(|seconds| seconds.trim().parse().ok())
                .map(std::time::Duration::from_secs),
            body: Map::new(),
        };
        if response.status().is_redirection() {
            envelope.message = "the appliance redirects, which is never followed".to_owned();
            return Err(envelope.refusal(Fault::Redirect));
        }
        match parse_object(response.body()) {
            Ok(body) => envelope.body = body,
            Err(reason) => return Err(envelope.not_json(response, reason)),
        }
        envelope.take_parts();
        Ok(envelope)
    }

    fn take_parts(&mut self) {
        let empty = Map::new();
        let inner = self.body.get("response").and_then(Value::as_object);
        let flat = inner.unwrap_or(&self.body);
        let exception = self
            .body
            .get("exception")
            .and_then(Value::as_object)
            .unwrap_or(&empty);
        let text = |map: &Map<String, Value>, keys: &[&str]| {
            let found = keys
                .iter()
                .find_map(|key| map.get(*key).and_then(Value::as_str));
            found.map(str::to_owned)
        };
        let number = |map: &Map<String, Value>, keys: &[&str]| {
            keys.iter().find_map(|key| map.get(*key).and_then(integer))
        };
        let message = text(flat, &["message", "mensagem", "Message"]);
        let oauth = text(&self.body, &["error_description", "error"]);
        let error = ["error", "erro"]
            .iter()
            .any(|key| flat.get(*key).is_some_and(truthy));
        let status = number(flat, &["status"]).or_else(|| number(&self.body, &["code"]));
        let error_code = number(flat, &["error_code", "cod_erro"]);
        let exception_code = number(exception, &["code"]);
        let exception_message = text(exception, &["message"]);
        let has_exception = !exception.is_empty();
        self.message = message
            .filter(|message| !message.is_empty())
            .or(exception_message)
            .or(oauth)
            .unwrap_or_default();
        self.status = status;
        self.error = error;
        self.error_code = error_code;
        self.exception_code = exception_code;
        self.has_exception = has_exception;
        self.tenant = text(&self.body, &["tenant"]);
    }

    /// What is wrong with this answer; the order is that of the specification's notes for the
    /// implementer: gateway, OAuth, then the envelope's own codes.
    fn fault(&self) -> Option<Fault> {
        let message = self.message.trim_end_matches('.');
        let has = |part: &str| message.to_lowercase().contains(part);
        let refused = self.error
            || self.has_exception
            || !self.http_status.is_success()
            || self
                .status
                .is_some_and(|status| !(200..300).contains(&status));
        if !refused {
            let is_envelope = self.body.get("response").is_some_and(Value::is_object);
            return (!is_envelope).then_some(Fault::Malformed);
        }
        Some(
            match (
                self.error_code,
                self.exception_code,
                self.http_status.as_u16(),
            ) {
                _ if has("no route matched") => Fault::NoRoute,
                _ if has("client authentication failed") || self.oauth_error("invalid_client") => {
                    Fault::ClientAuthentication
                }
                _ if has("invalid signature") => Fault::Signature,
                _ if self.oauth_error("invalid_token") || has("token expired") => Fault::Token,
                (Some(100), _, _) => Fault::Lockdown,
                _ if has("under lockdown") => Fault::Lockdown,
                (Some(1105), _, _) => Fault::Referer,
                _ if has("http referer is not allowed") => Fault::Referer,
                (_, Some(1002), _) => Fault::SessionNotFound,
                (_, Some(1003), _) => Fault::IdentifierType,
                (_, Some(1039), _) => Fault::ReadOnly,
                _ if has("not authorized to access this resource") => Fault::NotAuthorized,
                _ if has("inactive authorization") => Fault::InactiveAuthorization,
                _ if has("occurred while drop") => Fault::DropFailed,
                _ if has("resource sub not found") || has("resource/sub-resource not found") => {
                    Fault::ResourceNotFound
                }
                _ if has("upstream server") => Fault::Gateway,
                _ if has("unexpected error") => Fault::Unexpected,
                (_, _, 429) => Fault::RateLimited,
                (_, _, 502..=504) => Fault::Gateway,
                (_, _, 401) => Fault::Token,
                (_, _, 403) => Fault::NotAuthorized,
                (_, _, 404) => Fault::ResourceNotFound,
                (_, _, 500..) => Fault::Unexpected,
                _ => Fault::Refused,
            },
        )
    }

    fn oauth_error(&self, name: &str) -> bool {
        self.body.get("error").and_then(Value::as_str) == Some(name)
    }

    fn refusal(&self, fault: Fault) -> ReplyError {
        let message = match self.message.trim() {
            "" => format!(
                "the appliance answered HTTP {} without a message",
                self.http_status
            ),
            message => message.to_owned(),
        };
        ReplyError {
            fault,
            status: self.http_status,
            message,
            error_code: self.error_code,
            exception_code: self.exception_code,
            request_id: self.request_id.clone(),
            retry_after: self.retry_after,
        }
    }

    /// The error of an answer that is a success but not what the operation needs.
    #[must_use]
    pub fn malformed(&self, message: impl Into<String>) -> ReplyError {
        ReplyError {
            message: message.into(),
            ..self.refusal(Fault::Malformed)
        }
    }

    fn not_json(&self, response: &Response<Vec<u8>>, reason: &str) -> ReplyError {
        let kind = text_header(response, "content-type").unwrap_or_default();
        let html =
            kind.starts_with("text/html") || response.body().trim_ascii_start().starts_with(b"<");
        let what = if response.body().trim_ascii().is_empty() {
            "nothing"
        } else if html {
            "an HTML page"
        } else {
            reason
        };
        let message = format!("the appliance answered {what} where JSON was expected");
        let fault = match response.status().as_u16() {
            429 => Fault::RateLimited,
            502..=504 => Fault::Gateway,
            401 => Fault::Token,
            403 => Fault::NotAuthorized,
            _ => Fault::Malformed,
        };
        ReplyError {
            message,
            ..self.refusal(fault)
        }
    }

    /// A payload beside `response`.
    #[must_use]
    pub fn payload(&self, key: &str) -> Option<&Value> {
        self.body.get(key)
    }

    /// The records under one of these keys, whether in an array, bare, or (`A2A API
    /// specification, "List all"`) in an envelope nested as an element of its own array.
    ///
    /// # Errors
    /// [`ReplyError`] when none of the keys is there.
    pub fn records(&self, keys: &[&'static str]) -> Result<Vec<&Value>, ReplyError> {
        let found = keys.iter().find_map(|key| self.body.get(*key));
        let Some(payload) = found else {
            let key = keys.first().copied().unwrap_or_default();
            return Err(self.malformed(format!("the appliance's answer has no `{key}`")));
        };
        let mut records = Vec::new();
        descend(payload, keys, &mut records);
        Ok(records)
    }
}

fn descend<'a>(payload: &'a Value, keys: &[&str], records: &mut Vec<&'a Value>) {
    match payload {
        Value::Array(elements) => {
            for element in elements {
                descend(element, keys, records);
            }
        }
        Value::Object(map) => match keys.iter().find_map(|key| map.get(*key)) {
            Some(inner) => descend(inner, keys, records),
            // An empty map stands for an empty list (A2A API specification, "Quirks", item 2).
            None if map.is_empty() => {}
            None => records.push(payload),
        },
        _ => {}
    }
}

fn parse_object(body: &[u8]) -> Result<Map<String, Value>, &'static str> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err("JSON that is no object"),
        Err(error) if error.is_eof() => Err("JSON that is cut off"),
        Err(_) => Err("something else"),
    }
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn truthy(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_i64() != Some(0),
        Value::String(text) => matches!(text.as_str(), "true" | "1"),
        _ => false,
    }
}

fn text_header(response: &Response<Vec<u8>>, name: &str) -> Option<String> {
    let value = response.headers().get(name)?;
    value.to_str().ok().map(str::to_owned)
}
