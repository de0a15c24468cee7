//! Planted secrets are looked for in everything that `pamctl` says, in every form.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use pam_mock::{FaultKind, MockAppliance};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use serde_json::json;

use crate::fixture::{CLIENT_SECRET, CONSUMER_SECRET, Mock, Run, TOKEN_SECRET};
use crate::respond::{RULE, Responder};

/// What a responder asks of senders.
const RESPONDER_TOKEN: &str = "pl4nted~responder/token+0123456789";

/// A secret in every form in which it could leak.
fn forms(secret: &str) -> Vec<String> {
    let bytes = secret.as_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let strict = pam_proto::oauth1::percent::encode(secret);
    vec![
        secret.to_owned(),
        pam_proto::oauth1::percent::encode(&strict),
        strict,
        utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        secret.replace(' ', "+"),
        // Without the last characters, which depend on what follows.
        STANDARD.encode(bytes)[..bytes.len() / 3 * 4].to_owned(),
        URL_SAFE_NO_PAD.encode(bytes)[..bytes.len() / 3 * 4].to_owned(),
        hex.to_uppercase(),
        hex,
    ]
}

#[track_caller]
fn assert_clean(run: &Run, what: &str) {
    for secret in [
        CONSUMER_SECRET,
        TOKEN_SECRET,
        CLIENT_SECRET,
        RESPONDER_TOKEN,
    ] {
        for form in forms(secret) {
            for said in [&run.stdout, &run.stderr] {
                assert!(!said.contains(&form), "{what} says {form}: {said}");
            }
        }
    }
}

fn commands(victim: &str) -> Vec<Vec<String>> {
    let open = "session open --user u --credential c --device d --protocol ssh";
    [
        "session list",
        "session list -o json",
        "session get 1 -o json",
        "session get 0000000000000000000000000000000000000000",
        open,
        &format!("session terminate --yes --verify-timeout 1s {victim} -o json"),
        "session terminate --yes --verify-timeout 1s 999999",
        "session terminate --yes --verify-timeout 1s --filter user=alice -o json",
        "session terminate --dry-run --filter active",
        "plan --filter active",
        "audit list -o json",
        "audit verify -o json",
        "auth explain GET https://vault.example.com/x?y=1",
        "auth explain POST https://vault.example.com/x --form a=b -o json",
        "auth header DELETE https://vault.example.com/x",
        "doctor",
        "doctor -o json",
        "api -i GET /api/pam/session/remotesessions/1",
        "respond test alert.json --config responder.toml",
    ]
    .iter()
    .map(|line| line.split(' ').map(str::to_owned).collect())
    .collect()
}

#[test]
fn no_command_says_a_secret_whatever_goes_wrong() {
    let mock = Mock::start(MockAppliance::builder().sessions(12, 6).explain());
    let faults = [
        None,
        Some(FaultKind::Unauthorized500),
        Some(FaultKind::NoRoute),
        Some(FaultKind::TruncatedJson),
        Some(FaultKind::Gateway502Html),
        Some(FaultKind::ClockSkew(4000)),
        Some(FaultKind::Error200),
        Some(FaultKind::TokenExpired),
    ];
    let alert = json!({"id": "a1", "user": "alice", "rule": {"id": "12"}, "event": {"id": "12"}});
    std::fs::write(mock.file("alert.json"), alert.to_string()).unwrap();
    Responder::new(&mock, RULE);
    let mut runs = 0;
    for fault in faults {
        mock.appliance.set_faults(fault.map(Into::into));
        let victim = mock.running().pop().unwrap_or_default();
        for arguments in commands(&victim) {
            for mut command in [mock.pamctl(), mock.pamctl_oauth2()] {
                command.current_dir(mock.file(""));
                let run = Run::of(command.arg("-vv").args(&arguments));
                assert!(
                    run.code.is_some_and(|code| code <= 8),
                    "{arguments:?}: {}",
                    run.stderr
                );
                assert_clean(&run, &format!("{arguments:?} with {fault:?}"));
                runs += 1;
            }
        }
    }
    assert_eq!(runs, 304);
    let recorded = Run {
        code: Some(0),
        stdout: std::fs::read_to_string(mock.file("audit.jsonl")).unwrap(),
        stderr: String::new(),
    };
    assert!(recorded.stdout.lines().count() > 8);
    assert_clean(&recorded, "the audit file");
}

