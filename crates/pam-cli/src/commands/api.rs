//! `pamctl api`: any call of the appliance's API, authorized like all others.

use std::io::{self, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method, Request, Response};
use pam_client::CallError;
use pam_proto::oauth1::percent;
use pam_proto::{BaseUrl, Envelope, Fault, Pace};
use percent_encoding::percent_decode_str;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::online::Online;
use crate::output::printable::printable;
use crate::output::stdout::Stdout;

/// The most that is read as a body.
const BODY_MAX: u64 = 16 << 20;

/// Headers that are ours to set, or that would turn the call into another one.
const REFUSED_HEADERS: [&str; 14] = [
    "authorization",
    "proxy-authorization",
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "referer",
    "user-agent",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
    "x-rewrite-url",
    "x-forwarded-prefix",
];

/// Send one authorized request and print the answer's body
///
/// For what has no command of its own. The path is relative to the appliance's URL and can't
/// leave it. Fields become the query of GET, HEAD and DELETE, and a form body otherwise. Sessions
/// are not terminated here: that goes by policy and audit. The exit code is the answer's: an
/// error inside an answer with HTTP 200 is an error.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pamctl api GET /iso/pam/device -f hostname=db1
  pamctl api GET /iso/coge/risco/all -i
  pamctl api POST /iso/pam/credential -d @credential.json
  jq -n '{username: \"root\"}' | pamctl api PUT /iso/pam/credential/7 -d @-")]
pub(crate) struct Api {
    /// The HTTP method
    #[arg(value_name = "METHOD", value_parser = method)]
    method: Method,
    /// The path below the appliance's URL, and perhaps a query
    #[arg(value_name = "PATH")]
    path: String,
    /// A field of the query or form, not encoded; repeatable
    #[arg(short, long = "field", value_name = "NAME=VALUE", value_parser = pair)]
    field: Vec<(String, String)>,
    /// The body: text, @FILE, or @- for standard input; JSON unless a Content-Type says otherwise
    #[arg(short, long, value_name = "BODY", conflicts_with = "field")]
    data: Option<Body>,
    /// A further header; repeatable
    #[arg(short = 'H', long, value_name = "NAME: VALUE", value_parser = header)]
    header: Vec<(HeaderName, HeaderValue)>,
    /// Print the answer's status and headers before its body
    #[arg(short, long)]
    include: bool,
}

/// Where a body comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Body {
    Text(String),
    File(PathBuf),
    Stdin,
}

impl FromStr for Body {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.strip_prefix('@') {
            None => Self::Text(text.to_owned()),
            Some("-") => Self::Stdin,
            Some(path) => Self::File(path.into()),
        })
    }
}

pub(super) fn method(text: &str) -> Result<Method, String> {
    let method = Method::from_bytes(text.to_ascii_uppercase().as_bytes());
    method
        .ok()
        .filter(|method| *method != Method::CONNECT)
        .ok_or_else(|| format!("`{text}` is no HTTP method; write GET, POST, PUT or DELETE"))
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| {
        format!("`{text}` has no `=`; write NAME=VALUE, or NAME= for an empty value")
    })?;
    Ok((name.to_owned(), value.to_owned()))
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let unusable = || "write NAME: VALUE with visible ASCII characters only".to_owned();
    let (name, value) = text.split_once(':').ok_or_else(unusable)?;
    let name: HeaderName = name.trim().parse().map_err(|_| unusable())?;
    let value = HeaderValue::from_str(value.trim()).map_err(|_| unusable())?;
    if REFUSED_HEADERS.contains(&name.as_str()) {
        return Err(format!(
            "`{name}` can't be set: it is set for you, or would make another call of this one"
        ));
    }
    Ok((name, value))
}

impl Api {
    pub(crate) fn run(self, online: &Online) -> Result<Exit, Failure> {
        let include = self.include;
        let request = self.request(&online.settings()?.base)?;
        let failed = if request.method().is_safe() {
            Failure::from
        } else {
            |error| Failure::of_change(&error)
        };
        let response = online.run("calling", async |client, _| {
            let answered = client.send(request, Pace::Ordinary).await;
            answered.map_err(failed)
        })?;
        print(&response, include)?;
        match Envelope::success(&response) {
            Ok(_) => Ok(Exit::Done),
            // An answer of another kind is as good, if its status says so.
            Err(error) if error.fault == Fault::Malformed && is_sound(&response) => Ok(Exit::Done),
            Err(error) => Err(failed(CallError::from(error))),
        }
    }

