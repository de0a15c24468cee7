//! `pamctl respond`: the real binary between senders and the mock.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use pam_mock::{EndedBy, MockAppliance, NewSession};
use pam_responder::SqliteJournal;
use pam_responder::core::{End, Record};
use serde_json::json;

use crate::fixture::{Mock, Run, child, pamctl, wait_until};
use crate::schemas::holds;

pub(crate) const RULE: &str = r#"
[[rule]]
name = "r"
when = "event=12"
match = ["user"]
mode = "armed"
max_per_hour = 10000
[limits]
total = 100000
per_user = 3
"#;

/// A responder on a free port, with its files beside the mock's.
pub(crate) struct Responder<'m> {
    mock: &'m Mock,
    pub(crate) address: SocketAddr,
    pub(crate) child: Option<Child>,
}

impl<'m> Responder<'m> {
    pub(crate) fn new(mock: &'m Mock, rules: &str) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        let config = format!(
            "journal = \"journal.db\"\naudit = \"responder-audit.jsonl\"\nsocket = \"control\"\n\
             halt_file = \"halt\"\npoll = \"1s\"\n[http]\nlisten = \"{address}\"\n[[webhook]]\n\
             name = \"siem\"\npath = \"/siem\"\n{rules}"
        );
        std::fs::write(mock.file("responder.toml"), config).unwrap();
        Self {
            mock,
            address,
            child: None,
        }
    }

    pub(crate) fn start(&mut self) {
        self.start_as(child(&self.command()));
    }

    /// What runs it.
    pub(crate) fn command(&self) -> assert_cmd::Command {
        let mut command = self.mock.pamctl();
        let config = self.mock.file("responder.toml");
        command.args(["respond", "run", "--config"]).arg(config);
        command
    }

    /// Starts it by a command that runs it.
    pub(crate) fn start_as(&mut self, mut command: std::process::Command) {
        command.stdout(Stdio::null());
        let log = std::fs::File::create(self.mock.file("responder.log")).unwrap();
        self.child = Some(command.stderr(log).spawn().unwrap());
        wait_until("the responder listens", || {
            TcpStream::connect(self.address).is_ok()
        });
    }

    /// SIGKILL.
    fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(self.child.as_ref().unwrap());
        rustix::process::kill_process(pid, signal).unwrap();
    }

    pub(crate) fn stop(&mut self) {
        self.signal(rustix::process::Signal::TERM);
        let mut child = self.child.take().unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(0));
    }

    pub(crate) fn pamctl(&self, args: &[&str]) -> Run {
        let mut command = pamctl();
        command.arg("respond").args(args);
        Run::of(
            command
                .arg("--config")
                .arg(self.mock.file("responder.toml")),
        )
    }

    pub(crate) fn journal(&self) -> SqliteJournal {
        SqliteJournal::open_to_read(self.mock.file("journal.db")).unwrap()
    }
}

impl Drop for Responder<'_> {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
        }
    }
}

/// The status line's code; none when there was no answer.
pub(crate) fn post(address: SocketAddr, id: &str, user: &str) -> Option<u16> {
    let body = json!({"id": id, "event": {"id": "12"}, "rule": {"id": "12"}, "user": user});
    post_body(address, &body.to_string())
}

fn post_body(address: SocketAddr, body: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .ok()?;
    let request = format!(
        "POST /siem HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.get(9..12)?.parse().ok()
}

pub(crate) fn with_users(users: usize) -> Mock {
    let mut builder = MockAppliance::builder();
    for user in 0..users {
        builder = builder.session(NewSession {
            user: Some(format!("user{user}")),
            ..NewSession::default()
        });
    }
    Mock::start(builder)
}

#[test]
fn the_demo_ends_one_session_and_proves_it() {
    let began = Instant::now();
    let run = Run::of(pamctl().args(["demo", "respond"])).ended(0);
    assert!(began.elapsed() < Duration::from_secs(10));
    assert!(run.stdout.contains("Proven:"), "{}", run.stdout);
    assert!(run.stdout.contains("closed, terminated"), "{}", run.stdout);
}

#[test]
fn check_tells_every_mistake_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("responder.toml");
    std::fs::write(
        &file,
        "jurnal = \"x\"\n[[rule]]\nname = \"r\"\nwhen = \"usr=x\"\nmode = \"on\"\n",
    )
    .unwrap();
    let run = Run::of(pamctl().args(["respond", "check", "--config"]).arg(&file)).ended(2);
    for part in [
        "responder.toml:1: ",
        ":4: `when`: filter, column 1",
        ":5: `mode`",
        "4 mistakes",
    ] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
    std::fs::write(&file, "journal = \"x\"\n").unwrap();
    Run::of(pamctl().args(["respond", "check", "--config"]).arg(&file)).ended(0);
}

