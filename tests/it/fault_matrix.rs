//! Every fault of the mock × every session command of `pamctl` × both ways of authenticating.
//!
//! In each cell the exit code is the expected one, nothing panics, nothing outlasts its deadline,
//! what is said agrees with what the mock knows to be true, and no secret shows.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use pam_audit::AuditFile;
use pam_mock::{Fault, MockAppliance, SessionTruth};
use pam_proto::Secret;
use pam_proto::oauth1::Credentials;
use pam_proto::oauth2::ClientCredentials;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::process::Command as Process;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Long before it, every deadline of a cell has passed.
const HANG: Duration = Duration::from_secs(60);

/// A policy for which every record must have been read.
const POLICY: &str = "[[protect]]\nname = \"nobody\"\nusers = [\"no-such-user\"]\n";

/// Has characters that percent-encoding, Base64 and JSON each change.
const PLANTED: [&str; 3] = [
    "pl4nted+c0nsumer/secret=1",
    "pl4nted t0ken&secret%2",
    "pl4nted\"client\\secret3",
];

/// One row: a fault, and the exit codes of list, get, open, terminate, doctor and api (a read), for
/// OAuth 1.0 and, where they differ, for OAuth 2.0. A watch that is bounded ends as the list does.
struct Row {
    fault: &'static str,
    oauth1: [i32; 6],
    oauth2: [i32; 6],
}

const fn same(fault: &'static str, codes: [i32; 6]) -> Row {
    Row {
        fault,
        oauth1: codes,
        oauth2: codes,
    }
}

