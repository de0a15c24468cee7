//! `pamctl profile use`: which profile is meant when none is named.

use clap::Args;

use crate::config::{Edit, Selection};
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::stderr;

/// Use a profile whenever none is named
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pamctl profile use lab")]
pub(super) struct Use {
    /// The name of the profile
    #[arg(value_name = "NAME")]
    used: String,
}

impl Use {
    pub(super) fn run(self, selection: &Selection) -> Result<Exit, Failure> {
        let config = selection.config(&Environment::of_process())?;
        config.profile(&self.used)?;
        let mut edit = Edit::begin(&config)?;
        edit.set_default(Some(&self.used));
        edit.finish()?;
        stderr::note(format!("`{}` is used when none is named", self.used));
        Ok(Exit::Done)
    }
}
