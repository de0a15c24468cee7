//! The answer with a token (RFC 6749 section 5).

use std::time::Duration;

use http::{HeaderValue, Request, Response, header};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::envelope::Envelope;
use crate::error::{Fault, ReplyError};
use crate::knowledge::Module;
use crate::legible::without_blanks;
use crate::secret::Secret;
use crate::tolerance::{Notes, Tolerance};

/// How long a token lives when its answer does not say (A2A API specification, "OAuth 2.0 client
/// credentials").
const LIFETIME: u64 = 3_600;
/// A token is given up this long before it expires, so that it does not expire on its way.
const MARGIN: u64 = 60;

/// An access token and until when to use it. The token is opaque; what it looks like means
/// nothing.
#[derive(Debug, Clone)]
pub struct AccessToken {
    secret: Secret,
    header: HeaderValue,
    use_until: u64,
}

/// A token that no header can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the access token is empty or holds a character that no header can carry")]
pub struct InvalidToken;

impl AccessToken {
    /// A token that lives for so long from `now`, in seconds since 1970. It is used until a minute
    /// before its end; one that lives less than four minutes loses a quarter of its life instead.
    ///
    /// # Errors
    /// [`InvalidToken`] when it is empty or holds anything but visible ASCII characters.
    pub fn new(secret: Secret, lifetime: Duration, now: u64) -> Result<Self, InvalidToken> {
        let lifetime = lifetime.as_secs();
        let margin = MARGIN.min(lifetime.div_ceil(4));
        Self::until(secret, now.saturating_add(lifetime - margin))
    }

    pub(super) fn until(secret: Secret, use_until: u64) -> Result<Self, InvalidToken> {
        let token = secret.expose();
        // RFC 6750 section 2.1 allows less; a header could not carry more.
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidToken);
        }
        let value = Zeroizing::new(format!("Bearer {token}"));
        let mut header = HeaderValue::from_str(&value).map_err(|_| InvalidToken)?;
        header.set_sensitive(true);
        Ok(Self {
            secret,
            header,
            use_until,
        })
    }

    /// Reads the answer to a token request that came at `now`, in seconds since 1970.
    ///
    /// # Errors
    /// [`ReplyError`] when the token server refuses, or when the answer has no `access_token` that
    /// a header could carry or a `token_type` other than Bearer.
    pub fn read(
        response: &Response<Vec<u8>>,
        now: u64,
        notes: &mut Notes,
    ) -> Result<Self, ReplyError> {
        Self::read_unexplained(response, now, notes).map_err(|mut error| {
            // There is no token yet that a 401 could be about.
            if error.fault == Fault::Token {
                error.fault = Fault::ClientAuthentication;
            }
            error.in_module(Module::OAuth2)
        })
    }

    fn read_unexplained(
        response: &Response<Vec<u8>>,
        now: u64,
        notes: &mut Notes,
    ) -> Result<Self, ReplyError> {
        let answer = Envelope::unrefused(response, notes)?;
        let text = |name| answer.payload(name).and_then(Value::as_str);
        match text("token_type") {
            Some(kind) if kind.trim().eq_ignore_ascii_case("bearer") => {}
            Some(_) => return Err(answer.malformed("the token is of another type than Bearer")),
            None => notes.note(Tolerance::NoTokenType),
        }
        let secret = without_blanks(text("access_token").unwrap_or_default(), notes);
        let lifetime = answer
            .payload("expires_in")
            .and_then(|expires| seconds(expires, notes));
        let lifetime = lifetime.unwrap_or_else(|| {
            notes.note(Tolerance::NoLifetime);
            LIFETIME
        });
        Self::new(secret, Duration::from_secs(lifetime), now).map_err(|InvalidToken| {
            answer.malformed("the token answer has no usable `access_token`")
        })
    }

    /// The request with this token in its `Authorization` header, marked as sensitive.
    #[must_use]
    pub fn bear<B>(&self, mut request: Request<B>) -> Request<B> {
        let headers = request.headers_mut();
        headers.insert(header::AUTHORIZATION, self.header.clone());
        request
    }

    /// The token itself.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The last second, since 1970, in which to use the token: its end less the margin.
    #[must_use]
    pub fn use_until(&self) -> u64 {
        self.use_until
    }

    /// Whether the token can still be used at `now`, in seconds since 1970.
    #[must_use]
    pub fn is_fresh(&self, now: u64) -> bool {
        now < self.use_until
    }
}

