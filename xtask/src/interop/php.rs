//! Proof by PHP's `OAuthProvider`. The appliance looks PHP-based, so this is
//! the nearest to its own verifier that can be had.

use std::ffi::OsString;

use xshell::cmd;

use super::Bench;
use super::line_programs::{Party, both_ways};
use super::requests::Dialect;
use crate::error::Error;
use crate::gate::has;
use crate::steps::Outcome;

/// PHP's `OAuth` and `OAuthProvider` classes and `pam-proto` sign for each
/// other.
pub(super) fn oauth_provider(bench: &Bench<'_>) -> Result<Outcome, Error> {
    let sh = bench.sh;
    if !has(sh, "php") {
        return Ok(Outcome::Skipped("php not found (Debian: php-cli)".into()));
    }
    let loaded = "exit(class_exists('OAuthProvider') ? 0 : 1);";
    if cmd!(sh, "php -r {loaded}").quiet().run().is_err() {
        return Ok(Outcome::Skipped(
            "PHP's OAuthProvider not found (Debian: php-oauth)".into(),
        ));
    }
    let command = |task: &str| -> Vec<OsString> {
        vec![
            "php".into(),
            "tests/interop/oauthprovider_lines.php".into(),
            task.into(),
        ]
    };
    let theirs = Party {
        name: "OAuthProvider",
        sign: command("sign"),
        verify: command("verify"),
    };
    both_ways(bench, &theirs, Dialect::Common, 500).map(Outcome::Ok)
}
