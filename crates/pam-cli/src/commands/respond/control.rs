//! The commands that tell a running responder something.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pam_responder::Places;
use pam_responder::control::{self, Answer, Command};
use pam_responder::core::{Moment, PendingCase, Status as Standing};
use serde_json::{Value, json};

use super::ConfigFile;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::stderr;
use crate::output::stdout::Stdout;

/// Which responder.
#[derive(Debug, Args)]
struct Which {
    #[command(flatten)]
    file: ConfigFile,
    /// Its socket, in place of the one that the configuration names
    #[arg(long, value_name = "FILE")]
    socket: Option<PathBuf>,
}

impl Which {
    fn socket(&self) -> Result<PathBuf, Failure> {
        match &self.socket {
            Some(socket) => Ok(socket.clone()),
            None => Ok(self.places()?.socket),
        }
    }

    /// A mistake elsewhere in the configuration is no reason not to be told to halt.
    fn places(&self) -> Result<Places, Failure> {
        let path = self.file.path();
        Places::read(path).map_err(|why| {
            let line = format!("{}: {why}; name the socket with --socket", path.display());
            Failure::usage(line)
        })
    }

    fn halt_file(&self) -> Option<PathBuf> {
        self.places().ok()?.halt_file
    }

    fn tell(&self, command: &Command) -> Result<Answer, Failure> {
        let socket = self.socket()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime =
            runtime.map_err(|error| Failure::new(Exit::Failed, format!("can't start: {error}")))?;
        let answer = runtime.block_on(control::tell(&socket, command));
        match answer {
            Ok(Answer::Refused(why)) => Err(Failure::new(Exit::Failed, why)),
            Ok(answer) => Ok(answer),
            Err(why) => Err(Failure::new(Exit::Unreachable, why)),
        }
    }

    fn done(&self, command: &Command, what: &str) -> Result<Exit, Failure> {
        self.tell(command)?;
        super::print(&format!("{what}\n"))?;
        Ok(Exit::Done)
    }
}

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Who gives an order, where the name of the account does not say it.
#[derive(Debug, Args)]
struct By {
    /// Who you are, for the record [default: the name of the account]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl By {
    fn name(self) -> String {
        self.by.unwrap_or_else(|| {
            let actor = pam_audit::Actor::of_process();
            actor.user.unwrap_or_else(|| format!("uid {}", actor.uid))
        })
    }
}

/// Show how a running responder stands
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pamctl respond status --config responder.toml")]
pub(crate) struct Status {
    #[command(flatten)]
    which: Which,
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    output: Format,
}

impl Status {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let Answer::Status(status) = self.which.tell(&Command::Status)? else {
            return Err(misunderstood());
        };
        if self.output == Format::Json {
            Stdout::json(&status_json(&status))?;
            return Ok(Exit::Done);
        }
        let mut text = String::new();
        let mut line = |name: &str, value: String| {
            // Writing to a text does not fail.
            let _ = writeln!(text, "{name:<14} {value}");
        };
        line(
            "halted",
            status.halted.clone().unwrap_or_else(|| "no".to_owned()),
        );
        let breaker = status
            .breaker_until
            .map(|until| format!("open until {until}"));
        line("breaker", breaker.unwrap_or_else(|| "closed".to_owned()));
        line("open alerts", status.open_alerts.to_string());
        line("searching", status.searching.to_string());
        line("pending", status.pending.to_string());
        line("ending", status.acting.to_string());
        line(
            "last hour",
            format!("{} of {}", status.last_hour, status.most_per_hour),
        );
        line("kept out", status.kept_out.to_string());
        let listing = status
            .listing
            .map(|(began, count)| format!("{count} sessions at {began}"));
        line("listing", listing.unwrap_or_else(|| "none yet".to_owned()));
        for (rule, mode) in &status.rules {
            line(
                "rule",
                format!("{rule}: {}", format!("{mode:?}").to_lowercase()),
            );
        }
        super::print(&text)?;
        Ok(Exit::Done)
    }
}

fn status_json(status: &Standing) -> Value {
    let rules = status.rules.iter();
    let rules = rules.map(|(name, mode)| json!({"name": name, "mode": mode}));
    let listing = status.listing.as_ref();
    let listing = listing.map(|(began, count)| json!({"began_at": time(began), "sessions": count}));
    json!({
        "now": time(&status.now),
        "halted": status.halted,
        "breaker_until": status.breaker_until.as_ref().map(time),
        "open_alerts": status.open_alerts,
        "searching": status.searching,
        "pending": status.pending,
        "acting": status.acting,
        "last_hour": status.last_hour,
        "most_per_hour": status.most_per_hour,
        "kept_out": status.kept_out,
        "listing": listing,
        "rules": rules.collect::<Vec<_>>(),
    })
}