#[test]
fn the_configuration_of_the_documents_has_no_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("secrets/siem-token");
    std::fs::create_dir(folder.path().join("secrets")).unwrap();
    std::fs::write(&token, "correct horse battery staple\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&token, mode).unwrap();
    for (name, text) in [
        (
            "responder.toml",
            include_str!("../../../../docs/deploy/responder.toml"),
        ),
        (
            "policy.toml",
            include_str!("../../../../docs/deploy/policy.toml"),
        ),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let file = folder.path().join("responder.toml");
    Run::of(pamctl().args(["respond", "check", "--config"]).arg(&file)).ended(0);

    // The service reads its credentials in place of the files, which are not its own.
    let credentials = tempfile::tempdir().unwrap();
    std::fs::rename(&token, credentials.path().join("siem-token")).unwrap();
    let mut service = pamctl();
    service.env("CREDENTIALS_DIRECTORY", credentials.path());
    Run::of(service.args(["respond", "check", "--config"]).arg(&file)).ended(0);
    let run = Run::of(pamctl().args(["respond", "check", "--config"]).arg(&file)).ended(2);
    assert!(run.stderr.contains("secrets/siem-token"), "{}", run.stderr);
}

#[test]
fn it_is_told_what_to_do_while_it_runs() {
    let mock = with_users(2);
    let mut responder = Responder::new(&mock, RULE);
    let unreachable = responder.pamctl(&["status"]).ended(7);
    assert!(
        unreachable.stderr.contains("pamctl respond run"),
        "{}",
        unreachable.stderr
    );
    responder.start();
    // In an emergency a half-edited configuration is no hindrance.
    let file = mock.file("responder.toml");
    let whole = std::fs::read_to_string(&file).unwrap();
    std::fs::write(
        &file,
        format!("{whole}\n[[webhook]]\nbearer_file = \"gone\"\n"),
    )
    .unwrap();
    responder.pamctl(&["halt", "--reason", "drill"]).ended(0);
    std::fs::write(&file, "socket = \n").unwrap();
    responder
        .pamctl(&["status"])
        .failed(2, &["line 1", "--socket"]);
    std::fs::write(&file, whole).unwrap();
    assert_eq!(post(responder.address, "a1", "user0"), Some(202));
    let ended = || {
        responder.journal().trace(1).unwrap().iter().any(|entry| {
        matches!(&entry.record, Record::Closed { report } if report.end == End::HeldBack)
    })
    };
    wait_until("it is held back", ended);
    let status = responder.pamctl(&["status"]).ended(0);
    assert!(status.stdout.contains("drill"), "{}", status.stdout);
    responder.pamctl(&["resume"]).ended(0);
    assert_eq!(post(responder.address, "a2", "user0"), Some(202));
    wait_until("the session ends", || mock.running().len() == 1);
    responder.pamctl(&["approve", "99"]).ended(1);
    responder.stop();
    // Where nobody answers, the halt file is made.
    responder.pamctl(&["halt"]).ended(0);
    assert!(mock.file("halt").exists());
}

#[test]
fn what_it_prints_for_programs_is_as_the_schemas_say() {
    let mock = with_users(1);
    let mut responder = Responder::new(&mock, &RULE.replace("armed", "approve"));
    responder.start();
    let json = |command| responder.pamctl(&[command, "-o", "json"]).ended(0).json();
    holds("responder-status.json", &json("status"));
    assert_eq!(json("pending"), json!([]));
    assert_eq!(post(responder.address, "a1", "user0"), Some(202));
    wait_until("a person is asked", || json("pending") != json!([]));
    holds("pending-case-list.json", &json("pending"));
    responder.pamctl(&["halt"]).ended(0);
    let status = json("status");
    holds("responder-status.json", &status);
    assert_eq!(status["pending"], 1);
    assert!(status["listing"]["sessions"].is_u64(), "{status}");
    responder.stop();
}

#[test]
fn a_hangup_takes_a_configuration_without_a_mistake_and_no_other() {
    let mock = with_users(1);
    let mut responder = Responder::new(&mock, RULE);
    responder.start();
    let file = mock.file("responder.toml");
    let armed = std::fs::read_to_string(&file).unwrap();
    let shadow = armed.replace("armed", "shadow");
    let mode =
        || responder.pamctl(&["status", "-o", "json"]).ended(0).json()["rules"][0]["mode"].clone();
    let hang_up = || responder.signal(rustix::process::Signal::HUP);
    let log = || std::fs::read_to_string(mock.file("responder.log")).unwrap();
    std::fs::write(&file, shadow.replace("max_per_hour", "max_per_our")).unwrap();
    hang_up();
    wait_until("the mistake is told", || {
        log().contains("what held before still holds")
    });
    assert!(log().contains("did you mean `max_per_hour`?"), "{}", log());
    std::fs::write(&file, &shadow).unwrap();
    assert_eq!(mode(), "armed");
    hang_up();
    wait_until("the rule is in shadow", || mode() == "shadow");
    assert_eq!(post(responder.address, "a1", "user0"), Some(202));
    let ended = || {
        responder.journal().trace(1).unwrap().iter().any(
            |entry| matches!(&entry.record, Record::Closed { report } if report.end == End::Shadow),
        )
    };
    wait_until("it is recorded", ended);
    assert_eq!(mock.running().len(), 1);
}

#[test]
fn a_hostile_alert_steers_neither_a_person_nor_a_terminal() {
    let mock = with_users(2);
    std::fs::write(
        mock.file("policy.toml"),
        "[[protect]]\nname = \"vip\"\nusers = [\"user1\"]\n",
    )
    .unwrap();
    let rules = RULE.replace("armed", "approve");
    let mut responder = Responder::new(&mock, &rules);
    let file = mock.file("responder.toml");
    let config = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("policy = \"policy.toml\"\n{config}")).unwrap();
    responder.start();
    let address = responder.address;
    // Too large, too deep, and no JSON at all.
    let huge = format!("{{\"x\": \"{}\"}}", "y".repeat(2 << 20));
    let refused = post_body(address, &huge);
    assert!(matches!(refused, Some(413) | None), "{refused:?}");
    let deep = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
    assert_eq!(post_body(address, &deep), Some(400));
    assert_eq!(post_body(address, "\u{1b}]0;x\u{7}"), Some(400));
    // Whoever is protected is so in any case; a look-alike is nobody.
    for (id, user) in [("p1", "USER1"), ("p2", "User1"), ("p3", "\u{ff55}ser1")] {
        assert_eq!(post(address, id, user), Some(202));
    }
    let name = "x\u{1b}[2J\u{202e}\napprove: https://example.com/";
    let event = json!({"id": "12", "name": name});
    let body = json!({"id": "h1", "event": event, "rule": event, "user": "user0"});
    assert_eq!(post_body(address, &body.to_string()), Some(202));
    let pending = || responder.pamctl(&["pending"]).ended(0).stdout;
    wait_until("a person is asked", || pending().contains("user0"));
    let shown = pending();
    // Two lines for the question, and none of the sender's; nobody is asked about the protected.
    assert_eq!(shown.lines().count(), 2, "{shown}");
    assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
    let ends = |alert: u64| {
        let trace = responder.journal().trace(alert).unwrap();
        trace.into_iter().find_map(|entry| match entry.record {
            Record::Closed { report } => Some(report.end),
            _ => None,
        })
    };
    assert_eq!((ends(1), ends(2)), (Some(End::Policy), Some(End::Policy)));
    // A person's yes does not undo the policy: it has changed since the question.
    let everybody = "[[protect]]\nname = \"vip\"\nusers = [\"user*\"]\n";
    std::fs::write(mock.file("policy.toml"), everybody).unwrap();
    responder.signal(rustix::process::Signal::HUP);
    wait_until("the policy is read", || {
        let log = std::fs::read_to_string(mock.file("responder.log")).unwrap();
        log.contains("the configuration was read anew")
    });
    responder.pamctl(&["approve", "4"]).ended(0);
    wait_until("the one who was asked about has an end", || {
        ends(4).is_some()
    });
    assert_eq!(ends(4), Some(End::Policy));
    assert_eq!(mock.running().len(), 2);
}