    fn request(self, base: &BaseUrl) -> Result<Request<Vec<u8>>, Failure> {
        let segments = segments(&self.path)?;
        if terminates(&segments) {
            return Err(Failure::new(
                Exit::Policy,
                "this path ends a session, which goes by policy and audit; use `pamctl session \
                 terminate SESSION_ID`",
            ));
        }
        let fields: Vec<String> = self
            .field
            .iter()
            .map(|(name, value)| format!("{}={}", percent::encode(name), percent::encode(value)))
            .collect();
        let fields = fields.join("&");
        let has_query = [Method::GET, Method::HEAD, Method::DELETE].contains(&self.method);
        let (path, form) = match (fields.is_empty(), has_query) {
            (true, _) => (self.path, None),
            (false, true) => {
                let joint = if self.path.contains('?') { '&' } else { '?' };
                (format!("{}{joint}{fields}", self.path), None)
            }
            (false, false) => (self.path, Some(fields.into_bytes())),
        };
        let (body, kind) = match (form, self.data) {
            (Some(form), _) => (form, Some("application/x-www-form-urlencoded")),
            (None, Some(_)) if [Method::GET, Method::HEAD].contains(&self.method) => {
                return Err(Failure::usage(format!(
                    "{} has no body; give fields with -f, which become its query",
                    self.method
                )));
            }
            (None, Some(data)) => (data.read()?, Some("application/json")),
            (None, None) => (Vec::new(), None),
        };
        let mut request = Request::new(body);
        *request.method_mut() = self.method;
        *request.uri_mut() = base.raw(&path)?;
        let headers = request.headers_mut();
        headers.insert(
            http::header::ACCEPT,
            HeaderValue::from_static("application/json"),
        );
        if let Some(kind) = kind {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        for (name, value) in self.header {
            headers.insert(name, value);
        }
        Ok(request)
    }
}

impl Body {
    fn read(self) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        let (what, read) = match self {
            Self::Text(text) => return Ok(text.into_bytes()),
            Self::Stdin => {
                let input = io::stdin().lock();
                let read = input.take(BODY_MAX + 1).read_to_end(&mut bytes);
                ("standard input".to_owned(), read)
            }
            Self::File(path) => {
                let read = std::fs::File::open(&path)
                    .and_then(|file| file.take(BODY_MAX + 1).read_to_end(&mut bytes));
                (path.display().to_string(), read)
            }
        };
        read.map_err(|error| Failure::usage(format!("can't read the body from {what}: {error}")))?;
        if bytes.len() as u64 > BODY_MAX {
            return Err(Failure::usage(format!("{what} is larger than 16 MiB")));
        }
        Ok(bytes)
    }
}

/// The path as whatever reads it may take it apart: decoded as often as it can be, at both kinds
/// of slashes, without the parameters of a segment. What would climb out of the URL is refused.
fn segments(path: &str) -> Result<Vec<String>, Failure> {
    if !path.starts_with('/') || path.starts_with("//") {
        return Err(Failure::usage(format!(
            "`{path}` is no path below the appliance's URL; begin with one /, such as \
             /api/pam/session/remotesessions"
        )));
    }
    let mut plain = path.split(['?', '#']).next().unwrap_or_default().to_owned();
    loop {
        let decoded = percent_decode_str(&plain).decode_utf8_lossy().into_owned();
        if decoded == plain {
            break;
        }
        plain = decoded;
    }
    let segments: Vec<String> = plain
        .split(['/', '\\'])
        .map(|segment| segment.split(';').next().unwrap_or_default())
        .map(|segment| segment.trim().to_lowercase())
        .filter(|segment| !segment.is_empty())
        .collect();
    if segments
        .iter()
        .any(|segment| segment == "." || segment == "..")
    {
        return Err(Failure::usage(format!(
            "`{path}` has a `.` or `..` in it, which could lead out of the appliance's URL"
        )));
    }
    Ok(segments)
}

/// Whether this is a path of the drop call, in any family.
fn terminates(segments: &[String]) -> bool {
    segments
        .windows(2)
        .any(|pair| pair[0] == "session" && pair[1] == "drop")
}

/// Whether an answer that is no envelope is what it says it is.
fn is_sound(response: &Response<Vec<u8>>) -> bool {
    let kind = response.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let json = kind.to_ascii_lowercase().contains("json");
    let whole = || serde_json::from_slice::<serde::de::IgnoredAny>(response.body()).is_ok();
    response.status().is_success() && (!json || whole())
}

fn print(response: &Response<Vec<u8>>, include: bool) -> io::Result<()> {
    let mut out = Stdout::open();
    if include {
        let status = response.status();
        let reason = status.canonical_reason().unwrap_or_default();
        let line = format!("{:?} {} {reason}", response.version(), status.as_u16());
        writeln!(out, "{}", line.trim_end())?;
        for (name, value) in response.headers() {
            let value = String::from_utf8_lossy(value.as_bytes());
            writeln!(out, "{name}: {}", printable(&value))?;
        }
        writeln!(out)?;
    }
    let body = response.body();
    if !io::stdout().is_terminal() {
        out.write_all(body)?;
        return out.flush();
    }
    // On a terminal, what it would act on is shown instead.
    for line in String::from_utf8_lossy(body).lines() {
        writeln!(out, "{}", printable(line))?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_drops_a_session_is_seen_through_every_disguise() {
        let drops = [
            "/iso/session/drop/ab12",
            "/api/pam/session/drop/ab12",
            "/ISO/Session/Drop/ab12",
            "/iso//session//drop/ab12",
            "/iso/session/%64rop/ab12",
            "/iso/session/%2564rop/ab12",
            "/iso/session%2Fdrop%2Fab12",
            "/iso/session%252fdrop/ab12",
            "/iso/session;x=1/drop;y/ab12",
            "/iso\\session\\drop\\ab12",
            "/iso/session/drop",
            "/iso/session/drop/ab12?x=1",
        ];
        for path in drops {
            assert!(terminates(&segments(path).unwrap()), "{path}");
        }
        for path in [
            "/iso/session/list",
            "/api/pam/session/remotesessions",
            "/session/x/drop",
        ] {
            assert!(!terminates(&segments(path).unwrap()), "{path}");
        }
    }

    #[test]
    fn a_path_stays_below_the_url() {
        let outside = [
            "iso/x",
            "https://elsewhere.example.com/x",
            "//elsewhere.example.com/x",
            "/a/../b",
            "/a/%2e%2e/b",
            "/a/%252e%252e/b",
            "/a/..;/b",
            "/a\\..\\b",
            "",
        ];
        for path in outside {
            assert!(segments(path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_header_that_makes_another_call_is_refused() {
        assert!(header("X-Trace: 1").is_ok());
        for text in [
            "Authorization: Bearer x",
            "x-http-method-override: DELETE",
            "Host: elsewhere.example.com",
            "no colon",
            "X: line\nbreak",
            "bad name: x",
        ] {
            assert!(header(text).is_err(), "{text}");
        }
    }
}
