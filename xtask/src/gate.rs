//! The steps that `ci` and `test` share. Each is one program's judgement.
//!
//! Everything is built in one profile with one set of features, so that
//! nothing is compiled twice.

use xshell::{Shell, cmd};

use crate::bench;
use crate::error::Error;
use crate::features;
use crate::msrv;
use crate::steps::{Outcome, Steps};
use crate::tidy;
use crate::tools::CARGO_DENY;
use crate::unit;
use crate::wasm;

/// Whether a program can be started from the search path.
pub(crate) fn has(sh: &Shell, program: &str) -> bool {
    cmd!(sh, "{program} --version")
        .quiet()
        .ignore_stdout()
        .ignore_stderr()
        .run()
        .is_ok()
}

/// Runs every check that needs Rust alone.
pub(crate) fn check(sh: &Shell, steps: &mut Steps) {
    steps.run("format", || format(sh));
    steps.run("tidy", || tidy::check(sh));
    steps.run("clippy", || clippy(sh));
    steps.run("doc examples", || doc_examples(sh));
    steps.run("features", || features::check(sh));
    steps.run("wasm", || wasm::check(sh));
    steps.run("msrv", || msrv::check(sh));
    steps.run("tests", || tests(sh));
    steps.run("benchmarks", || bench::check(sh));
    steps.run("docs", || docs(sh));
    steps.run("deny", || deny(sh));
    steps.run("systemd unit", || unit::check(sh));
}

fn format(sh: &Shell) -> Result<Outcome, Error> {
    cmd!(sh, "cargo fmt --all --check").run()?;
    Ok(Outcome::ok())
}

fn clippy(sh: &Shell) -> Result<Outcome, Error> {
    cmd!(
        sh,
        "cargo clippy --workspace --all-targets --locked -- -D warnings"
    )
    .run()?;
    Ok(Outcome::ok())
}

fn doc_examples(sh: &Shell) -> Result<Outcome, Error> {
    cmd!(sh, "cargo test --workspace --doc --locked").run()?;
    Ok(Outcome::ok())
}

fn tests(sh: &Shell) -> Result<Outcome, Error> {
    if has(sh, "cargo-nextest") {
        cmd!(sh, "cargo nextest run --workspace --locked --no-fail-fast").run()?;
        return Ok(Outcome::Ok("with nextest".into()));
    }
    cmd!(
        sh,
        "cargo test --workspace --lib --bins --tests --examples --locked --no-fail-fast"
    )
    .run()?;
    Ok(Outcome::Ok("with cargo test".into()))
}

fn docs(sh: &Shell) -> Result<Outcome, Error> {
    cmd!(sh, "cargo doc --workspace --no-deps --locked")
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()?;
    Ok(Outcome::ok())
}

/// Bans, licences and sources need nothing but the checkout; advisories need
/// the advisory database and are checked where it can be reached.
fn deny(sh: &Shell) -> Result<Outcome, Error> {
    if !has(sh, "cargo-deny") {
        return Ok(Outcome::Skipped(
            "cargo-deny not found (cargo install cargo-deny --locked)".into(),
        ));
    }
    check_deny(sh)?;
    Ok(Outcome::Ok("bans, licences, sources".into()))
}

fn check_deny(sh: &Shell) -> Result<(), Error> {
    Ok(cmd!(sh, "cargo deny --locked check bans licenses sources").run()?)
}

/// `cargo xtask deny`: the same, bringing the program when it is not there.
pub(crate) fn run_deny(sh: &Shell) -> Result<(), Error> {
    CARGO_DENY.ensure(sh)?;
    check_deny(sh)
}