#[test]
fn test_and_backtest_show_what_would_be_done() {
    let mock = with_users(2);
    let responder = Responder::new(&mock, RULE);
    let sessions = Run::of(mock.pamctl().args(["session", "list", "-o", "json"])).ended(0);
    let file = |name: &str, text: &str| {
        std::fs::write(mock.file(name), text).unwrap();
        mock.file(name).display().to_string()
    };
    let sessions = file("sessions.json", &sessions.stdout);
    let alert = r#"{"source":"s","event":{"id":"12"},"user":"user1"}"#;
    let one = file("alert.json", alert);
    let trace = responder
        .pamctl(&["test", &one, "--sessions", &sessions])
        .ended(0);
    assert!(
        trace.stdout.contains("1 candidates, clear"),
        "{}",
        trace.stdout
    );
    let all = file(
        "alerts.ndjson",
        &format!("{alert}\n{}\n", alert.replace("user1", "nobody")),
    );
    let run = responder
        .pamctl(&["backtest", &all, "--sessions", &sessions])
        .ended(0);
    assert!(
        run.stdout.contains("2 alerts: would have ended 1,"),
        "{}",
        run.stdout
    );
    assert_eq!(mock.running().len(), 2);
}

/// How often the process is killed. Continuous integration kills fewer times than a release does:
/// `PAMCTL_KILLS=200 cargo nextest run -p pam-cli killed_at_any_instant`.
fn kills() -> usize {
    let kills = std::env::var("PAMCTL_KILLS").ok();
    kills.and_then(|kills| kills.parse().ok()).unwrap_or(12)
}

