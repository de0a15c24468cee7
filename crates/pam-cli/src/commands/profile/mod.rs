//! `pamctl profile`: the appliances by name.

use clap::{Args, Subcommand};

use crate::cli::Needs;
use crate::config::Selection;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::settings::Connection;

mod add;
mod list;
mod remove;
mod select;
mod show;

/// Add, list, choose, show and remove profiles: an appliance, and where its secrets are
///
/// They stand in ~/.config/pamctl/config.toml, which may be edited by hand; comments stay. The
/// file holds no secret.
#[derive(Debug, Args)]
pub(crate) struct Profile {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Add(add::Add),
    List(list::List),
    Use(select::Use),
    Show(show::Show),
    Remove(remove::Remove),
}

impl Profile {
    /// Which of the global options mean something to it.
    pub(crate) fn needs(&self) -> Needs {
        match self.command {
            Command::Add(_) | Command::Show(_) => Needs::Appliance,
            Command::List(_) | Command::Use(_) | Command::Remove(_) => Needs::Profile,
        }
    }

    pub(crate) fn run(
        self,
        connection: &Connection,
        selection: &Selection,
    ) -> Result<Exit, Failure> {
        match self.command {
            Command::Add(command) => command.run(connection, selection),
            Command::List(command) => command.run(selection),
            Command::Use(command) => command.run(selection),
            Command::Show(command) => command.run(connection, selection),
            Command::Remove(command) => command.run(selection),
        }
    }
}
