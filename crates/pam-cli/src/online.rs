//! What every command needs that talks to the appliance.

use std::cell::OnceCell;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use pam_client::{Client, RouteChoice, Settings};

use crate::appliance_time::Clock;
use crate::cli::Telling;
use crate::config::{Profile, Selected, Selection};
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::narrator::Narrator;
use crate::output::stderr;
use crate::progress::Progress;
use crate::route_memory::RouteMemory;
use crate::settings::Connection;

/// The settings, and what goes on around a call: signals, spinner, narration.
#[derive(Debug)]
pub(crate) struct Online {
    connection: Connection,
    selected: Selected,
    pub(crate) telling: Telling,
    interrupt: Interrupt,
    /// Read once: a command that prints a secret is not run twice.
    settings: OnceCell<(Settings, Option<RouteMemory>)>,
}

/// Resolves at the first Ctrl-C.
pub(crate) type Stop = Pin<Box<dyn Future<Output = ()>>>;

fn not_started(error: io::Error) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("can't start: {error}; the system lacks resources"),
    )
}

impl Online {
    /// Takes the signals over and reads the profile; nothing is connected to yet.
    pub(crate) fn new(
        connection: Connection,
        selection: &Selection,
        telling: Telling,
    ) -> Result<Self, Failure> {
        let interrupt = Interrupt::install().map_err(not_started)?;
        Ok(Self {
            selected: selection.select(&Environment::of_process())?,
            connection,
            telling,
            interrupt,
            settings: OnceCell::new(),
        })
    }

    /// The profile in use; an empty one when none is.
    pub(crate) fn profile(&self) -> &Profile {
        &self.selected.profile
    }

    /// The name of the profile in use.
    pub(crate) fn profile_name(&self) -> Option<&str> {
        self.selected.name.as_deref()
    }

    /// The name of the profile as a question shows it: in colour when it matters.
    pub(crate) fn badge(&self) -> Option<String> {
        self.selected.badge()
    }

    /// The appliance's clock, in its zone.
    pub(crate) fn clock(&self) -> Result<Clock, Failure> {
        let environment = Environment::of_process();
        let choices = self.connection.choose(&environment, self.profile())?;
        Ok(Clock::new(choices.time_zone.map(|zone| zone.value)))
    }

    /// The settings of the client, the secrets among them.
    pub(crate) fn settings(&self) -> Result<&Settings, Failure> {
        Ok(&self.resolved()?.0)
    }

    fn resolved(&self) -> Result<&(Settings, Option<RouteMemory>), Failure> {
        if let Some(resolved) = self.settings.get() {
            return Ok(resolved);
        }
        let environment = Environment::of_process();
        let mut settings = self.connection.resolve(&environment, &self.selected)?;
        let memory = match settings.routes {
            RouteChoice::Auto => {
                RouteMemory::recall(&environment, self.profile_name(), &settings.base)
            }
            _ => None,
        };
        if let Some(routes) = memory.as_ref().and_then(RouteMemory::known) {
            settings.routes = RouteChoice::Remembered(routes);
        }
        Ok(self.settings.get_or_init(|| (settings, memory)))
    }

    /// A client; nothing is connected to yet.
    pub(crate) fn client(&self, progress: &Progress) -> Result<Client, Failure> {
        let mut settings = self.settings()?.clone();
        settings.observer = Some(Arc::new(Narrator::new(self.telling.verbose, progress)));
        Ok(Client::new(settings)?)
    }

    /// Does the work of a command that Ctrl-C may simply end: one that changes nothing, or only
    /// one thing.
    pub(crate) fn run<T>(
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
    pub(crate) fn run_until<T>(
        &self,
        waiting_for: &'static str,
        work: impl AsyncFnOnce(&Client, &Progress, Stop) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().map_err(not_started)?;
        // What is not set is told, and what prints a secret has printed, before a spinner turns.
        self.settings()?;
        let progress = Progress::start(waiting_for);
        let result = runtime.block_on(async {
            let client = self.client(&progress)?;
            let stop = self.interrupt.graceful().map_err(not_started)?;
            let result = work(&client, &progress, Box::pin(stop)).await;
            self.remember(&client);
            result
        });
        progress.finish();
        self.interrupt.abrupt();
        // A name that is still being looked up must not hold up the end.
        runtime.shutdown_background();
        result
    }

    /// Resolves at the first Ctrl-C or polite kill, which no longer ends the process. Needs a
    /// runtime.
    pub(crate) fn stop(&self) -> Result<Stop, Failure> {
        let stop = self.interrupt.graceful().map_err(not_started)?;
        Ok(Box::pin(stop))
    }

    /// Keeps the family of paths that was found, for the next run.
    fn remember(&self, client: &Client) {
        let Some((_, Some(memory))) = self.settings.get() else {
            return;
        };
        if let Some(routes) = client.routes()
            && let Err(error) = memory.keep(routes)
            && self.telling.verbose > 1
        {
            stderr::detail(format!("the routes are not remembered: {error}"));
        }
    }
}
