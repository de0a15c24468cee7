//! Secrets, which come from files that only their owner can read.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use subtle::ConstantTimeEq as _;

/// The largest secret file.
const MOST: u64 = 64 * 1024;

/// A secret that a sender shows.
#[derive(Clone)]
pub(crate) struct Shared(Vec<u8>);

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared([redacted])")
    }
}

impl Shared {
    /// Takes the bytes of a secret.
    #[must_use]
    pub(crate) fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The only way to the bytes.
    #[must_use]
    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Whether this is what was shown, in a time that does not depend on where they differ.
    pub(crate) fn is(&self, shown: &[u8]) -> bool {
        self.0.ct_eq(shown).into()
    }
}

/// Reads the secrets of a file, one a line, so that a new one can be added before the old one is
/// taken away. A relative path is the file of its name in `$CREDENTIALS_DIRECTORY`, where systemd
/// puts them, or else one below `base`.
///
/// # Errors
/// What is wrong with the file, in one line that never shows what stands in it.
pub(crate) fn read(name: &str, base: &Path) -> Result<Vec<Shared>, String> {
    let path = place(name, base);
    let shown = path.display();
    let cannot = |error: std::io::Error| format!("{shown} can't be read: {error}");
    let open = std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default())
        .open(&path);
    let file: File = open.map_err(cannot)?;
    let metadata = file.metadata().map_err(cannot)?;
    if !metadata.is_file() {
        return Err(format!("{shown} is no file"));
    }
    // What systemd passes is read-only for its own user and group.
    let in_credentials = std::env::var_os("CREDENTIALS_DIRECTORY")
        .is_some_and(|directory| path.starts_with(directory));
    if metadata.mode() & 0o077 != 0 && !in_credentials {
        let mode = metadata.mode() & 0o777;
        return Err(format!(
            "{shown} can be read by others (mode {mode:o}); run chmod 600 {shown}"
        ));
    }
    let mut text = Vec::new();
    file.take(MOST).read_to_end(&mut text).map_err(cannot)?;
    let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let secrets: Vec<Shared> = lines
        .filter(|line| !line.is_empty())
        .map(|line| Shared::new(line.to_vec()))
        .collect();
    if secrets.is_empty() {
        return Err(format!("{shown} holds no secret"));
    }
    if secrets.iter().any(|secret| secret.0.len() < 8) {
        return Err(format!("{shown} holds a secret of fewer than 8 characters"));
    }
    Ok(secrets)
}

/// Where a file of the configuration is. One that is named `secrets/siem-token` is the credential
/// `siem-token` to the service, and the file itself to whoever checks the configuration by hand.
pub(crate) fn place(name: &str, base: &Path) -> PathBuf {
    let path = Path::new(name);
    if path.is_absolute() {
        return path.to_owned();
    }
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let credential = credentials.and_then(|directory| Some(directory.join(path.file_name()?)));
    credential
        .filter(|path| path.exists())
        .unwrap_or_else(|| base.join(path))
}
