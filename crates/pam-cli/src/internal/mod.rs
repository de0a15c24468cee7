//! What scripts of this project ask of `pamctl`, apart from the command line for people: the
//! completion scripts for session ids, `cargo xtask assets` for the files.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::exit::Exit;
use crate::failure::Failure;

mod assets;
mod live_sessions;
mod position;

/// A command that begins with two underscores. It may change with any version.
#[derive(Debug, Parser)]
#[command(name = "pamctl", disable_help_subcommand = true)]
struct Internal {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print what could stand at the last of these words
    #[command(name = "__complete")]
    Complete {
        /// The command line up to the cursor, beginning with the program
        #[arg(last = true)]
        words: Vec<OsString>,
    },
    /// Write completion scripts and manual pages into this folder
    #[command(name = "__assets")]
    Assets {
        /// The folder; created when it is not there
        folder: PathBuf,
    },
}

/// Whether this command line is meant for [`run`].
pub(crate) fn is_meant(mut arguments: impl Iterator<Item = OsString>) -> bool {
    let first = arguments.nth(1);
    first.is_some_and(|first| first.to_str().is_some_and(|first| first.starts_with("__")))
}

/// Does it.
pub(crate) fn run() -> Result<Exit, Failure> {
    match Internal::try_parse() {
        Ok(Internal {
            command: Command::Complete { words },
        }) => {
            live_sessions::complete(&words);
            Ok(Exit::Done)
        }
        Ok(Internal {
            command: Command::Assets { folder },
        }) => assets::write(&folder),
        Err(error) => Err(Failure::usage(error.to_string())),
    }
}
