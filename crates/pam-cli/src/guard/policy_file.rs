//! The policy, read from its file.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

use pam_audit::PolicyNote;
use pam_guard::Policy;
use pam_guard::audit::Hash;

use crate::config::Profile;
use crate::environment::{self, Environment};
use crate::failure::Failure;
use crate::text_file;

/// More than any policy has.
const SIZE_LIMIT: u64 = 1 << 20;

/// A policy, and what is recorded of it.
#[derive(Debug, Clone)]
pub(crate) struct PolicyFile {
    pub(crate) policy: Policy,
    pub(crate) note: PolicyNote,
}

impl PolicyFile {
    /// The file that the variable or the profile names.
    pub(crate) fn in_force(environment: &Environment<'_>, profile: &Profile) -> Option<PathBuf> {
        let set = environment.path(environment::POLICY);
        set.or_else(|| profile.policy.clone())
    }

    /// Reads a policy file. One that any user can change is no policy.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let refuse =
            |what: String| Failure::usage(format!("the policy file {}: {what}", path.display()));
        let text = text_file::read(path, SIZE_LIMIT).map_err(refuse)?;
        let metadata = std::fs::metadata(path);
        let metadata = metadata.map_err(|error| refuse(format!("it can't be read: {error}")))?;
        if is_open_to_all(&metadata) {
            return Err(refuse("every user may change it; chmod o-w it".to_owned()));
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

fn is_open_to_all(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.mode() & 0o002 != 0
}
