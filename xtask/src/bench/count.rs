//! How many instructions the hot paths take, which is the same however busy
//! the machine is.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use xshell::{Shell, cmd};

use crate::error::Error;
use crate::gate::has;
use crate::interop;
use crate::steps::Outcome;

/// What was counted when it was last found right.
const FILE: &str = "crates/pam-bench/instructions.json";

/// How much more a job may take than what is checked in.
const TOLERANCE: f64 = 0.03;

/// The jobs of `pam-proto`'s example `hot_paths`, and how often each is done.
const JOBS: [(&str, u64); 7] = [
    ("sign-delete", 200),
    ("sign-get", 200),
    ("verify-delete", 200),
    ("verify-get", 200),
    ("listing-find", 3),
    ("listing-find-4k", 3),
    ("listing-own", 3),
];

/// Counts, and compares with what is checked in, or checks it in.
pub(super) fn check(sh: &Shell, bless: bool) -> Result<Outcome, Error> {
    if !has(sh, "valgrind") {
        return Ok(Outcome::Skipped("valgrind not found".into()));
    }
    let compiler = cmd!(sh, "rustc --version").quiet().read()?;
    let known: Value = match sh.read_file(FILE) {
        Ok(text) => serde_json::from_str(&text).map_err(|source| Error::Json {
            what: FILE.into(),
            source,
        })?,
        Err(_) => Value::Null,
    };
    if !bless && known["compiler"] != compiler.as_str() {
        return Ok(Outcome::Skipped(format!(
            "{FILE} is for another compiler than {compiler}"
        )));
    }
    let counted = count(sh)?;
    if bless {
        let text = json!({ "compiler": compiler, "instructions": counted });
        let text = serde_json::to_string_pretty(&text).map_err(|source| Error::Json {
            what: "the counts".into(),
            source,
        })?;
        sh.write_file(FILE, text + "\n")?;
        return Ok(Outcome::Ok(format!("{FILE} written: {counted:?}")));
    }
    let more = dearer(&counted, &known["instructions"]);
    if more.is_empty() {
        return Ok(Outcome::Ok(format!("{} jobs counted", counted.len())));
    }
    Err(Error::new(format!(
        "more instructions than {FILE} allows: {}; if that is meant, run cargo xtask bench count \
         --bless",
        more.join(", ")
    )))
}

/// The jobs that take too many instructions.
fn dearer(counted: &BTreeMap<&'static str, u64>, known: &Value) -> Vec<String> {
    counted
        .iter()
        .filter_map(|(job, now)| {
            let before = known[*job].as_u64();
            let limit = before.unwrap_or(0) as f64 * (1.0 + TOLERANCE);
            (*now as f64 > limit).then(|| match before {
                Some(before) => format!("{job} {now} instead of {before}"),
                None => format!("{job} {now}, which is not known yet"),
            })
        })
        .collect()
}

/// Instructions of each job done once: the difference between doing it often
/// and once, so that starting up does not count.
fn count(sh: &Shell) -> Result<BTreeMap<&'static str, u64>, Error> {
    cmd!(
        sh,
        "cargo build --quiet --profile quick --locked --package pam-proto --example hot_paths"
    )
    .quiet()
    .run()?;
    let target = interop::target(sh)?;
    let program = target.join("quick/examples/hot_paths");
    let mut counted = BTreeMap::new();
    for (job, times) in JOBS {
        let once = instructions(sh, &target, &program, job, 1)?;
        let often = instructions(sh, &target, &program, job, 1 + times)?;
        counted.insert(job, often.saturating_sub(once) / times);
    }
    Ok(counted)
}

fn instructions(
    sh: &Shell,
    target: &Path,
    program: &Path,
    job: &str,
    times: u64,
) -> Result<u64, Error> {
    let out = target.join("callgrind.out");
    let times = times.to_string();
    cmd!(
        sh,
        "valgrind --quiet --tool=callgrind --callgrind-out-file={out} {program} {job} {times}"
    )
    .quiet()
    .ignore_stdout()
    .run()?;
    let text = sh.read_file(&out)?;
    let total = text.lines().find_map(|line| line.strip_prefix("summary: "));
    total
        .and_then(|total| total.trim().parse().ok())
        .ok_or_else(|| Error::new(format!("{} has no summary line", out.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_may_vary_a_little_and_not_more() {
        let known = json!({ "a": 1000, "b": 1000 });
        let counted = BTreeMap::from([("a", 1030), ("b", 1031), ("c", 1)]);
        assert_eq!(
            dearer(&counted, &known),
            ["b 1031 instead of 1000", "c 1, which is not known yet"]
        );
    }
}
