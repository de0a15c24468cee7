//! What each fuzz target holds of any bytes. A stable test replays the corpora through the same
//! functions.
//!
//! An answer is written as in `tests/fixtures/wire`: status line, headers, an empty line, the
//! body. A request is written alike, its first line being method and URL.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use pam_alert::{Alert, Cef, FrameError, Framer, Framing, Leef};
use pam_proto::listing::{Filter, ListingEnd, ListingParser};
use pam_proto::oauth1::params::Params;
use pam_proto::oauth1::signature::Key;
use pam_proto::oauth1::verify::{Origin, Refusal, Unknown, Verifier};
use pam_proto::oauth1::{base_string, header, percent};
use pam_proto::oauth2::AccessToken;
use pam_proto::{
    Envelope, GetSession, ListSessions, Notes, OpenSession, Operation, ReplyError, Secret, Session,
    SessionId, TerminateSession,
};

/// What is given any bytes, and panics when something does not hold.
pub type Target = fn(&[u8]);

/// Every target and its name.
pub const TARGETS: [(&str, Target); 7] = [
    ("authorization", authorization),
    ("cef", cef),
    ("envelope", envelope),
    ("framer", framer),
    ("listing", listing),
    ("syslog", syslog),
    ("verifier", verifier),
];

/// CEF and LEEF: what is read and can be written is read again as the same event, in one line.
pub fn cef(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(mut event) = Cef::decode(&text) {
        event.truncated = false;
        if let Ok(line) = event.encode() {
            assert!(!line.contains(['\n', '\r']), "{line:?}");
            assert_eq!(Cef::decode(&line), Ok(event), "{line:?}");
        }
    }
    if let Ok(mut event) = Leef::decode(&text) {
        event.truncated = false;
        if let Ok(line) = event.encode() {
            assert!(!line.contains(['\n', '\r']), "{line:?}");
            assert_eq!(Leef::decode(&line), Ok(event), "{line:?}");
        }
    }
}

/// The framer: however a stream is cut, it tells the same, and no message is longer than the
/// limit. The first octet says how it is framed and what the limit is.
pub fn framer(data: &[u8]) {
    let Some((first, stream)) = data.split_first() else {
        return;
    };
    let framing = if first & 1 == 0 {
        Framing::Either
    } else {
        Framing::Counted
    };
    let limit = 1 + usize::from(first >> 1);
    let framer = Framer::with_limit(framing, limit);
    let whole = framed(framer.clone(), [stream]);
    let longest = whole
        .iter()
        .flatten()
        .map(|(message, _)| message.len())
        .max();
    assert!(longest <= Some(limit), "{longest:?}");
    assert_eq!(
        framed(framer.clone(), stream.chunks(1)),
        whole,
        "octet by octet"
    );
    // A length that changes with the stream, so that a frame is cut everywhere sooner or later.
    let length = 2 + stream.len() % 61;
    assert_eq!(framed(framer, stream.chunks(length)), whole, "by {length}");
}

fn framed<'c>(
    mut framer: Framer,
    chunks: impl IntoIterator<Item = &'c [u8]>,
) -> Vec<Result<(Vec<u8>, bool), FrameError>> {
    let mut told = Vec::new();
    let drain = |framer: &mut Framer, told: &mut Vec<_>| {
        while let Some(frame) = framer.next_frame() {
            told.push(frame.map(|frame| (frame.bytes.to_vec(), frame.truncated)));
        }
    };
    for chunk in chunks {
        framer.feed(chunk);
        drain(&mut framer, &mut told);
    }
    framer.end();
    drain(&mut framer, &mut told);
    told
}

/// A message of syslog with whatever is in it: it is an alert that survives JSON, and the same
/// octets have the same key.
pub fn syslog(data: &[u8]) {
    let Ok(alerts) = pam_alert::decode("fuzz", data) else {
        assert!(
            String::from_utf8_lossy(data)
                .trim_matches(|c: char| c.is_whitespace() || c == '\0')
                .is_empty()
        );
        return;
    };
    for alert in alerts {
        let json = serde_json::to_string(&alert).unwrap();
        assert_eq!(serde_json::from_str::<Alert>(&json).unwrap(), alert);
        assert_eq!(alert.dedupe_key(), alert.clone().dedupe_key());
        let is_id = alert
            .session_id
            .as_deref()
            .is_none_or(pam_alert::is_session_id);
        assert!(is_id, "{:?}", alert.session_id);
    }
}

