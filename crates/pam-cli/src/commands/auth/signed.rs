//! The request that is to be signed, as the command line describes it.

use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use http::{Method, Uri};
use pam_proto::oauth1::{Explanation, Signer, Stamp, Target, percent};

use crate::config::Selection;
use crate::credentials::Credentials;
use crate::environment::Environment;
use crate::failure::Failure;

/// A request by its signed parts.
#[derive(Debug, Args)]
pub(crate) struct Signed {
    /// The HTTP method
    #[arg(value_name = "METHOD", value_parser = method)]
    method: Method,
    /// The absolute URL, as it will be sent
    #[arg(value_name = "URL", value_parser = url)]
    target: Uri,
    /// A parameter of a form body (application/x-www-form-urlencoded), not encoded; repeatable
    #[arg(long = "form", value_name = "NAME=VALUE", value_parser = pair)]
    form: Vec<(String, String)>,
    /// The nonce, in place of a random one
    #[arg(long, value_name = "NONCE")]
    nonce: Option<String>,
    /// The time in seconds since 1970, in place of now
    #[arg(long, value_name = "SECONDS")]
    timestamp: Option<u64>,
}

fn method(text: &str) -> Result<Method, String> {
    // Base strings have it in upper case (RFC 5849 section 3.4.1.1), and so do appliances.
    Method::from_bytes(text.to_ascii_uppercase().as_bytes())
        .map_err(|_| format!("`{text}` is no HTTP method; write GET, POST, PUT or DELETE"))
}

/// Takes a URL as a person copies it: characters beyond ASCII are encoded, as any client does
/// before it sends them.
fn url(text: &str) -> Result<Uri, String> {
    if !text.starts_with("https://") && !text.starts_with("http://") {
        return Err(format!(
            "`{text}` is no absolute URL; write https://HOST/PATH"
        ));
    }
    let mut ascii = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            ascii.push(c);
        } else {
            ascii.push_str(&percent::encode(c.encode_utf8(&mut [0; 4])));
        }
    }
    ascii.parse().map_err(|_| {
        format!("`{text}` is no URL; percent-encode blanks and other characters that it can't hold")
    })
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| {
        format!("`{text}` has no `=`; write NAME=VALUE, or NAME= for an empty value")
    })?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Signed {
    /// Signs with the credentials in the environment, or those of the profile.
    pub(crate) fn sign(&self, selection: &Selection) -> Result<Explanation, Failure> {
        let environment = Environment::of_process();
        let selected = selection.select(&environment)?;
        let credentials = Credentials::of(&environment, &selected)?.for_signing()?;
        let refuse = |error: &dyn std::fmt::Display| Failure::usage(error.to_string());
        let signer = Signer::new(&credentials).map_err(|error| refuse(&error))?;
        let form: Vec<String> = self
            .form
            .iter()
            .map(|(name, value)| format!("{}={}", percent::encode(name), percent::encode(value)))
            .collect();
        let form = form.join("&");
        let target = Target::new(self.method.as_str(), &self.target).with_form(form.as_bytes());
        signer
            .explain(&target, &self.stamp()?)
            .map_err(|error| refuse(&error))
    }

    fn stamp(&self) -> Result<Stamp, Failure> {
        let nonce = match &self.nonce {
            Some(nonce) => nonce.clone(),
            None => {
                let mut bytes = [0; 16];
                getrandom::fill(&mut bytes).map_err(|error| {
                    Failure::usage(format!("no random nonce: {error}; give one with --nonce"))
                })?;
                format!("{:032x}", u128::from_ne_bytes(bytes))
            }
        };
        let timestamp = match self.timestamp {
            Some(timestamp) => timestamp,
            None => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH);
                let before =
                    |_| Failure::usage("this machine's clock is before 1970; set it right");
                now.map_err(before)?.as_secs()
            }
        };
        Ok(Stamp::new(timestamp, nonce))
    }
}
