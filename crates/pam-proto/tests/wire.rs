//! Every documented body variant, quirk and error, from the bytes on the wire to what is concluded.
//!
//! Each `tests/fixtures/wire/CALL/NAME.http` is an HTTP response: status line, headers, an empty
//! line, the body byte for byte. `NAME.json` beside it is what the call makes of it. `BLESS=1`
//! writes the second from the first, to be read before it is committed.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use pam_proto::{
    BaseUrl, BuildError, Effect, Envelope, GetSession, ListSessions, Notes, OpenSession, Operation,
    ReplyError, Routes, SessionId, TerminateSession,
};
use serde_json::{Map, Value, json};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/wire")
}

/// Every file of a call, or of all calls, in order.
fn files(call: Option<&str>) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    for directory in fs::read_dir(folder())? {
        let directory = directory?.path();
        if !directory.is_dir() || call.is_some_and(|call| !directory.ends_with(call)) {
            continue;
        }
        for file in fs::read_dir(directory)? {
            found.push(file?.path());
        }
    }
    found.sort();
    Ok(found)
}

/// Every fixture of a call, or of all calls, in order.
fn fixtures(call: Option<&str>) -> Outcome<Vec<PathBuf>> {
    let mut files = files(call)?;
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "http")
    });
    Ok(files)
}

fn response(file: &Path) -> Outcome<Response<Vec<u8>>> {
    let bytes = fs::read(file)?;
    let end = bytes
        .windows(2)
        .position(|pair| pair == b"\n\n")
        .ok_or("no empty line behind the headers")?;
    let mut lines = std::str::from_utf8(&bytes[..end])?.lines();
    let status = lines.next().ok_or("no status line")?;
    let status = status.split(' ').nth(1).ok_or("no status")?;
    let mut response = Response::new(bytes[end + 2..].to_vec());
    *response.status_mut() = StatusCode::from_bytes(status.as_bytes())?;
    for line in lines {
        let (name, value) = line.split_once(": ").ok_or("a header without a value")?;
        response.headers_mut().append(
            HeaderName::from_bytes(name.as_bytes())?,
            HeaderValue::from_str(value)?,
        );
    }
    Ok(response)
}

/// An operation as a user of the crate writes one: any endpoint, its message and payloads.
struct AnyCall;

impl Operation for AnyCall {
    type Output = Value;

    fn effect(&self) -> Effect {
        Effect::Reads
    }

    fn request(&self, base: &BaseUrl, _: Routes) -> Result<Request<Vec<u8>>, BuildError> {
        let mut request = Request::new(Vec::new());
        *request.uri_mut() = base.raw("/iso/anything")?;
        Ok(request)
    }

    fn read(&self, envelope: &Envelope, _: &mut Notes) -> Result<Value, ReplyError> {
        let keys = [
            "credential",
            "automation",
            "agent",
            "relatedUsers",
            "info",
            "sessoes",
        ];
        let payloads: Map<String, Value> = keys
            .into_iter()
            .filter_map(|key| Some((key.to_owned(), envelope.payload(key)?.clone())))
            .collect();
        Ok(json!({"message": envelope.message, "status": envelope.status, "payloads": payloads}))
    }
}

/// What the call of a fixture's folder makes of it; nothing when this build can't make the call.
fn read(
    call: &str,
    response: &Response<Vec<u8>>,
    notes: &mut Notes,
) -> Outcome<Option<Result<Value, ReplyError>>> {
    Ok(Some(match call {
        "terminate" => {
            let id = SessionId::new("3fcf1e4a16104e328d6794e1b9693cfc457871d2")?;
            TerminateSession::new(id)
                .parse_noting(response, notes)
                .map(|terminated| json!({"message": terminated.message}))
        }
        #[cfg(not(feature = "listing"))]
        "list" => return Ok(None),
        #[cfg(feature = "listing")]
        "list" => ListSessions
            .parse_noting(response, notes)
            .map(|sessions| json!(sessions)),
        "get" => GetSession::new(53.into())
            .parse_noting(response, notes)
            .map(|session| json!(session)),
        "open" => OpenSession::new("jdoe", "root", "192.0.2.20", "ssh")
            .parse_noting(response, notes)
            .map(|opened| {
                json!({"session_url": opened.session_url.expose(), "token": opened.token.expose()})
            }),
        #[cfg(feature = "oauth2")]
        "token" => {
            // 2023-11-14 22:13:20 GMT.
            let now = 1_700_000_000;
            pam_proto::oauth2::AccessToken::read(response, now, notes).map(|token| {
                json!({"access_token": token.secret().expose(), "use_until": token.use_until()})
            })
        }
        #[cfg(not(feature = "oauth2"))]
        "token" => return Ok(None),
        "any" => AnyCall.parse_noting(response, notes),
        other => return Err(format!("no call is named {other}").into()),
    }))
}

fn described(error: &ReplyError) -> Value {
    json!({
        "fault": format!("{:?}", error.fault),
        "shown": error.to_string(),
        "cause": error.cause(),
        "remedy": error.remedy(),
        "http_status": error.status.as_u16(),
        "body_status": error.body_status,
        "message": error.message,
        "error_code": error.error_code,
        "exception_code": error.exception_code,
        "request_id": error.request_id,
        "retry_after_seconds": error.retry_after.map(|wait| wait.as_secs()),
        "date": error.date.map(|date| date.to_string()),
        "rate_limit": error.rate_limit.as_ref().map(|limit| json!({
            "limit": limit.limit,
            "remaining": limit.remaining,
            "reset_seconds": limit.reset.map(|reset| reset.as_secs()),
        })),
        "is_auth": error.is_auth(),
        "may_have_executed": error.may_have_executed(),
    })
}

