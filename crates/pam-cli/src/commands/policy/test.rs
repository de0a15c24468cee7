//! `pamctl policy test`: whether a policy lets sessions end.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::civil::DateTime;
use pam_guard::policy::{Attempt, Decision};
use serde_json::json;

use super::in_force;
use crate::appliance_time::Clock;
use crate::config::Selection;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::guard::{Justification, PolicyFile, refused_line};
use crate::output::stdout::Stdout;
use crate::{session_file, text_file};

/// More than anybody tests at once.
const SIZE_LIMIT: u64 = 64 << 20;

/// Say whether a policy lets sessions end; exit 4 when it refuses
///
/// All sessions of the file are one attempt, as in one command. Nothing is asked of an appliance
/// and nothing is recorded.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pamctl session get 540 -o json > session.json
  pamctl policy test --session session.json --policy policy.toml --reason 'exfiltration alert'
  pamctl policy test --session session.json --at 2024-05-06T23:00 -o json")]
pub(super) struct Test {
    /// A session, or an array of them, as `session get -o json` and `session list -o json`
    /// write; `-` for standard input
    #[arg(long, value_name = "FILE")]
    session: PathBuf,
    /// The policy file [default: the one that terminations obey]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// By the appliance's clock at this time, such as 2024-05-06T23:00 [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<DateTime>,
    /// When so many sessions were ended in the hour before
    #[arg(long, value_name = "N", default_value_t = 0)]
    ended_last_hour: usize,
    #[command(flatten)]
    justification: Justification,
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    output: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// A line for each rule
    Text,
    /// One object: {"allowed","refusals","lifted"}
    Json,
}

impl Test {
    pub(super) fn run(self, selection: &Selection) -> Result<Exit, Failure> {
        let policy = PolicyFile::read(&in_force(self.policy.as_deref(), selection)?)?;
        let profile = selection.select(&Environment::of_process())?.profile;
        let clock = Clock::new(profile.time_zone);
        let unusable = |what: String| {
            Failure::usage(format!(
                "the session file {}: {what}",
                self.session.display()
            ))
        };
        let text = text_file::read_or_stdin(&self.session, SIZE_LIMIT).map_err(unusable)?;
        let sessions = session_file::sessions(&text).map_err(unusable)?;
        let attempt = Attempt {
            reason: self.justification.reason.as_deref(),
            ticket: self.justification.ticket.as_deref(),
            now: self.at.unwrap_or_else(|| clock.now()),
            ended_last_hour: self.ended_last_hour,
            unseen: 0,
            break_glass: self.justification.break_glass.is_some(),
        };
        let decision = policy.policy.check(&sessions, &attempt);
        self.tell(&policy, &decision)?;
        Ok(if decision.is_allowed() {
            Exit::Done
        } else {
            Exit::Policy
        })
    }

    fn tell(&self, policy: &PolicyFile, decision: &Decision) -> Result<(), Failure> {
        let Decision {
            refusals, lifted, ..
        } = decision;
        if let Format::Json = self.output {
            let told = json!({
                "allowed": decision.is_allowed(),
                "refusals": refusals,
                "lifted": lifted,
            });
            return Ok(Stdout::json(&told)?);
        }
        let refused = refusals.iter();
        let mut lines: Vec<String> = refused
            .map(|rule| refused_line(&policy.note, rule))
            .collect();
        if refusals.is_empty() {
            lines.push("allowed".to_owned());
        }
        let lifted = lifted.iter().map(|rule| {
            format!(
                "lifted: rule `{}` (line {}): {}",
                rule.rule, rule.line, rule.why
            )
        });
        lines.extend(lifted);
        Ok(Stdout::lines(&lines)?)
    }
}
