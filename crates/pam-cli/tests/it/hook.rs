//! `pamctl hook`: what Wazuh and Splunk run, against a responder that is a plain server and against
//! the mock appliance.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use serde_json::{Value, json};

use crate::fixture::{Mock, Run, child, pamctl, wait_until};

const TOKEN: &str = "pl4nted-responder-token";

/// A request as it arrived.
struct Posted {
    head: String,
    body: Value,
}

/// A responder that answers each request with the next of these heads, and tells what arrived.
fn responder(answers: &[&'static str]) -> (String, Receiver<Posted>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "http://{}/alerts/secret-path",
        listener.local_addr().unwrap()
    );
    let (sender, receiver) = channel();
    let answers = answers.to_vec();
    thread::spawn(move || {
        for answer in answers {
            let (stream, _) = listener.accept().unwrap();
            sender.send(posted(&stream)).unwrap();
            let mut stream = stream;
            write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n").unwrap();
        }
    });
    (url, receiver)
}

fn posted(stream: &TcpStream) -> Posted {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        reader.read_line(&mut head).unwrap();
    }
    let length = head.to_lowercase();
    let length = length.split("content-length: ").nth(1).unwrap();
    let length: usize = length.lines().next().unwrap().parse().unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    Posted {
        head,
        body: serde_json::from_slice(&body).unwrap(),
    }
}

fn fixture(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/alerts/webhook");
    serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap()
}

fn hook(name: &str, url: &str) -> assert_cmd::Command {
    let mut command = pamctl();
    command.args(["hook", name]);
    if name == "splunk" {
        command.arg("--execute");
    }
    command
        .args(["--responder", url])
        .env("PAM_RESPONDER_TOKEN", TOKEN);
    command
}

/// Runs a command as Wazuh does: one line on a standard input that stays open.
fn run_with_open_stdin(command: &assert_cmd::Command, line: &Value, answer: Option<&str>) -> Run {
    let mut child = child(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, "{line}").unwrap();
    stdin.flush().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    if let Some(answer) = answer {
        stdout.read_line(&mut said).unwrap();
        writeln!(
            stdin,
            "{{\"version\":1,\"command\":\"{answer}\",\"parameters\":{{}}}}"
        )
        .unwrap();
        stdin.flush().unwrap();
    }
    stdout.read_to_string(&mut said).unwrap();
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    let code = child.wait().unwrap().code();
    drop(stdin);
    Run {
        code,
        stdout: said,
        stderr,
    }
}

#[test]
fn wazuh_4_and_5_hand_over_while_their_end_stays_open() {
    for name in [
        "wazuh/active-response-4.json",
        "wazuh/active-response-5.json",
    ] {
        let (url, arrived) = responder(&["202 Accepted"]);
        let call = fixture(name);
        let run = run_with_open_stdin(&hook("wazuh", &url), &call, None).ended(0);
        assert_eq!(
            (run.stdout.as_str(), run.stderr.as_str()),
            ("", ""),
            "{name}"
        );
        let posted = arrived.recv().unwrap();
        assert_eq!(posted.body, call, "{name}");
        assert!(posted.head.starts_with("POST /alerts/secret-path HTTP/1.1"));
        assert!(
            posted
                .head
                .contains(&format!("authorization: Bearer {TOKEN}"))
        );
    }
}

#[test]
fn what_wazuh_takes_back_undoes_nothing() {
    let run = run_with_open_stdin(
        &hook("wazuh", "http://127.0.0.1:9/"),
        &fixture("wazuh/active-response-4-delete.json"),
        None,
    );
    assert_eq!(run.ended(0).stdout, "");
}

#[test]
fn the_handshake_decides_whether_an_alert_is_handed_over() {
    let mut stateful = fixture("wazuh/active-response-5.json");
    stateful["wazuh"]["active_response"]["type"] = "stateful".into();
    let (url, arrived) = responder(&["200 OK"]);
    for (answer, code) in [("abort", 0), ("continue", 0), ("nonsense", 1)] {
        let run = run_with_open_stdin(&hook("wazuh", &url), &stateful, Some(answer)).ended(code);
        let question: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(run.stdout.lines().count(), 1);
        let expected = json!({
            "version": 1,
            "origin": {"name": "pamctl", "module": "active-response"},
            "command": "check_keys",
            "parameters": {"keys": ["stlee"]},
        });
        assert_eq!(question, expected);
    }
    assert_eq!(arrived.try_iter().count(), 1);

    let (url, arrived) = responder(&["200 OK"]);
    let mut asked = hook("wazuh", &url);
    asked.arg("--check-keys");
    let call = fixture("wazuh/active-response-4.json");
    run_with_open_stdin(&asked, &call, Some("continue")).ended(0);
    assert_eq!(arrived.try_iter().count(), 1);
}

