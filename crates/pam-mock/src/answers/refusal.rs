//! Refusals: who is not let in, what is not there, and what the gateway says by itself.

use http::header::RETRY_AFTER;
use http::{HeaderName, HeaderValue, StatusCode};

use super::Answer;
use super::envelope::{Envelope, Shape};
use crate::clock::Moment;
use crate::dialect::Dialect;
use crate::switches::{Excluded, Inactive, ReadOnlyWrite};

/// Why a request is not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is no `Authorization` header, or the gateway is broken.
    NoRoute,
    /// OAuth 1.0 verification failed.
    Signature(pam_proto::oauth1::verify::Refusal),
    /// The bearer token is expired, unknown or another tenant's.
    Token,
    /// The authorization is expired or disabled.
    Inactive(&'static str),
    /// The authorization lacks the resource.
    NotAuthorized(&'static str),
    /// The authorization is read-only.
    ReadOnly,
    /// The `Referer` is not on the authorization's list.
    Referer,
    /// The caller's address is not on the authorization's list.
    Address,
    /// The client certificate is not the authorization's.
    Certificate,
    /// The appliance knows no such path.
    NoResource,
    /// The appliance is locked down.
    Lockdown,
}

impl Refusal {
    /// The answer, in the appliance's words.
    pub(crate) fn answer(&self, dialect: &Dialect, now: Moment) -> Answer {
        let switches = &dialect.switches;
        let answer = match self {
            Self::NoRoute => no_route(dialect),
            Self::Signature(refusal) => bad_signature(dialect, refusal.status()),
            Self::Token => refused(switches.token_status, 1, "unauthorized"),
            Self::Inactive(_) => match switches.inactive {
                // A2A API specification, "Envelope errors common to every A2A endpoint".
                Inactive::Named => refused(StatusCode::UNAUTHORIZED, 1, "Inactive authorization"),
                Inactive::NotAuthorized => not_authorized(),
                Inactive::Unknown => bad_signature(dialect, StatusCode::UNAUTHORIZED),
            },
            Self::NotAuthorized(_) => not_authorized(),
            Self::ReadOnly => match switches.read_only_write {
                ReadOnlyWrite::NotAuthorized => not_authorized(),
                ReadOnlyWrite::Exception => {
                    exception(1039, "1039: Without PAM Configuration Access permission")
                }
            },
            Self::Referer => {
                let message = "The http referer is not allowed";
                let envelope = Envelope::failure(Shape::Full, 500, 1105, message);
                Answer::envelope(&envelope.tenant(dialect.tenant()))
            }
            Self::Address => excluded(dialect, switches.address_denied),
            Self::Certificate => excluded(dialect, switches.certificate_denied),
            Self::NoResource => refused(StatusCode::NOT_FOUND, 4, "Resource sub not found"),
            Self::Lockdown => lockdown(dialect, now),
        };
        answer.because(self.reason())
    }

    /// What is wrong, for whoever runs the mock.
    fn reason(&self) -> String {
        match self {
            Self::NoRoute => "no Authorization header".to_owned(),
            Self::Signature(refusal) => refusal.to_string(),
            Self::Token => "the bearer token is expired or unknown".to_owned(),
            Self::Inactive(why) | Self::NotAuthorized(why) => (*why).to_owned(),
            Self::ReadOnly => "the authorization is read-only".to_owned(),
            Self::Referer => "the referer is not on the authorization's list".to_owned(),
            Self::Address => "the address is not on the authorization's list".to_owned(),
            Self::Certificate => "the client certificate is not the authorization's".to_owned(),
            Self::NoResource => "no such path".to_owned(),
            Self::Lockdown => "lockdown".to_owned(),
        }
    }
}

/// The wording and the form of Kong, which the vendor's pages quote (A2A API specification,
/// "Bodies that are not the envelope").
fn gateway(status: StatusCode, body: &'static str) -> Answer {
    Answer::new(status, "application/json; charset=utf-8", body)
}

fn no_route(dialect: &Dialect) -> Answer {
    gateway(
        dialect.switches.gateway_status,
        r#"{"message":"no Route matched with those values"}"#,
    )
}

pub(crate) fn gateway_timeout() -> Answer {
    gateway(
        StatusCode::GATEWAY_TIMEOUT,
        r#"{"message":"The upstream server is timing out"}"#,
    )
    .because("gateway-504")
}

/// No page prints an HTML body; this is what a web server in front of an appliance sends.
pub(crate) fn bad_gateway() -> Answer {
    const PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
        <center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n\
        </html>\r\n";
    Answer::new(StatusCode::BAD_GATEWAY, "text/html", PAGE).because("gateway-502-html")
}

/// The gateway's answer to too many calls.
pub(crate) fn rate_limited(calls: u64, retry_after: u64) -> Answer {
    let number =
        |name: &'static str, value: u64| (HeaderName::from_static(name), HeaderValue::from(value));
    let mut answer = too_many(retry_after).because("rate limit");
    answer.headers.extend([
        number("x-ratelimit-limit", calls),
        number("x-ratelimit-remaining", 0),
        number("x-ratelimit-reset", retry_after),
    ]);
    answer
}

/// The answer to a caller who failed too often to prove who it is.
pub(crate) fn too_many_failures(retry_after: u64) -> Answer {
    too_many(retry_after).because("too many failures of this caller")
}

fn too_many(retry_after: u64) -> Answer {
    let body = r#"{"message":"API rate limit exceeded"}"#;
    let mut answer = gateway(StatusCode::TOO_MANY_REQUESTS, body);
    let seconds = HeaderValue::from(retry_after);
    answer.headers.push((RETRY_AFTER, seconds));
    answer
}

/// The verification's status where the request is malformed, the switch's where it is not
/// authentic: the text tells a stranger nothing more.
fn bad_signature(dialect: &Dialect, status: StatusCode) -> Answer {
    let status = match status {
        StatusCode::UNAUTHORIZED => dialect.switches.signature_status,
        other => other,
    };
    refused(status, 1, "Invalid signature")
}

fn refused(status: StatusCode, error_code: u32, message: &str) -> Answer {
    let envelope = Envelope::failure(Shape::Full, status.as_u16(), error_code, message);
    Answer::envelope(&envelope)
}

fn not_authorized() -> Answer {
    let message = "You are not authorized to access this resource";
    refused(StatusCode::INTERNAL_SERVER_ERROR, 1, message)
}

fn excluded(dialect: &Dialect, how: Excluded) -> Answer {
    match how {
        Excluded::NotAuthorized => not_authorized(),
        Excluded::NoRoute => no_route(dialect),
        Excluded::Forbidden => refused(StatusCode::FORBIDDEN, 1, "Forbidden"),
    }
}

/// A refusal with a numeric exception; its status is 400.
pub(crate) fn exception(code: u32, message: &str) -> Answer {
    let envelope = Envelope::failure(Shape::Full, 400, 1, message).exception(code);
    Answer::envelope(&envelope).because(message)
}

/// HTTP 200 around a failure (A2A API specification, "Error flag is not trustworthy").
pub(crate) fn error_200() -> Answer {
    let envelope = Envelope {
        error: true,
        error_code: 1,
        ..Envelope::success(Shape::Full, "Unexpected error")
    };
    Answer::envelope(&envelope).because("error-200")
}

fn lockdown(dialect: &Dialect, now: Moment) -> Answer {
    let until = now.plus_seconds(3600).on_the_wall(dialect.zone);
    let message = format!(
        "{} is under Lockdown until {}",
        dialect.profile.product(),
        until.strftime("%d/%m/%Y %H:%M:%S")
    );
    Answer::envelope(&Envelope::failure(Shape::Codes, 503, 100, &message))
}
