//! Programs from the crate index that a task needs, each in the version that it was tried with.

use std::env;
use std::path::Path;

use xshell::{Shell, cmd};

use crate::error::Error;

/// A program that `cargo install` brings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tool {
    /// The program's and the crate's name.
    pub(crate) name: &'static str,
    version: &'static str,
}

/// Debian packages.
pub(crate) const CARGO_DEB: Tool = Tool {
    name: "cargo-deb",
    version: "3.8.0",
};

/// The list of dependencies inside the binary.
pub(crate) const CARGO_AUDITABLE: Tool = Tool {
    name: "cargo-auditable",
    version: "0.7.7",
};

/// The bill of materials.
pub(crate) const CARGO_CYCLONEDX: Tool = Tool {
    name: "cargo-cyclonedx",
    version: "0.5.9",
};

/// Bans, licences and sources of dependencies.
pub(crate) const CARGO_DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
};

impl Tool {
    /// Whether it is on the search path. Not every one of them can be asked for its version alone.
    pub(crate) fn is_installed(self, sh: &Shell) -> bool {
        let path = sh.var_os("PATH").unwrap_or_default();
        env::split_paths(&path).any(|folder| folder.join(self.name).is_file())
    }

    /// Makes sure that commands of `sh` find the program: it is on the search path already, or it
    /// is built below the target folder, once.
    pub(crate) fn ensure(self, sh: &Shell) -> Result<(), Error> {
        let tools = sh.current_dir().join("target/tools");
        append(sh, &tools.join("bin"))?;
        if self.is_installed(sh) {
            return Ok(());
        }
        let Tool { name, version } = self;
        cmd!(
            sh,
            "cargo install --quiet --locked --root {tools} {name}@{version}"
        )
        .run()
        .map_err(|_| {
            Error::new(format!(
                "{name} is not installed and could not be built; \
                 `cargo install --locked {name}@{version}` says why"
            ))
        })
    }
}

/// Puts a folder behind the others of the search path.
fn append(sh: &Shell, folder: &Path) -> Result<(), Error> {
    let path = sh.var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = env::split_paths(&path).collect();
    if !folders.iter().any(|known| known == folder) {
        folders.push(folder.to_owned());
        let path = env::join_paths(folders)
            .map_err(|error| Error::new(format!("the search path can't be extended: {error}")))?;
        sh.set_var("PATH", path);
    }
    Ok(())
}
