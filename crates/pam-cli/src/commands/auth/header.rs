//! `pamctl auth header`: a signed header for another program.

use std::io::Write;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::signed::Signed;
use crate::config::Selection;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::stdout::Stdout;

/// Print the Authorization header of a request, for curl and other programs (OAuth 1.0)
///
/// Signs with PAM_CONSUMER_KEY, PAM_CONSUMER_SECRET and, where they are set, PAM_TOKEN and
/// PAM_TOKEN_SECRET, or with the keys of the profile. The header is good for one request with exactly this method, URL and form.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  url=https://vault.example.com/api/pam/session/drop/ID
  curl -X DELETE -H \"$(pamctl auth header DELETE \"$url\")\" \"$url\"")]
pub(crate) struct Header {
    #[command(flatten)]
    signed: Signed,
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    output: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// The whole line: `Authorization: OAuth …`
    Text,
    /// One object with the value alone: {"authorization"}
    Json,
}

#[derive(Serialize)]
struct Value<'a> {
    authorization: &'a str,
}

impl Header {
    pub(crate) fn run(self, selection: &Selection) -> Result<Exit, Failure> {
        let authorization = self.signed.sign(selection)?.authorization;
        match self.output {
            Format::Json => Stdout::json(&Value {
                authorization: &authorization,
            })?,
            Format::Text => {
                let mut out = Stdout::open();
                writeln!(out, "Authorization: {authorization}")?;
                out.flush()?;
            }
        }
        Ok(Exit::Done)
    }
}
