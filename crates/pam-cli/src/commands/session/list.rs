//! `pamctl session list`: the sessions, filtered while they arrive.

use std::io;
use std::ops::ControlFlow;

use clap::Args;
use pam_client::Client;
use pam_proto::Notes;
use pam_proto::listing::{CivilTime, Filter, Network};

use super::Online;
use crate::cli::Telling;
use crate::exit::Exit;
use crate::failure::Failure;
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
  pamctl session list --started-after '2024-05-06 16:00' -o json | jq '.[].device'
  pamctl session list --active --origin 198.51.100.0/24 -o ids | pamctl session terminate - --yes")]
pub(super) struct List {
    /// Only sessions that run
    #[arg(long)]
    active: bool,
    /// Only sessions of this vault user
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Only sessions to this target: `192.0.2.20:22`, or `192.0.2.20` for any port
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
    /// Only sessions that use this credential (its user name)
    #[arg(long, value_name = "NAME")]
    credential: Option<String>,
    /// Only sessions of this protocol: ssh, rdp, …
    #[arg(long, value_name = "PROTOCOL")]
    protocol: Option<String>,
    /// Only sessions whose user comes from this address or network
    #[arg(long, value_name = "CIDR")]
    origin: Option<Network>,
    /// Only sessions that started after this time, by the appliance's clock
    #[arg(long, value_name = "TIME")]
    started_after: Option<CivilTime>,
    /// Only sessions that started before this time, by the appliance's clock
    #[arg(long, value_name = "TIME")]
    started_before: Option<CivilTime>,
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t = ListFormat::Table)]
    output: ListFormat,
}

impl List {
    pub(super) fn run(self, online: &Online) -> Result<Exit, Failure> {
        let (format, filter) = (self.output, self.filter());
        online.run("listing sessions", async |client, progress| {
            list(client, progress, &filter, format, online.telling).await
        })
    }

    fn filter(self) -> Filter {
        let mut filter = Filter::new();
        if self.active {
            filter = filter.active();
        }
        if let Some(user) = self.user {
            filter = filter.user(user);
        }
        if let Some(device) = self.device {
            filter = filter.device(device);
        }
        if let Some(credential) = self.credential {
            filter = filter.credential(credential);
        }
        if let Some(protocol) = self.protocol {
            filter = filter.protocol(protocol);
        }
        if let Some(network) = self.origin {
            filter = filter.origin(network);
        }
        if let Some(time) = self.started_after {
            filter = filter.started_after(time);
        }
        if let Some(time) = self.started_before {
            filter = filter.started_before(time);
        }
        filter
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
