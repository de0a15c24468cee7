//! What `-o json` and `-o ndjson` print is what the schemas under `docs/schema/` say.
//!
//! Every key that is printed must be described: the schemas leave objects open, so that a reader
//! survives a new key, but here an undescribed one is a failure.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pam_mock::{MockAppliance, Profile};
use regex_lite::Regex;
use serde_json::{Map, Value};

use crate::fixture::{CONSUMER_SECRET, Mock, Run, pamctl};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema")
}

fn schema(name: &str) -> Value {
    let text = fs::read_to_string(folder().join(name)).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Checks a value. Knows the keywords that our schemas use and refuses any other.
fn check(schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let schema = schema.as_object().ok_or(format!("{at}: no schema"))?;
    let fail = |what: String| Err(format!("{at}: {what}: {value}"));
    for (keyword, wanted) in schema {
        match keyword.as_str() {
            "$schema" | "title" | "description" | "$defs" => {}
            "$ref" => check(&self::schema(wanted.as_str().unwrap()), value, at)?,
            "type" => {
                let types = wanted.as_array().cloned().unwrap_or(vec![wanted.clone()]);
                if !types.iter().any(|name| is(name.as_str().unwrap(), value)) {
                    return fail(format!("not of type {wanted}"));
                }
            }
            "enum" if !wanted.as_array().unwrap().contains(value) => {
                return fail(format!("none of {wanted}"));
            }
            "enum" => {}
            "const" if wanted != value => return fail(format!("not {wanted}")),
            "const" => {}
            "anyOf" => {
                let mut choices = wanted.as_array().unwrap().iter();
                if !choices.any(|choice| check(choice, value, at).is_ok()) {
                    return fail("none of the choices".to_owned());
                }
            }
            "required" => {
                let keys = wanted.as_array().unwrap().iter();
                let Some(object) = value.as_object() else {
                    continue;
                };
                for key in keys.map(|key| key.as_str().unwrap()) {
                    if !object.contains_key(key) {
                        return fail(format!("`{key}` is missing"));
                    }
                }
            }
            "properties" => {
                for (key, inner) in value.as_object().into_iter().flatten() {
                    match wanted.get(key) {
                        Some(schema) => check(schema, inner, &format!("{at}.{key}"))?,
                        None => return fail(format!("`{key}` is not described")),
                    }
                }
            }
            "items" => {
                for (index, inner) in value.as_array().into_iter().flatten().enumerate() {
                    check(wanted, inner, &format!("{at}[{index}]"))?;
                }
            }
            // As those above say something of objects and arrays only, these do of texts and
            // numbers.
            "pattern" => {
                let pattern = Regex::new(wanted.as_str().unwrap()).unwrap();
                if value.as_str().is_some_and(|text| !pattern.is_match(text)) {
                    return fail(format!("does not match {wanted}"));
                }
            }
            "minLength" | "maxLength" | "minimum" | "maximum" => {
                let length = value.as_str().map(|text| text.chars().count() as f64);
                let size = if keyword.ends_with("Length") {
                    length
                } else {
                    value.as_f64()
                };
                let limit = wanted.as_f64().unwrap();
                let holds = |size: f64| {
                    if keyword.starts_with("min") {
                        size >= limit
                    } else {
                        size <= limit
                    }
                };
                if !size.is_none_or(holds) {
                    return fail(format!("{keyword} is {wanted}"));
                }
            }
            unknown => return fail(format!("the test does not know `{unknown}`")),
        }
    }
    Ok(())
}

fn is(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        unknown => panic!("no type: {unknown}"),
    }
}

/// Asserts that a value is what the schema of this name says.
#[track_caller]
pub(crate) fn holds(name: &str, value: &Value) {
    check(&schema(name), value, "$").unwrap_or_else(|error| panic!("{name}: {error}"));
}

#[track_caller]
fn lines_hold(name: &str, lines: &str) {
    assert!(!lines.is_empty());
    for line in lines.lines() {
        holds(name, &serde_json::from_str(line).unwrap());
    }
}

