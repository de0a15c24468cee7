//! `pamctl policy`: what a policy file says, without an appliance.

use std::path::Path;

use serde_json::json;

use crate::fixture::{Run, pamctl};

const POLICY: &str = "\
[[protect]]
name = \"domain controllers\"
devices = [\"10.66.*\"]

[[protect]]
name = \"night run\"
users = [\"svc_*\"]
window = { days = [\"mon-fri\"], from = \"18:00\", to = \"06:00\" }

[require]
reason = '.{5,}'

[limits]
per_hour = 3

[break_glass]
allowed = true
";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("policy.toml", POLICY);
        folder
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(Path::new(&self.path(name)), text).unwrap();
    }

    fn test(&self, session: &serde_json::Value, arguments: &[&str]) -> Run {
        self.write("session.json", &session.to_string());
        let mut command = pamctl();
        command.args(["policy", "test", "--session", &self.path("session.json")]);
        command.args(["--policy", &self.path("policy.toml")]);
        Run::of(command.args(arguments))
    }
}

fn session(user: &str, device: &str) -> serde_json::Value {
    json!({"id": "7", "session_id": "ab", "user": user, "device": device, "credential": "root",
        "started_at": "2024-05-06 12:00:00", "ended_at": null, "active": true})
}

const WHY: [&str; 2] = ["--reason", "exfiltration"];
const NOON: [&str; 2] = ["--at", "2024-05-06T12:00"];
const NIGHT: [&str; 2] = ["--at", "2024-05-06T23:00"];

#[test]
fn a_policy_is_checked() {
    let folder = Folder::new();
    let check = |name: &str| {
        let mut command = pamctl();
        Run::of(command.args(["policy", "check", &folder.path(name)]))
    };
    assert!(check("policy.toml").ended(0).stderr.contains("2 rules"));
    check("none").failed(2, &["none", "can't be read"]);
    folder.write(
        "bad.toml",
        "[[protect]]\nname = \"x\"\nfilter = \"usr=1\"\n",
    );
    check("bad.toml").failed(2, &["bad.toml: line 3", "column 1", "usr"]);
    let mut by_variable = pamctl();
    by_variable
        .args(["policy", "check"])
        .env("PAM_POLICY", folder.path("policy.toml"));
    Run::of(&mut by_variable).ended(0);
    Run::of(pamctl().args(["policy", "check"])).failed(2, &["there is no policy"]);
}

#[test]
fn it_is_tried_without_an_appliance() {
    let folder = Folder::new();
    let harmless = session("alice", "192.0.2.9:22");
    let all = |more: &[&'static str]| [&WHY[..], more].concat();
    let run = folder.test(&harmless, &all(&NOON)).ended(0);
    assert_eq!(run.stdout, "allowed\n");
    let run = folder.test(&harmless, &NOON).ended(4);
    assert!(run.stdout.contains("`require.reason`") && run.stdout.contains("line 11"));
    let run = folder
        .test(&session("alice", "10.66.1.1:22"), &all(&NOON))
        .ended(4);
    assert!(run.stdout.contains("`domain controllers`") && run.stdout.contains("line 2"));
    let night = session("SVC_x", "192.0.2.9:22");
    folder.test(&night, &all(&NOON)).ended(0);
    folder.test(&night, &all(&NIGHT)).ended(4);
    let glass = [&WHY[..], &NIGHT, &["--break-glass", "fire"]].concat();
    let run = folder.test(&night, &glass).ended(0);
    assert!(
        run.stdout.contains("lifted: rule `night run` (line 6)"),
        "{}",
        run.stdout
    );
    let full = [&WHY[..], &NOON, &["--ended-last-hour", "3", "-o", "json"]].concat();
    let told = folder.test(&harmless, &full).ended(4).json();
    assert_eq!(told["allowed"], false);
    assert_eq!(told["refusals"][0]["rule"], "limits.per_hour");
    assert_eq!(told["refusals"][0]["line"], 14);
}

#[test]
fn a_record_that_does_not_say_enough_is_refused() {
    let folder = Folder::new();
    let arguments = [&WHY[..], &NIGHT].concat();
    let bare = json!({"id": "7", "session_id": "ab"});
    let run = folder.test(&bare, &arguments).ended(4);
    assert!(run.stdout.contains("domain controllers") && run.stdout.contains("night run"));
    folder
        .test(&json!([session("a", "b"), bare]), &arguments)
        .ended(4);
    let run = folder.test(&json!({"user": "alice"}), &arguments);
    run.failed(2, &["session.json", "no session"]);
}