fn decoded(file: &Path) -> Outcome<Option<Value>> {
    let call = file.parent().and_then(Path::file_name);
    let call = call.and_then(|name| name.to_str()).ok_or("no call")?;
    let mut notes = Notes::default();
    let mut decoded = match read(call, &response(file)?, &mut notes)? {
        Some(Ok(value)) => json!({"success": value}),
        Some(Err(error)) => json!({"refusal": described(&error)}),
        None => return Ok(None),
    };
    let tolerated: Vec<String> = notes.tolerated().map(|note| note.to_string()).collect();
    decoded["tolerated"] = json!(tolerated);
    decoded["tenant"] = json!(notes.tenant);
    Ok(Some(decoded))
}

#[test]
fn every_answer_is_read_as_written_down() -> Outcome<()> {
    let bless = std::env::var_os("BLESS").is_some();
    let files = fixtures(None)?;
    let mut failures = Vec::new();
    let mut compared = 0;
    for file in &files {
        let golden = file.with_extension("json");
        let decoded = decoded(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let Some(decoded) = decoded else { continue };
        let text = format!("{}\n", serde_json::to_string_pretty(&decoded)?);
        compared += 1;
        if bless {
            fs::write(&golden, &text)?;
        } else if fs::read_to_string(&golden).unwrap_or_default() != text {
            failures.push(format!("{}:\n{text}", file.display()));
        }
    }
    println!(
        "wire fixtures: {} of {}",
        compared - failures.len(),
        files.len()
    );
    assert!(compared > 150, "the fixtures are missing");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

#[test]
fn what_is_called_a_success_is_one_and_nothing_else_is() -> Outcome<()> {
    for file in fixtures(Some("terminate"))? {
        let name = file.file_stem().and_then(|name| name.to_str());
        let name = name.unwrap_or_default();
        let success = decoded(&file)?.is_some_and(|decoded| decoded.get("success").is_some());
        assert_eq!(success, name.ends_with("-success"), "{name}");
    }
    Ok(())
}

#[test]
fn no_error_quotes_the_body() -> Outcome<()> {
    // In bodies only: in HTML, damaged JSON, payloads beside a refusal; and behind a redirect.
    let inside = [
        "<html",
        "password",
        "srv/x.php",
        "cmJzOi8v",
        "ticket=",
        "Oops",
        "0123456789abcdef",
    ];
    let mut refusals = 0;
    for file in fixtures(None)? {
        let decoded = decoded(&file)?;
        let Some(refusal) = decoded.as_ref().and_then(|decoded| decoded.get("refusal")) else {
            continue;
        };
        refusals += 1;
        let text = refusal.to_string();
        for part in inside {
            assert!(!text.contains(part), "{}: {text}", file.display());
        }
    }
    assert!(refusals > 90, "{refusals}");
    Ok(())
}

#[test]
fn every_golden_file_has_its_fixture() -> Outcome<()> {
    for file in files(None)? {
        assert!(file.with_extension("http").exists(), "{}", file.display());
    }
    Ok(())
}

/// The listing, read whole by way of the envelope.
#[cfg(feature = "listing")]
struct WholeListing;

#[cfg(feature = "listing")]
impl Operation for WholeListing {
    type Output = Vec<pam_proto::Session>;

    fn request(&self, base: &BaseUrl, routes: Routes) -> Result<Request<Vec<u8>>, BuildError> {
        ListSessions.request(base, routes)
    }

    fn read(&self, envelope: &Envelope, notes: &mut Notes) -> Result<Self::Output, ReplyError> {
        ListSessions.read(envelope, notes)
    }
}

/// The listing is read in two ways, whole and while it arrives; both must say the same.
#[cfg(feature = "listing")]
#[test]
fn a_listing_that_is_fed_says_what_the_whole_one_says() -> Outcome<()> {
    use pam_proto::listing::{Filter, ListingParser};
    use std::ops::ControlFlow;

    let mut differences = Vec::new();
    for file in fixtures(Some("list"))? {
        let response = response(&file)?;
        let mut whole_notes = Notes::default();
        let whole = WholeListing.parse_noting(&response, &mut whole_notes);
        let (head, body) = response.into_parts();
        for size in [1, 7, 64, body.len().max(1)] {
            let mut parser = ListingParser::new(Filter::default(), head.clone());
            let mut sessions = Vec::new();
            let fed = body.chunks(size).try_for_each(|chunk| {
                let fed = parser.feed(chunk, |record| {
                    sessions.push(record.to_session());
                    ControlFlow::Continue(())
                });
                fed.map(drop)
            });
            let fed = fed.and_then(|()| parser.finish()).map(|_| sessions);
            let same = match (&whole, &fed) {
                (Ok(whole), Ok(fed)) => whole == fed,
                (Err(whole), Err(fed)) => whole.fault == fed.fault,
                _ => false,
            };
            if !same {
                differences.push(format!(
                    "{} by {size}: {whole:?} but {fed:?}",
                    file.display()
                ));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    Ok(())
}
