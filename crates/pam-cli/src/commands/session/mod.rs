//! `pamctl session`: what the appliance's sessions are asked or told.

use std::io;
use std::pin::Pin;
use std::sync::Arc;

use clap::{Args, Subcommand};
use pam_client::Client;

use crate::cli::Telling;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::narrator::Narrator;
use crate::progress::Progress;
use crate::settings::Connection;

mod get;
mod list;
mod open;
mod reading;
mod terminate;
mod verdict;
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
}

impl Session {
    pub(crate) fn run(self, connection: Connection, telling: Telling) -> Result<Exit, Failure> {
        let online = Online {
            connection,
            telling,
            interrupt: Interrupt::install().map_err(not_started)?,
        };
        match self.command {
            Command::List(command) => command.run(&online),
            Command::Watch(command) => command.run(&online),
            Command::Get(command) => command.run(&online),
            Command::Open(command) => command.run(&online),
            Command::Terminate(command) => command.run(&online),
        }
    }
}

/// What a command needs to talk to the appliance.
#[derive(Debug)]
struct Online {
    connection: Connection,
    telling: Telling,
    interrupt: Interrupt,
}

fn not_started(error: io::Error) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("can't start: {error}; the system lacks resources"),
    )
}

impl Online {
    fn client(&self, progress: &Progress) -> Result<Client, Failure> {
        let narrator = Arc::new(Narrator::new(self.telling.verbose, progress));
        let connection = self.connection.clone();
        let settings = connection.resolve(&Environment::of_process(), narrator)?;
        Ok(Client::new(settings)?)
    }

    /// Does the work of a command that Ctrl-C may simply end: one that changes nothing, or only
    /// one thing.
    fn run<T>(
        &self,
        waiting_for: &'static str,
        work: impl AsyncFnOnce(&Client, &Progress) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let interrupted = || Failure::new(Exit::Interrupted, "interrupted");
        self.run_until(waiting_for, async |client, progress, stop| {
            tokio::select! {
                result = work(client, progress) => result,
                () = stop => Err(interrupted()),
            }
        })
    }

    /// Does the work of a command that must not just end at Ctrl-C: it is given what resolves
    /// then.
    fn run_until<T>(
        &self,
        waiting_for: &'static str,
        work: impl AsyncFnOnce(&Client, &Progress, Stop) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().map_err(not_started)?;
        let progress = Progress::start(waiting_for);
        let result = runtime.block_on(async {
            let client = self.client(&progress)?;
            let stop = self.interrupt.graceful().map_err(not_started)?;
            work(&client, &progress, Box::pin(stop)).await
        });
        progress.finish();
        // A name that is still being looked up must not hold up the end.
        runtime.shutdown_background();
        result
    }
}

/// Resolves at the first Ctrl-C.
type Stop = Pin<Box<dyn Future<Output = ()>>>;
