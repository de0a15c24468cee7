//! `pamctl audit`: what was recorded, and whether it is still what was written.

use clap::{Args, Subcommand};
use pam_audit::AuditFile;

use crate::config::Selection;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::guard::AuditOption;

mod list;
mod verify;

/// Read the audit file, and prove that it was not changed
#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Verify(verify::Verify),
}

impl Audit {
    pub(crate) fn run(self, selection: &Selection) -> Result<Exit, Failure> {
        match self.command {
            Command::List(command) => command.run(selection),
            Command::Verify(command) => command.run(selection),
        }
    }
}

/// The audit file to which terminations append.
fn in_use(option: &AuditOption, selection: &Selection) -> Result<AuditFile, Failure> {
    let environment = Environment::of_process();
    let profile = selection.select(&environment)?.profile;
    option.file(&environment, &profile).map_err(Failure::usage)
}
