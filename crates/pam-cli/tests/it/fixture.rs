//! What the tests stand on: a mock in this process, and `pamctl` with its settings.

use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use assert_cmd::Command;
use pam_mock::{Builder, MockAppliance};
use pam_proto::Secret;
use pam_proto::oauth1::Credentials;
use pam_proto::oauth2::ClientCredentials;
use serde_json::Value;

/// Secrets that would be noticed anywhere: with characters that percent-encoding changes.
pub(crate) const CONSUMER_SECRET: &str = "pl4nted/consumer+secret&%=";
pub(crate) const TOKEN_SECRET: &str = "pl4nted token~secret/é+";
pub(crate) const CLIENT_SECRET: &str = "pl4nted/client+secret&%=";

/// `pamctl` in an empty environment.
pub(crate) fn pamctl() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pamctl"));
    // The mock's clock shows UTC.
    command.env_clear().env("TZ", "UTC");
    command
}

/// A mock appliance with a runtime of its own.
pub(crate) struct Mock {
    pub(crate) appliance: MockAppliance,
    /// On which the appliance serves as long as this lives.
    _runtime: tokio::runtime::Runtime,
    folder: tempfile::TempDir,
}

impl Mock {
    /// Starts a mock with the planted secrets.
    pub(crate) fn start(builder: Builder) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let builder = builder
            .oauth1(
                Credentials::new("ck-planted", Secret::new(CONSUMER_SECRET))
                    .with_token("tk-planted", Secret::new(TOKEN_SECRET)),
            )
            .oauth2(ClientCredentials::new(
                "client-planted",
                Secret::new(CLIENT_SECRET),
            ));
        let appliance = runtime.block_on(builder.start()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        appliance
            .write_tls_files(folder.path().join("mock"))
            .unwrap();
        Self {
            appliance,
            _runtime: runtime,
            folder,
        }
    }

    /// A mock with 20 sessions, of which 6 run.
    pub(crate) fn populated() -> Self {
        Self::start(MockAppliance::builder().sessions(20, 6).seed(5))
    }

    /// A file beside the mock's.
    pub(crate) fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// `pamctl` that talks to it with OAuth 1.0.
    pub(crate) fn pamctl(&self) -> Command {
        let mut command = self.reaching();
        command
            .env("PAM_CONSUMER_KEY", "ck-planted")
            .env("PAM_CONSUMER_SECRET", CONSUMER_SECRET)
            .env("PAM_TOKEN", "tk-planted")
            .env("PAM_TOKEN_SECRET", TOKEN_SECRET);
        command
    }

    /// `pamctl` that talks to it with OAuth 2.0.
    pub(crate) fn pamctl_oauth2(&self) -> Command {
        let mut command = self.reaching();
        command
            .env("PAM_CLIENT_ID", "client-planted")
            .env("PAM_CLIENT_SECRET", CLIENT_SECRET);
        command
    }

    fn reaching(&self) -> Command {
        let mut command = pamctl();
        command
            .env("PAM_URL", self.appliance.base_url().to_string())
            .env("PAM_AUDIT", self.file("audit.jsonl"));
        if self.appliance.ca_pem().is_some() {
            command.env("PAM_CA_FILE", self.file("mock.ca.pem"));
        }
        command
    }

    /// The `session_id`s of the sessions that truly run.
    pub(crate) fn running(&self) -> Vec<String> {
        let sessions = self.appliance.sessions().into_iter();
        sessions
            .filter(|session| session.active)
            .map(|session| session.session_id)
            .collect()
    }

    /// Whether a session truly runs.
    pub(crate) fn runs(&self, session_id: &str) -> bool {
        self.running().iter().any(|running| running == session_id)
    }
}

/// The same command for a child that is talked to while it runs.
pub(crate) fn child(command: &Command) -> std::process::Command {
    let set = command
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    let mut child = std::process::Command::new(command.get_program());
    child.env_clear().envs(set).args(command.get_args());
    child
}

/// Waits for what another process or thread does, and gives up loudly.
#[track_caller]
pub(crate) fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}: waited in vain");
        std::thread::yield_now();
    }
}

/// How a run of `pamctl` ended.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Runs it; standard input is empty unless the command has some.
    pub(crate) fn of(command: &mut Command) -> Self {
        Self::from(command.output().unwrap())
    }

    /// The JSON on standard output.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.stdout, self.stderr))
    }

    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that it failed with this code and one line on standard error that has these words
    /// in it.
    #[track_caller]
    pub(crate) fn failed(self, code: i32, words: &[&str]) -> Self {
        let run = self.ended(code);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        for word in words {
            assert!(run.stderr.contains(word), "no `{word}` in: {}", run.stderr);
        }
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
        run
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("pamctl writes UTF-8");
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

/// Compares with a file that holds what is expected; `PAMCTL_BLESS=1` writes it anew.
#[track_caller]
pub(crate) fn golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it")
        .join(name);
    if std::env::var_os("PAMCTL_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, actual).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == actual,
        "{} differs; run the test with PAMCTL_BLESS=1 and review the change.\n{actual}",
        path.display()
    );
}
