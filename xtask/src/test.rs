//! `cargo xtask test`: everything that a change must pass, as the README's
//! second command and continuous integration run it.

use xshell::Shell;

use crate::dist;
use crate::error::Error;
use crate::gate;
use crate::interop;
use crate::mutants;
use crate::python;
use crate::steps::Steps;

pub(crate) fn run(sh: &Shell) -> Result<(), Error> {
    let mut steps = Steps::new("test");
    gate::check(sh, &mut steps);
    mutants::check(sh, &mut steps);
    steps.run("python", || python::check(sh));
    interop::check(sh, &mut steps, None);
    dist::check(sh, &mut steps);
    steps.finish()
}