#[test]
fn sessions() {
    for profile in Profile::ALL {
        let mock = Mock::start(MockAppliance::builder().sessions(12, 5).profile(profile));
        let list = |form: &str| {
            let mut command = mock.pamctl();
            Run::of(command.args(["session", "list", "-o", form])).ended(0)
        };
        holds("session-list.json", &list("json").json());
        lines_hold("session.json", &list("ndjson").stdout);
        for id in ["1", "12"] {
            let mut command = mock.pamctl();
            let run = Run::of(command.args(["session", "get", id, "-o", "json"])).ended(0);
            holds("session.json", &run.json());
        }
        let mut open = mock.pamctl();
        open.args(["session", "open", "--user", "alice", "--credential", "root"]);
        open.args(["--device", "192.0.2.1", "--protocol", "ssh", "-o", "json"]);
        holds("opened-session.json", &Run::of(&mut open).ended(0).json());
    }
}

#[test]
fn events() {
    let mock = Mock::populated();
    let mut command = mock.pamctl();
    command.args(["session", "watch", "--initial", "-o", "ndjson"]);
    let run = Run::of(command.args(["--for", "2s", "--interval", "100ms"])).ended(0);
    lines_hold("session-event.json", &run.stdout);
}

#[test]
fn terminations() {
    let mock = Mock::populated();
    let victims = mock.running();
    let mut first = mock.pamctl();
    first.args(["session", "terminate", &victims[0], "99999", "--yes"]);
    let run = Run::of(first.args(["-o", "json", "--reason", "r", "--ticket", "T1"])).ended(8);
    holds("termination-list.json", &run.json());
    let mut second = mock.pamctl();
    second.args(["session", "terminate", &victims[0], &victims[1], "--yes"]);
    let run = Run::of(second.args(["-o", "ndjson"])).ended(0);
    lines_hold("termination.json", &run.stdout);
    let mut unreachable = mock.pamctl();
    unreachable.args(["session", "terminate", &victims[2], "--yes", "-o", "json"]);
    let run = Run::of(unreachable.args(["--url", "https://127.0.0.1:9"])).ended(7);
    holds("termination-list.json", &run.json());
}

#[test]
fn diagnoses() {
    let mock = Mock::populated();
    for (option, code) in [("--timeout=30s", 0), ("--url=https://127.0.0.1:9", 7)] {
        let mut doctor = mock.pamctl();
        let run = Run::of(doctor.args(["doctor", "-o", "json", option])).ended(code);
        holds("doctor.json", &run.json());
    }
}

#[test]
fn offline_commands() {
    let signed = |command: &str| {
        let mut pamctl = pamctl();
        pamctl
            .env("PAM_CONSUMER_KEY", "ck")
            .env("PAM_CONSUMER_SECRET", CONSUMER_SECRET)
            .args([
                "auth",
                command,
                "GET",
                "https://vault.example.com/x?a=b&c",
                "-o",
                "json",
            ]);
        Run::of(&mut pamctl).ended(0).json()
    };
    holds("auth-explain.json", &signed("explain"));
    holds("auth-header.json", &signed("header"));
    for words in ["1039", "500", "not found"] {
        let run = Run::of(pamctl().args(["explain", words, "-o", "json"])).ended(0);
        holds("explain.json", &run.json());
    }
}

#[test]
fn alerts() {
    for name in [
        "datagram/q10-machine-actor.bin",
        "datagram/q07-sentence-portuguese.bin",
        "datagram/cef-contradicts-itself.bin",
        "stream/rsyslog-traditional-lines.bin",
        "webhook/alertmanager/0.33.1.json",
    ] {
        let file = folder().join("../../tests/fixtures/alerts").join(name);
        let mut command = pamctl();
        command.args(["alert", "decode", "-o", "ndjson"]).arg(file);
        lines_hold("alert.json", &Run::of(&mut command).ended(0).stdout);
    }
}

