//! `pam-bench NAME [--json] [--short]`: runs one benchmark of this project beside other
//! implementations of the same job.
//!
//! Every figure is a ratio measured side by side in one run: contestants take turns, and the
//! results are compared before anything is timed. Wall time never fails a run; wrong results and
//! counted things (allocations, memory, sizes) do.

mod alert;
mod cli;
mod listing;
mod mock;
mod process;
mod race;
mod report;
mod respond;
mod sign;
mod terminate;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use crate::report::{Effort, Report};

#[derive(Parser)]
#[command(version, about)]
struct Options {
    /// What to measure
    name: Name,
    /// One JSON object a row in place of the table
    #[arg(long)]
    json: bool,
    /// Few, short rounds: whether results and counts are right, not how long they take
    #[arg(long)]
    short: bool,
    /// A Python that has requests_oauthlib
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Name {
    /// Signing a request
    Sign,
    /// Verifying a signed request
    Verify,
    /// Finding one user's active sessions in a listing
    Listing,
    /// Ending 10,000 sessions over loopback
    Terminate,
    /// From exec to exit
    Cli,
    /// Decoding alerts
    Alert,
    /// Accepting alerts and ending sessions
    Respond,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let effort = if options.short {
        Effort::Short
    } else {
        Effort::Full
    };
    let mut report = Report::new(options.json, effort);
    let python = options.python.as_deref();
    let done = match options.name {
        Name::Sign => {
            sign::run(&mut report);
            Ok(())
        }
        Name::Verify => {
            verify::run(&mut report);
            Ok(())
        }
        Name::Listing => listing::run(&mut report),
        Name::Terminate => terminate::run(&mut report, python),
        Name::Cli => cli::run(&mut report, python),
        Name::Alert => {
            alert::run(&mut report);
            Ok(())
        }
        Name::Respond => respond::run(&mut report),
    };
    if let Err(error) = done {
        report.fail(error.to_string());
    }
    report.finish()
}
