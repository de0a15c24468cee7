//! `pamctl session list`: the sessions, filtered while they arrive.

use std::io;
use std::ops::ControlFlow;

use clap::Args;
use pam_client::Client;
use pam_proto::Notes;
use pam_proto::listing::Filter;

use super::wanted::Wanted;
use crate::cli::Telling;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::online::Online;
use crate::output::sessions::{ListFormat, SessionWriter};
use crate::output::stderr;
use crate::output::stdout::Stdout;
use crate::progress::Progress;

/// List sessions, running and ended
///
/// The appliance has no filter of its own and sends every session, which can take it minutes;
/// they are filtered while they arrive. Conditions are combined: all of them must hold. Texts
/// are compared whatever their case.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pamctl session list --active
  pamctl session list --active --user alice --device 192.0.2.20
  pamctl session list --filter 'active and (credential=root or device~10.66.*) and started<2h'
  pamctl session list --active --started-after 2h --time-zone America/Sao_Paulo
  pamctl session list --started-after '2024-05-06 16:00' -o json | jq '.[].device'
  pamctl session list --active --origin 198.51.100.0/24 -o ids | pamctl session terminate - --yes")]
pub(super) struct List {
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t = ListFormat::Table)]
    output: ListFormat,
    #[command(flatten)]
    wanted: Wanted,
}

impl List {
    pub(super) fn run(self, online: &Online) -> Result<Exit, Failure> {
        let (format, filter) = (self.output, self.wanted.filter(&online.clock()?));
        online.run("listing sessions", async |client, progress| {
            list(client, progress, &filter, format, online.telling).await
        })
    }
}

async fn list(
    client: &Client,
    progress: &Progress,
    filter: &Filter,
    format: ListFormat,
    telling: Telling,
) -> Result<Exit, Failure> {
    let mut writer = SessionWriter::new(format, Stdout::beside(progress));
    let mut written: io::Result<()> = Ok(());
    let mut notes = Notes::default();
    let ended = client
        .list(filter, |record| {
            written = writer.session(&record.to_session_noting(&mut notes));
            match written {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        })
        .await;
    written?;
    progress.finish();
    telling.tolerated(notes);
    match ended {
        Ok(end) => {
            writer.finish(true)?;
            if writer.nameless() > 0 {
                stderr::warning(format!(
                    "{} sessions have no usable session_id and are left out; \
                     -o json shows their row ids",
                    writer.nameless()
                ));
            }
            if format == ListFormat::Table {
                stderr::note(format!("{} of {} sessions", end.wanted, end.records));
            }
            Ok(Exit::Done)
        }
        Err(error) => {
            // What has come is not held back, but it is not called whole.
            writer.finish(false)?;
            Err(Failure::from(error).but("the list is incomplete"))
        }
    }
}