fn case_json(case: &PendingCase) -> Value {
    let candidates = case.candidates.iter().map(|session| {
        json!({
            "id": session.id,
            "session_id": session.session_id,
            "user": session.user,
            "device": session.device,
            "why": session.why,
        })
    });
    json!({
        "case": case.case,
        "rule": case.rule,
        "reason": case.reason,
        "alert": case.alert,
        "expires_at": time(&case.expires),
        "proposed": case.proposed,
        "candidates": candidates.collect::<Vec<_>>(),
    })
}

/// In UTC, as RFC 3339 has it.
fn time(moment: &Moment) -> String {
    moment.to_string()
}

/// List the cases that wait for a person
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pamctl respond pending -o json")]
pub(crate) struct Pending {
    #[command(flatten)]
    which: Which,
    /// How to print them
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    output: Format,
}

impl Pending {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let Answer::Pending(pending) = self.which.tell(&Command::Pending)? else {
            return Err(misunderstood());
        };
        if self.output == Format::Json {
            Stdout::json(&pending.iter().map(case_json).collect::<Vec<_>>())?;
        } else {
            super::print(&pending.iter().map(shown).collect::<String>())?;
        }
        Ok(Exit::Done)
    }
}

fn shown(case: &PendingCase) -> String {
    let mut text = format!(
        "case {} by rule `{}` until {}: {}\n",
        case.case, case.rule, case.expires, case.alert
    );
    for session in &case.candidates {
        let mark = if case.proposed.contains(&session.id) {
            '*'
        } else {
            ' '
        };
        let (id, user, device) = (&session.id, &session.user, &session.device);
        let _ = writeln!(
            text,
            " {mark} session {id} of {user} on {device}: {}",
            session.why
        );
    }
    text
}

/// Say yes to a case: its session is ended
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pamctl respond approve 17 --session 540")]
pub(crate) struct Approve {
    /// The case, as `pamctl respond pending` shows it
    case: u64,
    /// The row number of the session that is meant, where there are several; can be repeated
    #[arg(long = "session", value_name = "ID")]
    sessions: Vec<String>,
    #[command(flatten)]
    by: By,
    #[command(flatten)]
    which: Which,
}

impl Approve {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let (case, sessions) = (self.case, self.sessions);
        let by = self.by.name();
        let command = Command::Approve { case, by, sessions };
        self.which
            .done(&command, &format!("case {case} is approved"))
    }
}

/// Say no to a case: its session is left alone
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pamctl respond deny 17")]
pub(crate) struct Deny {
    /// The case, as `pamctl respond pending` shows it
    case: u64,
    #[command(flatten)]
    by: By,
    #[command(flatten)]
    which: Which,
}

impl Deny {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let case = self.case;
        let by = self.by.name();
        self.which.done(
            &Command::Deny { case, by },
            &format!("case {case} is denied"),
        )
    }
}

/// Stop everything: no session is ended until `resume`
///
/// It counts at once, also for drops that were decided and not sent yet, and outlives a restart.
/// Where no responder answers, the halt file of the configuration is made.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pamctl respond halt --reason 'maintenance of the vault'")]
pub(crate) struct Halt {
    /// Why, for the record
    #[arg(long, value_name = "TEXT", default_value = "halted by hand")]
    reason: String,
    #[command(flatten)]
    by: By,
    #[command(flatten)]
    which: Which,
}

impl Halt {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let (by, why) = (self.by.name(), self.reason);
        let told = self.which.done(&Command::Halt { by, why }, "halted");
        let Err(failure) = told else {
            return told;
        };
        let Some(file) = self.which.halt_file() else {
            return Err(failure);
        };
        std::fs::write(&file, "").map_err(|error| {
            Failure::new(
                Exit::Failed,
                format!("{} can't be made: {error}", file.display()),
            )
        })?;
        if let Some(line) = failure.line() {
            stderr::warning(line);
        }
        super::print(&format!("halted by the file {}\n", file.display()))?;
        Ok(Exit::Done)
    }
}

/// End sessions again after a halt; this closes the breaker too
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pamctl respond resume")]
pub(crate) struct Resume {
    #[command(flatten)]
    by: By,
    #[command(flatten)]
    which: Which,
}

impl Resume {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let exit = self
            .which
            .done(&Command::Resume { by: self.by.name() }, "resumed")?;
        if let Some(file) = self.which.halt_file().filter(|file| file.exists()) {
            let file = file.display();
            stderr::warning(format!("the file {file} still stops everything; remove it"));
        }
        Ok(exit)
    }
}

fn misunderstood() -> Failure {
    Failure::new(
        Exit::Failed,
        "the responder answered something else; is it of another version?",
    )
}
