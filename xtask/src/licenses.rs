//! `cargo xtask licenses`: the licence texts of everything that is inside the binary.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use xshell::{Shell, cmd};

use crate::error::Error;

/// What the list is called where it is handed out.
pub(crate) const FILE: &str = "THIRD-PARTY-LICENSES.txt";

/// How files with a licence are named.
const NAMES: [&str; 5] = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE"];

pub(crate) fn run(sh: &Shell) -> Result<(), Error> {
    let out = sh.create_dir("target/dist")?.join(FILE);
    let count = write(sh, &out)?;
    println!("{}: {count} packages", out.display());
    Ok(())
}

/// Writes the list and says of how many packages it is.
pub(crate) fn write(sh: &Shell, out: &Path) -> Result<usize, Error> {
    let inside = inside(sh)?;
    let json = cmd!(sh, "cargo metadata --format-version 1 --locked")
        .quiet()
        .read()?;
    let metadata: Value = serde_json::from_str(&json).map_err(|source| Error::Json {
        what: "cargo metadata".into(),
        source,
    })?;
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut list = String::new();
    let mut count = 0;
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let text = |key: &str| package[key].as_str().unwrap_or_default();
        let name = format!("{} {}", text("name"), text("version"));
        if package["source"].is_null() || !inside.contains(&name) {
            continue;
        }
        count += 1;
        list.push_str(&format!("{name}: {}\n", text("license")));
        let folder = Path::new(text("manifest_path"))
            .parent()
            .unwrap_or(Path::new("."));
        for file in sh.read_dir(folder)? {
            let file_name = file.file_name().unwrap_or_default().to_string_lossy();
            let file_name = file_name.to_uppercase();
            if file.is_file() && NAMES.iter().any(|start| file_name.starts_with(start)) {
                let content = sh.read_file(&file)?;
                texts
                    .entry(content.trim().to_owned())
                    .or_default()
                    .insert(name.clone());
            }
        }
    }
    let mut written = format!(
        "pamctl is licensed under MIT OR Apache-2.0. These {count} packages are inside it:\n\n{list}"
    );
    for (text, packages) in &texts {
        let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
        let rule = "-".repeat(80);
        written.push_str(&format!("\n{rule}\n{}\n\n{text}\n", packages.join(", ")));
    }
    sh.write_file(out, written)?;
    Ok(count)
}

/// `NAME VERSION` of every package that the binary is linked from.
fn inside(sh: &Shell) -> Result<BTreeSet<String>, Error> {
    let tree = cmd!(
        sh,
        "cargo tree --package pam-cli --edges normal --prefix none --locked --no-dedupe"
    )
    .quiet()
    .read()?;
    Ok(tree
        .lines()
        .filter_map(|line| {
            let (name, rest) = line.split_once(" v")?;
            let version = rest.split(' ').next()?;
            Some(format!("{name} {version}"))
        })
        .collect())
}
