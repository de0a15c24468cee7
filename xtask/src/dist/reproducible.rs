//! Whether two builds give the same bytes.

use std::path::Path;

use super::{Dist, archive, debian};
use crate::error::Error;
use crate::licenses;
use crate::sbom;
use crate::steps::Outcome;

/// Builds again in another folder, from nothing, makes of it what was made of the first, and compares
/// the binaries and every file that is handed out.
pub(super) fn check(dist: &Dist<'_>, binary: &Path) -> Result<Outcome, Error> {
    let sh = dist.sh;
    let again = dist.root.join("target/reproducible");
    sh.remove_path(&again)?;
    let second = dist.build(&again)?;
    same(dist, binary, &second)?;
    let twin = Dist {
        out: sh.create_dir(again.join("dist"))?,
        ..dist.clone()
    };
    licenses::write(sh, &twin.out.join(licenses::FILE))?;
    archive::write(&twin, &second)?;
    debian::write(&twin)?;
    sbom::write(sh, &twin.out)?;
    let files = sh.read_dir(&dist.out)?;
    for file in &files {
        let name = file.file_name().unwrap_or_default();
        same(dist, file, &twin.out.join(name))?;
    }
    sh.remove_path(&again)?;
    Ok(Outcome::Ok(format!(
        "two builds give the same binary and the same {} files",
        files.len()
    )))
}

fn same(dist: &Dist<'_>, first: &Path, second: &Path) -> Result<(), Error> {
    let sh = dist.sh;
    if sh.read_binary_file(first)? == sh.read_binary_file(second)? {
        return Ok(());
    }
    Err(Error::new(format!(
        "{} and {} differ; `diffoscope` shows where",
        first.display(),
        second.display()
    )))
}
