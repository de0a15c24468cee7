//! What the mock was asked, for a test to look at. No secret is among it.

use std::collections::VecDeque;

use http::header::AUTHORIZATION;
use http::{HeaderMap, Method};
use serde::Serialize;

/// One request that came in, and what it was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// Counts from 1 and never repeats, also after the oldest are forgotten.
    pub number: u64,
    /// The mock's time in milliseconds since 1970-01-01 00:00:00 UTC.
    pub at_ms: i64,
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// `list`, `get`, `open`, `terminate` or `token`, where the path means one of them.
    pub operation: Option<&'static str>,
    /// The scheme of the `Authorization` header; the rest of the header is not kept.
    pub scheme: Option<String>,
    /// The first characters of the consumer key.
    pub consumer_key: Option<String>,
    /// The application that it was verified to come from.
    pub application: Option<String>,
    /// The status of the answer; absent while it is being made, and when none was sent.
    pub status: Option<u16>,
    /// Why it was refused.
    pub reason: Option<String>,
    /// What the caller of a refused signature seems to have signed instead, when the mock
    /// explains.
    pub explanation: Option<String>,
}

/// How much of a consumer key is shown: it is no secret, but names a system.
const SHOWN: usize = 6;

impl RecordedRequest {
    pub(crate) fn new(at_ms: i64, method: &Method, path: &str, headers: &HeaderMap) -> Self {
        let header = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let scheme = header.and_then(|header| header.split_whitespace().next());
        // An unknown scheme could be a secret that lacks its scheme.
        let scheme = scheme.map(|given| {
            let known = ["OAuth", "Bearer", "Basic"];
            let known = known
                .into_iter()
                .find(|known| known.eq_ignore_ascii_case(given));
            known.unwrap_or("other").to_owned()
        });
        let consumer_key = header.and_then(|header| {
            let (_, rest) = header.split_once("oauth_consumer_key=\"")?;
            let key = rest.split('"').next()?;
            let shown: String = key.chars().take(SHOWN).collect();
            Some(format!("{shown}…"))
        });
        Self {
            number: 0,
            at_ms,
            method: method.to_string(),
            path: path.to_owned(),
            operation: None,
            scheme,
            consumer_key,
            application: None,
            status: None,
            reason: None,
            explanation: None,
        }
    }
}

/// The latest requests.
#[derive(Debug)]
pub(crate) struct Requests {
    kept: VecDeque<RecordedRequest>,
    capacity: usize,
    count: u64,
}

impl Requests {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            kept: VecDeque::new(),
            capacity,
            count: 0,
        }
    }

    /// Keeps a request that came in; the oldest gives way. Gives its number.
    pub(crate) fn begin(&mut self, mut request: RecordedRequest) -> u64 {
        self.count += 1;
        request.number = self.count;
        if self.kept.len() >= self.capacity {
            self.kept.pop_front();
        }
        if self.capacity > 0 {
            self.kept.push_back(request);
        }
        self.count
    }

    /// Replaces a request by what became of it, unless it has given way already.
    pub(crate) fn finish(&mut self, request: RecordedRequest) {
        let first = self.kept.front().map_or(0, |first| first.number);
        // The numbers of those that are kept have no gaps.
        let at = request.number.checked_sub(first);
        let at = at.and_then(|at| usize::try_from(at).ok());
        if let Some(kept) = at.and_then(|at| self.kept.get_mut(at)) {
            *kept = request;
        }
    }

    pub(crate) fn all(&self) -> Vec<RecordedRequest> {
        self.kept.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.kept.clear();
    }
}