/// The parser of the `Authorization` header: what it reads is what it reads again when written
/// anew, and no name is twice in it.
pub fn authorization(data: &[u8]) {
    let Ok(params) = header::parse(data) else {
        return;
    };
    let names: BTreeSet<&str> = params.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.len(), params.len(), "a name twice in {params:?}");
    let fields = params.iter().map(|(name, value)| {
        if name == "realm" {
            let escaped = value.replace('\\', r"\\").replace('"', r#"\""#);
            format!("realm=\"{escaped}\"")
        } else {
            format!("{}=\"{}\"", percent::encode(name), percent::encode(value))
        }
    });
    let written = format!("OAuth {}", fields.collect::<Vec<_>>().join(", "));
    assert_eq!(header::parse(written.as_bytes()), Ok(params), "{written}");
}

/// The envelope, by every operation: an answer that says it failed is none of a success, and what
/// is said of it is one line.
pub fn envelope(data: &[u8]) {
    let response = answer(data);
    let mut notes = Notes::default();
    let envelope = Envelope::success_noting(&response, &mut notes);
    let says_failed = serde_json::from_slice::<serde_json::Value>(response.body())
        .is_ok_and(|body| body["response"]["error"] == true || body["exception"]["code"].is_u64());
    if envelope.is_ok() {
        assert!(response.status().is_success(), "{}", response.status());
        assert!(!says_failed, "an error is taken for a success");
    }
    let failures = [
        envelope.err(),
        terminate().and_then(|drop| drop.parse_noting(&response, &mut notes).err()),
        ListSessions.parse_noting(&response, &mut notes).err(),
        GetSession::new(53.into())
            .parse_noting(&response, &mut notes)
            .err(),
        OpenSession::new("u", "c", "d", "ssh")
            .parse_noting(&response, &mut notes)
            .err(),
        AccessToken::read(&response, NOW, &mut notes).err(),
    ];
    for failure in failures.iter().flatten() {
        let line = failure.to_string();
        assert!(!line.is_empty() && line.chars().count() < 700, "{line:?}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
        assert!(!failure.cause().is_empty() && !failure.remedy().is_empty());
    }
}

fn terminate() -> Option<TerminateSession> {
    let id = SessionId::new("3fcf1e4a16104e328d6794e1b9693cfc457871d2").ok()?;
    Some(TerminateSession::new(id))
}

/// The listing's parser: however the body is cut, it yields the same, and what it accepts is what
/// `serde_json` reads of the whole; a filter tells of a record what it tells of its session.
pub fn listing(data: &[u8]) {
    let response = answer(data);
    let body = response.body().as_slice();
    let whole = listed(&response, [body]);
    assert_eq!(listed(&response, body.chunks(1)), whole, "byte by byte");
    // A length that changes with the body, so that a record is cut everywhere sooner or later.
    let length = 2 + body.len() % 61;
    assert_eq!(listed(&response, body.chunks(length)), whole, "by {length}");
    if let (sessions, Ok(_)) = whole {
        let by_serde_json = Envelope::success(&response)
            .and_then(|envelope| ListSessions.read(&envelope, &mut Notes::default()));
        assert_eq!(by_serde_json, Ok(sessions));
    }
}

fn listed<'c>(
    response: &Response<Vec<u8>>,
    chunks: impl IntoIterator<Item = &'c [u8]>,
) -> (Vec<Session>, Result<ListingEnd, ReplyError>) {
    let mut head = Response::new(());
    *head.status_mut() = response.status();
    *head.headers_mut() = response.headers().clone();
    let mut parser = ListingParser::new(Filter::new(), head.into_parts().0);
    let running = Filter::new().active().user("alice").device("192.0.2.1");
    let mut sessions = Vec::new();
    for chunk in chunks {
        let fed = parser.feed(chunk, |record| {
            let session = record.to_session();
            let wanted = running.matches_record(&record);
            assert_eq!(wanted, running.matches(&session), "{session:?}");
            sessions.push(session);
            ControlFlow::Continue(())
        });
        if let Err(failure) = fed {
            return (sessions, Err(failure));
        }
    }
    (sessions, parser.finish())
}

const NOW: u64 = 1_700_000_000;
const ORIGIN: &str = "https://vault.example.com";
const CONSUMER_KEY: &str = "ck-0f1e2d3c";
const CONSUMER_SECRET: &str = "cs+secret/1=";
const TOKEN: &str = "tk-9a8b7c6d";
const TOKEN_SECRET: &str = "ts&secret 2";

