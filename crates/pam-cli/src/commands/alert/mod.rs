//! `pamctl alert`: what alerts say, without acting on them.

use clap::{Args, Subcommand};

use crate::exit::Exit;
use crate::failure::Failure;

mod decode;
mod format;
mod told;

/// Read the alerts that other systems send
#[derive(Debug, Args)]
pub(crate) struct Alert {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Decode(decode::Decode),
}

impl Alert {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        match self.command {
            Command::Decode(command) => command.run(),
        }
    }
}
