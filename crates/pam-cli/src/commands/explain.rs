//! `pamctl explain`: what an error of the appliance means, without asking it.

use std::io::Write;

use clap::{Args, ValueEnum};
use pam_proto::knowledge::{self, Code, Entry};
use serde::Serialize;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::language;
use crate::output::stderr;
use crate::output::stdout::{Stdout, json_line};

/// Explain an error code or message of the appliance: its cause and its remedy
///
/// Works offline. A number can mean different things in different parts of the API; all of them
/// are shown.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pamctl explain 1039
  pamctl explain 'Invalid signature'
  pamctl explain no route matched -o json")]
pub(crate) struct Explain {
    /// A code such as 1039, an HTTP status, or a message or part of one
    #[arg(value_name = "CODE_OR_MESSAGE", required = true)]
    words: Vec<String>,
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    output: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For a person
    Text,
    /// One object: {"exact","entries"}
    Json,
}

#[derive(Serialize)]
struct Found<'a> {
    exact: bool,
    entries: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct Told<'a> {
    exception_code: Option<i64>,
    error_code: Option<i64>,
    http_status: Option<u16>,
    module: String,
    messages: &'a [&'a str],
    cause: &'a str,
    remedy: &'a str,
    topic: &'a str,
}

impl Explain {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let query = self.words.join(" ");
        let found = knowledge::lookup(&query);
        if found.entries.is_empty() {
            return Err(Failure::new(
                Exit::Failed,
                format!(
                    "nothing is known about `{query}`; give the number or the words of the \
                         appliance's message"
                ),
            ));
        }
        if !found.exact {
            stderr::note(format!("`{query}` is not documented; this is like it:"));
        }
        let mut out = Stdout::open();
        match self.output {
            Format::Json => {
                let entries = found.entries.iter().map(|entry| told(entry)).collect();
                json_line(
                    &mut out,
                    &Found {
                        exact: found.exact,
                        entries,
                    },
                )?;
            }
            Format::Text => {
                for (index, entry) in found.entries.iter().enumerate() {
                    if index > 0 {
                        writeln!(out)?;
                    }
                    text(&mut out, entry)?;
                }
            }
        }
        out.flush()?;
        Ok(Exit::Done)
    }
}

fn told(entry: &Entry) -> Told<'_> {
    let (exception_code, error_code) = match entry.code {
        Some(Code::Exception(code)) => (Some(code), None),
        Some(Code::Error(code)) => (None, Some(code)),
        None => (None, None),
    };
    Told {
        exception_code,
        error_code,
        http_status: entry.http_status,
        module: entry.module.to_string(),
        messages: entry.messages,
        cause: entry.cause,
        remedy: entry.remedy,
        topic: entry.topic,
    }
}

fn text(out: &mut impl Write, entry: &Entry) -> std::io::Result<()> {
    let mut signs = Vec::new();
    signs.extend(entry.code.map(|code| code.to_string()));
    signs.extend(entry.http_status.map(|status| format!("HTTP {status}")));
    signs.push(entry.module.to_string());
    writeln!(out, "{}", signs.join(", "))?;
    let mut say = |line: &str| writeln!(out, "{}", language::told(line));
    for message in entry.messages {
        say(&format!("  message  {}", message.trim_matches('*')))?;
    }
    say(&format!("  cause    {}", entry.cause))?;
    say(&format!("  remedy   {}", entry.remedy))?;
    let source = match entry.topic {
        rfc if rfc.starts_with("RFC ") => rfc.to_owned(),
        topic => format!("A2A API specification, \"{topic}\""),
    };
    say(&format!("  source   {source}"))
}
