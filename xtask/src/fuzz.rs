//! `cargo xtask fuzz`: every fuzz target, each for a bounded time.
//!
//! The targets need a nightly toolchain and cargo-fuzz. The tests replay the corpora in `fuzz/corpus` through the
//! same functions on any toolchain.

use xshell::{Shell, cmd};

use crate::error::Error;
use crate::gate::has;
use crate::steps::{Outcome, Steps};

/// Recorded answers and alerts that a target reads beside its corpus, as the tests replay them.
fn recorded(target: &str) -> Option<&'static str> {
    match target {
        "envelope" | "listing" => Some("tests/fixtures/wire"),
        "cef" | "syslog" => Some("tests/fixtures/alerts/datagram"),
        "framer" => Some("tests/fixtures/alerts/stream"),
        _ => None,
    }
}

/// Which targets to run, and for how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only this target
    target: Option<String>,
    /// Seconds for each target
    #[arg(long, default_value_t = 10)]
    seconds: u32,
}

pub(crate) fn run(sh: &Shell, options: &Options) -> Result<(), Error> {
    let targets = targets(sh, options.target.as_deref())?;
    let missing = missing(sh);
    let limit = format!("-max_total_time={}", options.seconds);
    let mut steps = Steps::new("fuzz");
    for target in &targets {
        steps.run(target, || match &missing {
            Some(missing) => Ok(Outcome::Skipped(missing.clone())),
            None => fuzz(sh, target, &limit),
        });
    }
    steps.finish()
}

/// What has to be installed first.
fn missing(sh: &Shell) -> Option<String> {
    let nightly = cmd!(sh, "cargo +nightly --version");
    if !has(sh, "cargo-fuzz") {
        Some("cargo-fuzz not found (cargo install cargo-fuzz --locked)".into())
    } else if nightly
        .quiet()
        .ignore_stdout()
        .ignore_stderr()
        .run()
        .is_err()
    {
        Some("no nightly toolchain (rustup toolchain install nightly --profile minimal)".into())
    } else {
        None
    }
}

/// Starts from the corpus, what was recorded, and what earlier runs have found, which is kept
/// below the target folder: a find that is worth keeping is copied into the corpus by hand.
fn fuzz(sh: &Shell, target: &str, limit: &str) -> Result<Outcome, Error> {
    let found = sh.create_dir(format!("target/fuzz/found/{target}"))?;
    let corpus = format!("fuzz/corpus/{target}");
    let recorded = recorded(target);
    let nightly = ["+nightly", "fuzz", "run", "--target-dir", "target/fuzz"];
    // A slow input, and one that takes much memory, are failures as a panic is.
    let bounds = ["-timeout=5", "-rss_limit_mb=512"];
    cmd!(
        sh,
        "cargo {nightly...} {target} {found} {corpus} {recorded...} -- {limit} {bounds...}"
    )
    .run()?;
    Ok(Outcome::ok())
}

/// The targets in `fuzz/fuzz_targets`, or the one asked for.
fn targets(sh: &Shell, only: Option<&str>) -> Result<Vec<String>, Error> {
    let mut names: Vec<String> = sh
        .read_dir("fuzz/fuzz_targets")?
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter_map(|path| path.file_stem()?.to_str().map(str::to_owned))
        .collect();
    names.sort();
    match only {
        None => Ok(names),
        Some(name) if names.iter().any(|known| known == name) => Ok(vec![name.to_owned()]),
        Some(name) => Err(Error::new(format!(
            "no fuzz target is called {name:?}; there are: {}",
            names.join(", ")
        ))),
    }
}
