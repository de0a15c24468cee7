//! `pamctl mock` in a process of its own, as every contestant meets it.

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use tempfile::TempDir;

use crate::process;

/// A mock that speaks http on loopback. It ends when this is dropped.
pub(crate) struct Mock {
    process: Child,
    folder: TempDir,
    pub(crate) ready: Ready,
}

/// What the mock says once it listens.
#[derive(Deserialize)]
pub(crate) struct Ready {
    pub(crate) base_url: String,
    pub(crate) oauth1: Keys,
}

#[derive(Deserialize)]
pub(crate) struct Keys {
    pub(crate) consumer_key: String,
    pub(crate) consumer_secret: String,
    pub(crate) token: String,
    pub(crate) token_secret: String,
}

/// The true state.
#[derive(Deserialize)]
struct Truth {
    sessions: Vec<Session>,
}

#[derive(Deserialize)]
struct Session {
    session_id: String,
    active: bool,
}

impl Mock {
    pub(crate) fn start(arguments: &[&str]) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let ready_file = folder.path().join("ready.json");
        let process = Command::new(process::beside("pamctl")?)
            .args(["mock", "--plain-http", "--ready-file"])
            .arg(&ready_file)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut mock = Self {
            process,
            folder,
            ready: Ready {
                base_url: String::new(),
                oauth1: Keys {
                    consumer_key: String::new(),
                    consumer_secret: String::new(),
                    token: String::new(),
                    token_secret: String::new(),
                },
            },
        };
        mock.ready = mock.wait(&ready_file)?;
        Ok(mock)
    }

    fn wait(&mut self, ready_file: &Path) -> io::Result<Ready> {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            if let Ok(text) = fs::read(ready_file) {
                return Ok(serde_json::from_slice(&text)?);
            }
            if let Some(status) = self.process.try_wait()? {
                return Err(io::Error::other(format!("pamctl mock ended: {status}")));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Err(io::Error::other("pamctl mock is not ready after 60 s"))
    }

    /// `pamctl` with what it needs to call this mock, and nothing else in its environment.
    pub(crate) fn pamctl(&self) -> io::Result<Command> {
        let mut command = Command::new(process::beside("pamctl")?);
        command
            .env_clear()
            .env("HOME", self.folder.path())
            .env("PAM_URL", &self.ready.base_url)
            .stderr(Stdio::null());
        self.keys(&mut command);
        Ok(command)
    }

    /// Gives a process the keys of the mock's application.
    pub(crate) fn keys(&self, command: &mut Command) {
        let keys = &self.ready.oauth1;
        command
            .env("PAM_CONSUMER_KEY", &keys.consumer_key)
            .env("PAM_CONSUMER_SECRET", &keys.consumer_secret)
            .env("PAM_TOKEN", &keys.token)
            .env("PAM_TOKEN_SECRET", &keys.token_secret);
    }

    /// The `session_id`s of the sessions that run, in the listing's order.
    pub(crate) fn running(&self) -> io::Result<Vec<String>> {
        let truth: Truth = serde_json::from_slice(&self.inspect("sessions")?)?;
        let running = truth.sessions.into_iter().filter(|session| session.active);
        Ok(running.map(|session| session.session_id).collect())
    }

    /// What is below `/_mock/`.
    pub(crate) fn inspect(&self, name: &str) -> io::Result<Vec<u8>> {
        let address = self.ready.base_url.trim_start_matches("http://");
        let mut connection = TcpStream::connect(address.trim_end_matches('/'))?;
        let head = format!("GET /_mock/{name} HTTP/1.0\r\nHost: {address}\r\n\r\n");
        connection.write_all(head.as_bytes())?;
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer)?;
        let blank = answer.windows(4).position(|four| four == b"\r\n\r\n");
        Ok(answer.split_off(blank.map_or(0, |at| at + 4)))
    }

    /// Where one session is dropped.
    pub(crate) fn drop_url(&self, session_id: &str) -> String {
        let base = self.ready.base_url.trim_end_matches('/');
        format!("{base}/api/pam/session/drop/{session_id}")
    }

    /// A folder for files of this mock's callers.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