fn key(consumer_key: &str, token: Option<&str>) -> Result<Key, Unknown> {
    let secret = Secret::new(CONSUMER_SECRET);
    match (consumer_key, token) {
        (CONSUMER_KEY, None) => Ok(Key::new(&secret, None)),
        (CONSUMER_KEY, Some(TOKEN)) => Ok(Key::new(&secret, Some(&Secret::new(TOKEN_SECRET)))),
        (CONSUMER_KEY, Some(_)) => Err(Unknown::Token),
        _ => Err(Unknown::ConsumerKey),
    }
}

/// The verifier: what it accepts is signed right by the other way of building a base string, and
/// is accepted once.
pub fn verifier(data: &[u8]) {
    let Some(request) = request(data) else { return };
    let Ok(origin) = Origin::new(ORIGIN) else {
        return;
    };
    let verifier = Verifier::new().with_capacity(2);
    match verifier.verify(&request, &origin, NOW, key) {
        Ok(verified) => {
            let right = signature(&request, verified.consumer_key(), verified.token());
            let sent = sent_signature(&request);
            assert!(sent.is_some() && sent == right, "{sent:?} {right:?}");
            let again = verifier.verify(&request, &origin, NOW, key);
            assert_eq!(again.err(), Some(Refusal::NonceUsed));
        }
        Err(refusal) => assert!(matches!(refusal.status().as_u16(), 400 | 401)),
    }
}

fn sent_signature(request: &Request<Vec<u8>>) -> Option<String> {
    let params = header::parse(request.headers().get(AUTHORIZATION)?.as_bytes()).ok()?;
    let mut found = params.into_iter().filter(|(n, _)| n == "oauth_signature");
    found.next().map(|(_, value)| value)
}

/// The signature that a request should have, by the functions of each step.
fn signature(
    request: &Request<Vec<u8>>,
    consumer_key: &str,
    token: Option<&str>,
) -> Option<String> {
    let in_header = header::parse(request.headers().get(AUTHORIZATION)?.as_bytes()).ok()?;
    let unsigned = ["realm", "oauth_signature"];
    let mut params = Params::new();
    for (name, value) in in_header.iter().filter(|(n, _)| !unsigned.contains(&&**n)) {
        params.push(name, value);
    }
    params.push_form(request.uri().query().unwrap_or_default().as_bytes());
    let content_type = request.headers().get(CONTENT_TYPE);
    let content_type = content_type.map_or("", |value| value.to_str().unwrap_or_default());
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        params.push_form(request.body());
    }
    let uri: Uri = format!("{ORIGIN}{}", request.uri().path()).parse().ok()?;
    let text = base_string::build(request.method().as_str(), &uri, None, params).ok()?;
    Some(key(consumer_key, token).ok()?.sign(&text).to_string())
}

/// Reads an answer; bytes without a head are the body of a 200.
fn answer(data: &[u8]) -> Response<Vec<u8>> {
    let head = split(data).and_then(|(first, headers, body)| {
        let status = first.split(' ').nth(1)?;
        let status = StatusCode::from_bytes(status.as_bytes()).ok()?;
        Some((status, headers, body))
    });
    let (status, headers, body) = head.unwrap_or((StatusCode::OK, HeaderMap::new(), data));
    let mut response = Response::new(body.to_vec());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

fn request(data: &[u8]) -> Option<Request<Vec<u8>>> {
    let (first, mut headers, body) = split(data)?;
    let (method, uri) = first.split_once(' ')?;
    // The verifier is told its origin.
    headers.remove(HOST);
    let mut request = Request::new(body.to_vec());
    *request.method_mut() = Method::from_bytes(method.as_bytes()).ok()?;
    *request.uri_mut() = uri.parse().ok()?;
    *request.headers_mut() = headers;
    Some(request)
}

/// First line, headers, body.
fn split(data: &[u8]) -> Option<(&str, HeaderMap, &[u8])> {
    let end = data.windows(2).position(|pair| pair == b"\n\n")?;
    let (head, body) = (data.get(..end)?, data.get(end + 2..)?);
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = std::str::from_utf8(lines.next()?).ok()?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(line.get(..colon)?).ok()?;
        let value = line.get(colon + 1..)?.trim_ascii();
        headers.append(name, HeaderValue::from_bytes(value).ok()?);
    }
    Some((first, headers, body))
}
