//! `pamctl alert decode`: every recorded format, without being told which it is.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::fixture::{Run, pamctl};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/alerts")
}

fn decode(arguments: &[&str], input: impl Into<Vec<u8>>) -> Run {
    let mut command = pamctl();
    command
        .args(["alert", "decode"])
        .args(arguments)
        .write_stdin(input);
    Run::of(&mut command)
}

/// What is known of a recorded message, without what depends on who received it.
fn known(path: &Path) -> Vec<Value> {
    let name = path.to_str().unwrap();
    let expected = format!("{}.alerts.json", name.rsplit_once('.').unwrap().0);
    let text = fs::read_to_string(expected).unwrap();
    without_source(serde_json::from_str(&text).unwrap())
}

fn without_source(mut alerts: Vec<Value>) -> Vec<Value> {
    for alert in &mut alerts {
        let alert = alert.as_object_mut().unwrap();
        alert.remove("source");
        alert.remove("machine_actor");
        alert.remove("dedupe_key");
    }
    alerts
}

#[test]
fn recorded_messages_are_recognised_and_decoded() {
    for name in [
        "stream/rsyslog-protocol23-counted.bin",
        "stream/rsyslog-traditional-lines.bin",
        "stream/mixed-framing.bin",
        "datagram/leef-2-caret.bin",
        "datagram/q04-wrapped-in-pipes.bin",
        "webhook/alertmanager/0.33.1.json",
        "webhook/grafana/firing.json",
        "webhook/elastalert2/whole-document.json",
        "webhook/kibana/detection-rule.json",
        "webhook/splunk/webhook.json",
        "webhook/wazuh/active-response-4.json",
        "webhook/sentinel/incident.json",
        "webhook/azure-monitor/common-schema.json",
        "webhook/falco/falcosidekick.json",
    ] {
        let path = fixtures().join(name);
        let run = decode(&["-o", "json"], fs::read(&path).unwrap()).ended(0);
        assert_eq!(run.stderr, "", "{name}");
        let alerts: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
        assert!(alerts.iter().all(|alert| alert["source"] == "stdin"));
        assert_eq!(without_source(alerts), known(&path), "{name}");
    }
}

#[test]
fn a_format_can_be_told_and_a_file_named() {
    let path = fixtures().join("webhook/elastalert2/mapped-fields.json");
    let file = path.to_str().unwrap();
    let run = decode(
        &[
            file,
            "--format",
            "elastalert2",
            "--source",
            "siem",
            "-o",
            "ndjson",
        ],
        "",
    );
    let alert = run.ended(0).json();
    assert_eq!(
        (&alert["user"], &alert["source"]),
        (&"stlee".into(), &"siem".into())
    );
    assert_eq!(alert["machine_actor"], false);
    assert_eq!(alert["dedupe_key"].as_str().unwrap().len(), 64);
}

#[test]
fn any_json_is_read_by_a_mapping() {
    let folder = tempfile::tempdir().unwrap();
    let mapping = folder.path().join("siem.toml");
    fs::write(
        &mapping,
        "alerts = \"/events\"\nuser = \"/actor/login\"\ndevice = \"/target\"\n\
         id = [[\"/rule\", \"/n\"]]\nstate = \"/phase\"\nresolved = [\"cleared\"]\n",
    )
    .unwrap();
    let mapping = mapping.to_str().unwrap();
    let body = r#"{"events": [
        {"actor": {"login": "stlee"}, "target": "web-1:22", "rule": "r", "n": 7, "phase": "cleared"}
    ]}"#;
    let alerts = decode(&["--mapping", mapping, "-o", "json"], body)
        .ended(0)
        .json();
    let alert = &alerts[0];
    assert_eq!(alert["user"], "stlee");
    assert_eq!(alert["id"], "r@7");
    assert_eq!(
        alert["device"],
        serde_json::json!({"host": "web-1", "port": 22})
    );
    assert_eq!(alert["state"], "resolved");

    fs::write(mapping, "user = \"/a\"\ncredential = \"actor\"\n").unwrap();
    decode(&["--mapping", mapping], body).failed(2, &["siem.toml, line 2", "/labels/user"]);
    fs::write(mapping, "login = \"/a\"\n").unwrap();
    decode(&["--mapping", mapping], body).failed(2, &["line 1", "login"]);
    decode(&["--mapping", "/no/such/file"], body).failed(2, &["/no/such/file"]);
}

/// The blocks of this language in the document about alerts.
fn documented(language: &str) -> Vec<String> {
    let document = include_str!("../../../../docs/alerts.md");
    let blocks = document.split("```").skip(1).step_by(2);
    let blocks = blocks.filter_map(|block| block.strip_prefix(language));
    blocks.map(str::to_owned).collect()
}

