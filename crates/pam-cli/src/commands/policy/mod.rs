//! `pamctl policy`: what a policy file says, without an appliance.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::config::Selection;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::guard::PolicyFile;
use crate::output::stderr;

mod test;

/// Check a policy file, and try what it would refuse
#[derive(Debug, Args)]
pub(crate) struct Policy {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(Check),
    Test(test::Test),
}

/// Read a policy file and say what is wrong with it
///
/// Without a file it is the one that terminations obey: PAM_POLICY, else the profile's.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pamctl policy check policy.toml
  PAM_POLICY=/etc/pamctl/policy.toml pamctl policy check")]
struct Check {
    /// The policy file
    #[arg(value_name = "FILE")]
    policy: Option<PathBuf>,
}

impl Policy {
    pub(crate) fn run(self, selection: &Selection) -> Result<Exit, Failure> {
        match self.command {
            Command::Check(command) => command.run(selection),
            Command::Test(command) => command.run(selection),
        }
    }
}

impl Check {
    fn run(self, selection: &Selection) -> Result<Exit, Failure> {
        let path = in_force(self.policy.as_deref(), selection)?;
        let policy = PolicyFile::read(&path)?.policy;
        stderr::note(format!(
            "{}: {} rules that protect, no mistakes",
            path.display(),
            policy.rules()
        ));
        Ok(Exit::Done)
    }
}

/// The policy file that is named, else the one that terminations obey.
fn in_force(named: Option<&Path>, selection: &Selection) -> Result<PathBuf, Failure> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    let environment = Environment::of_process();
    let profile = selection.select(&environment)?.profile;
    PolicyFile::in_force(&environment, &profile).ok_or_else(|| {
        Failure::usage("there is no policy: name a file, or set PAM_POLICY or the profile's policy")
    })
}
