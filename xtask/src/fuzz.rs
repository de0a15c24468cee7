//! `cargo xtask fuzz`: every fuzz target, each for a bounded time.

use xshell::{Shell, cmd};

use crate::error::Error;
use crate::gate::has;
use crate::steps::{Outcome, Steps};

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
    let installed = has(sh, "cargo-fuzz");
    let limit = format!("-max_total_time={}", options.seconds);
    let mut steps = Steps::new("fuzz");
    for target in &targets {
        steps.run(target, || {
            if !installed {
                return Ok(Outcome::Skipped(
                    "cargo-fuzz not found (cargo install cargo-fuzz --locked)".into(),
                ));
            }
            cmd!(sh, "cargo +nightly fuzz run {target} -- {limit}").run()?;
            Ok(Outcome::ok())
        });
    }
    steps.finish()
}

/// The targets in `fuzz/fuzz_targets`, or the one asked for.
fn targets(sh: &Shell, only: Option<&str>) -> Result<Vec<String>, Error> {
    let folder = "fuzz/fuzz_targets";
    if !sh.path_exists(folder) {
        return Err(Error::new(format!(
            "{folder} does not exist: there is no target to run"
        )));
    }
    let mut names: Vec<String> = sh
        .read_dir(folder)?
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
