//! `cargo xtask ci`: the checks of a change that need Rust alone.

use xshell::Shell;

use crate::error::Error;
use crate::gate;
use crate::steps::Steps;

pub(crate) fn run(sh: &Shell) -> Result<(), Error> {
    let mut steps = Steps::new("ci");
    gate::check(sh, &mut steps);
    steps.finish()
}