/// Documented as a number; a text of digits is as good. A negative one has passed.
fn seconds(expires: &Value, notes: &mut Notes) -> Option<u64> {
    let number = match expires {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => {
            let number: f64 = text.trim().parse().ok()?;
            notes.note(Tolerance::TextForNumber);
            number
        }
        _ => return None,
    };
    // The conversion saturates: below zero is zero, above the range is its end.
    number.is_finite().then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    const NOW: u64 = 1_700_000_000;

    fn read(status: u16, body: &str) -> (Result<AccessToken, ReplyError>, Vec<Tolerance>) {
        let mut notes = Notes::default();
        let response = Response::builder()
            .status(status)
            .header("content-type", "application/json")
            .body(body.as_bytes().to_vec())
            .unwrap();
        let token = AccessToken::read(&response, NOW, &mut notes);
        (token, notes.tolerated().collect())
    }

    #[test]
    fn the_documented_answer() {
        let body = r#"{"token_type":"Bearer","expires_in":3600,"access_token":"eyJ0.eyJh.c2ln"}"#;
        let (token, tolerated) = read(200, body);
        let token = token.unwrap();
        assert_eq!(token.secret().expose(), "eyJ0.eyJh.c2ln");
        assert_eq!(token.use_until(), NOW + 3_540);
        assert!(token.is_fresh(NOW + 3_539) && !token.is_fresh(NOW + 3_540));
        assert!(tolerated.is_empty());
        assert!(!format!("{token:?}").contains("eyJ0"));

        let request = token.bear(Request::new(()));
        let header = &request.headers()[header::AUTHORIZATION];
        assert_eq!(header, "Bearer eyJ0.eyJh.c2ln");
        assert!(header.is_sensitive());
    }

    #[test]
    fn what_is_tolerated() {
        use Tolerance::{BlanksInside, NoLifetime, NoTokenType, TextForNumber};
        let until = |body: &str| {
            let (token, tolerated) = read(200, body);
            let token = token.unwrap();
            assert_eq!(token.secret().expose(), "ab");
            (token.use_until() - NOW, tolerated)
        };
        let table: [(&str, u64, &[Tolerance]); 9] = [
            (r#""token_type":"BEARER","expires_in":240"#, 180, &[]),
            (
                r#""token_type":"bearer","expires_in":"3600""#,
                3_540,
                &[TextForNumber],
            ),
            (r#""token_type":"Bearer","expires_in":3600.5"#, 3_540, &[]),
            (r#""token_type":"Bearer","expires_in":60"#, 45, &[]),
            (r#""token_type":"Bearer","expires_in":1"#, 0, &[]),
            (r#""token_type":"Bearer","expires_in":-5"#, 0, &[]),
            (r#""token_type":"Bearer""#, 3_540, &[NoLifetime]),
            (
                r#""token_type":"Bearer","expires_in":"soon""#,
                3_540,
                &[NoLifetime],
            ),
            (
                r#""expires_in":3600,"tenant":"acme""#,
                3_540,
                &[NoTokenType],
            ),
        ];
        for (fields, expected, tolerances) in table {
            let body = format!(r#"{{"access_token":"ab",{fields}}}"#);
            assert_eq!(until(&body), (expected, tolerances.to_vec()), "{fields}");
        }
        let broken = r#"{"token_type":"Bearer","expires_in":3600,"access_token":" a\r\n b "}"#;
        assert_eq!(until(broken), (3_540, vec![BlanksInside]));
        let endless = r#"{"token_type":"Bearer","expires_in":1e300,"access_token":"ab"}"#;
        assert_eq!(until(endless).0, u64::MAX - NOW);
    }

    #[test]
    fn what_is_refused_says_why_without_the_body() {
        let table = [
            (
                200,
                r#"{"token_type":"mac","access_token":"s3cr3t"}"#,
                Fault::Malformed,
            ),
            (
                200,
                r#"{"token_type":"Bearer","access_token":""}"#,
                Fault::Malformed,
            ),
            (
                200,
                r#"{"token_type":"Bearer","access_token":"s3cr3té"}"#,
                Fault::Malformed,
            ),
            (
                200,
                r#"{"token_type":"Bearer","access_token":7}"#,
                Fault::Malformed,
            ),
            (200, r#"{"token_type":"Bearer"}"#, Fault::Malformed),
            (200, "<html>s3cr3t</html>", Fault::Malformed),
            (
                401,
                r#"{"error":"invalid_client","access_token":"s3cr3t"}"#,
                Fault::ClientAuthentication,
            ),
            (
                200,
                r#"{"error":"invalid_client"}"#,
                Fault::ClientAuthentication,
            ),
            (
                400,
                r#"{"error":"unsupported_grant_type","error_description":"x"}"#,
                Fault::TokenRequest,
            ),
            (
                404,
                r#"{"message":"no Route matched with those values"}"#,
                Fault::NoRoute,
            ),
            (
                503,
                r#"{"response":{"status":503,"error":true,"error_code":100,"message":"x"}}"#,
                Fault::Lockdown,
            ),
        ];
        for (status, body, fault) in table {
            let error = read(status, body).0.unwrap_err();
            assert_eq!(error.fault, fault, "{body}");
            assert_eq!(error.module, Module::OAuth2);
            assert_eq!(error.status, StatusCode::from_u16(status).unwrap());
            assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error}");
        }
    }
}