const ROWS: [Row; 21] = [
    same("", [0, 0, 0, 0, 0, 0]),
    same("drop-500", [0, 0, 0, 1, 0, 0]),
    same("drop-accepted-but-alive", [0, 0, 0, 5, 0, 0]),
    same("lost-reply", [0, 0, 7, 0, 7, 0]),
    same("reset-mid-body", [7, 7, 7, 7, 7, 7]),
    same("slow-list:30", [7, 0, 0, 5, 7, 0]),
    same("drip:10", [7, 7, 7, 7, 7, 7]),
    same("gateway-502-html", [7, 7, 7, 5, 7, 7]),
    same("gateway-504", [7, 7, 7, 5, 7, 7]),
    same("no-route", [6, 6, 6, 6, 6, 6]),
    same("lockdown", [1, 1, 1, 5, 1, 1]),
    same("unauthorized-500", [6, 6, 6, 6, 6, 6]),
    same("read-only", [0, 0, 6, 6, 6, 0]),
    same("clock-skew:7200", [0, 0, 0, 0, 0, 0]),
    same("truncated-json", [1, 1, 1, 5, 1, 1]),
    same("nested-listing", [0, 0, 0, 0, 0, 0]),
    same("duplicate-keys", [0, 0, 0, 0, 0, 0]),
    same("huge-listing:2000", [0, 0, 0, 0, 0, 0]),
    same("rate-limit:0", [1, 1, 1, 5, 1, 1]),
    Row {
        fault: "token-expired",
        oauth1: [0, 0, 0, 0, 0, 0],
        oauth2: [6, 6, 6, 6, 6, 6],
    },
    same("error-200", [1, 1, 1, 5, 1, 1]),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Command {
    List,
    Get,
    Open,
    Terminate,
    Doctor,
    Api,
    Watch,
    KeepOut,
    ListFiltered,
    TerminateFiltered,
    Plan,
    Apply,
}

impl Command {
    const ALL: [Self; 12] = [
        Self::List,
        Self::Get,
        Self::Open,
        Self::Terminate,
        Self::Doctor,
        Self::Api,
        Self::Watch,
        Self::KeepOut,
        Self::ListFiltered,
        Self::TerminateFiltered,
        Self::Plan,
        Self::Apply,
    ];

    /// The exit codes that a row allows.
    fn exits(self, fault: &str, codes: [i32; 6]) -> Vec<i32> {
        let [list, get, open, terminate, doctor, api] = codes;
        let exit = match self {
            Self::KeepOut => match keep_out(fault) {
                Some(exits) => return exits.to_vec(),
                None => list,
            },
            Self::List | Self::Watch | Self::ListFiltered | Self::Plan => list,
            Self::Get => get,
            Self::Open => open,
            Self::Terminate => terminate,
            Self::Doctor => doctor,
            Self::Api => api,
            // What can't be listed whole is not ended.
            Self::TerminateFiltered | Self::Apply if list != 0 => list,
            Self::TerminateFiltered | Self::Apply => terminate,
        };
        vec![exit]
    }

    fn ends_sessions(self) -> bool {
        matches!(
            self,
            Self::Terminate | Self::KeepOut | Self::TerminateFiltered | Self::Apply
        )
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Authentication {
    OAuth1,
    OAuth2,
}

struct Cell {
    fault: &'static str,
    command: Command,
    authentication: Authentication,
    /// More than one where it depends on how fast this machine is.
    exits: Vec<i32>,
}

/// The exit codes of a bounded keep-out with a cap of one session, where they are not those of the
/// list: at the cap, or as the drop ends when the time is over before.
fn keep_out(fault: &str) -> Option<&'static [i32]> {
    match fault {
        "drop-500" => Some(&[4, 1]),
        "drop-accepted-but-alive" => Some(&[4, 5]),
        "read-only" => Some(&[4, 6]),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_meets_every_command() {
    let every: BTreeSet<&str> = Fault::catalogue().iter().map(|entry| entry.name).collect();
    let rows = ROWS.iter().map(|row| row.fault.split(':').next().unwrap());
    let rows: BTreeSet<&str> = rows.filter(|name| !name.is_empty()).collect();
    assert_eq!(rows, every, "a row for every fault of the mock");

    let at_once = Arc::new(Semaphore::new(6));
    let mut cells = JoinSet::new();
    for row in ROWS {
        for (authentication, codes) in [
            (Authentication::OAuth1, row.oauth1),
            (Authentication::OAuth2, row.oauth2),
        ] {
            for command in Command::ALL {
                let exits = command.exits(row.fault, codes);
                let cell = Cell {
                    fault: row.fault,
                    command,
                    authentication,
                    exits,
                };
                let at_once = Arc::clone(&at_once);
                cells.spawn(async move {
                    let _permit = at_once.acquire_owned().await.unwrap();
                    let name = format!("{} × {command:?} × {authentication:?}", cell.fault);
                    (name, run(&cell).await)
                });
            }
        }
    }
    let count = cells.len();
    let results = cells.join_all().await;
    let wrong: Vec<String> = results
        .iter()
        .filter_map(|(name, result)| Some(format!("{name}: {}", result.as_ref().err()?)))
        .collect();
    println!(
        "fault matrix: {} of {count} cells hold",
        count - wrong.len()
    );
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

async fn run(cell: &Cell) -> Result<(), String> {
    let oauth1 = Credentials::new("ck-matrix", Secret::new(PLANTED[0]))
        .with_token("tk-matrix", Secret::new(PLANTED[1]));
    let oauth2 = ClientCredentials::new("client-matrix", Secret::new(PLANTED[2]));
    let mut mock = MockAppliance::builder()
        .sessions(12, 4)
        .seed(42)
        .oauth1(oauth1)
        .oauth2(oauth2);
    let fault = Some(cell.fault).filter(|fault| !fault.is_empty());
    let fault = fault.map(|fault| fault.parse::<Fault>().unwrap());
    // A plan is made while all is well.
    let planned = cell.command == Command::Apply;
    if let Some(fault) = fault.filter(|_| !planned) {
        mock = mock.fault(fault);
    }
    let mock = mock.start().await.unwrap();
    let before = mock.sessions();
    let target = before
        .iter()
        .find(|session| session.active)
        .unwrap()
        .clone();

    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, mock.ca_pem().unwrap()).unwrap();
    let of_the_user = before.iter();
    let of_the_user = of_the_user.filter(|session| session.active && session.user == target.user);
    let most = of_the_user.count().to_string();
    let audit = AuditFile::new(folder.path().join("audit.jsonl"));
    let plan = folder.path().join("plan.json");
    let plan = plan.to_str().unwrap();
    let policy = folder.path().join("policy.toml");
    std::fs::write(&policy, POLICY).unwrap();
    let program = tests::pamctl()?;
    let pamctl = || {
        let mut process = Process::new(&program);
        process
            .env_clear()
            .env("PAM_URL", mock.base_url().to_string())
            .env("PAM_CA_FILE", &ca_file)
            .env("PAM_AUDIT", audit.path())
            .args(["-vv", "--connect-timeout", "5s", "--timeout", "3s"])
            .args(["--list-timeout", "3s"])
            .stdin(Stdio::null())
            .kill_on_drop(true);
        match cell.authentication {
            Authentication::OAuth1 => process
                .env("PAM_CONSUMER_KEY", "ck-matrix")
                .env("PAM_CONSUMER_SECRET", PLANTED[0])
                .env("PAM_TOKEN", "tk-matrix")
                .env("PAM_TOKEN_SECRET", PLANTED[1]),
            Authentication::OAuth2 => process
                .env("PAM_CLIENT_ID", "client-matrix")
                .env("PAM_CLIENT_SECRET", PLANTED[2]),
        };
        process
    };
    let filter = format!("session_id={}", target.session_id);
    if planned {
        let mut process = pamctl();
        process.args(["plan", "--filter", &filter, "-o", plan]);
        let output = process.output().await.map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        mock.set_faults(fault);
    }
    let ending = ["--yes", "--verify-timeout", "4s", "-o", "json"];
    let mut process = pamctl();
    match cell.command {
        Command::List => process.args(["session", "list", "--active", "-o", "json"]),
        Command::Get => process.args(["session", "get", &target.id, "-o", "json"]),
        Command::Open => process.args([
            "session",
            "open",
            "--user",
            "alice",
            "--credential",
            "root",
            "--device",
            "192.0.2.1",
            "--protocol",
            "ssh",
            "-o",
            "json",
        ]),
        Command::KeepOut => process.args([
            "session",
            "keep-out",
            &target.user,
            "--yes",
            "--max",
            &most,
            "--verify-timeout",
            "2s",
            "-o",
            "ndjson",
        ]),
        Command::Doctor => process.args(["doctor", "-o", "json"]),
        Command::Api => process.args([
            "api",
            "GET",
            &format!("/api/pam/session/remotesessions/{}", target.id),
        ]),
        Command::Watch => process.args(["session", "watch", "--initial", "-o", "ndjson"]),
        Command::Terminate => process
            .args(["session", "terminate", &target.session_id])
            .args(ending),
        Command::ListFiltered => {
            process.args(["session", "list", "--filter", &filter, "-o", "json"])
        }
        Command::TerminateFiltered => process
            .args(["session", "terminate", "--filter", &filter])
            .args(ending)
            .env("PAM_POLICY", &policy),
        Command::Plan => process.args(["plan", "--filter", &filter]),
        Command::Apply => process.args(["apply", plan]).args(ending),
    };
    if matches!(cell.command, Command::Watch | Command::KeepOut) {
        // Long enough for one reading, or its deadline, and short enough for this test.
        let bounds = ["--for", "4s", "--list-timeout", "2s", "--interval", "500ms"];
        process.args(bounds);
    }
    let output = tokio::time::timeout(HANG, process.output())
        .await
        .map_err(|_| format!("it hangs after {HANG:?}"))?
        .map_err(|error| error.to_string())?;
    let truth = mock.sessions();
    mock.shutdown().await;

    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let recorded = std::fs::read_to_string(audit.path()).unwrap_or_default();
    let fail = |what: &str| Err(format!("{what}\nstdout: {stdout}\nstderr: {stderr}"));
    if stderr.contains("panicked") {
        return fail("it panics");
    }
    let everything = [&*stdout, &*stderr, &*recorded];
    if let Some(planted) =
        planted().find(|spelling| everything.iter().any(|text| text.contains(spelling)))
    {
        return fail(&format!("a secret shows as {planted}"));
    }
    let exit = output.status.code();
    if !exit.is_some_and(|exit| cell.exits.contains(&exit)) {
        return fail(&format!("exit {exit:?}, expected {:?}", cell.exits));
    }
    if exit != Some(0) && stderr.trim().is_empty() {
        return fail("it fails without a word");
    }
    if let Err(lie) = is_recorded(cell, &audit, &stdout, &target) {
        return fail(&lie);
    }
    if let Err(lie) = agrees(cell, exit == Some(0), &target, &stdout, &before, &truth) {
        return fail(&lie);
    }
    Ok(())
}

/// Whether the audit file is whole and says what was said.
fn is_recorded(
    cell: &Cell,
    audit: &AuditFile,
    stdout: &str,
    target: &SessionTruth,
) -> Result<(), String> {
    if !cell.command.ends_sessions() {
        return Ok(());
    }
    audit.verify().map_err(|error| error.to_string())?;
    let told: Value = serde_json::from_str(stdout).unwrap_or_default();
    let records = audit
        .since(Timestamp::MIN)
        .map_err(|error| error.to_string())?;
    let records = records.records.iter();
    let of = |event: &'static str| {
        let records = records.clone();
        records.filter(move |record| record.text("event") == Some(event))
    };
    let is_stray = |drop: &&pam_audit::Record| {
        cell.command != Command::KeepOut && drop.text("session_id") != Some(&target.session_id)
    };
    if let Some(stray) = of("drop").find(is_stray) {
        return Err(format!(
            "a drop of another session is recorded: {}",
            stray.line
        ));
    }
    // What it says is a line for each session, not one array, and a refusal among them.
    if cell.command == Command::KeepOut {
        return Ok(());
    }
    let outcomes: Vec<Option<&str>> = of("outcome").map(|end| end.text("outcome")).collect();
    let said = told.as_array().map(Vec::as_slice).unwrap_or_default();
    let said: Vec<Option<&str>> = said.iter().map(|told| told["outcome"].as_str()).collect();
    if outcomes != said {
        return Err(format!("recorded are {outcomes:?}"));
    }
    Ok(())
}

fn planted() -> impl Iterator<Item = String> {
    PLANTED.into_iter().flat_map(|secret| {
        let percent_encoded = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
        tests::spellings(secret, &STANDARD.encode(secret), &percent_encoded)
    })
}

/// Whether what was said is true.
fn agrees(
    cell: &Cell,
    done: bool,
    target: &SessionTruth,
    stdout: &str,
    before: &[SessionTruth],
    truth: &[SessionTruth],
) -> Result<(), String> {
    let active = |sessions: &[SessionTruth]| -> BTreeSet<String> {
        let active = sessions.iter().filter(|session| session.active);
        active.map(|session| session.session_id.clone()).collect()
    };
    let (was, is) = (active(before), active(truth));
    let is_of_the_user = |id: &String| {
        let of_the_user =
            |session: &SessionTruth| session.session_id == *id && session.user == target.user;
        cell.command == Command::KeepOut && before.iter().any(of_the_user)
    };
    let others = |ids: &BTreeSet<String>| -> BTreeSet<String> {
        ids.iter()
            .filter(|id| **id != target.session_id && !is_of_the_user(id))
            .cloned()
            .collect()
    };
    if others(&was) != others(&is) {
        return Err("another session was ended".to_owned());
    }
    let alive = is.contains(&target.session_id);
    if !cell.command.ends_sessions() && !alive {
        return Err("a command that only reads ended a session".to_owned());
    }
    if cell.command == Command::KeepOut {
        let lines: Result<Vec<Value>, _> = stdout.lines().map(serde_json::from_str).collect();
        let lines = lines.map_err(|error| format!("no JSON: {error}"))?;
        let lie = lines.iter().find(|line| {
            let runs = line["session_id"]
                .as_str()
                .is_some_and(|id| is.contains(id));
            runs && line["outcome"] == "terminated"
        });
        return match lie {
            Some(lie) => Err(format!("it runs: {lie}")),
            None if done && alive => Err("it was not kept out".to_owned()),
            None => Ok(()),
        };
    }
    if !done && !cell.command.ends_sessions() {
        return Ok(());
    }
    // A session that was not found to be terminated is not.
    if !done && cell.command != Command::Terminate && stdout.is_empty() {
        return if alive {
            Ok(())
        } else {
            Err("it ended without a word".to_owned())
        };
    }
    let no_json = |error: serde_json::Error| format!("no JSON: {error}");
    let lists = |rows: &[&Value]| {
        let listed: BTreeSet<&str> = rows
            .iter()
            .filter_map(|row| row["session_id"].as_str())
            .collect();
        let missing = is.iter().find(|id| !listed.contains(id.as_str()));
        missing.map_or(Ok(()), |id| {
            Err(format!("session {id} runs and is not listed"))
        })
    };
    if cell.command == Command::Watch {
        let events: Result<Vec<Value>, _> = stdout.lines().map(serde_json::from_str).collect();
        let events = events.map_err(no_json)?;
        if let Some(lie) = events.iter().find(|event| event["event"] != "running") {
            return Err(format!("nothing happened: {lie}"));
        }
        return lists(
            &events
                .iter()
                .map(|event| &event["session"])
                .collect::<Vec<_>>(),
        );
    }
    let answer: Value = serde_json::from_str(stdout).map_err(no_json)?;
    match cell.command {
        Command::List => lists(
            &answer
                .as_array()
                .ok_or("no array")?
                .iter()
                .collect::<Vec<_>>(),
        ),
        Command::Watch | Command::KeepOut => Ok(()),
        Command::Get if answer["active"] != Value::Bool(alive) => Err("it is not so".to_owned()),
        Command::Open if answer["session_url"].as_str().is_none_or(str::is_empty) => {
            Err("no session_url".to_owned())
        }
        Command::Doctor if answer["ok"] != Value::Bool(true) => Err("it is not ok".to_owned()),
        Command::Api if answer["response"].is_null() => Err("no envelope".to_owned()),
        Command::ListFiltered if answer[0]["session_id"] != target.session_id => {
            Err("it does not list what the filter means".to_owned())
        }
        Command::Plan if answer["sessions"][0]["session_id"] != target.session_id => {
            Err("it does not plan what the filter means".to_owned())
        }
        Command::ListFiltered
        | Command::Plan
        | Command::Get
        | Command::Open
        | Command::Doctor
        | Command::Api => Ok(()),
        Command::Terminate | Command::TerminateFiltered | Command::Apply => {
            let outcome = answer[0]["outcome"].as_str().ok_or("no outcome")?;
            let verified = answer[0]["verified"].as_bool().ok_or("no verified")?;
            match outcome {
                "terminated" | "already_ended" if alive => Err(format!("{outcome}, but it lives")),
                "terminated" | "already_ended" if !verified => Err("not verified".to_owned()),
                "still_active" if !alive => Err("still_active, but it ended".to_owned()),
                "unconfirmed" | "denied" | "not_found" if verified => Err("verified?".to_owned()),
                _ => Ok(()),
            }
        }
    }
}
