//! `cargo xtask msrv`: everything that ships builds with the oldest Rust that is promised.

use xshell::{Shell, cmd};

use crate::error::Error;
use crate::steps::{Outcome, Steps};
use crate::tidy;

pub(crate) fn run(sh: &Shell) -> Result<(), Error> {
    let mut steps = Steps::new("msrv");
    steps.run("msrv", || check(sh));
    steps.finish()
}

/// The version is stated once, in the workspace's manifest; every crate inherits it.
pub(crate) fn check(sh: &Shell) -> Result<Outcome, Error> {
    let version = tidy::minimum_rust(sh)?;
    let present = cmd!(sh, "rustup run {version} cargo --version")
        .quiet()
        .ignore_stdout()
        .ignore_stderr()
        .run();
    if present.is_err() {
        return Ok(Outcome::Skipped(format!(
            "Rust {version} (rustup toolchain install {version} --profile minimal)"
        )));
    }
    // What a cargo of another version set for this process does not hold for that one.
    cmd!(
        sh,
        "rustup run {version} cargo check --locked --target-dir target/msrv"
    )
    .env_remove("RUSTC")
    .env_remove("RUSTDOC")
    .env_remove("RUSTUP_TOOLCHAIN")
    .run()?;
    Ok(Outcome::Ok(format!("with Rust {version}")))
}
