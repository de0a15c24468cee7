//! The archive: the binary with its manual, completions, licences and the README.

use std::path::Path;

use xshell::cmd;

use super::Dist;
use crate::error::Error;
use crate::licenses;
use crate::steps::Outcome;

/// What lies in the archive beside the binary and the assets.
const DOCUMENTS: [&str; 4] = ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"];

pub(super) fn write(dist: &Dist<'_>, binary: &Path) -> Result<Outcome, Error> {
    let sh = dist.sh;
    let name = dist.name();
    let stage = dist.root.join("target/dist-stage");
    sh.remove_path(&stage)?;
    let folder = sh.create_dir(stage.join(&name))?;
    sh.copy_file(binary, &folder)?;
    for document in DOCUMENTS {
        sh.copy_file(dist.root.join(document), &folder)?;
    }
    sh.copy_file(dist.out.join(licenses::FILE), &folder)?;
    let assets = dist.assets();
    cmd!(sh, "cp -R {assets}/man {assets}/completions {folder}").run()?;
    let archive = dist.out.join(format!("{name}.tar.gz"));
    let tar = dist.out.join(format!("{name}.tar"));
    // The same files make the same archive: sorted, owned by nobody, at the commit's time.
    let time = format!("--mtime=@{}", dist.epoch);
    cmd!(
        sh,
        "tar --create --file {tar} --directory {stage} --sort=name {time} --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --format=ustar {name}"
    )
    .run()?;
    cmd!(sh, "gzip --no-name --best --force {tar}").run()?;
    let size = sh.read_binary_file(&archive)?.len();
    Ok(Outcome::Ok(format!(
        "{name}.tar.gz, {:.1} MiB",
        size as f64 / 1_048_576.0
    )))
}
