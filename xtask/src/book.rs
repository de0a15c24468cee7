//! `cargo xtask book`: the documents as one book, by mdBook where it is installed.
//!
//! Whether each link leads somewhere is checked by tidy, and by mdbook-linkcheck2 where that is
//! installed.

use xshell::{Shell, cmd};

use crate::error::Error;
use crate::gate::has;

pub(crate) fn run(sh: &Shell) -> Result<(), Error> {
    if !has(sh, "mdbook") {
        return Err(Error::new(
            "mdbook not found (cargo install mdbook --locked); the documents below docs/ read well \
             without it",
        ));
    }
    let out = sh.current_dir().join("target/book");
    cmd!(sh, "mdbook build docs --dest-dir {out}").run()?;
    Ok(())
}
