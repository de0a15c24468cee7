//! `pamctl apply`: the sessions of a plan end, if they are still the ones that were planned.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use pam_proto::{Session, SessionNumber, SessionRef};

use super::file::Plan;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::guard::Guard;
use crate::online::Online;
use crate::termination::{EndingOptions, Found, find, name};

/// Terminate the sessions of a plan
///
/// They are read again first. A session that is another one than was planned stops everything; one
/// that has ended is skipped; the rest is terminated as by `session terminate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pamctl apply plan.json --dry-run
  pamctl apply plan.json --reason 'exfiltration alert' --ticket INC-1042
  pamctl apply plan.json --yes --max 200 -o ndjson")]
pub(crate) struct Apply {
    /// The plan, as `pamctl plan` wrote it; `-` for standard input
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    #[command(flatten)]
    ending: EndingOptions,
}

impl Apply {
    pub(crate) fn run(self, online: &Online) -> Result<Exit, Failure> {
        let plan = Plan::read(&self.plan)?;
        let appliance = online.settings()?.base.to_string();
        if plan.appliance != appliance {
            return Err(Failure::usage(format!(
                "the plan is for {}, and this is {appliance}; nothing was terminated; choose the \
                 other appliance, or write a new plan",
                plan.appliance
            )));
        }
        let guard = self.ending.guard(online, "pamctl apply")?;
        let names: Vec<SessionRef> = plan.sessions.iter().map(name).collect();
        let candidates = online.run("reading the sessions again", async |client, _| {
            find::by_name(client, names, online.telling).await
        })?;
        if let Some(line) = changed(&plan.sessions, &candidates.seen) {
            return Err(self.refuse(&guard, line));
        }
        self.ending.end(online, &guard, candidates, Found::ByRule)
    }

    fn refuse(&self, guard: &Guard, line: String) -> Failure {
        if !self.ending.dry_run {
            guard.record_brake(&line);
        }
        Failure::new(Exit::Policy, line)
    }
}

/// What makes a session another one than was planned: none of it changes while a session lives.
fn identity(session: &Session) -> [(&'static str, &str); 8] {
    [
        (
            "session_id",
            session.session_id.as_ref().map_or("", |id| id.as_str()),
        ),
        ("user", &session.user),
        ("origin_ip", &session.origin_ip),
        ("credential", &session.credential),
        ("device", &session.device),
        ("protocol", &session.protocol),
        ("proxy", &session.proxy),
        ("started_at", &session.started_at),
    ]
}

/// The first difference between what was planned and what is seen.
fn changed(planned: &[Session], seen: &[Session]) -> Option<String> {
    let by_name: BTreeMap<SessionRef, &Session> = seen
        .iter()
        .map(|session| (name(session), session))
        .collect();
    let by_row: BTreeMap<SessionNumber, &Session> =
        seen.iter().map(|session| (session.id, session)).collect();
    planned.iter().find_map(|planned| {
        let seen = by_name.get(&name(planned)).or(by_row.get(&planned.id))?;
        let row = [("id", planned.id.to_string(), seen.id.to_string())];
        let fields = identity(planned).into_iter().zip(identity(seen));
        let fields = fields.map(|((field, was), (_, is))| (field, was.to_owned(), is.to_owned()));
        let (field, was, is) = row
            .into_iter()
            .chain(fields)
            .find(|(_, was, is)| was != is)?;
        Some(format!(
            "session {} is not the one that was planned: its {field} was `{was}` and is `{is}`; \
             nothing was terminated; write a new plan",
            name(planned)
        ))
    })
}