#[test]
fn the_documented_mapping_reads_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let mapping = folder.path().join("siem.toml");
    fs::write(&mapping, &documented("toml\n")[0]).unwrap();
    let body = r#"{"events": [{"rule": {"id": "7", "title": "T"}, "at": "2026-11-23T21:25:16Z",
        "level": 9, "phase": "cleared", "actor": {"name": "stlee"}, "account": "root",
        "target": {"host": "web-1", "ip": "192.0.2.7", "port": 22}, "from": "10.0.0.9",
        "custom": {"pam_session": "e7acacb6aedbab70073456da5744166939b77527"}}]}"#;
    let run = decode(
        &["--mapping", mapping.to_str().unwrap(), "-o", "ndjson"],
        body,
    );
    let alert = run.ended(0).json();
    for (field, expected) in [
        ("id", "7@2026-11-23T21:25:16Z"),
        ("severity", "critical"),
        ("state", "resolved"),
        ("user", "stlee"),
        ("credential", "root"),
        ("origin", "10.0.0.9"),
        ("session_id", "e7acacb6aedbab70073456da5744166939b77527"),
    ] {
        assert_eq!(alert[field], expected, "{field}");
    }
    assert_eq!(alert["device"]["port"], 22);
}

#[test]
fn the_documented_templates_of_kibana_render_to_what_is_read() {
    let templates = documented("text\n");
    let templates: Vec<_> = templates
        .iter()
        .filter(|text| text.contains("{{rule.id}}"))
        .collect();
    assert_eq!(templates.len(), 2);
    for template in templates {
        let hits = r#"[{"_id": "d1", "kibana.alert.uuid": "u-1", "user": {"name": "stlee"}}]"#;
        let body = template
            .replace("{{{context.alerts.asJSON}}}", hits)
            .replace("{{rule.name}}", r#"a \"rule\""#)
            .replace("{{alert.uuid}}", "u-1")
            .replace("{{alert.actionGroup}}", "recovered")
            .replace("{{date}}", "2026-11-23T21:25:16.277Z")
            .replace("{{context.user}}", "stlee");
        let alert = decode(&["-o", "ndjson"], body).ended(0).json();
        assert_eq!(alert["id"], "u-1");
        assert_eq!(alert["user"], "stlee");
        assert_eq!(alert["event"]["name"], r#"a "rule""#);
    }
}

#[test]
fn one_that_cannot_be_read_loses_no_other() {
    let lines = "CEF:0|MT4|senhasegura|3.27|153|Session started|5|suser=stlee\nno event\n";
    let run = decode(&["--format", "cef", "-o", "ndjson"], lines).failed(8, &["message 2", "CEF"]);
    assert_eq!(run.stdout.lines().count(), 1);
    decode(&["--format", "leef"], "CEF:0|a").failed(1, &["message 1", "LEEF"]);

    let documents = r#"{"user":"stlee"} {"user":"ana"} {"user":"#;
    let run = decode(&["-o", "ndjson"], documents).failed(8, &["document 3", "too early"]);
    assert_eq!(run.stdout.lines().count(), 2);
    decode(&["--format", "alertmanager"], "{}").failed(1, &["alertmanager", "template"]);
    decode(&[], "{nonsense").failed(1, &["line 1, column 2"]);
}

#[test]
fn nothing_is_no_alert() {
    decode(&[], "").failed(1, &["standard input holds no alert"]);
    let run = decode(
        &["-o", "json", "--format", "alertmanager"],
        r#"{"alerts":[]}"#,
    );
    assert_eq!(run.failed(1, &["no alert"]).json(), serde_json::json!([]));
    decode(&["/no/such/file"], "").failed(1, &["can't read /no/such/file"]);
}

#[test]
fn a_person_sees_what_was_found_and_what_was_not() {
    let path = fixtures().join("datagram/cef-contradicts-itself.bin");
    let shown = decode(&[], fs::read(path).unwrap()).ended(0).stdout;
    for line in [
        "Command (12)",
        "  severity    critical",
        "  credential  root",
        "  device      192.0.2.7",
        "  note        it contradicts itself, so these are unknown: user, device port",
        "    suser#2=stlee",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}\n{shown}");
    }
    let escape = "CEF:0|a|b|c|1|\x1b[31mred|5|suser=x";
    assert!(decode(&[], escape).ended(0).stdout.contains("\\x1b[31mred"));
}

#[test]
fn secrets_in_a_body_are_not_shown() {
    let path = fixtures().join("webhook/splunk/custom-alert-action.json");
    for output in ["text", "json"] {
        let run = decode(&["-o", output], fs::read(&path).unwrap()).ended(0);
        assert!(!run.stdout.contains("planted"), "{}", run.stdout);
    }
}
