//! Every example ends a session on the stand-in appliance, and is as short as it is said to be.

#![allow(
    clippy::unwrap_used,
    reason = "a test that can't go on fails, also in a function that tests share"
)]

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use pam_mock::{FaultKind, MockAppliance};
use tokio::runtime::Runtime;

/// Where cargo puts the examples, which it builds with the tests.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).unwrap();
    profile.join("examples").join(name)
}

/// An appliance, and what tells an example of it.
struct Bench {
    /// Where it runs.
    _runtime: Runtime,
    mock: MockAppliance,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new(tls: bool) -> Self {
        let runtime = Runtime::new().unwrap();
        let mut mock = MockAppliance::builder().sessions(12, 3);
        if !tls {
            mock = mock.plain_http();
        }
        let mock = runtime.block_on(mock.start()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        if let Some(ca) = mock.ca_pem() {
            std::fs::write(folder.path().join("ca.pem"), ca).unwrap();
        }
        Self {
            _runtime: runtime,
            mock,
            folder,
        }
    }

    fn command(&self, name: &str) -> Command {
        let keys = self.mock.oauth1();
        let token = keys.token.as_ref().unwrap();
        let mut command = Command::new(example(name));
        command
            .env_clear()
            .env("PAM_URL", self.mock.base_url().to_string())
            .env("PAM_CA_FILE", self.folder.path().join("ca.pem"))
            .env("PAM_CONSUMER_KEY", &keys.consumer_key)
            .env("PAM_CONSUMER_SECRET", keys.consumer_secret.expose())
            .env("PAM_TOKEN", &token.key)
            .env("PAM_TOKEN_SECRET", token.secret.expose());
        command
    }

    fn victim(&self) -> String {
        let sessions = self.mock.sessions();
        let active = sessions.into_iter().find(|session| session.active);
        active.unwrap().session_id
    }

    fn active(&self) -> usize {
        let sessions = self.mock.sessions();
        sessions.iter().filter(|session| session.active).count()
    }

    fn drops(&self) -> usize {
        let requests = self.mock.requests();
        let drops = requests.iter().filter(|request| request.method == "DELETE");
        drops.count()
    }

    /// Runs an example to its end: what it said.
    fn run(&self, name: &str, session: &str) -> String {
        let output = self.command(name).arg(session).output().unwrap();
        let problem = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {problem}");
        String::from_utf8(output.stdout).unwrap()
    }
}

fn terminates(name: &str, tls: bool) {
    let bench = Bench::new(tls);
    let victim = bench.victim();
    let said = bench.run(name, &victim);
    assert!(said.starts_with("terminated: "), "{name}: {said}");
    assert!(!bench.mock.session(&victim).unwrap().active, "{name}");
    assert_eq!((bench.active(), bench.drops()), (2, 1), "{name}");

    // A reply that is lost is looked after, and the drop is not sent again.
    bench.mock.set_fault(FaultKind::LostReply);
    let victim = bench.victim();
    let said = bench.run(name, &victim);
    assert!(said.starts_with("terminated: "), "{name}: {said}");
    assert_eq!((bench.active(), bench.drops()), (1, 2), "{name}");
}

#[test]
fn ureq() {
    terminates("ureq", true);
}

#[test]
fn reqwest() {
    terminates("reqwest", true);
}

#[test]
fn hyper() {
    terminates("hyper", true);
}

#[test]
fn smol() {
    terminates("smol", true);
}

/// Over plain HTTP, as the libcurl that the crate builds has no TLS.
#[test]
fn curl() {
    terminates("curl", false);
}

#[test]
fn single_thread() {
    let bench = Bench::new(true);
    let mut service = bench
        .command("single_thread")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let sessions = bench.mock.sessions();
    let active = sessions.iter().filter(|session| session.active);
    let mut stdin = service.stdin.take().unwrap();
    for session in active {
        writeln!(stdin, "{}", session.session_id).unwrap();
    }
    drop(stdin);
    let output = service.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.matches("terminated: ").count(), 3, "{said}");
    assert_eq!((bench.active(), bench.drops()), (0, 3));
}

#[test]
fn each_is_under_sixty_lines_and_has_its_test() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples");
    let tests = include_str!("main.rs");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines < 60, "{name} has {lines} lines");
        assert!(tests.contains(&format!("\nfn {name}()")), "{name}");
    }
}
