//! The envelope around every answer, in all its documented variants, and the conclusion from it
//! (A2A API specification, "Response envelope and error bodies").

use std::fmt;

use http::{HeaderMap, Response, StatusCode};
use serde_json::{Map, Value};

use crate::error::{Fault, ReplyError};
use crate::knowledge::{self, Module, Signs};
use crate::legible::{MESSAGE_MAX, legible};
use crate::tolerance::{Notes, Tolerance};

mod headers;
mod json;
mod records;

use headers::Headers;
use json::NoObject;

const NO_MESSAGE: &str = "the appliance refuses the request without a message";

/// An answer taken apart. Every part is optional on the wire; unknown keys are kept in reach.
///
/// Its `Debug` shows no value of the body, which can be a secret.
#[derive(Clone)]
#[non_exhaustive]
pub struct Envelope {
    /// `response.status`, or the top-level `code` of the flat form.
    pub status: Option<i64>,
    /// `message`, else `mensagem`, else `Message`, on one line and at most 400 characters long;
    /// empty when there is none.
    pub message: String,
    /// Whether `error` or `erro` is true.
    pub error: bool,
    /// `error_code` or `cod_erro`, whichever is not zero.
    pub error_code: Option<i64>,
    /// `tenant`.
    pub tenant: Option<String>,
    /// `exception.code`, when there is an exception.
    pub exception_code: Option<i64>,
    has_exception: bool,
    exception_message: String,
    oauth_error: String,
    code: Option<i64>,
    is_enveloped: bool,
    http_status: StatusCode,
    /// Taken apart only for an error.
    headers: HeaderMap,
    body: Map<String, Value>,
}

impl Envelope {
    /// Reads an answer that must be a success: a 2xx status line, a 2xx `response.status`, no
    /// `error` and no `exception`.
    ///
    /// # Errors
    /// [`ReplyError`] with the conclusion from all parts when it is not.
    pub fn success(response: &Response<Vec<u8>>) -> Result<Self, ReplyError> {
        Self::success_noting(response, &mut Notes::default())
    }

    /// Like [`success`](Self::success), and notes what was forgiven on the way, in an error too.
    ///
    /// # Errors
    /// [`ReplyError`] with the conclusion from all parts when it is not a success.
    pub fn success_noting(
        response: &Response<Vec<u8>>,
        notes: &mut Notes,
    ) -> Result<Self, ReplyError> {
        let envelope = Self::unrefused(response, notes)?;
        if !envelope.is_enveloped {
            return Err(envelope.malformed("the appliance's answer has no `response`"));
        }
        if envelope.status.is_none() {
            return Err(
                envelope.malformed("the appliance's answer has no usable `response.status`")
            );
        }
        Ok(envelope)
    }

    /// Reads an answer that says of no refusal, whether it is an envelope or not.
    pub(crate) fn unrefused(
        response: &Response<Vec<u8>>,
        notes: &mut Notes,
    ) -> Result<Self, ReplyError> {
        let mut envelope = Self::bare(response.status(), response.headers().clone());
        if response.status().is_redirection() {
            return Err(envelope.redirect());
        }
        let body =
            json::object(response.body(), notes).map_err(|what| envelope.unreadable(what))?;
        if !headers::is_json(&envelope.headers) {
            notes.note(Tolerance::ContentType);
        }
        envelope.take_parts(&body, notes);
        envelope.body = body;
        match envelope.fault() {
            None => Ok(envelope),
            Some(fault) => Err(envelope.refusal(fault)),
        }
    }

    /// An answer of which only the head counts, to make errors of.
    #[cfg(feature = "listing")]
    pub(crate) fn of_head(head: &http::response::Parts) -> Self {
        Self::bare(head.status, head.headers.clone())
    }

    fn bare(http_status: StatusCode, headers: HeaderMap) -> Self {
        Self {
            status: None,
            message: String::new(),
            error: false,
            error_code: None,
            tenant: None,
            exception_code: None,
            has_exception: false,
            exception_message: String::new(),
            oauth_error: String::new(),
            code: None,
            is_enveloped: false,
            http_status,
            headers,
            body: Map::new(),
        }
    }

