//! Verifies signed requests that come as JSON lines; `tests/interop/README.md` describes them.
//!
//! It is the verifying half of the comparison with other implementations. Each line brings its
//! own credential and its own time.

use std::error::Error;
use std::io::{self, BufRead, Write};

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::uri::Scheme;
use http::{Request, Uri};
use pam_proto::Secret;
use pam_proto::oauth1::signature::Key;
use pam_proto::oauth1::verify::{Origin, Unknown, Verifier};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    for text in io::stdin().lock().lines() {
        let line: Value = serde_json::from_str(&text?)?;
        let verdict = match verify(&line) {
            Ok(()) => json!({"verified": true}),
            Err(reason) => json!({"verified": false, "reason": reason.to_string()}),
        };
        writeln!(out, "{verdict}")?;
    }
    Ok(())
}

fn verify(line: &Value) -> Result<(), Box<dyn Error>> {
    let text = |name: &str| line[name].as_str().unwrap_or_default();
    let uri: Uri = text("url").parse()?;
    let scheme = uri.scheme().cloned().unwrap_or(Scheme::HTTPS);
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let origin = Origin::of_host(scheme, authority)?;

    let mut request = Request::builder()
        .method(text("method"))
        .uri(&uri)
        .header(AUTHORIZATION, text("authorization"));
    if line["form"].is_string() {
        request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    let request = request.body(text("form"))?;

    let key = Key::new(
        &Secret::new(text("consumer_secret")),
        Some(&Secret::new(text("token_secret"))),
    );
    let find = |consumer_key: &str, token: Option<&str>| {
        if consumer_key != text("consumer_key") {
            Err(Unknown::ConsumerKey)
        } else if token != line["token"].as_str() {
            Err(Unknown::Token)
        } else {
            Ok(&key)
        }
    };
    let now = line["timestamp"].as_u64().unwrap_or_default();
    Verifier::new().verify(&request, &origin, now, find)?;
    Ok(())
}
