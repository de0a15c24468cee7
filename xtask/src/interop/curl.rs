//! Proof by curl, with a header that `pamctl` signed.

use serde_json::Value;
use xshell::cmd;

use super::Bench;
use super::mock::Mock;
use crate::error::Error;
use crate::gate::has;
use crate::steps::Outcome;

/// curl terminates a session with the header of `pamctl auth header`.
pub(super) fn header(bench: &Bench<'_>) -> Result<Outcome, Error> {
    let sh = bench.sh;
    if !has(sh, "curl") {
        return Ok(Outcome::Skipped("curl not found".into()));
    }
    let mock = Mock::start(bench, "curl", &[])?;
    let (pamctl, base, ca) = (bench.pamctl(), mock.base_url(), mock.ca_file());
    let ids = cmd!(sh, "{pamctl} session list --active -o ids")
        .envs(mock.environment())
        .read()?;
    let id = ids
        .lines()
        .next()
        .ok_or_else(|| Error::new("no session runs on the mock"))?;

    let url = format!("{base}/iso/session/drop/{id}");
    let header = cmd!(sh, "{pamctl} auth header DELETE {url}")
        .quiet()
        .envs(mock.environment())
        .read()?;
    let options = [
        "--silent",
        "--show-error",
        "--fail-with-body",
        "--max-time",
        "30",
    ];
    cmd!(
        sh,
        "curl {options...} --cacert {ca} --request DELETE --header {header} {url}"
    )
    .quiet()
    .ignore_stdout()
    .run()?;

    let truth = cmd!(sh, "curl {options...} --cacert {ca} {base}/_mock/sessions")
        .quiet()
        .read()?;
    let truth: Value = serde_json::from_str(&truth).map_err(|source| Error::Json {
        what: "/_mock/sessions".into(),
        source,
    })?;
    let ended = truth["sessions"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|session| session["session_id"] == id && session["active"] == false);
    if !ended {
        return Err(Error::new(format!("the session {id} still runs")));
    }

    // The same header again is a replay.
    let again = cmd!(
        sh,
        "curl {options...} --cacert {ca} --request DELETE --header {header} {url}"
    );
    if again.quiet().ignore_stdout().ignore_stderr().run().is_ok() {
        return Err(Error::new("the mock took the same nonce twice"));
    }
    Ok(Outcome::Ok(
        "terminated a session; the same header again is refused".into(),
    ))
}