#[test]
fn what_wazuh_cannot_have_meant_is_one_line() {
    for (line, word) in [
        (json!({"command": "restart"}), "unknown command"),
        (json!({"version": 1}), "no command"),
    ] {
        let run = run_with_open_stdin(&hook("wazuh", "http://127.0.0.1:9/"), &line, None);
        run.failed(1, &[word]);
    }
    let mut nothing = hook("wazuh", "http://127.0.0.1:9/");
    Run::of(nothing.write_stdin("")).failed(1, &["no alert"]);
    Run::of(nothing.write_stdin("{nonsense\n")).failed(1, &["no JSON", "column 2"]);
}

#[test]
fn splunk_hands_over_xml_and_json_without_its_session_key() {
    let xml = "<?xml version=\"1.0\"?><alert><sid>s1</sid><search_name>PAM</search_name>\
               <session_key>planted-session-key</session_key>\
               <result><field k=\"user\"><value><text>stlee</text></value></field></result></alert>";
    let action = fixture("splunk/custom-alert-action.json").to_string();
    for payload in [xml, &action] {
        let (url, arrived) = responder(&["200 OK"]);
        let run = Run::of(hook("splunk", &url).write_stdin(payload)).ended(0);
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
        let body = arrived.recv().unwrap().body;
        assert_eq!(body["result"]["user"], "stlee");
        assert_eq!(body["session_key"], "[redacted]");
        assert!(!body.to_string().contains("planted"));
    }
}

#[test]
fn splunk_gets_its_errors_as_it_reads_them() {
    let url = "http://127.0.0.1:9/";
    for (payload, words) in [
        ("", "ERROR Splunk sent no payload"),
        ("nonsense", "ERROR the payload is neither XML nor JSON"),
        ("{\"sid\": \"s1\"}", "ERROR the payload has no result"),
        ("<alert><sid>", "ERROR the payload ends too early"),
    ] {
        let run = Run::of(hook("splunk", url).write_stdin(payload));
        assert!(run.stderr.starts_with(words), "{}", run.stderr);
        run.failed(1, &[]);
    }
    let mut unasked = pamctl();
    unasked.args(["hook", "splunk", "--responder", url]);
    assert!(Run::of(&mut unasked).ended(2).stderr.contains("--execute"));
}

#[test]
fn a_responder_that_is_busy_is_asked_again_and_one_that_refuses_is_not() {
    let action = fixture("splunk/custom-alert-action.json").to_string();
    let (url, arrived) = responder(&["503 Service Unavailable\r\nRetry-After: 0", "202 Accepted"]);
    Run::of(hook("splunk", &url).write_stdin(action.clone())).ended(0);
    assert_eq!(arrived.iter().count(), 2);

    for (answer, code, word) in [
        ("401 Unauthorized", 6, "token"),
        ("404 Not Found", 1, "check the URL"),
        ("422 Unprocessable Entity", 1, "422"),
    ] {
        let (url, arrived) = responder(&[answer]);
        let run = Run::of(hook("splunk", &url).write_stdin(action.clone())).failed(code, &[word]);
        assert_eq!(arrived.iter().count(), 1);
        assert!(!run.stderr.contains("secret-path") && !run.stderr.contains(TOKEN));
    }

    let mut impatient = hook("splunk", "http://127.0.0.1:9/");
    impatient
        .args(["--deliver-within", "300ms"])
        .write_stdin(action);
    Run::of(&mut impatient).failed(7, &["in time", "127.0.0.1:9"]);
}

