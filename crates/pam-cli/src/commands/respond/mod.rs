//! `pamctl respond`: alerts in, sessions down.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use pam_responder::Config;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::language::told;
use crate::online::Online;
use crate::output::printable::printable;
use crate::output::stderr;
use crate::output::stdout::Stdout;

mod check;
mod control;
mod rehearse;
mod run;

/// Where a responder's configuration is when nothing else is said.
const CONFIG: &str = "/etc/pamctl/responder.toml";

/// Let alerts end sessions, under rules, limits and a policy
#[derive(Debug, Args)]
pub(crate) struct Respond {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Run),
    Check(check::Check),
    Status(control::Status),
    Pending(control::Pending),
    Approve(control::Approve),
    Deny(control::Deny),
    Halt(control::Halt),
    Resume(control::Resume),
    Test(rehearse::Test),
    Backtest(rehearse::Backtest),
}

impl Respond {
    /// Whether it talks to the appliance.
    pub(crate) fn is_online(&self) -> bool {
        match &self.command {
            Command::Run(_) => true,
            Command::Test(test) => test.is_online(),
            _ => false,
        }
    }

    pub(crate) fn run(
        self,
        online: impl FnOnce() -> Result<Online, Failure>,
    ) -> Result<Exit, Failure> {
        match self.command {
            Command::Run(command) => command.run(&online()?),
            Command::Check(command) => command.run(),
            Command::Status(command) => command.run(),
            Command::Pending(command) => command.run(),
            Command::Approve(command) => command.run(),
            Command::Deny(command) => command.run(),
            Command::Halt(command) => command.run(),
            Command::Resume(command) => command.run(),
            Command::Test(command) => command.run(online),
            Command::Backtest(command) => command.run(),
        }
    }
}

/// Which configuration.
#[derive(Debug, Args)]
struct ConfigFile {
    /// The responder's configuration [default: /etc/pamctl/responder.toml]
    #[arg(id = "config", long = "config", value_name = "FILE")]
    file: Option<PathBuf>,
}

impl ConfigFile {
    fn read(&self) -> Result<Config, Failure> {
        read(self.path())
    }

    fn path(&self) -> &Path {
        self.file.as_deref().unwrap_or(Path::new(CONFIG))
    }
}

/// Writes a text to standard output. It can have the words of senders and of the appliance in it,
/// which steer no terminal.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = Stdout::open();
    for line in text.lines() {
        writeln!(out, "{}", printable(&told(line)))?;
    }
    Ok(out.flush()?)
}

/// A configuration without a mistake; otherwise every mistake is told.
fn read(path: &Path) -> Result<Config, Failure> {
    Config::read(path).map_err(|mistakes| {
        for mistake in &mistakes {
            let (line, reason) = (mistake.line, &mistake.reason);
            stderr::error(format!("{}:{line}: {reason}", path.display()));
        }
        let count = match mistakes.len() {
            1 => "a mistake".to_owned(),
            several => format!("{several} mistakes"),
        };
        Failure::usage(format!("{} has {count}", path.display()))
    })
}
