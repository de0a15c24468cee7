//! Handing an alert to a responder.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use http::StatusCode;
use pam_proto::Secret;
use serde_json::Value;
use tokio::time::Instant;

use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::post::{NotTaken, Receiver};
use crate::quantity;
use crate::secret::Source;

/// The variable that holds the bearer token unless an option names another place.
const TOKEN: &str = "PAM_RESPONDER_TOKEN";

/// Which responder gets the alert.
#[derive(Debug, Args)]
#[command(next_help_heading = "Responder options")]
pub(super) struct Handover {
    /// Where the responder takes alerts; https, or http on this machine
    #[arg(long, value_name = "URL")]
    pub(super) responder: Option<String>,
    /// The place of the bearer token: file:PATH, env:NAME, cmd:COMMAND or systemd:NAME
    /// [default: env:PAM_RESPONDER_TOKEN]
    #[arg(long, value_name = "PLACE")]
    token: Option<String>,
    /// The only certificates to trust for the responder, a PEM file
    #[arg(long, value_name = "FILE")]
    responder_ca_file: Option<PathBuf>,
    /// How long to try until the responder has taken the alert
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = quantity::deadline)]
    deliver_within: Duration,
}

impl Handover {
    /// Hands the alert over and waits until it is taken.
    pub(super) fn deliver(&self, url: &str, alert: &Value) -> Result<Exit, Failure> {
        let token = self.secret()?;
        let receiver = Receiver::new(url, self.responder_ca_file.as_deref(), token.as_ref())
            .map_err(Failure::usage)?;
        let body = alert.to_string();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| {
            let line = format!("can't start: {error}; the system lacks resources");
            Failure::new(Exit::Failed, line)
        })?;
        runtime.block_on(async {
            let deadline = Instant::now() + self.deliver_within;
            let delivered = receiver.deliver(body.as_bytes(), deadline).await;
            delivered.map(|()| Exit::Done).map_err(|error| {
                let line = format!("the responder at {}: {error}", shown(url));
                let exit = match error {
                    NotTaken::Refused(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                        Exit::NotAuthorized
                    }
                    NotTaken::Refused(_) => Exit::Failed,
                    NotTaken::TooLate(_) => Exit::Unreachable,
                };
                Failure::new(exit, line)
            })
        })
    }

    fn secret(&self) -> Result<Option<Secret>, Failure> {
        let source = match &self.token {
            // what was typed may be the token itself, and is not repeated
            Some(place) => place
                .parse()
                .map_err(|error| Failure::usage(format!("--token: {error}")))?,
            None => Source::Env(TOKEN.to_owned()),
        };
        let found = source.fetch(&Environment::of_process(), self.deliver_within);
        match found.map_err(|why| Failure::usage(format!("can't use {source}: {why}")))? {
            None if self.token.is_some() => {
                Err(Failure::usage(format!("there is no token at {source}")))
            }
            found => Ok(found),
        }
    }
}

/// The URL without its path and query, in which a token may stand.
fn shown(url: &str) -> String {
    let mut parts = url.splitn(4, '/');
    let (scheme, host) = (
        parts.next().unwrap_or_default(),
        parts.nth(1).unwrap_or_default(),
    );
    format!("{scheme}//{host}")
}
