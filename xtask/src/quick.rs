//! The profile `quick`: optimised, and built in little time. The short benchmarks run it, and the
//! gate packs it.

use std::path::PathBuf;

use xshell::{Shell, cmd};

use crate::error::Error;
use crate::interop;
use crate::tools::CARGO_AUDITABLE;

/// Its name in the workspace's manifest.
pub(crate) const PROFILE: &str = "quick";

/// Builds `pamctl` and the benchmarks, and says in which folder they are. It is one command, and
/// always the same, so that whoever comes second finds everything built.
pub(crate) fn build(sh: &Shell) -> Result<PathBuf, Error> {
    let auditable = CARGO_AUDITABLE.is_installed(sh).then_some("auditable");
    let profile = PROFILE;
    cmd!(
        sh,
        "cargo {auditable...} build --quiet --profile {profile} --locked
            --package pam-bench --package pam-cli"
    )
    .quiet()
    .run()?;
    Ok(interop::target(sh)?.join(profile))
}
