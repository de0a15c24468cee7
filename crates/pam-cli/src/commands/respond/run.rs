//! `pamctl respond run`: the responder itself.

use clap::Args;
use pam_client::Client;
use pam_responder::Service;
use tokio::signal::unix::{SignalKind, signal};

use super::ConfigFile;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::online::Online;
use crate::output::stderr;

/// Run the responder: take alerts in, end the sessions that the rules mean, prove it
///
/// Rules start in shadow: until one is armed, it only records what it would have done. SIGHUP
/// reads rules, limits and policy anew when they have no mistake; SIGTERM and Ctrl-C stop it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pamctl respond check --config responder.toml
  pamctl respond run --config responder.toml")]
pub(crate) struct Run {
    #[command(flatten)]
    file: ConfigFile,
    /// Write the log as JSON, one object a line
    #[arg(long)]
    log_json: bool,
}

impl Run {
    pub(crate) fn run(self, online: &Online) -> Result<Exit, Failure> {
        let config = self.file.read()?;
        self.log();
        let client = Client::new(online.settings()?.clone())?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| failed(&format!("can't start: {error}")))?;
        let exit = runtime.block_on(async {
            // Before anybody can see it run: the signal would end a process that does not expect it.
            let hangup = signal(SignalKind::hangup());
            let mut hangup = hangup.map_err(|error| failed(&format!("can't start: {error}")))?;
            let service = Service::start(config, client).await;
            let service = service.map_err(|error| failed(&error.to_string()))?;
            let mut stop = online.stop()?;
            for (name, address) in &service.addresses {
                stderr::note(format!("{name} listens on {address}"));
            }
            service.ready();
            loop {
                tokio::select! {
                    _ = hangup.recv() => self.reload(&service).await,
                    () = &mut stop => break,
                }
            }
            service.shutdown().await;
            Ok(Exit::Done)
        });
        runtime.shutdown_background();
        exit
    }

    async fn reload(&self, service: &Service) {
        match self.file.read() {
            Ok(config) => {
                service.reload(&config).await;
                stderr::note("the configuration was read anew");
            }
            Err(failure) => {
                let line = failure.line().unwrap_or_default();
                stderr::error(format!("{line}; what held before still holds"));
            }
        }
    }

    fn log(&self) {
        let log = tracing_subscriber::fmt()
            .with_writer(std::io::stderr)
            .with_max_level(tracing_subscriber::filter::LevelFilter::INFO)
            .with_target(false);
        // A log that is set already is as good.
        let _ = if self.log_json {
            log.json().try_init()
        } else {
            log.with_ansi(false).try_init()
        };
    }
}

fn failed(line: &str) -> Failure {
    Failure::new(Exit::Failed, line)
}
