//! Proofs by Python's packages, each family in a virtual environment of its
//! own below the target folder.

use std::net::TcpListener;
use std::path::PathBuf;

use xshell::{Shell, cmd};

use super::Bench;
use super::line_programs::{Party, both_ways};
use super::mock::Mock;
use super::requests::Dialect;
use crate::error::Error;
use crate::gate::has;
use crate::steps::Outcome;

/// `oauthlib`'s server side verifies what `pam-proto` signs, and `pam-proto`
/// what `oauthlib` signs.
pub(super) fn oauthlib(bench: &Bench<'_>) -> Result<Outcome, Error> {
    let python = match environment(bench, "oauthlib")? {
        Environment::Ready(python) => python,
        Environment::Missing(what) => return Ok(Outcome::Skipped(what)),
    };
    let command = |task: &str| {
        vec![
            python.clone().into(),
            "tests/interop/oauthlib_lines.py".into(),
            task.into(),
        ]
    };
    let theirs = Party {
        name: "oauthlib",
        sign: command("sign"),
        verify: command("verify"),
    };
    both_ways(bench, &theirs, Dialect::Rfc, 2_000).map(Outcome::Ok)
}

/// `requests` with `requests_oauthlib`, in the manner of the vendor's sample,
/// lists, gets, opens and terminates on the mock.
pub(super) fn vendor_style(bench: &Bench<'_>) -> Result<Outcome, Error> {
    let python = match environment(bench, "oauthlib")? {
        Environment::Ready(python) => python,
        Environment::Missing(what) => return Ok(Outcome::Skipped(what)),
    };
    let mock = Mock::start(bench, "requests", &[])?;
    let ready_file = &mock.ready_file;
    let script = "tests/interop/vendor_style.py";
    let summary = cmd!(bench.sh, "{python} {script} {ready_file}")
        .quiet()
        .read()?;
    Ok(Outcome::Ok(summary))
}

/// The PyPI package `senhasegura` terminates a session on the mock.
pub(super) fn senhasegura(bench: &Bench<'_>) -> Result<Outcome, Error> {
    let python = match environment(bench, "senhasegura")? {
        Environment::Ready(python) => python,
        Environment::Missing(what) => return Ok(Outcome::Skipped(what)),
    };
    // The package takes no port, so the mock has to listen on that of https.
    if let Err(error) = TcpListener::bind("127.0.0.1:443") {
        return Ok(Outcome::Skipped(format!("port 443 on 127.0.0.1 ({error})")));
    }
    let mock = Mock::start(bench, "senhasegura", &["--listen", "127.0.0.1:443"])?;
    let ready_file = &mock.ready_file;
    let script = "tests/interop/senhasegura_package.py";
    let summary = cmd!(bench.sh, "{python} {script} {ready_file}")
        .quiet()
        .read()?;
    Ok(Outcome::Ok(summary))
}

/// The PyPI package `jsonschema` validates what `pamctl` prints against the
/// schemas in the documents.
pub(super) fn json_schemas(bench: &Bench<'_>) -> Result<Outcome, Error> {
    let python = match environment(bench, "jsonschema")? {
        Environment::Ready(python) => python,
        Environment::Missing(what) => return Ok(Outcome::Skipped(what)),
    };
    let mock = Mock::start(bench, "jsonschema", &[])?;
    let (pamctl, script) = (bench.pamctl(), "tests/interop/json_schemas.py");
    // Not where the developer's own terminations are recorded.
    let audit = bench.folder("jsonschema")?.join("audit.jsonl");
    let summary = cmd!(bench.sh, "{python} {script} {pamctl}")
        .quiet()
        .envs(mock.environment())
        .env("PAM_AUDIT", audit)
        .read()?;
    Ok(Outcome::Ok(summary))
}

/// A Python that has `requests` and `requests_oauthlib`.
pub(crate) fn requests_oauthlib(sh: &Shell, target: PathBuf) -> Result<Environment, Error> {
    environment(&Bench { sh, target }, "oauthlib")
}

/// A virtual environment, or what this machine lacks for one.
pub(crate) enum Environment {
    Ready(PathBuf),
    Missing(String),
}

/// Makes the environment that `tests/interop/NAME.requirements.txt` pins, or
/// gives the one made before for the same pins.
fn environment(bench: &Bench<'_>, name: &str) -> Result<Environment, Error> {
    let sh = bench.sh;
    if !has(sh, "python3") {
        return Ok(Environment::Missing("python3 not found".into()));
    }
    if cmd!(sh, "python3 -c 'import venv, ensurepip'")
        .quiet()
        .ignore_stderr()
        .run()
        .is_err()
    {
        return Ok(Environment::Missing("python3-venv not found".into()));
    }
    let requirements = format!("tests/interop/{name}.requirements.txt");
    let pins = sh.read_file(&requirements)?;
    let folder = bench.folder(&format!("python-{name}"))?;
    let (python, installed) = (folder.join("bin/python"), folder.join("installed.txt"));
    if sh.read_file(&installed).is_ok_and(|known| known == pins) {
        return Ok(Environment::Ready(python));
    }
    cmd!(sh, "python3 -m venv --clear {folder}").quiet().run()?;
    let pip = cmd!(
        sh,
        "{python} -m pip install --quiet --disable-pip-version-check --requirement {requirements}"
    );
    if pip.quiet().run().is_err() {
        return Ok(Environment::Missing(format!(
            "the packages of {requirements} (pip failed)"
        )));
    }
    sh.write_file(&installed, pins)?;
    Ok(Environment::Ready(python))
}
