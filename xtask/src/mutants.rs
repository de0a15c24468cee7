//! `cargo xtask mutants`: whether the tests notice when the code is changed.
//!
//! cargo-mutants changes the modules on which everything rests, one place at a
//! time, and runs their tests. A change that no test notices is either a gap in
//! the tests or listed, with its reason, in `tests/mutants.txt`.

mod outcomes;
mod survivors;

use std::path::PathBuf;

use xshell::{Shell, cmd};

use self::outcomes::Outcomes;
use self::survivors::Survivors;
use crate::error::Error;
use crate::steps::{Outcome, Steps};

const SURVIVORS: &str = "tests/mutants.txt";
const DOCUMENT: &str = "docs/testing.md";

/// The most changes of a module that are tried when only changed lines are looked
/// at: less than a minute.
const SAMPLE: usize = 8;

/// Which changes to try.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only this module: signing or termination
    module: Option<String>,
    /// Only lines that differ from this commit [default: the main branch]
    #[arg(long, value_name = "COMMIT", num_args = 0..=1, default_missing_value = "")]
    changed: Option<String>,
    /// Only the K-th of N equal parts, counted from 0; the document is left alone
    #[arg(long, value_name = "K/N", conflicts_with = "changed")]
    shard: Option<String>,
}

/// Code that is changed, and the tests that should notice.
struct Module {
    name: &'static str,
    files: &'static str,
    /// The test programs, as options of cargo.
    programs: &'static [&'static str],
    /// The tests, in nextest's language.
    tests: &'static str,
}

const MODULES: [Module; 2] = [
    Module {
        name: "signing",
        files: "crates/pam-proto/src/oauth1/**/*.rs",
        programs: &["-C=--lib", "-C=--test=oauth1"],
        tests: "binary(oauth1) | test(/^oauth1::/)",
    },
    Module {
        name: "termination",
        files: "crates/pam-proto/src/termination/*.rs",
        programs: &["-C=--lib"],
        tests: "test(/^termination::/)",
    },
];

pub(crate) fn run(sh: &Shell, options: &Options) -> Result<(), Error> {
    let wanted = |module: &&Module| {
        let only = options.module.as_deref();
        only.is_none_or(|only| only == module.name)
    };
    let modules: Vec<&Module> = MODULES.iter().filter(wanted).collect();
    if modules.is_empty() {
        return Err(Error::new(
            "there are two modules to try: signing and termination",
        ));
    }
    let mut steps = Steps::new("mutants");
    for module in modules {
        steps.run(module.name, || {
            if let Some(missing) = missing(sh) {
                return Ok(Outcome::Skipped(missing));
            }
            match (&options.changed, &options.shard) {
                (Some(commit), _) => changed(sh, module, commit),
                (None, Some(shard)) => module.judge(&module.mutate(sh, &["--shard", shard])?, sh),
                (None, None) => whole(sh, module),
            }
        });
    }
    steps.finish()
}

/// Tries the changed lines, as a step for each module.
pub(crate) fn check(sh: &Shell, steps: &mut Steps) {
    for module in &MODULES {
        steps.run(&format!("mutants: {}", module.name), || match missing(sh) {
            Some(missing) => Ok(Outcome::Skipped(missing)),
            None => changed(sh, module, ""),
        });
    }
}

/// What has to be installed first.
fn missing(sh: &Shell) -> Option<String> {
    // Each answers as a command of cargo only.
    ["mutants", "nextest"]
        .into_iter()
        .find(|command| {
            let version = cmd!(sh, "cargo {command} --version");
            let version = version.quiet().ignore_stdout().ignore_stderr();
            version.run().is_err()
        })
        .map(|command| {
            format!("cargo-{command} not found (cargo install cargo-{command} --locked)")
        })
}

/// Tries everything and writes the score into the document.
fn whole(sh: &Shell, module: &Module) -> Result<Outcome, Error> {
    let outcomes = module.mutate(sh, &[])?;
    let document = sh.read_file(DOCUMENT)?;
    let score = outcomes.score();
    let written = outcomes::write_score(&document, module.name, &score)
        .ok_or_else(|| Error::new(format!("{DOCUMENT} has no place for {}", module.name)))?;
    sh.write_file(DOCUMENT, written)?;
    let stale = Survivors::read(&sh.read_file(SURVIVORS)?)?.stale(module.files, &outcomes);
    if !stale.is_empty() {
        return Err(Error::new(format!(
            "{SURVIVORS} lists what the tests notice:\n{}",
            stale.join("\n")
        )));
    }
    module.judge(&outcomes, sh)
}