    fn take_parts(&mut self, body: &Map<String, Value>, notes: &mut Notes) {
        let mut parts = Parts { notes };
        let inner = body.get("response").and_then(Value::as_object);
        let flat = inner.unwrap_or(body);
        let empty = Map::new();
        let exception = body.get("exception");
        let exception_map = exception.and_then(Value::as_object).unwrap_or(&empty);

        self.is_enveloped = inner.is_some();
        self.message = parts.message(flat);
        self.error = parts.flag(flat);
        self.error_code = parts.error_code(flat);
        self.code = parts.number(body, "code");
        self.status = parts.number(flat, "status");
        self.has_exception = exception.is_some_and(tells_something);
        self.exception_code = parts.number(exception_map, "code");
        self.exception_message = text(exception_map, "message");
        self.tenant = Some(text(body, "tenant")).filter(|tenant| !tenant.is_empty());
        // RFC 6749 section 5.2: `error` is a word and not a flag.
        if matches!(body.get("error"), Some(Value::String(_))) {
            self.oauth_error = text(body, "error");
        }
        if !self.is_enveloped {
            // A flat body that is an envelope's has `code`; a gateway's or a token server's hasn't.
            self.status = self.status.or(self.code);
            if self.code.is_some() {
                parts.notes.note(Tolerance::FlatEnvelope);
            }
            if self.message.is_empty() {
                self.message = text(body, "error_description");
            }
        }
        let line = i64::from(self.http_status.as_u16());
        if [self.status, self.code]
            .iter()
            .flatten()
            .any(|status| *status != line)
        {
            parts.notes.note(Tolerance::StatusesDiffer);
        }
        parts.notes.tenant |= self.tenant.is_some();
    }

    /// What the refusal is, if it is one (A2A API specification, "Notes for the implementer"): words
    /// and numbers that are documented say it best, the status says the rest.
    fn fault(&self) -> Option<Fault> {
        let worst = self.bad_statuses().max();
        let refused =
            self.error || self.has_exception || !self.oauth_error.is_empty() || worst.is_some();
        if !refused {
            return None;
        }
        let known = knowledge::recognise(&Signs {
            texts: [&self.message, &self.exception_message, &self.oauth_error],
            error_code: self.error_code,
            exception_code: self.exception_code,
            module: Module::Common,
        });
        Some(known.map_or_else(|| by_status(worst), |entry| entry.fault))
    }

    /// What is not 2xx among the status line, `response.status` and `code`.
    fn bad_statuses(&self) -> impl Iterator<Item = i64> {
        let line = i64::from(self.http_status.as_u16());
        let statuses = [Some(line), self.status, self.code];
        let statuses = statuses.into_iter().flatten();
        statuses.filter(|status| !(200..300).contains(status))
    }

    fn refusal(&self, fault: Fault) -> ReplyError {
        let seems_fine = !self.error && self.bad_statuses().next().is_none();
        let candidates = match seems_fine {
            true => [&self.exception_message, &self.oauth_error, &self.message],
            false => [&self.message, &self.exception_message, &self.oauth_error],
        };
        let message = match candidates.into_iter().find(|text| !text.is_empty()) {
            Some(message) if fault == Fault::Refused && self.bad_statuses().next().is_none() => {
                format!("the appliance reports an error in what looks like a success: {message}")
            }
            Some(message) => message.clone(),
            None => NO_MESSAGE.to_owned(),
        };
        self.reply_error(fault, message)
    }

    fn reply_error(&self, fault: Fault, message: String) -> ReplyError {
        let line = self.http_status.as_u16();
        let in_body = [self.status, self.code].into_iter().flatten();
        let headers = Headers::read(&self.headers);
        let rate_limit = headers.rate_limit;
        let reset = rate_limit.and_then(|limit| limit.reset);
        ReplyError {
            fault,
            module: Module::Common,
            status: self.http_status,
            body_status: in_body
                .filter_map(|status| u16::try_from(status).ok())
                .filter(|status| *status != line)
                .max(),
            message,
            error_code: self.error_code,
            exception_code: self.exception_code,
            request_id: headers.request_id,
            retry_after: headers.retry_after.or(reset.filter(|_| line == 429)),
            date: headers.date,
            rate_limit: rate_limit.map(Box::new),
        }
    }

    /// The error of an answer that is a success but not what the operation needs. The message is
    /// ours and must not quote the body.
    #[must_use]
    pub fn malformed(&self, message: impl Into<String>) -> ReplyError {
        self.reply_error(Fault::Malformed, message.into())
    }

    /// The error of an answer that is a success in form and says in its payload that there is no
    /// such session.
    pub(crate) fn session_not_found(&self, message: String) -> ReplyError {
        self.reply_error(Fault::SessionNotFound, message)
    }

