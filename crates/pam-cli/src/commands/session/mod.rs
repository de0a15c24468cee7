//! `pamctl session`: what the appliance's sessions are asked or told.

use clap::{Args, Subcommand};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::online::Online;

mod get;
mod keep_out;
mod list;
mod open;
mod reading;
mod terminate;
mod wanted;
mod watch;

/// List, watch, read, open and terminate privileged sessions
#[derive(Debug, Args)]
pub(crate) struct Session {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Watch(watch::Watch),
    Get(get::Get),
    Open(open::Open),
    #[command(visible_alias = "drop")]
    Terminate(terminate::Terminate),
    KeepOut(keep_out::KeepOut),
}

impl Session {
    pub(crate) fn run(self, online: &Online) -> Result<Exit, Failure> {
        match self.command {
            Command::List(command) => command.run(online),
            Command::Watch(command) => command.run(online),
            Command::Get(command) => command.run(online),
            Command::Open(command) => command.run(online),
            Command::Terminate(command) => command.run(online),
            Command::KeepOut(command) => command.run(online),
        }
    }
}