/// Tries the lines that differ from a commit; of very many a sample.
fn changed(sh: &Shell, module: &Module, commit: &str) -> Result<Outcome, Error> {
    let base = match commit {
        "" => base(sh)?,
        commit => commit.to_owned(),
    };
    let folder = module.folder(sh)?;
    let diff = folder.join("changed.diff");
    let sources = "crates/pam-proto/src";
    let text = cmd!(sh, "git diff {base} -- {sources}").quiet().read()?;
    if text.is_empty() {
        return Ok(Outcome::Ok(format!("nothing differs from {base}")));
    }
    sh.write_file(&diff, format!("{text}\n"))?;
    let files = module.files;
    let list = cmd!(
        sh,
        "cargo mutants --list --package pam-proto --file {files} --in-diff {diff}"
    );
    let count = list.quiet().ignore_stderr().read()?.lines().count();
    if count == 0 {
        return Ok(Outcome::Ok(format!("no such line differs from {base}")));
    }
    let shard = format!("0/{}", count.div_ceil(SAMPLE));
    let diff = diff.to_string_lossy();
    let options = ["--in-diff", &*diff, "--shard", &shard];
    module.judge(&module.mutate(sh, &options)?, sh)
}

/// What a change is measured from: where it left the main branch, and on the
/// main branch itself the commit before.
fn base(sh: &Shell) -> Result<String, Error> {
    let head = cmd!(sh, "git rev-parse HEAD").quiet().read()?;
    for main in ["origin/main", "main"] {
        let base = cmd!(sh, "git merge-base HEAD {main}");
        if let Ok(base) = base.quiet().ignore_stderr().read()
            && base != head
        {
            return Ok(base);
        }
    }
    let before = cmd!(sh, "git rev-parse HEAD~1");
    before
        .quiet()
        .ignore_stderr()
        .read()
        .map_err(|_| Error::new("no earlier commit to compare with; name one: --changed COMMIT"))
}

impl Module {
    /// Where cargo-mutants writes, below the target folder.
    fn folder(&self, sh: &Shell) -> Result<PathBuf, Error> {
        Ok(sh.create_dir(format!("target/mutants/{}", self.name))?)
    }

    fn mutate(&self, sh: &Shell, options: &[&str]) -> Result<Outcomes, Error> {
        let &Module {
            files,
            programs,
            tests,
            ..
        } = self;
        let folder = self.folder(sh)?;
        let build = sh.current_dir().join("target/mutants/build");
        let _in_one_folder = sh.push_env("CARGO_TARGET_DIR", build);
        let _quick = sh.push_env("CARGO_PROFILE_DEV_DEBUG", "0");
        // A property that fails is enough; the smallest case is nobody's business here.
        let _unshrunk = sh.push_env("PROPTEST_MAX_SHRINK_ITERS", "0");
        // Its exit code says no more than its report, which is read instead.
        cmd!(
            sh,
            "cargo mutants --package pam-proto --file {files} --test-tool nextest
             --timeout-multiplier 3 --minimum-test-timeout 60 --colors never
             --output {folder} {programs...} {options...}
             -- --max-fail 1:immediate -E {tests}"
        )
        .ignore_status()
        .run()?;
        let report = sh.read_file(folder.join("mutants.out/outcomes.json"))?;
        Outcomes::read(&report)
    }

    /// Every change must be caught or listed.
    fn judge(&self, outcomes: &Outcomes, sh: &Shell) -> Result<Outcome, Error> {
        let listed = Survivors::read(&sh.read_file(SURVIVORS)?)?;
        let unlisted = listed.unlisted(outcomes);
        if unlisted.is_empty() {
            return Ok(Outcome::Ok(outcomes.score()));
        }
        Err(Error::new(format!(
            "{}; no test notices, and {SURVIVORS} gives no reason for:\n{}",
            outcomes.score(),
            unlisted.join("\n")
        )))
    }
}
