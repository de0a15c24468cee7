//! `cargo xtask bench NAME`: one benchmark of the `pam-bench` crate, in the
//! release profile.

use xshell::{Shell, cmd};

use crate::error::Error;

/// What to measure and how to print it.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Name of the benchmark, such as `sign`
    name: String,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
    /// Further arguments for the benchmark
    #[arg(last = true)]
    rest: Vec<String>,
}

pub(crate) fn run(sh: &Shell, options: &Options) -> Result<(), Error> {
    let Options { name, json, rest } = options;
    let json = json.then_some("--json");
    cmd!(
        sh,
        "cargo run --quiet --release --locked --package pam-bench -- {name} {json...} {rest...}"
    )
    .quiet()
    .run()?;
    Ok(())
}
