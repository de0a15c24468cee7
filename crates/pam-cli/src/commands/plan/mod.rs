//! `pamctl plan` and `pamctl apply`: what will end is written down, looked at, and then done.

mod apply;
mod file;

use std::path::PathBuf;

use clap::Args;
use pam_guard::Filter;

pub(crate) use apply::Apply;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::filter;
use crate::online::Online;
use crate::output::{sessions, stderr};
use crate::termination::find;

/// Write down which sessions a filter means, to be terminated by `apply`
///
/// The plan has the running sessions as they are seen now, and a hash. It terminates nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pamctl plan --filter 'user=alice and device~10.66.*' -o plan.json
  pamctl plan --filter 'origin in 198.51.100.0/24' | jq '.sessions | length'")]
pub(crate) struct Plan {
    /// The running sessions that this filter means
    #[arg(long, value_name = "EXPR", value_parser = filter::parse)]
    filter: Filter,
    /// Write the plan to this file, readable by you alone, in place of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Plan {
    pub(crate) fn run(self, online: &Online) -> Result<Exit, Failure> {
        let clock = online.clock()?;
        let found = online.run("looking for sessions", async |client, _| {
            find::by_filter(client, &self.filter, &clock, online.telling).await
        })?;
        if found.is_empty() {
            let line = format!(
                "no running session matches `{}`; no plan was written",
                self.filter
            );
            return Err(Failure::new(Exit::NoSuchSession, line));
        }
        let appliance = online.settings()?.base.to_string();
        let path = self.output.as_deref();
        file::Plan::write(path, &appliance, &self.filter.to_string(), &found)?;
        if let Some(path) = path {
            // The plan is written, whoever reads this.
            let _ = sessions::table(anstream::stderr(), &found);
            stderr::note(format!(
                "{} sessions; `pamctl apply {}` terminates them",
                found.len(),
                path.display()
            ));
        }
        Ok(Exit::Done)
    }
}
