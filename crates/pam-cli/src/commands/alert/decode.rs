//! `pamctl alert decode`: what is read in an alert.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pam_alert::{Alert, Cef, Framer, Framing, Leef, Mapping, Preset, decode_frame, decode_value};
use serde_json::Value;

use super::format::{self, Format};
use super::told::{self, Told};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::stderr;
use crate::output::stdout::{self, Stdout};

/// The most of JSON that is read at once.
const JSON_MAX: u64 = 64 << 20;

/// Show what is read in the alerts that other systems send
///
/// Reads what would come over a connection or in the body of a webhook: any number of messages of
/// syslog, counted or one a line, or of JSON documents. Nothing is sent, and nothing is ended.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pamctl alert decode < alert.txt
  pamctl alert decode webhook.json -o json
  pamctl alert decode --format kibana -o ndjson < body.json
  pamctl alert decode --mapping siem.toml < body.json
  echo 'CEF:0|MT4|senhasegura|4.0|12|Command|9|suser=alice dst=192.0.2.7' | pamctl alert decode")]
pub(super) struct Decode {
    /// Where the alerts are; `-` is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
    /// The format of the alerts
    #[arg(long, value_enum, default_value_t = Format::Auto)]
    format: Format,
    /// Read JSON by the mapping of JSON pointers in this TOML file
    #[arg(long, value_name = "FILE", conflicts_with = "format")]
    mapping: Option<PathBuf>,
    /// What the alerts are said to come from
    #[arg(long, value_name = "NAME", default_value = "stdin")]
    source: String,
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For a person; not stable
    Text,
    /// One array
    Json,
    /// One object a line, as soon as it is read
    Ndjson,
}

impl Decode {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let mapping = match &self.mapping {
            Some(path) => Some(format::mapping(path)?),
            None => None,
        };
        let name = match self.file.to_str() {
            Some("-") => "standard input".to_owned(),
            _ => self.file.display().to_string(),
        };
        let unreadable =
            |error: io::Error| Failure::new(Exit::Failed, format!("can't read {name}: {error}"));
        let mut input: Box<dyn BufRead> = match name.as_str() {
            "standard input" => Box::new(io::stdin().lock()),
            _ => Box::new(BufReader::new(File::open(&self.file).map_err(unreadable)?)),
        };
        let mut teller = Teller::new(self.output);
        let is_json = match (&mapping, self.format) {
            (Some(_), _) => true,
            (None, Format::Auto) => {
                let beginning = input.fill_buf().map_err(unreadable)?;
                begins_json(beginning)
            }
            (None, format) => format.preset().is_some(),
        };
        if is_json {
            let mut text = Vec::new();
            let limited = input.take(JSON_MAX + 1).read_to_end(&mut text);
            limited.map_err(unreadable)?;
            if text.len() as u64 > JSON_MAX {
                let line = format!("{name} is longer than 64 MiB; give one document at a time");
                return Err(Failure::new(Exit::Failed, line));
            }
            self.documents(&name, &text, mapping.as_ref(), &mut teller)?;
        } else {
            self.messages(&mut input, &unreadable, &mut teller)?;
        }
        teller.finish(&name)
    }

    fn documents(
        &self,
        name: &str,
        text: &[u8],
        mapping: Option<&Mapping>,
        teller: &mut Teller,
    ) -> Result<(), Failure> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let format: pam_alert::Format<'_> = match mapping {
            Some(mapping) => mapping.into(),
            None => self.format.preset().unwrap_or(Preset::Auto).into(),
        };
        let documents = serde_json::Deserializer::from_slice(text).into_iter::<Value>();
        for (document, number) in documents.zip(1..) {
            // what follows a document that is no JSON cannot be found
            let decoded = document
                .map_err(pam_alert::JsonError::from)
                .and_then(|document| decode_value(&self.source, format, &document));
            match decoded {
                Ok(alerts) => teller.tell(&alerts)?,
                Err(error) => teller.fail(format_args!("{name}, document {number}: {error}")),
            }
        }
        Ok(())
    }

    fn messages(
        &self,
        input: &mut dyn BufRead,
        unreadable: &dyn Fn(io::Error) -> Failure,
        teller: &mut Teller,
    ) -> Result<(), Failure> {
        let mut framer = Framer::new(Framing::Either);
        let mut number = 0_u64;
        loop {
            let chunk = input.fill_buf().map_err(unreadable)?;
            let length = chunk.len();
            match length {
                0 => framer.end(),
                _ => framer.feed(chunk),
            }
            input.consume(length);
            while let Some(frame) = framer.next_frame() {
                number += 1;
                let decoded = match frame {
                    Err(error) => Err(error.to_string()),
                    Ok(frame) => self.is_as_told(frame.bytes).and_then(|()| {
                        let alerts = decode_frame(&self.source, frame);
                        alerts.map_err(|error| error.to_string())
                    }),
                };
                match decoded {
                    Ok(alerts) => teller.tell(&alerts)?,
                    Err(error) => teller.fail(format_args!("message {number}: {error}")),
                }
            }
            if length == 0 {
                return Ok(());
            }
        }
    }

    /// Whether a message is in the format that was told.
    fn is_as_told(&self, message: &[u8]) -> Result<(), String> {
        let text = String::from_utf8_lossy(message);
        let body = pam_alert::SyslogMessage::parse(&text).message;
        match self.format {
            Format::Cef => Cef::decode(&body)
                .map(drop)
                .map_err(|error| error.to_string()),
            Format::Leef => Leef::decode(&body)
                .map(drop)
                .map_err(|error| error.to_string()),
            _ => Ok(()),
        }
    }
}

fn begins_json(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    matches!(first, Some(b'{' | b'['))
}

/// Writes each alert in its form as soon as it is read.
struct Teller {
    output: Output,
    out: Stdout,
    told: usize,
    failed: usize,
}

impl Teller {
    fn new(output: Output) -> Self {
        Self {
            output,
            out: Stdout::open(),
            told: 0,
            failed: 0,
        }
    }

    fn tell(&mut self, alerts: &[Alert]) -> io::Result<()> {
        for alert in alerts {
            let is_first = self.told == 0;
            self.told += 1;
            match self.output {
                Output::Ndjson => stdout::json_line(&mut self.out, &Told::from(alert))?,
                Output::Json => {
                    self.out.write_all(if is_first { b"[\n" } else { b",\n" })?;
                    stdout::json(&mut self.out, &Told::from(alert))?;
                }
                Output::Text => {
                    if !is_first {
                        writeln!(self.out)?;
                    }
                    told::text(&mut self.out, alert)?;
                }
            }
        }
        Ok(())
    }

    /// One that can't be read loses no other.
    fn fail(&mut self, line: std::fmt::Arguments<'_>) {
        self.failed += 1;
        stderr::error(line);
    }

    fn finish(mut self, name: &str) -> Result<Exit, Failure> {
        if self.output == Output::Json {
            let end: &[u8] = if self.told == 0 { b"[]\n" } else { b"\n]\n" };
            self.out.write_all(end)?;
        }
        self.out.flush()?;
        match (self.told, self.failed) {
            (0, 0) => Err(Failure::new(Exit::Failed, format!("{name} holds no alert"))),
            (_, 0) => Ok(Exit::Done),
            (0, _) => Ok(Exit::Failed),
            _ => Ok(Exit::Partial),
        }
    }
}
