//! Two implementations of OAuth 1.0, each signing for the other, through the
//! line protocol that `tests/interop/README.md` describes.

use std::ffi::OsString;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use xshell::{Shell, cmd};

use super::Bench;
use super::requests::{Dialect, changed, random};
use crate::error::Error;

/// Fixed, so that a failure can be seen again.
const SEED: u64 = 5849;

/// An implementation as two programs that read lines and write lines.
pub(super) struct Party {
    pub(super) name: &'static str,
    pub(super) sign: Vec<OsString>,
    pub(super) verify: Vec<OsString>,
}

impl Party {
    /// `pam-proto`, through its two examples.
    pub(super) fn ours(bench: &Bench<'_>) -> Party {
        Party {
            name: "pam-proto",
            sign: vec![bench.example("sign_lines").into()],
            verify: vec![bench.example("verify_lines").into()],
        }
    }
}

/// Has each party sign `count` requests for the other, and change one byte of
/// each: what was signed must verify, what was changed must not.
pub(super) fn both_ways(
    bench: &Bench<'_>,
    theirs: &Party,
    dialect: Dialect,
    count: u32,
) -> Result<String, Error> {
    let ours = Party::ours(bench);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let requests = random(SEED, count, dialect, now);
    one_way(bench.sh, &ours, theirs, &requests)?;
    one_way(bench.sh, theirs, &ours, &requests)?;
    Ok(format!(
        "{count} of {count} verified each way, {count} of {count} changed ones refused"
    ))
}

fn one_way(sh: &Shell, signer: &Party, verifier: &Party, requests: &[Value]) -> Result<(), Error> {
    let signed = converse(sh, &signer.sign, requests)?;
    if let Some(line) = signed
        .iter()
        .find(|line| !line["authorization"].is_string())
    {
        return Err(Error::new(format!(
            "{} did not sign {}",
            signer.name,
            shown(line)
        )));
    }
    hold(sh, signer, verifier, &signed, true)?;
    hold(sh, signer, verifier, &changed(SEED, &signed), false)
}

/// Expects one verdict for every line.
fn hold(
    sh: &Shell,
    signer: &Party,
    verifier: &Party,
    lines: &[Value],
    expected: bool,
) -> Result<(), Error> {
    let verdicts = converse(sh, &verifier.verify, lines)?;
    let wrong: Vec<(&Value, &Value)> = lines
        .iter()
        .zip(&verdicts)
        .filter(|(_, verdict)| verdict["verified"] != expected)
        .collect();
    let Some((line, verdict)) = wrong.first() else {
        return Ok(());
    };
    Err(Error::new(format!(
        "{} {} {} of {} requests that {} signed{}; the first is {}, reason {}",
        verifier.name,
        if expected { "refuses" } else { "accepts" },
        wrong.len(),
        lines.len(),
        signer.name,
        if expected {
            ""
        } else {
            " and one byte of which was changed"
        },
        shown(line),
        verdict["reason"],
    )))
}

/// Gives a program all lines and reads one answer for each.
fn converse(sh: &Shell, program: &[OsString], lines: &[Value]) -> Result<Vec<Value>, Error> {
    let [program, arguments @ ..] = program else {
        return Err(Error::new("a party without a program"));
    };
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let output = cmd!(sh, "{program} {arguments...}")
        .quiet()
        .stdin(input)
        .read()?;
    let what = || format!("the answer of {}", program.display());
    let answers = output
        .lines()
        .map(|line| {
            serde_json::from_str(line).map_err(|source| Error::Json {
                what: what(),
                source,
            })
        })
        .collect::<Result<Vec<Value>, Error>>()?;
    if answers.len() != lines.len() {
        return Err(Error::new(format!(
            "{} has {} lines for {} requests",
            what(),
            answers.len(),
            lines.len()
        )));
    }
    Ok(answers)
}

/// The request of a line, in full: nothing in it is secret.
fn shown(line: &Value) -> String {
    line.to_string()
}
