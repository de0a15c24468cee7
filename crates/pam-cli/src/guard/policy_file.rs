//! The policy, read from its file.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use pam_audit::PolicyNote;
use pam_guard::Policy;
use pam_guard::audit::Hash;

use crate::failure::Failure;

/// More than any policy has.
const SIZE_LIMIT: u64 = 1 << 20;

/// A policy, and what is recorded of it.
#[derive(Debug, Clone)]
pub(crate) struct PolicyFile {
    pub(crate) policy: Policy,
    pub(crate) note: PolicyNote,
}

impl PolicyFile {
    /// Reads a policy file. One that any user can change is no policy.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let refuse =
            |what: String| Failure::usage(format!("the policy file {}: {what}", path.display()));
        let mut text = String::new();
        let read = File::open(path).and_then(|file| {
            let metadata = file.metadata()?;
            file.take(SIZE_LIMIT + 1).read_to_string(&mut text)?;
            Ok(metadata)
        });
        let metadata = read.map_err(|error| refuse(cause(&error)))?;
        if !metadata.is_file() {
            return Err(refuse(
                "it is not a regular file; name another one".to_owned(),
            ));
        }
        if is_open_to_all(&metadata) {
            return Err(refuse("every user may change it; chmod o-w it".to_owned()));
        }
        if text.len() as u64 > SIZE_LIMIT {
            return Err(refuse(
                "it is larger than 1 MiB, which no policy is".to_owned(),
            ));
        }
        let policy = Policy::parse(&text)
            .map_err(|error| refuse(format!("line {}: {}", error.line, error.reason)))?;
        let note = PolicyNote {
            file: path.display().to_string(),
            sha256: Hash::of(text.as_bytes()).to_string(),
        };
        Ok(Self { policy, note })
    }
}

fn cause(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        _ => format!("it can't be read: {error}; check the path and its permissions"),
    }
}

fn is_open_to_all(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.mode() & 0o002 != 0
}
