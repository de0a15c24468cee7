//! `cargo xtask sbom`: the CycloneDX bill of materials of `pamctl`, from the lock file.

use std::path::Path;

use serde_json::Value;
use xshell::{Shell, cmd};

use crate::dist;
use crate::error::Error;
use crate::steps::Outcome;
use crate::tools::CARGO_CYCLONEDX;

const FILE: &str = "pamctl.cdx.json";

pub(crate) fn run(sh: &Shell) -> Result<(), Error> {
    let out = sh.create_dir("target/dist")?;
    if let Outcome::Ok(summary) = write(sh, &out)? {
        println!("{}: {summary}", out.join(FILE).display());
    }
    Ok(())
}

pub(crate) fn write(sh: &Shell, out: &Path) -> Result<Outcome, Error> {
    CARGO_CYCLONEDX.ensure(sh)?;
    // It writes one file beside each manifest; only ours is wanted, and no tree is to stay dirty.
    let name = FILE.trim_end_matches(".json");
    cmd!(
        sh,
        "cargo cyclonedx --manifest-path crates/pam-cli/Cargo.toml --format json --override-filename {name} --quiet"
    )
    .env("SOURCE_DATE_EPOCH", dist::commit_time(sh)?)
    .run()?;
    let written = sh.read_file(format!("crates/pam-cli/{FILE}"));
    for package in crate::tidy::workspace::packages(sh)? {
        sh.remove_path(format!("{}/{FILE}", package.folder()))?;
    }
    // Where the checkout lies is nobody's business, and differs.
    let root = sh.current_dir().display().to_string();
    let written = written?.replace(&root, "/pamctl");
    let bom: Value = serde_json::from_str(&written).map_err(|source| Error::Json {
        what: "the bill of materials".into(),
        source,
    })?;
    let count = bom["components"].as_array().map_or(0, Vec::len);
    if bom["bomFormat"] != "CycloneDX" || count == 0 {
        return Err(Error::new("cargo-cyclonedx wrote no component"));
    }
    sh.write_file(out.join(FILE), written)?;
    Ok(Outcome::Ok(format!("{count} components")))
}
