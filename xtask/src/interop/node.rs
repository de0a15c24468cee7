//! Proof by an npm package.

use xshell::cmd;

use super::Bench;
use super::line_programs::{Party, both_ways};
use super::requests::Dialect;
use crate::error::Error;
use crate::gate::has;
use crate::steps::Outcome;

/// The npm package `oauth-1.0a` and `pam-proto` sign for each other.
pub(super) fn oauth1a(bench: &Bench<'_>) -> Result<Outcome, Error> {
    let sh = bench.sh;
    if let Some(missing) = ["node", "npm"]
        .into_iter()
        .find(|program| !has(sh, program))
    {
        return Ok(Outcome::Skipped(format!("{missing} not found")));
    }
    let packages = bench.folder("node")?;
    for file in ["package.json", "package-lock.json"] {
        sh.copy_file(format!("tests/interop/{file}"), &packages)?;
    }
    let install = cmd!(sh, "npm ci --silent --prefix {packages}")
        .quiet()
        .ignore_stdout();
    if install.run().is_err() {
        return Ok(Outcome::Skipped(
            "the package oauth-1.0a (npm ci failed)".into(),
        ));
    }
    let command = |task: &str| {
        vec![
            "node".into(),
            "tests/interop/oauth1a_lines.mjs".into(),
            task.into(),
            packages.clone().into_os_string(),
        ]
    };
    let theirs = Party {
        name: "oauth-1.0a",
        sign: command("sign"),
        verify: command("verify"),
    };
    both_ways(bench, &theirs, Dialect::Common, 500).map(Outcome::Ok)
}
