//! `pamctl profile remove`: a profile goes, and with it what the keyring keeps for it.

use clap::Args;

use crate::config::{Edit, Selection};
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::stderr;
use crate::secret::Name;

/// Remove a profile, and its secrets from the keyring
///
/// Secrets in files and elsewhere stay where they are.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pamctl profile remove lab")]
pub(super) struct Remove {
    /// The name of the profile
    #[arg(value_name = "NAME")]
    removed: String,
}

impl Remove {
    pub(super) fn run(self, selection: &Selection) -> Result<Exit, Failure> {
        let config = selection.config(&Environment::of_process())?;
        let name = &self.removed;
        let profile = config.profile(name)?;
        let mut edit = Edit::begin(&config)?;
        edit.remove(name);
        if config.default_profile.as_ref() == Some(name) {
            edit.set_default(None);
        }
        let path = edit.finish()?;
        stderr::note(format!("removed `{name}` from {}", path.display()));
        for (key, source) in profile.secrets() {
            match source.forget(Name { profile: name, key }) {
                Ok(true) => stderr::note(format!("removed its {key} from the keyring")),
                Ok(false) => {}
                // The profile is gone all the same.
                Err(failure) => stderr::warning(failure.line().unwrap_or_default()),
            }
        }
        Ok(Exit::Done)
    }
}
