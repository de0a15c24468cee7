//! `pam-bench NAME [--json] [--short]`: runs one benchmark of this project beside other
//! implementations of the same job.
//!
//! Every figure is a ratio measured side by side in one run: contestants take turns, and the
//! results are compared before anything is timed. Wall time never fails a run; wrong results and
//! counted things (allocations) do.

mod harness;
mod sign;
mod verify;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use crate::harness::{Effort, Report};

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
}

#[derive(Clone, Copy, ValueEnum)]
enum Name {
    /// Signing a request
    Sign,
    /// Verifying a signed request
    Verify,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let effort = if options.short {
        Effort::Short
    } else {
        Effort::Full
    };
    let mut report = Report::new(options.json, effort);
    match options.name {
        Name::Sign => sign::run(&mut report),
        Name::Verify => verify::run(&mut report),
    }
    report.finish()
}
