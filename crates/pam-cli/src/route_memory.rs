//! Which family of paths an appliance was found to serve, kept from one run to the next.

use std::fs::{self, DirBuilder};
use std::io::{self, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use pam_proto::{BaseUrl, Routes};

use crate::environment::Environment;

/// The file of one profile, or of the calls without one: the address of the appliance and the
/// family, which is of use for that address only.
#[derive(Debug)]
pub(crate) struct RouteMemory {
    file: PathBuf,
    base: String,
    known: Option<Routes>,
}

impl RouteMemory {
    /// What is remembered for a profile, or for the last appliance that was called without one. A
    /// file that can't be read is one that knows nothing.
    pub(crate) fn recall(
        environment: &Environment<'_>,
        profile: Option<&str>,
        base: &BaseUrl,
    ) -> Option<Self> {
        let state = environment.xdg("XDG_STATE_HOME", ".local/state")?;
        let file = match profile {
            Some(name) => state.join("pamctl/routes").join(name),
            None => state.join("pamctl/last-routes"),
        };
        let base = base.to_string();
        let known = read(&file).and_then(|text| {
            let (address, routes) = text.trim_end().rsplit_once(' ')?;
            routes.parse().ok().filter(|_| address == base)
        });
        Some(Self { file, base, known })
    }

    /// The family, when it is known.
    pub(crate) fn known(&self) -> Option<Routes> {
        self.known
    }

    /// Remembers a family that is news.
    ///
    /// # Errors
    /// When the file can't be written, which costs the next run a probe.
    pub(crate) fn keep(&self, routes: Routes) -> io::Result<()> {
        if self.known == Some(routes) {
            return Ok(());
        }
        let folder = self.file.parent().unwrap_or(Path::new("/"));
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        writeln!(file, "{} {routes}", self.base)?;
        file.persist(&self.file)?;
        Ok(())
    }
}

fn read(file: &Path) -> Option<String> {
    let mut text = String::new();
    let file = fs::File::open(file).ok()?;
    file.take(4096).read_to_string(&mut text).ok()?;
    Some(text)
}
