//! `cargo xtask python`: the wheel, installed where nothing else is, against the mock appliance.

use std::path::PathBuf;

use clap::Args;
use xshell::{Shell, cmd};

use crate::error::Error;
use crate::gate::has;
use crate::interop;
use crate::steps::{Outcome, Steps};

const CRATE: &str = "crates/pam-python";
const FOLDER: &str = "target/python";

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Build the wheel as it is published: optimised, without debug information
    #[arg(long)]
    release: bool,
    /// Build the wheel and stop
    #[arg(long)]
    wheel_only: bool,
}

pub(crate) fn run(sh: &Shell, options: &Options) -> Result<(), Error> {
    let mut steps = Steps::new("python");
    steps.run("wheel", || {
        let python = match tools(sh)? {
            Ok(python) => python,
            Err(missing) => return Ok(Outcome::Skipped(missing)),
        };
        let wheel = wheel(sh, &python, options.release)?;
        Ok(Outcome::Ok(wheel.display().to_string()))
    });
    if !options.wheel_only {
        steps.run("tests", || check(sh));
    }
    steps.finish()
}

/// Builds the wheel, installs it in a fresh environment, terminates a session on the mock with it,
/// and runs its tests.
pub(crate) fn check(sh: &Shell) -> Result<Outcome, Error> {
    let python = match tools(sh)? {
        Ok(python) => python,
        Err(missing) => return Ok(Outcome::Skipped(missing)),
    };
    let wheel = wheel(sh, &python, false)?;
    let pamctl = interop::Bench::build(sh)?.pamctl();
    let (fresh, pins) = (
        format!("{FOLDER}/fresh"),
        format!("{CRATE}/tests/requirements.txt"),
    );
    cmd!(sh, "python3 -m venv --clear {fresh}").quiet().run()?;
    let python = sh.current_dir().join(&fresh).join("bin/python");
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-warn-script-location",
    ];
    // The wheel needs nothing but Python.
    cmd!(sh, "{python} {pip...} --no-index --no-deps {wheel}")
        .quiet()
        .run()?;
    cmd!(sh, "{python} {CRATE}/tests/terminate_one.py")
        .quiet()
        .env("PAMCTL", &pamctl)
        .run()?;
    if cmd!(sh, "{python} {pip...} --requirement {pins}")
        .quiet()
        .run()
        .is_err()
    {
        return Ok(Outcome::Skipped(format!(
            "the packages of {pins} (pip failed); the wheel terminates a session"
        )));
    }
    // Away from the sources, so that what is tested is what was installed.
    let tests = sh.current_dir().join(CRATE).join("tests");
    let _away = sh.push_dir(FOLDER);
    cmd!(sh, "{python} -m pytest --quiet -p no:cacheprovider {tests}")
        .quiet()
        .env("PAMCTL", &pamctl)
        .run()?;
    Ok(Outcome::Ok("the installed wheel passes its tests".into()))
}

/// A Python with maturin, or what this machine lacks for one.
fn tools(sh: &Shell) -> Result<Result<PathBuf, String>, Error> {
    if !has(sh, "python3") {
        return Ok(Err("python3 not found".into()));
    }
    let venv = cmd!(sh, "python3 -c 'import venv, ensurepip'")
        .quiet()
        .ignore_stderr();
    if venv.run().is_err() {
        return Ok(Err("python3-venv not found".into()));
    }
    let pins = format!("{CRATE}/maturin.requirements.txt");
    let wanted = sh.read_file(&pins)?;
    let folder = sh.current_dir().join(FOLDER).join("maturin");
    let (python, installed) = (folder.join("bin/python"), folder.join("installed.txt"));
    if sh.read_file(&installed).is_ok_and(|known| known == wanted) {
        return Ok(Ok(python));
    }
    cmd!(sh, "python3 -m venv --clear {folder}").quiet().run()?;
    let pip = cmd!(
        sh,
        "{python} -m pip install --quiet --disable-pip-version-check --requirement {pins}"
    );
    if pip.quiet().run().is_err() {
        return Ok(Err(format!("the packages of {pins} (pip failed)")));
    }
    sh.write_file(&installed, wanted)?;
    Ok(Ok(python))
}

/// One wheel for every Python from 3.9 on: abi3.
fn wheel(sh: &Shell, python: &PathBuf, release: bool) -> Result<PathBuf, Error> {
    let out = sh.current_dir().join(FOLDER).join("wheels");
    sh.remove_path(&out)?;
    let profile = if release { "release" } else { "dev" };
    let manifest = format!("{CRATE}/Cargo.toml");
    cmd!(
        sh,
        "{python} -m maturin build --quiet --profile {profile} --locked --manifest-path {manifest}
            --out {out}"
    )
    .quiet()
    .run()?;
    let mut wheels = sh.read_dir(&out)?;
    match (wheels.pop(), wheels.is_empty()) {
        (Some(wheel), true) => Ok(wheel),
        _ => Err(Error::new(format!(
            "{} holds no wheel, or several",
            out.display()
        ))),
    }
}
