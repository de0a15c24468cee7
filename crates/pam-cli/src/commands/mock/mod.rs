//! `pamctl mock`: the stand-in appliance as a program.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use pam_mock::{Builder, MockAppliance};

use crate::cli::Telling;
use crate::environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::stdout::Stdout;

mod catalogue;
mod options;

/// Run a stand-in appliance, for tests and demonstrations
///
/// It verifies signatures, holds sessions that start, run and end, and answers as the appliance
/// does, faults and quirks included. It listens on loopback and speaks TLS with a CA of its own.
/// Its keys are made up at each start. It runs until it is stopped with Ctrl-C or a signal.
///
/// GET /_mock/sessions gives the true state of its sessions, GET /_mock/requests what it was
/// asked, both without authentication and from this machine only.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Examples:
  pamctl mock --sessions 40 --active 8 --ready-file mock.json
  pamctl mock --profile v3.32 --fault drop-accepted-but-alive --fault slow-list:5
  pamctl mock faults")]
pub(crate) struct Mock {
    #[command(subcommand)]
    catalogue: Option<Catalogue>,
    #[command(flatten)]
    options: options::Options,
    /// Once it listens, write address, CA file and keys to this file as JSON; the CA, a client
    /// certificate and its key go beside it
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Catalogue {
    /// List the faults that --fault takes
    Faults,
    /// List the switches that --switch takes
    Switches,
}

impl Mock {
    pub(crate) fn run(self, telling: Telling) -> Result<Exit, Failure> {
        match self.catalogue {
            Some(Catalogue::Faults) => catalogue::faults(),
            Some(Catalogue::Switches) => catalogue::switches(),
            None => serve(self.options.builder()?, self.ready_file, telling),
        }
    }
}

fn serve(builder: Builder, ready_file: Option<PathBuf>, telling: Telling) -> Result<Exit, Failure> {
    log(telling);
    if let Some(path) = &ready_file {
        forget(path)?;
    }
    let not_started =
        |error: io::Error| Failure::new(Exit::Failed, format!("the mock can't start: {error}"));
    let interrupt = Interrupt::install().map_err(not_started)?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().build().map_err(not_started)?;
    let served = runtime.block_on(async {
        let stop = interrupt.graceful().map_err(not_started)?;
        let mock = builder.start().await.map_err(|error| {
            Failure::new(Exit::Failed, format!("the mock can't start: {error}"))
        })?;
        let _files = announce(&mock, ready_file)?;
        stop.await;
        mock.shutdown().await;
        Ok(Exit::Done)
    });
    runtime.shutdown_background();
    served
}

/// A ready file of an earlier run would be taken for this one's.
fn forget(path: &PathBuf) -> Result<(), Failure> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unwritable(path, &error)),
        _ => Ok(()),
    }
}

fn unwritable(path: &std::path::Path, error: &io::Error) -> Failure {
    Failure::new(
        Exit::Failed,
        format!(
            "can't write the ready file {}: {error}; name another one",
            path.display()
        ),
    )
}

/// Says where the mock is and how to talk to it: in the ready file, or on standard output as
/// settings to be pasted into a shell. Gives the folder that must live as long as the mock.
fn announce(
    mock: &MockAppliance,
    ready_file: Option<PathBuf>,
) -> Result<Option<tempfile::TempDir>, Failure> {
    let mut out = Stdout::open();
    if let Some(path) = ready_file {
        mock.write_ready_file(&path)
            .map_err(|error| unwritable(&path, &error))?;
        writeln!(out, "{}", mock.base_url())?;
        out.flush()?;
        return Ok(None);
    }
    let cannot = |error: io::Error| {
        Failure::new(
            Exit::Failed,
            format!("can't write the CA file: {error}; use --ready-file"),
        )
    };
    let folder = tempfile::Builder::new()
        .prefix("pamctl-mock-")
        .tempdir()
        .map_err(cannot)?;
    let files = mock
        .write_tls_files(folder.path().join("mock"))
        .map_err(cannot)?;
    let mut set = |name: &str, value: &str| writeln!(out, "export {name}={value}");
    set(environment::URL, &mock.base_url().to_string())?;
    if let Some(files) = files {
        set(environment::CA_FILE, &format!("'{}'", files.ca.display()))?;
    }
    let keys = mock.oauth1();
    set(environment::CONSUMER_KEY, &keys.consumer_key)?;
    set(environment::CONSUMER_SECRET, keys.consumer_secret.expose())?;
    if let Some(token) = &keys.token {
        set(environment::TOKEN, &token.key)?;
        set(environment::TOKEN_SECRET, token.secret.expose())?;
    }
    out.flush()?;
    Ok(Some(folder))
}

/// The mock's log goes to standard error: what went wrong, or with `-v` every request.
fn log(telling: Telling) {
    use tracing_subscriber::filter::{LevelFilter, Targets};
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::util::SubscriberInitExt;

    let level = match telling.verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let colours = match anstream::AutoStream::choice(&io::stderr()) {
        anstream::ColorChoice::Auto => io::stderr().is_terminal(),
        choice => choice != anstream::ColorChoice::Never,
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(colours);
    // It can be there already only when this is called twice, which it is not.
    let _ = tracing_subscriber::registry()
        .with(Targets::new().with_target("pam_mock", level))
        .with(lines)
        .try_init();
}
