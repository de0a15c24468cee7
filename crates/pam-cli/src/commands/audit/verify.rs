//! `pamctl audit verify`: whether the chain is whole.

use clap::{Args, ValueEnum};
use pam_audit::{Unverified, Verified};
use serde_json::json;

use super::in_use;
use crate::config::Selection;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::guard::AuditOption;
use crate::output::stderr;
use crate::output::stdout::Stdout;

/// Prove that the audit file is what was written; exit 1 when it is not
///
/// Every record carries the hash of the one before it, so an edit, a deletion and a change of
/// order are found; a cut-off end is found by FILE.link, which keeps the last hash. The chain has
/// no key: who can rewrite both files can rewrite history, so ship the lines to another machine.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pamctl audit verify
  pamctl audit verify --audit /var/log/pamctl/audit.jsonl -o json")]
pub(super) struct Verify {
    #[command(flatten)]
    audit: AuditOption,
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    output: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// One line
    Text,
    /// One object
    Json,
}

impl Verify {
    pub(super) fn run(self, selection: &Selection) -> Result<Exit, Failure> {
        let file = in_use(&self.audit, selection)?;
        let name = file.path().display();
        let verified = match file.verify() {
            Ok(verified) => verified,
            Err(Unverified::File(error)) => {
                return Err(Failure::new(Exit::Failed, error.to_string()));
            }
            Err(error) => {
                let line = match &error {
                    Unverified::Broken(found) => Some(found.line),
                    _ => None,
                };
                if let Format::Json = self.output {
                    let told = json!({"intact": false, "line": line, "problem": error.to_string()});
                    Stdout::json(&told)?;
                }
                let line = format!("the audit file {name} is not what was written: {error}");
                return Err(Failure::new(Exit::Failed, line));
            }
        };
        let Verified {
            link, behind, torn, ..
        } = verified;
        match self.output {
            Format::Json => Stdout::json(&json!({
                "intact": true,
                "records": link.seq,
                "hash": link.hash.to_string(),
                "behind": behind,
                "torn": torn,
            }))?,
            Format::Text => {
                let line = format!(
                    "{name}: {} records, intact; last hash {}",
                    link.seq, link.hash
                );
                Stdout::lines(&[line])?;
            }
        }
        if behind > 0 {
            stderr::warning(format!(
                "the kept link is {behind} records behind, as a crash leaves it; the next record \
                 sets it right"
            ));
        }
        if torn {
            stderr::warning(
                "a part of a record stands at the end, as a crash leaves it; the next record \
                 takes its place",
            );
        }
        Ok(Exit::Done)
    }
}
