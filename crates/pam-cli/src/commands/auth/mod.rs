//! `pamctl auth`: what a signed request looks like.

use clap::{Args, Subcommand};

use crate::config::Selection;
use crate::exit::Exit;
use crate::failure::Failure;

mod explain;
mod header;
mod signed;

/// The arguments of `pamctl auth`.
#[derive(Debug, Args)]
pub(crate) struct Auth {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Explain(explain::Explain),
    Header(header::Header),
}

impl Auth {
    pub(crate) fn run(self, selection: &Selection) -> Result<Exit, Failure> {
        match self.command {
            Command::Explain(command) => command.run(selection),
            Command::Header(command) => command.run(selection),
        }
    }
}
