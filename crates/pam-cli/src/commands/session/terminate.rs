//! `pamctl session terminate`: sessions end, and it is proven that they did.

use clap::Args;
use pam_guard::Filter;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::filter;
use crate::online::Online;
use crate::termination::names::{Name, named};
use crate::termination::{Candidates, EndingOptions, Found, find};

/// Terminate sessions and prove that they ended
///
/// A drop is sent, then the session's record is read until it shows an end. A drop whose answer
/// was lost or was an error is repeated only when the session is proven alive. A row id is looked
/// up first, because the appliance wants the session_id. Every decision is in the audit file
/// before its drop is sent.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pamctl session terminate 3fcf1e4a16104e328d6794e1b9693cfc457871d2
  pamctl session terminate 540 541 --yes --reason 'exfiltration alert' --ticket INC-1042
  pamctl session terminate --filter 'user=alice and device~10.66.*' --dry-run
  pamctl session terminate --filter 'origin in 198.51.100.0/24' --yes --max 50 -o json
  pamctl session list --active --user alice -o ids | pamctl session terminate - --yes -o ndjson

Outcomes:
  terminated     verified: the record has an end                            exit 0
  already_ended  verified: it had ended before                              exit 0
  not_found      not visible to this authorization                          exit 3
  unconfirmed    accepted or lost on the way, and not proven in time        exit 5
                 (exit 7 when the appliance was never reached, 4 when a policy, or an audit file
                 that can't be written, kept the drop back)
  still_active   refused by the appliance, and proven alive                 exit 1
  denied         not authenticated or not authorized                        exit 6
With several sessions: 8 when only some ended; the common code when all failed alike; else 5 when
one is unconfirmed, or 1.")]
pub(super) struct Terminate {
    /// session_ids or row ids (at most 19 digits); `-` reads them from standard input, one a line
    #[arg(
        value_name = "SESSION_ID",
        required_unless_present = "filter",
        conflicts_with = "filter"
    )]
    sessions: Vec<Name>,
    /// Terminate the running sessions that this filter means
    #[arg(long, value_name = "EXPR", value_parser = filter::parse)]
    filter: Option<Filter>,
    #[command(flatten)]
    ending: EndingOptions,
}

impl Terminate {
    pub(super) fn run(self, online: &Online) -> Result<Exit, Failure> {
        let (ending, telling) = (&self.ending, online.telling);
        let named = named(&self.sessions)?;
        if self.filter.is_none() && named.is_empty() {
            return Err(Failure::new(
                Exit::NoSuchSession,
                "standard input names no session; nothing was terminated",
            ));
        }
        let guard = ending.guard(online, "pamctl session terminate")?;
        if let Some(filter) = &self.filter {
            let clock = online.clock()?;
            let seen = online.run("looking for sessions", async |client, _| {
                find::by_filter(client, filter, &clock, telling).await
            })?;
            if seen.is_empty() {
                return Err(Failure::new(
                    Exit::NoSuchSession,
                    format!("no running session matches `{filter}`; nothing was terminated"),
                ));
            }
            let candidates = Candidates {
                seen,
                ..Candidates::default()
            };
            return ending.end(online, &guard, candidates, Found::ByRule);
        }
        let candidates = if guard.needs_records() || ending.dry_run {
            online.run("looking the sessions up", async |client, _| {
                find::by_name(client, named, telling).await
            })?
        } else {
            Candidates {
                seen: Vec::new(),
                order: named.clone(),
                unseen: named,
            }
        };
        ending.end(online, &guard, candidates, Found::ByName)
    }
}
