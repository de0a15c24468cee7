//! `pamctl mock` as a child process, for as long as a proof runs.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Bench;
use super::running::Running;
use crate::error::Error;

/// How long the mock may take until it listens.
const START: Duration = Duration::from_secs(20);

/// A running mock; it ends with this value.
pub(super) struct Mock {
    running: Running,
    ready: Value,
    /// The file that it wrote once it listened.
    pub(super) ready_file: PathBuf,
    /// What it says.
    pub(super) log: PathBuf,
}

impl Mock {
    /// Starts a mock with 20 sessions, of which 8 run, in a folder named after
    /// the proof, and waits until it listens.
    pub(super) fn start(bench: &Bench<'_>, proof: &str, more: &[&str]) -> Result<Mock, Error> {
        let folder = bench.folder(proof)?;
        let (ready_file, log) = (folder.join("ready.json"), folder.join("mock.log"));
        bench.sh.remove_path(&ready_file)?;
        let cannot = |error: std::io::Error| Error::new(format!("pamctl mock: {error}"));
        let child = Command::new(bench.pamctl())
            .args([
                "mock",
                "--sessions",
                "20",
                "--active",
                "8",
                "--seed",
                "5849",
            ])
            .arg("--ready-file")
            .arg(&ready_file)
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).map_err(cannot)?)
            .spawn()
            .map_err(cannot)?;
        let mut mock = Mock {
            running: Running::new(child),
            ready: Value::Null,
            ready_file,
            log,
        };
        mock.wait_until_ready(bench)?;
        Ok(mock)
    }

    fn wait_until_ready(&mut self, bench: &Bench<'_>) -> Result<(), Error> {
        let deadline = Instant::now() + START;
        loop {
            if let Ok(text) = bench.sh.read_file(&self.ready_file)
                && let Ok(ready) = serde_json::from_str(&text)
            {
                self.ready = ready;
                return Ok(());
            }
            if let Some(status) = self.running.ended() {
                return Err(Error::new(format!(
                    "pamctl mock ended with {status}; it says: {}",
                    bench.sh.read_file(&self.log).unwrap_or_default().trim()
                )));
            }
            if Instant::now() > deadline {
                return Err(Error::new(format!(
                    "pamctl mock did not listen within {START:?}"
                )));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Where it listens.
    pub(super) fn base_url(&self) -> &str {
        self.ready["base_url"].as_str().unwrap_or_default()
    }

    /// The certificate of its private CA.
    pub(super) fn ca_file(&self) -> &str {
        self.ready["ca_file"].as_str().unwrap_or_default()
    }

    /// The settings of a `pamctl` that talks to it.
    pub(super) fn environment(&self) -> Vec<(&'static str, &str)> {
        let key = |name: &str| self.ready["oauth1"][name].as_str().unwrap_or_default();
        vec![
            ("PAM_URL", self.base_url()),
            ("PAM_CA_FILE", self.ca_file()),
            ("PAM_CONSUMER_KEY", key("consumer_key")),
            ("PAM_CONSUMER_SECRET", key("consumer_secret")),
            ("PAM_TOKEN", key("token")),
            ("PAM_TOKEN_SECRET", key("token_secret")),
        ]
    }
}