#[test]
fn a_token_has_a_place_and_somebody_must_act() {
    let mut nowhere = pamctl();
    nowhere.args(["hook", "wazuh"]);
    let call = fixture("wazuh/active-response-4.json");
    nowhere.write_stdin(format!("{call}\n"));
    Run::of(&mut nowhere).failed(2, &["--responder", "--act"]);
    let mut literal = hook("wazuh", "http://127.0.0.1:9/");
    literal.args(["--token", "hunter2"]);
    literal.write_stdin(format!("{call}\n"));
    let run = Run::of(&mut literal).failed(2, &["file:PATH"]);
    assert!(!run.stderr.contains("hunter2"));
    let mut missing = hook("wazuh", "http://127.0.0.1:9/");
    missing
        .args(["--token", "env:NOT_SET"])
        .write_stdin(format!("{call}\n"));
    Run::of(&mut missing).failed(2, &["env:NOT_SET"]);
}

/// An alert about a session of the mock.
fn about(mock: &Mock, id: &str) -> (Value, String) {
    let sessions = mock.appliance.sessions();
    let session = sessions
        .iter()
        .find(|session| session.session_id == id)
        .unwrap();
    let (host, port) = session.device.rsplit_once(':').unwrap();
    let alert = json!({
        "id": "1.1",
        "timestamp": "2026-11-23T21:25:16.277+0000",
        "rule": {"id": "100210", "level": 12, "description": "audited command"},
        "agent": {"id": "000"},
        "data": {"suser": session.user, "dst": host, "dpt": port, "duser": session.credential},
    });
    let call = json!({"version": 1, "command": "add", "parameters": {"alert": alert}});
    (call, session.user.clone())
}

/// `pamctl hook wazuh --act MODE` on the mock, with a policy.
fn acting(mock: &Mock, mode: &str, policy: &str, call: &Value) -> Run {
    fs::write(mock.file("policy.toml"), policy).unwrap();
    let mut command = mock.pamctl();
    command
        .args([
            "hook",
            "wazuh",
            "--act",
            mode,
            "--match",
            "user,device,port",
            "--look-for",
            "1s",
        ])
        .arg("--policy")
        .arg(mock.file("policy.toml"))
        .arg("--audit")
        .arg(mock.file("audit.jsonl"));
    run_with_open_stdin(&command, call, None)
}

#[test]
fn without_a_responder_the_one_session_that_is_meant_ends() {
    let mock = Mock::populated();
    let before = mock.running();
    let victim = before.first().unwrap().clone();
    let (mut call, user) = about(&mock, &victim);
    // what happened before the session began is not about it
    call["parameters"]["alert"]
        .as_object_mut()
        .unwrap()
        .remove("timestamp");

    let shadow = acting(&mock, "shadow", "", &call).ended(0);
    assert!(shadow.stderr.contains("shadow"), "{}", shadow.stderr);
    assert_eq!(mock.running(), before);

    let protect = format!("[[protect]]\nname = \"vip\"\nusers = [\"{user}\"]\n");
    acting(&mock, "armed", &protect, &call).ended(4);
    assert_eq!(mock.running(), before);

    let run = acting(&mock, "armed", "", &call).ended(0);
    assert_eq!(run.stdout, "");
    assert!(run.stderr.contains("terminated"), "{}", run.stderr);
    wait_until("the session has ended", || !mock.runs(&victim));
    assert_eq!(mock.running().len(), before.len() - 1);
    let audit = fs::read_to_string(mock.file("audit.jsonl")).unwrap();
    assert!(audit.contains("\"source\":\"wazuh\""), "{audit}");

    let again = acting(&mock, "armed", "", &call);
    assert_eq!(again.code, Some(3), "{}", again.stderr);
    assert_eq!(mock.running().len(), before.len() - 1);
}

/// A file of `docs/deploy`.
fn deployed(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/deploy")
        .join(name)
}

fn write_private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(path, mode).unwrap();
}

