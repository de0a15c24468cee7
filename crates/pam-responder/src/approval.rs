//! Links by which a person answers: signed, bound to one case, one answer and one deadline.
//!
//! Opening a link only shows a button: programs open links that people are sent, and must not
//! answer for them.

use std::collections::BTreeMap;

use base16ct::{lower, mixed};
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, REFERRER_POLICY};
use http::{HeaderValue, Method, Response, StatusCode, Uri};
use http_body_util::Full;
use pam_respond_core::{Event, Moment, PendingCase};
use sha2::Sha256;

use crate::engine::Engine;
use crate::secret_file::Shared;

/// Who an answer by a link is said to come from: whoever holds the link.
const BY: &str = "the holder of a signed link";

/// Where links lead, and what they are signed with.
#[derive(Debug, Clone)]
pub(crate) struct Approval {
    pub(crate) url: String,
    /// Its path, by which the listener knows it.
    pub(crate) path: String,
    /// The first signs; any verifies.
    pub(crate) keys: Vec<Shared>,
}

/// What a link says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Link {
    case: u64,
    /// Milliseconds since 1970.
    until: i64,
    approve: bool,
    /// The session that is meant, where there are several.
    session: Option<String>,
}

impl Link {
    fn text(&self) -> String {
        let answer = if self.approve { "approve" } else { "deny" };
        let (case, until) = (self.case, self.until);
        let session = self.session.as_deref().unwrap_or_default();
        format!("case={case}&until={until}&answer={answer}&session={session}")
    }

    fn read(query: &str) -> Option<(Self, Vec<u8>)> {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let pairs: BTreeMap<&str, &str> = pairs.collect();
        let session = pairs.get("session").filter(|session| !session.is_empty());
        let link = Self {
            case: pairs.get("case")?.parse().ok()?,
            until: pairs.get("until")?.parse().ok()?,
            approve: match *pairs.get("answer")? {
                "approve" => true,
                "deny" => false,
                _ => return None,
            },
            session: session.map(|session| (*session).to_owned()),
        };
        let signature = mixed::decode_vec(pairs.get("signature")?).ok()?;
        Some((link, signature))
    }
}

impl Approval {
    fn mac(key: &Shared, text: &str) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).ok()?;
        mac.update(text.as_bytes());
        Some(mac)
    }

    fn address(&self, link: &Link) -> Option<String> {
        let text = link.text();
        let signature = Self::mac(self.keys.first()?, &text)?
            .finalize()
            .into_bytes();
        let signature = lower::encode_string(&signature);
        Some(format!("{}?{text}&signature={signature}", self.url))
    }

    fn verified(&self, query: &str, now: Moment) -> Option<Link> {
        let (link, signature) = Link::read(query)?;
        let text = link.text();
        let holds = |key: &Shared| Self::mac(key, &text)?.verify_slice(&signature).ok();
        // Every key is tried, so that the time does not tell which one is in use.
        let signed = self.keys.iter().filter_map(holds).count() > 0;
        (signed && now.as_millis() < link.until).then_some(link)
    }

    /// The links for a case: what each would do, and its address.
    pub(crate) fn links(&self, case: &PendingCase) -> Vec<(String, String)> {
        let until = case.expires.as_millis();
        let link = |approve, session: Option<&String>| Link {
            case: case.case,
            until,
            approve,
            session: session.cloned(),
        };
        let mut links = Vec::new();
        if case.proposed.is_empty() {
            for candidate in &case.candidates {
                let what = format!("end session {}", candidate.id);
                links.push((what, link(true, Some(&candidate.id))));
            }
        } else {
            links.push(("approve".to_owned(), link(true, None)));
        }
        links.push(("deny".to_owned(), link(false, None)));
        let addressed = links.into_iter();
        addressed
            .filter_map(|(what, link)| Some((what, self.address(&link)?)))
            .collect()
    }

    /// Answers whoever opens a link or presses its button; `None` when it is no link of ours.
    pub(crate) async fn answer(
        &self,
        method: &Method,
        uri: &Uri,
        engine: &Engine,
        now: Moment,
    ) -> Option<Response<Full<Bytes>>> {
        let link = self.verified(uri.query().unwrap_or_default(), now)?;
        let (case, what) = (link.case, if link.approve { "Approve" } else { "Deny" });
        if *method != Method::POST {
            let session = link.session.map(|session| format!(", session {session}"));
            let session = session.unwrap_or_default();
            let form = format!(
                "<p>{what} case {case}{session}?</p><form method=\"post\"><button>{what}</button></form>"
            );
            return Some(page(StatusCode::OK, &form));
        }
        let by = BY.to_owned();
        let event = if link.approve {
            let sessions = link.session.into_iter().collect();
            Event::Approve { case, by, sessions }
        } else {
            Event::Deny { case, by }
        };
        Some(match engine.command(event).await {
            Ok(()) => page(StatusCode::OK, &format!("<p>Case {case}: done.</p>")),
            Err(_) => {
                let text = format!("<p>Case {case} waits for no answer any more.</p>");
                page(StatusCode::CONFLICT, &text)
            }
        })
    }
}

fn page(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    let text = format!("<!doctype html><meta charset=\"utf-8\"><title>pamctl</title>{text}\n");
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(CONTENT_TYPE, html);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn approval() -> Approval {
        Approval {
            url: "https://responder.example.com/approve".to_owned(),
            path: "/approve".to_owned(),
            keys: vec![Shared::new(*b"a new key"), Shared::new(*b"an old key")],
        }
    }

    #[test]
    fn a_link_is_for_one_answer_to_one_case_until_one_time() {
        let link = Link {
            case: 17,
            until: 1_000,
            approve: true,
            session: Some("540".to_owned()),
        };
        let address = approval().address(&link).unwrap();
        let (_, query) = address.split_once('?').unwrap();
        let early = Moment::from_millis(999);
        assert_eq!(approval().verified(query, early), Some(link));
        assert_eq!(approval().verified(query, Moment::from_millis(1_000)), None);
        for (from, to) in [
            ("case=17", "case=18"),
            ("until=1000", "until=9000"),
            ("answer=approve", "answer=deny"),
            ("session=540", "session=541"),
            ("signature=", "signature=00"),
        ] {
            let changed = query.replace(from, to);
            assert_eq!(approval().verified(&changed, early), None, "{changed}");
        }
        assert_eq!(approval().verified("", early), None);
        // What an old key signed still holds while that key is listed.
        let mut old = approval();
        old.keys.remove(0);
        let address = old.address(&Link {
            case: 1,
            until: 1_000,
            approve: false,
            session: None,
        });
        let address = address.unwrap();
        assert!(
            approval()
                .verified(address.split_once('?').unwrap().1, early)
                .is_some()
        );
    }
}