    fn redirect(&self) -> ReplyError {
        let to = match Headers::read(&self.headers).location {
            Some(origin) => format!(" to {origin}"),
            None => String::new(),
        };
        let message = format!("the appliance redirects{to}, which is never followed");
        self.reply_error(Fault::Redirect, message)
    }

    fn unreadable(&self, what: NoObject) -> ReplyError {
        let headers = Headers::read(&self.headers);
        let kind = match headers.content_type.as_str() {
            _ if what == NoObject::Empty || headers::is_json(&self.headers) => String::new(),
            "" => String::new(),
            kind => format!(" ({kind})"),
        };
        let what = match what {
            NoObject::Foreign if headers.is_encoded => NoObject::Compressed,
            what => what,
        };
        let fault = match self.http_status.as_u16() {
            status @ (401 | 403 | 408 | 429) => by_status(Some(status.into())),
            500.. => Fault::Gateway,
            _ => Fault::Malformed,
        };
        let message = match fault {
            Fault::Malformed => {
                format!("the appliance answered {what}{kind} where JSON was expected")
            }
            _ if what == NoObject::Empty => NO_MESSAGE.to_owned(),
            _ => format!("the appliance refuses the request with {what}{kind}"),
        };
        self.reply_error(fault, message)
    }

    /// A payload beside `response`.
    #[must_use]
    pub fn payload(&self, key: &str) -> Option<&Value> {
        self.body.get(key)
    }
}

/// The kind of a refusal whose words and numbers are not documented.
fn by_status(status: Option<i64>) -> Fault {
    match status {
        Some(401) => Fault::Token,
        Some(403) => Fault::NotAuthorized,
        Some(429) => Fault::RateLimited,
        Some(408) => Fault::TimedOut,
        Some(502..=504) => Fault::Gateway,
        Some(500..) => Fault::Unexpected,
        _ => Fault::Refused,
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("http_status", &self.http_status)
            .field("status", &self.status)
            .field("error", &self.error)
            .field("error_code", &self.error_code)
            .field("exception_code", &self.exception_code)
            .field("keys", &self.body.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// Takes the parts of an envelope out of their object and notes in what form they came.
struct Parts<'n> {
    notes: &'n mut Notes,
}

impl Parts<'_> {
    fn message(&mut self, map: &Map<String, Value>) -> String {
        for (key, tolerance) in [
            ("message", None),
            ("mensagem", Some(Tolerance::PortugueseEnvelope)),
            ("Message", Some(Tolerance::CapitalMessage)),
        ] {
            let message = text(map, key);
            if !message.is_empty() {
                if let Some(tolerance) = tolerance {
                    self.notes.note(tolerance);
                }
                return message;
            }
        }
        String::new()
    }

    fn flag(&mut self, map: &Map<String, Value>) -> bool {
        let [english, portuguese] = ["error", "erro"].map(|key| map.get(key).map(is_true));
        self.compare(english, portuguese);
        english == Some(true) || portuguese == Some(true)
    }

    fn error_code(&mut self, map: &Map<String, Value>) -> Option<i64> {
        let [english, portuguese] = ["error_code", "cod_erro"].map(|key| self.number(map, key));
        self.compare(english, portuguese);
        let codes = [english, portuguese].into_iter().flatten();
        codes.max_by_key(|code| code.unsigned_abs())
    }

    fn compare<T: PartialEq>(&mut self, english: Option<T>, portuguese: Option<T>) {
        match (english, portuguese) {
            (None, Some(_)) => self.notes.note(Tolerance::PortugueseEnvelope),
            (Some(english), Some(portuguese)) if english != portuguese => {
                self.notes.note(Tolerance::FlagsDiffer);
            }
            _ => {}
        }
    }

    fn number(&mut self, map: &Map<String, Value>, key: &str) -> Option<i64> {
        match map.get(key)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => {
                let number = text.trim().parse().ok()?;
                self.notes.note(Tolerance::TextForNumber);
                Some(number)
            }
            _ => None,
        }
    }
}

fn text(map: &Map<String, Value>, key: &str) -> String {
    let text = map.get(key).and_then(Value::as_str).unwrap_or_default();
    legible(text, MESSAGE_MAX)
}

/// Whether an `error` flag is set. A word such as `invalid_client` sets it.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_i64() != Some(0),
        Value::String(text) => !matches!(text.trim(), "" | "0" | "false"),
        _ => false,
    }
}

/// Whether an `exception` is one: null and everything empty is none.
fn tells_something(exception: &Value) -> bool {
    match exception {
        Value::Object(map) => !map.is_empty(),
        Value::Array(list) => !list.is_empty(),
        other => is_true(other),
    }
}
