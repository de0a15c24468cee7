//! `cargo xtask assets`: completion scripts and manual pages, as packages ship them.

use std::path::PathBuf;

use clap::Args;
use xshell::{Shell, cmd};

use crate::error::Error;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Where to write them
    #[arg(long, value_name = "DIR", default_value = "target/assets")]
    out: PathBuf,
}

/// The command line itself writes them, so that they can't differ from it.
pub(crate) fn run(sh: &Shell, options: &Options) -> Result<(), Error> {
    let out = &options.out;
    cmd!(
        sh,
        "cargo run --locked --package pam-cli --bin pamctl -- __assets {out}"
    )
    .quiet()
    .run()?;
    Ok(())
}
