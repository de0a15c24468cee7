//! `cargo xtask demo`: the whole job on a fresh machine, in one command.

use xshell::{Shell, cmd};

use crate::error::Error;

pub(crate) fn run(sh: &Shell) -> Result<(), Error> {
    cmd!(
        sh,
        "cargo run --locked --package pam-cli --bin pamctl -- demo"
    )
    .quiet()
    .run()?;
    Ok(())
}