#[test]
fn guard() {
    let mock = Mock::populated();
    let victims = mock.running();
    let policy = mock.file("policy.toml");
    let protected = format!(
        "[[protect]]\nname = \"p\"\nfilter = \"session_id={}\"\n",
        victims[0]
    );
    fs::write(&policy, protected).unwrap();
    for (victim, code) in [(&victims[0], 4), (&victims[1], 0)] {
        let mut terminate = mock.pamctl();
        terminate.args(["session", "terminate", victim, "--yes", "--reason", "r"]);
        Run::of(terminate.arg("--policy").arg(&policy)).ended(code);
    }
    let list = Run::of(mock.pamctl().args(["audit", "list", "-o", "json"]))
        .ended(0)
        .json();
    assert!(
        list.as_array().unwrap().len() >= 3,
        "a refusal, a drop and its outcome"
    );
    holds("audit-record-list.json", &list);
    let verify = Run::of(mock.pamctl().args(["audit", "verify", "-o", "json"])).ended(0);
    holds("audit-verify.json", &verify.json());
    let audit = mock.file("audit.jsonl");
    let whole = fs::read_to_string(&audit).unwrap();
    let edited = whole.replacen("\"why\":\"r\"", "\"why\":\"s\"", 1);
    fs::write(&audit, edited).unwrap();
    let verify = Run::of(mock.pamctl().args(["audit", "verify", "-o", "json"])).ended(1);
    holds("audit-verify.json", &verify.json());

    let plan = mock.file("plan.json");
    let mut command = mock.pamctl();
    command
        .args(["plan", "--filter", "active", "-o"])
        .arg(&plan);
    Run::of(&mut command).ended(0);
    holds(
        "plan.json",
        &serde_json::from_str(&fs::read_to_string(&plan).unwrap()).unwrap(),
    );

    let session = mock.file("session.json");
    let get = Run::of(
        mock.pamctl()
            .args(["session", "get", &victims[0], "-o", "json"]),
    )
    .ended(0);
    fs::write(&session, get.stdout).unwrap();
    let mut test = mock.pamctl();
    test.args(["policy", "test", "-o", "json", "--session"])
        .arg(&session);
    holds(
        "policy-test.json",
        &Run::of(test.arg("--policy").arg(&policy)).ended(4).json(),
    );
}

#[test]
fn profiles() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    let text = "default_profile = \"a\"\n[profiles.a]\nurl = \"https://a.example.com\"\n\
                [profiles.b]\nproduction = true\n";
    fs::write(&config, text).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = pamctl();
        command
            .env("PAMCTL_CONFIG", &config)
            .args(["profile"])
            .args(arguments);
        Run::of(command.args(["-o", "json"])).ended(0).json()
    };
    holds("profile-list.json", &run(&["list"]));
    holds("profile-show.json", &run(&["show"]));
}

#[test]
fn a_schema_refuses_what_it_should() {
    let mock = Mock::populated();
    let run = Run::of(mock.pamctl().args(["session", "get", "1", "-o", "json"])).ended(0);
    let session = run.json();
    let object = session.as_object().unwrap();
    let spoil = |change: fn(&mut Map<String, Value>)| {
        let mut spoilt = object.clone();
        change(&mut spoilt);
        check(&schema("session.json"), &Value::Object(spoilt), "$")
    };
    assert!(spoil(|_| {}).is_ok());
    assert!(spoil(|session| drop(session.remove("user"))).is_err());
    assert!(spoil(|session| drop(session.insert("id".into(), 5.into()))).is_err());
    assert!(spoil(|session| drop(session.insert("id".into(), "x5".into()))).is_err());
    assert!(spoil(|session| drop(session.insert("new".into(), 5.into()))).is_err());
}

#[test]
fn every_schema_is_of_the_2020_draft_is_named_in_the_manual_and_describes_each_key() {
    fn described(schema: &Value, at: &str) {
        for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
            let at = format!("{at}.{key}");
            assert!(inner["description"].is_string(), "{at} has no description");
            described(inner, &at);
        }
        if schema["items"].is_object() {
            described(&schema["items"], at);
        }
    }
    let manual = fs::read_to_string(folder().join("../cli.md")).unwrap();
    let files = fs::read_dir(folder()).unwrap();
    let names: BTreeSet<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.len() >= 9);
    for name in names {
        let schema = schema(&name);
        let draft = "https://json-schema.org/draft/2020-12/schema";
        assert_eq!(schema["$schema"], draft, "{name}");
        assert!(schema["title"].is_string() && schema["description"].is_string());
        assert!(manual.contains(&format!("(schema/{name})")), "{name}");
        described(&schema, &name);
    }
}
