//! `cargo xtask bench NAME`: one benchmark of the `pam-bench` crate, beside
//! other implementations of the same job; or all of them, into the document.
//!
//! The figures of the document come from `all` and from nowhere else.

mod count;
mod document;

use std::path::PathBuf;

use clap::ValueEnum;
use xshell::{Shell, cmd};

use crate::error::Error;
use crate::interop;
use crate::quick;
use crate::steps::Outcome;

/// What to measure and how to print it.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What to measure
    name: Name,
    /// Print one JSON object a row in place of the table
    #[arg(long)]
    json: bool,
    /// Few, short rounds: whether results and counts are right, not how long they take
    #[arg(long)]
    short: bool,
    /// With `count`: take what is counted now for right
    #[arg(long)]
    bless: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
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
    /// Instructions of the hot paths, held against those that are checked in
    Count,
    /// Everything; writes the tables of docs/performance.md
    All,
}

/// What has a table of its own in the document, in its order.
const MEASURED: [Name; 7] = [
    Name::Sign,
    Name::Verify,
    Name::Listing,
    Name::Terminate,
    Name::Cli,
    Name::Alert,
    Name::Respond,
];

impl Name {
    fn text(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

pub(crate) fn run(sh: &Shell, options: &Options) -> Result<(), Error> {
    match options.name {
        Name::Count => match count::check(sh, options.bless)? {
            Outcome::Ok(counted) => {
                println!("{counted}");
                Ok(())
            }
            Outcome::Skipped(missing) => Err(Error::new(missing)),
        },
        Name::All => all(sh),
        name => {
            let programs = Programs::build(sh, options.short)?;
            programs.command(sh, name, options.json).run()?;
            Ok(())
        }
    }
}

/// Each benchmark in its short form, for a gate: wrong results and counted
/// things fail it, time never does.
pub(crate) fn check(sh: &Shell) -> Result<Outcome, Error> {
    let programs = Programs::build(sh, true)?;
    for name in MEASURED {
        programs.command(sh, name, false).run()?;
    }
    Ok(match count::check(sh, false)? {
        Outcome::Ok(counted) => Outcome::Ok(counted),
        Outcome::Skipped(missing) => Outcome::Ok(format!("but no instructions: {missing}")),
    })
}

fn all(sh: &Shell) -> Result<(), Error> {
    let programs = Programs::build(sh, false)?;
    let mut tables = Vec::new();
    for name in MEASURED {
        eprintln!("--- {}", name.text());
        let rows = programs.command(sh, name, true).read()?;
        println!("{rows}");
        tables.push((name.text(), rows));
    }
    document::write(sh, &tables)
}

/// What takes part in the benchmarks, built.
struct Programs {
    folder: PathBuf,
    short: bool,
    python: Option<PathBuf>,
}

impl Programs {
    fn build(sh: &Shell, short: bool) -> Result<Self, Error> {
        let target = interop::target(sh)?;
        // The short form needs code that is optimised, not the last few percent.
        let folder = if short {
            quick::build(sh)?
        } else {
            cmd!(
                sh,
                "cargo build --quiet --release --locked --package pam-bench --package pam-cli"
            )
            .quiet()
            .run()?;
            target.join("release")
        };
        let python = match interop::requests_oauthlib(sh, target.clone())? {
            interop::Environment::Ready(python) => Some(python),
            interop::Environment::Missing(what) => {
                eprintln!("skipped: requests_oauthlib: {what}");
                None
            }
        };
        Ok(Self {
            folder,
            short,
            python,
        })
    }

    fn command<'s>(&self, sh: &'s Shell, name: Name, json: bool) -> xshell::Cmd<'s> {
        let program = self.folder.join("pam-bench");
        let name = name.text();
        let json = json.then_some("--json");
        let short = self.short.then_some("--short");
        let command = cmd!(sh, "{program} {name} {json...} {short...}").quiet();
        match &self.python {
            Some(python) => command.arg("--python").arg(python),
            None => command,
        }
    }
}
