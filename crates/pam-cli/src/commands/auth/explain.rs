//! `pamctl auth explain`: how a signature comes about.

use std::io::Write;

use clap::{Args, ValueEnum};
use pam_proto::oauth1::Explanation;
use serde::Serialize;

use super::signed::Signed;
use crate::config::Selection;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::columns::{Column, Columns, Fit};
use crate::output::printable::printable;
use crate::output::stdout::Stdout;

/// Show how a request is signed, step by step (OAuth 1.0, RFC 5849)
///
/// Signs with PAM_CONSUMER_KEY, PAM_CONSUMER_SECRET and, where they are set, PAM_TOKEN and
/// PAM_TOKEN_SECRET, or with the keys of the profile. Nothing is sent. Secrets are never shown.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pamctl auth explain GET https://vault.example.com/api/pam/session/remotesessions
  pamctl auth explain POST https://vault.example.com/x --form user=alice --form note=
  pamctl auth explain DELETE https://vault.example.com/iso/session/drop/ID --nonce n --timestamp 1700000000 -o json")]
pub(crate) struct Explain {
    #[command(flatten)]
    signed: Signed,
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    output: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For a person
    Text,
    /// One object
    Json,
}

#[derive(Serialize)]
struct Parameter<'a> {
    name: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
struct Steps<'a> {
    base_string: &'a str,
    parameters: Vec<Parameter<'a>>,
    signature: &'a str,
    authorization: &'a str,
}

impl Explain {
    pub(crate) fn run(self, selection: &Selection) -> Result<Exit, Failure> {
        let explanation = self.signed.sign(selection)?;
        match self.output {
            Format::Json => Stdout::json(&steps(&explanation))?,
            Format::Text => text(&explanation)?,
        }
        Ok(Exit::Done)
    }
}

fn steps(explanation: &Explanation) -> Steps<'_> {
    let parameters = explanation.parameters.iter();
    Steps {
        base_string: &explanation.base_string,
        parameters: parameters
            .map(|(name, value)| Parameter { name, value })
            .collect(),
        signature: &explanation.signature,
        authorization: &explanation.authorization,
    }
}

fn text(explanation: &Explanation) -> Result<(), Failure> {
    let mut out = Stdout::open();
    let column = |title| Column {
        title,
        fit: Fit::Whole,
    };
    let mut table = Columns::new(&mut out, &[column("PARAMETER"), column("VALUE")], None);
    for (name, value) in &explanation.parameters {
        table.row([name.as_str(), value.as_str()])?;
    }
    table.finish()?;
    for (title, value) in [
        ("Base string", &explanation.base_string),
        ("Signature", &explanation.signature),
        ("Authorization", &explanation.authorization),
    ] {
        write!(out, "\n{title}\n{}\n", printable(value))?;
    }
    Ok(out.flush()?)
}
