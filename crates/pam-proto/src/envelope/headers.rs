//! What the headers of an answer say beside its body.

use std::time::Duration;

use http::{HeaderMap, HeaderName, header};

use crate::error::RateLimit;
use crate::http_date::HttpDate;
use crate::legible::legible;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest request id kept, in characters.
const REQUEST_ID_MAX: usize = 128;

/// A reset of more than this many seconds is no period but a point in time: it would be 31 years.
const PERIOD_MAX: u64 = 1_000_000_000;

#[derive(Debug, Clone, Default)]
pub(super) struct Headers {
    pub(super) content_type: String,
    /// Whether the body is said to be compressed or otherwise encoded.
    pub(super) is_encoded: bool,
    pub(super) location: Option<String>,
    pub(super) request_id: Option<Box<str>>,
    pub(super) date: Option<HttpDate>,
    pub(super) retry_after: Option<Duration>,
    pub(super) rate_limit: Option<RateLimit>,
}

impl Headers {
    pub(super) fn read(headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let date = text(header::DATE).and_then(|date| date.parse().ok());
        Self {
            content_type: legible(text(header::CONTENT_TYPE).unwrap_or_default(), 100),
            is_encoded: text(header::CONTENT_ENCODING)
                .is_some_and(|coding| !coding.trim().eq_ignore_ascii_case("identity")),
            location: text(header::LOCATION).and_then(origin),
            request_id: text(REQUEST_ID)
                .map(|id| legible(id, REQUEST_ID_MAX).into_boxed_str())
                .filter(|id| !id.is_empty()),
            date,
            retry_after: text(header::RETRY_AFTER).and_then(|value| delay(value, date)),
            rate_limit: rate_limit(headers, date),
        }
    }
}

/// Whether the content type is JSON, by its own name or by its suffix (RFC 6839 section 3.1).
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let kind = content_type.unwrap_or_default().split(';').next();
    let kind = kind.unwrap_or_default().trim().as_bytes();
    let suffix = kind.get(kind.len().saturating_sub(5)..).unwrap_or_default();
    kind.eq_ignore_ascii_case(b"application/json") || suffix.eq_ignore_ascii_case(b"+json")
}

/// Scheme and host of a URL: the rest of where a redirect leads may hold a secret.
fn origin(location: &str) -> Option<String> {
    let uri: http::Uri = location.parse().ok()?;
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
    let port = authority.port_u16().map(|port| format!(":{port}"));
    let host = legible(authority.host(), 100);
    Some(format!("{scheme}://{host}{}", port.unwrap_or_default()))
}

/// A delay in seconds or until a date (RFC 9110 section 10.2.3). A date counts from the answer's
/// own, so that two clocks need not agree.
fn delay(value: &str, now: Option<HttpDate>) -> Option<Duration> {
    match value.trim().parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => Some(value.parse::<HttpDate>().ok()?.since(now?)),
    }
}

/// The `X-RateLimit-…` headers, also without the `X-`. Kong names the period behind the name, as
/// in `X-RateLimit-Remaining-Minute`; of several periods the one that is nearest to its end counts.
fn rate_limit(headers: &HeaderMap, now: Option<HttpDate>) -> Option<RateLimit> {
    let mut names = headers.keys().map(HeaderName::as_str);
    // Most answers have none, and the names to look for are many.
    if !names.any(|name| name.contains("ratelimit-")) {
        return None;
    }
    let number = |name: &str, period: &str| {
        let names = [
            format!("x-ratelimit-{name}{period}"),
            format!("ratelimit-{name}{period}"),
        ];
        let value = names.iter().find_map(|name| headers.get(name))?;
        value.to_str().ok()?.trim().parse::<u64>().ok()
    };
    let reset = |period: &str| {
        let reset = number("reset", period)?;
        if reset < PERIOD_MAX {
            return Some(Duration::from_secs(reset));
        }
        Some(HttpDate::from_unix_seconds(reset).since(now?))
    };
    ["", "-second", "-minute", "-hour", "-day", "-month", "-year"]
        .into_iter()
        .map(|period| RateLimit {
            limit: number("limit", period),
            remaining: number("remaining", period),
            reset: reset(period),
        })
        .filter(|limit| *limit != RateLimit::default())
        .min_by_key(|limit| limit.remaining.unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(*name, value.parse().unwrap());
        }
        map
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> Headers {
        Headers::read(&map(pairs))
    }

    const DATE: (&str, &str) = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");

    #[test]
    fn a_delay_is_in_seconds_or_until_a_date() {
        let seconds = |pairs: &[_]| headers(pairs).retry_after.map(|delay| delay.as_secs());
        assert_eq!(seconds(&[("retry-after", "30")]), Some(30));
        let until = ("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT");
        assert_eq!(seconds(&[DATE, until]), Some(30));
        assert_eq!(
            seconds(&[until]),
            None,
            "without a date there is nothing to count from"
        );
        let past = ("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT");
        assert_eq!(seconds(&[DATE, past]), Some(0));
        for odd in ["soon", "-1", "", "99999999999999999999999"] {
            assert_eq!(seconds(&[DATE, ("retry-after", odd)]), None, "{odd}");
        }
    }

    #[test]
    fn the_rate_limit_is_the_tightest_one() {
        let read = headers(&[
            ("x-ratelimit-limit-hour", "500"),
            ("x-ratelimit-remaining-hour", "7"),
            ("x-ratelimit-limit-minute", "20"),
            ("x-ratelimit-remaining-minute", "0"),
        ]);
        let limit = read.rate_limit.unwrap();
        assert_eq!((limit.limit, limit.remaining), (Some(20), Some(0)));
        assert_eq!(headers(&[DATE]).rate_limit, None);
    }

    #[test]
    fn a_reset_is_a_period_or_a_point_in_time() {
        let reset = |pairs: &[_]| headers(pairs).rate_limit.unwrap().reset;
        let minute = Some(Duration::from_secs(60));
        assert_eq!(reset(&[("x-ratelimit-reset", "60")]), minute);
        let now = ("date", "Tue, 14 Nov 2023 22:13:20 GMT");
        assert_eq!(reset(&[now, ("ratelimit-reset", "1700000060")]), minute);
    }

    #[test]
    fn a_redirect_shows_its_origin_only() {
        let read = headers(&[(
            "location",
            "https://u:p@other.example.com:8443/login?token=1",
        )]);
        assert_eq!(
            read.location.as_deref(),
            Some("https://other.example.com:8443")
        );
        assert_eq!(headers(&[("location", "/login")]).location, None);
    }

    #[test]
    fn json_goes_by_several_names() {
        for kind in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/scim+json",
        ] {
            assert!(is_json(&map(&[("content-type", kind)])), "{kind}");
        }
        for kind in ["text/html", "application/jsonp", "text/plain"] {
            assert!(!is_json(&map(&[("content-type", kind)])), "{kind}");
        }
    }
}
