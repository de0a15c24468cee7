//! Whether two builds give the same bytes.

use std::path::Path;

use super::Dist;
use crate::error::Error;
use crate::steps::Outcome;

/// Builds again in another folder, from nothing, and compares.
pub(super) fn check(dist: &Dist<'_>, binary: &Path) -> Result<Outcome, Error> {
    let sh = dist.sh;
    let again = dist.root.join("target/reproducible");
    sh.remove_path(&again)?;
    let second = dist.build(&again)?;
    let same = sh.read_binary_file(binary)? == sh.read_binary_file(&second)?;
    if !same {
        return Err(Error::new(format!(
            "{} and {} differ; `diffoscope` shows where",
            binary.display(),
            second.display()
        )));
    }
    sh.remove_path(&again)?;
    Ok(Outcome::Ok("two builds are the same".into()))
}