#[test]
fn wazuhs_integrator_runs_its_program() {
    let script = deployed("wazuh/custom-pamctl");
    let folder = tempfile::tempdir().unwrap();
    write_private(&folder.path().join("pamctl-token"), TOKEN);
    let alert = fixture("wazuh/integrator-alert-file.json");
    let alert_file = folder.path().join("integrator-1.alert");
    fs::write(&alert_file, alert.to_string()).unwrap();
    let (url, arrived) = responder(&["202 Accepted", "202 Accepted"]);
    let run = |arguments: &[&str]| {
        let output = std::process::Command::new(&script)
            .arg(&alert_file)
            .args(arguments)
            .env_clear()
            .env("PAMCTL", env!("CARGO_BIN_EXE_pamctl"))
            .env("PAMCTL_WAZUH_ETC", folder.path())
            .stdin(Stdio::null())
            .output();
        Run::from(output.unwrap())
    };
    // With an API key and without, with the words that Wazuh adds and without.
    for arguments in [&["", &url, ""][..], &["key", &url, "debug", "/tmp/options"]] {
        run(arguments).ended(0);
        let posted = arrived.recv().unwrap();
        assert_eq!(posted.body, alert);
        let bearer = format!("authorization: Bearer {TOKEN}");
        assert!(posted.head.contains(&bearer), "{}", posted.head);
    }
    let nowhere = run(&["key", ""]);
    assert_ne!(nowhere.code, Some(0));
    assert!(nowhere.stderr.contains("hook_url"), "{}", nowhere.stderr);
    fs::write(&alert_file, "{\"id\":").unwrap();
    run(&["", &url]).failed(1, &["no JSON"]);
    fs::remove_file(&alert_file).unwrap();
    run(&["", &url]).failed(1, &["integrator-1.alert"]);
    match std::process::Command::new("shellcheck")
        .arg(&script)
        .output()
    {
        Ok(judged) => assert!(judged.status.success(), "{judged:?}"),
        Err(_) => println!("skipped: shellcheck not found"),
    }
}

#[test]
fn splunks_app_runs_its_program() {
    let app = deployed("splunk/TA-pamctl");
    let home = tempfile::tempdir().unwrap();
    let local = home.path().join("etc/apps/TA-pamctl/local");
    fs::create_dir_all(&local).unwrap();
    write_private(&local.join("token"), TOKEN);
    let (url, arrived) = responder(&["202 Accepted"]);
    let conf = fs::read_to_string(app.join("default/alert_actions.conf")).unwrap();
    let setting = |name: &str| {
        let mut lines = conf.lines().filter_map(|line| line.split_once(" = "));
        lines.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    // What the command points to is the program.
    let pointer = app.join("bin").join(setting("alert.execute.cmd").unwrap());
    assert_eq!(
        fs::read_to_string(pointer).unwrap().trim(),
        "/usr/bin/pamctl"
    );
    let arguments = (0..).map_while(|n| setting(&format!("alert.execute.cmd.arg.{n}")));
    let home = home.path().display().to_string();
    let arguments = arguments.map(|argument| {
        let own = argument.replace("https://responder.example.com:8514/alerts/splunk", &url);
        own.replace("$SPLUNK_HOME", &home)
    });
    let mut command = pamctl();
    command.args(arguments);
    let payload = fixture("splunk/custom-alert-action.json").to_string();
    Run::of(command.write_stdin(payload)).ended(0);
    let posted = arrived.recv().unwrap();
    assert_eq!(posted.body["result"]["user"], "stlee");
    assert!(
        posted
            .head
            .contains(&format!("authorization: Bearer {TOKEN}"))
    );
    // Splunk Web shows what the stanza is called.
    let stanza = "[end_pam_session]";
    for file in [
        "default/alert_actions.conf",
        "README/alert_actions.conf.spec",
    ] {
        let text = fs::read_to_string(app.join(file)).unwrap();
        assert!(text.lines().any(|line| line == stanza), "{file}");
    }
    assert!(
        app.join("default/data/ui/alerts/end_pam_session.html")
            .is_file()
    );
}

#[test]
fn a_listing_that_keeps_failing_is_given_up_in_time() {
    let mock = Mock::populated();
    let victim = mock.running().remove(0);
    let (call, _) = about(&mock, &victim);
    mock.appliance
        .set_fault(pam_mock::FaultKind::Gateway502Html);
    let begun = std::time::Instant::now();
    let run = acting(&mock, "shadow", "", &call).ended(7);
    assert!(begun.elapsed() < std::time::Duration::from_secs(20));
    assert!(run.stderr.contains("no_listing"), "{}", run.stderr);
}
