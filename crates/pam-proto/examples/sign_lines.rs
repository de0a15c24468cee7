//! Signs requests that come as JSON lines; `tests/interop/README.md` describes them.
//!
//! It is the signing half of the comparison with other implementations, and shows that a signer
//! needs nothing but values.

use std::error::Error;
use std::io::{self, BufRead, Write};

use http::Uri;
use pam_proto::Secret;
use pam_proto::oauth1::{Credentials, Signer, Stamp, Target};
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    for text in io::stdin().lock().lines() {
        let mut line: Value = serde_json::from_str(&text?)?;
        let authorization = authorization(&line)?;
        line["authorization"] = authorization.into();
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn authorization(line: &Value) -> Result<String, Box<dyn Error>> {
    let text = |name: &str| line[name].as_str().unwrap_or_default();
    let credentials = Credentials::new(text("consumer_key"), Secret::new(text("consumer_secret")))
        .with_token(text("token"), Secret::new(text("token_secret")));
    let uri: Uri = text("url").parse()?;
    let target = Target::new(text("method"), &uri).with_form(text("form").as_bytes());
    let stamp = Stamp::new(
        line["timestamp"].as_u64().unwrap_or_default(),
        text("nonce"),
    );
    let header = Signer::new(&credentials)?.authorization(&target, &stamp)?;
    Ok(header.to_str()?.to_owned())
}
