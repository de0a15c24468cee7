//! `pamctl hook`: what a SIEM runs when it has an alert.

use clap::{Args, Subcommand};

use pam_alert::Alert;
use serde_json::Value;

use crate::cli::Needs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::online::Online;

mod act;
mod handover;
mod splunk;
mod splunk_xml;
mod wazuh;

/// Be the program that a SIEM runs when it has an alert
#[derive(Debug, Args)]
pub(crate) struct Hook {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Wazuh(wazuh::Wazuh),
    Splunk(splunk::Splunk),
}

impl Hook {
    /// Whether it talks to the appliance itself.
    pub(crate) fn needs(&self) -> Needs {
        let action = match &self.command {
            Command::Wazuh(command) => command.action(),
            Command::Splunk(command) => command.action(),
        };
        match action.acting.act {
            Some(_) => Needs::Appliance,
            None => Needs::Nothing,
        }
    }

    pub(crate) fn run(
        self,
        online: impl FnOnce() -> Result<Online, Failure>,
    ) -> Result<Exit, Failure> {
        match self.command {
            Command::Wazuh(command) => command.run(online),
            Command::Splunk(command) => command.run(online),
        }
    }
}

/// What is done with the alert: one of two.
#[derive(Debug, Args)]
struct Action {
    #[command(flatten)]
    handover: handover::Handover,
    #[command(flatten)]
    acting: act::Acting,
}

impl Action {
    /// Hands over the body, or acts on the alert in it.
    fn take(
        &self,
        body: &Value,
        alert: Alert,
        online: impl FnOnce() -> Result<Online, Failure>,
    ) -> Result<Exit, Failure> {
        match (self.acting.act, &self.handover.responder) {
            (Some(mode), _) => self.acting.on(mode, alert, &online()?),
            (None, Some(url)) => self.handover.deliver(url, body),
            (None, None) => Err(Failure::usage(
                "nobody is named who acts on the alert; give --responder URL, or --act shadow",
            )),
        }
    }
}