#[test]
fn neither_a_responder_nor_who_tells_it_something_says_a_secret() {
    let mock = Mock::start(MockAppliance::builder().sessions(12, 6));
    std::fs::write(mock.file("bearer"), RESPONDER_TOKEN).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(mock.file("bearer"), mode).unwrap();
    let mut responder = Responder::new(&mock, &format!("bearer_file = \"bearer\"\n{RULE}"));
    responder.start();
    let user = mock.appliance.sessions().pop().unwrap().user;
    let alert = json!({"id": "a1", "user": user, "rule": {"id": "12"}, "event": {"id": "12"}});
    let call = json!({"version": 1, "command": "add", "parameters": {"alert": alert}});
    let action = json!({"sid": "s1", "search_name": "PAM", "session_key": RESPONDER_TOKEN,
        "configuration": {"token": RESPONDER_TOKEN}, "result": {"user": "nobody"}});
    let senders = [
        (&["wazuh"][..], format!("{call}\n")),
        (&["splunk", "--execute"], action.to_string()),
    ];
    for (token, is_right) in [(RESPONDER_TOKEN, true), ("pl4nted-wrong", false)] {
        for (sender, said) in &senders {
            let mut hook = mock.pamctl();
            hook.env("PAM_RESPONDER_TOKEN", token)
                .arg("hook")
                .args(*sender)
                .args(["-vv", "--responder"])
                .arg(format!("http://{}/siem", responder.address))
                .write_stdin(said.as_str());
            let run = Run::of(&mut hook);
            assert_eq!(run.code == Some(0), is_right, "{sender:?}: {}", run.stderr);
            assert_clean(&run, sender[0]);
            assert!(!run.stderr.contains("pl4nted-wrong"), "{}", run.stderr);
        }
    }
    let file = |name: &str, value: &serde_json::Value| {
        std::fs::write(mock.file(name), value.to_string()).unwrap();
        mock.file(name).display().to_string()
    };
    let alerts = file("alerts.ndjson", &alert);
    let sessions = file("sessions.json", &json!([]));
    let commands: [(&[&str], i32); 8] = [
        (&["check"], 0),
        (&["status"], 0),
        (&["pending"], 0),
        (&["approve", "99"], 1),
        (&["deny", "99"], 1),
        (&["halt"], 0),
        (&["resume"], 0),
        (&["backtest", &alerts, "--sessions", &sessions], 0),
    ];
    for (command, code) in commands {
        let run = responder.pamctl(&[command, &["-vv"]].concat()).ended(code);
        assert_clean(&run, command[0]);
    }
    responder.stop();
    for file in ["responder.log", "responder-audit.jsonl"] {
        let written = Run {
            code: Some(0),
            stdout: std::fs::read_to_string(mock.file(file)).unwrap_or_default(),
            stderr: String::new(),
        };
        assert_clean(&written, file);
        assert!(file != "responder.log" || !written.stdout.is_empty());
    }
}

#[test]
fn an_oauth2_token_stays_between_the_client_and_the_appliance() {
    let mock = Mock::populated();
    let cache = mock.file("token");
    let mut command = mock.pamctl_oauth2();
    command
        .args(["session", "list", "-vv", "-o", "json", "--token-cache"])
        .arg(&cache);
    let run = Run::of(&mut command).ended(0);
    let kept = std::fs::read_to_string(&cache).unwrap();
    let longest = kept
        .split(|c: char| !c.is_ascii_alphanumeric())
        .max_by_key(|word| word.len());
    let token = longest
        .filter(|word| word.len() >= 16)
        .expect("a token was kept");
    assert!(!run.stdout.contains(token) && !run.stderr.contains(token));
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&cache).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
#[cfg(target_os = "linux")]
fn the_process_keeps_its_memory_and_environment_to_itself() {
    use crate::fixture::{child, wait_until};
    let mock = Mock::populated();
    mock.appliance
        .set_fault(FaultKind::SlowList(std::time::Duration::from_secs(60)));
    let mut command = mock.pamctl();
    command.args(["session", "list"]);
    let mut running = child(&command)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    wait_until("the request", || !mock.appliance.requests().is_empty());
    let proc = format!("/proc/{}", running.id());
    let limits = std::fs::read_to_string(format!("{proc}/limits")).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    let arguments = std::fs::read_to_string(format!("{proc}/cmdline")).unwrap();
    assert!(!arguments.contains("pl4nted"));
    // What is not dumpable belongs to root, so that no other process of this user can read it.
    let owner =
        std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(format!("{proc}/environ")).unwrap());
    assert_eq!(owner, 0);
    running.kill().unwrap();
    running.wait().unwrap();
}
