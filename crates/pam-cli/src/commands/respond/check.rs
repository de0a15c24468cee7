//! `pamctl respond check`: every mistake of a configuration, each with its line.

use clap::Args;

use super::ConfigFile;
use crate::exit::Exit;
use crate::failure::Failure;

/// Read a configuration and the files that it names, and tell every mistake with its line
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pamctl respond check --config responder.toml")]
pub(crate) struct Check {
    #[command(flatten)]
    file: ConfigFile,
}

impl Check {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let config = self.file.read()?;
        let mut text = String::new();
        for rule in &config.core.rules {
            let mode = format!("{:?}", rule.mode).to_lowercase();
            text.push_str(&format!("rule `{}`: {mode}\n", rule.name));
        }
        text.push_str(&format!("{} has no mistake\n", self.file.path().display()));
        super::print(&text)?;
        Ok(Exit::Done)
    }
}
