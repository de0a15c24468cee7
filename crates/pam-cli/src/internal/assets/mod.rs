//! Completion scripts and manual pages, made from the command line itself.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::cli;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::stdout::Stdout;

mod completions;
mod manual;

/// Writes every file below the folder and prints their paths.
pub(super) fn write(folder: &Path) -> Result<Exit, Failure> {
    let command = cli::command();
    let mut out = Stdout::open();
    let files = completions::scripts(&command)
        .into_iter()
        .chain(manual::pages(&command)?);
    for (name, bytes) in files {
        let path = folder.join(name);
        put(&path, &bytes).map_err(|error| {
            let path = path.display();
            Failure::usage(format!(
                "can't write {path}: {error}; name a folder of yours"
            ))
        })?;
        writeln!(out, "{}", path.display())?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)
}
