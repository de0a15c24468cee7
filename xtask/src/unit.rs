//! How much the responder's systemd unit can reach, by systemd's own judgement.

use xshell::{Shell, cmd};

use crate::error::Error;
use crate::gate::has;
use crate::steps::Outcome;

const UNIT: &str = "docs/deploy/pamctl-responder.service";

/// The highest exposure that is let through, in tenths. Systemd calls everything up to 20 "OK";
/// what is left of it is the network, which the responder is there for.
const CEILING: u32 = 15;

pub(crate) fn check(sh: &Shell) -> Result<Outcome, Error> {
    if !has(sh, "systemd-analyze") {
        return Ok(Outcome::Skipped(
            "systemd-analyze not found (Debian: systemd)".into(),
        ));
    }
    let ceiling = CEILING.to_string();
    let judged = cmd!(
        sh,
        "systemd-analyze security --no-pager --offline=yes --threshold={ceiling} {UNIT}"
    )
    .quiet()
    .ignore_status()
    .output()?;
    let told = String::from_utf8_lossy(&judged.stdout);
    let score = score(&told).ok_or_else(|| {
        let why = String::from_utf8_lossy(&judged.stderr);
        Error::new(format!("systemd-analyze gives no score: {}", why.trim()))
    })?;
    let of = format!("exposure {score}, at most {:.1}", f64::from(CEILING) / 10.0);
    if judged.status.success() {
        return Ok(Outcome::Ok(of));
    }
    let open = told.lines().filter(|line| line.starts_with('✗'));
    for line in open {
        eprintln!("{line}");
    }
    Err(Error::new(format!("{UNIT}: {of}")))
}

/// The number in systemd's last line.
fn score(told: &str) -> Option<&str> {
    let (_, end) = told.rsplit_once("Overall exposure level for ")?;
    let (_, score) = end.split_once(": ")?;
    score.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_is_found_behind_the_table() {
        let told = "✗ PrivateNetwork= Service has access to the network 0.5\n\n\
                    → Overall exposure level for pamctl-responder.service: 1.4 OK 🙂\n";
        assert_eq!(score(told), Some("1.4"));
        assert_eq!(score("Failed to load unit"), None);
    }
}