#[test]
fn killed_at_any_instant_it_loses_nothing_and_ends_nothing_twice() {
    let kills = kills();
    let users = kills * 8;
    let mock = with_users(users + 4);
    let mut responder = Responder::new(&mock, RULE);
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut acknowledged: BTreeSet<usize> = BTreeSet::new();
    let mut next = 0;
    for _ in 0..kills {
        responder.start();
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let life = Duration::from_millis(20 + (random >> 33) % 400);
        let (address, first) = (responder.address, next);
        let poster = std::thread::spawn(move || {
            let mut taken = Vec::new();
            for user in first..(first + 8).min(users) {
                match post(address, &format!("a{user}"), &format!("user{user}")) {
                    Some(202) => taken.push(user),
                    _ => break,
                }
            }
            taken
        });
        std::thread::sleep(life);
        responder.kill();
        let taken = poster.join().unwrap();
        next = taken.last().map_or(next, |last| last + 1);
        acknowledged.extend(taken);
    }
    responder.start();
    // A reader sees when the last one has its end; nothing else is asked of the responder.
    wait_until("every session ends", || {
        acknowledged.iter().all(|user| !runs(&mock, *user))
    });
    wait_until("every alert has its end", || {
        responder.pamctl(&["status", "-o", "json"]).ended(0).json()["open_alerts"] == 0
    });
    responder.stop();
    let mut journal = SqliteJournal::open(mock.file("journal.db")).unwrap();
    let replay = pam_responder::core::Journal::replay(&mut journal, Default::default()).unwrap();
    let mut acted: BTreeMap<String, usize> = BTreeMap::new();
    for entry in &replay.entries {
        if let Record::Acting { session, .. } = &entry.record {
            *acted.entry(session.user.clone()).or_default() += 1;
        }
    }
    let mut drops = 0;
    for session in mock.appliance.sessions() {
        let number: usize = session.user.trim_start_matches("user").parse().unwrap();
        drops += session.drops;
        assert_eq!(
            session.ended_by == Some(EndedBy::Drop),
            !session.active,
            "{session:?}"
        );
        if acknowledged.contains(&number) {
            assert!(!session.active, "acknowledged and not ended: {session:?}");
        }
        assert_eq!(
            acted.contains_key(&session.user),
            !session.active,
            "{session:?}"
        );
        assert!(
            acted.get(&session.user).is_none_or(|count| *count == 1),
            "{session:?}"
        );
    }
    println!(
        "{kills} kills: {} alerts acknowledged, {drops} drops sent, every session ended once",
        acknowledged.len()
    );
    assert!(!acknowledged.is_empty());
}

fn runs(mock: &Mock, user: usize) -> bool {
    let name = format!("user{user}");
    let sessions = mock.appliance.sessions();
    sessions
        .iter()
        .any(|session| session.user == name && session.active)
}
