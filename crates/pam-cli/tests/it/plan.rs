//! `pamctl plan` and `pamctl apply`.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::fixture::{Mock, Run};

fn plan(mock: &Mock, filter: &str) -> String {
    let path = mock.file("plan.json").to_str().unwrap().to_owned();
    let mut command = mock.pamctl();
    Run::of(command.args(["plan", "--filter", filter, "-o", &path])).ended(0);
    path
}

fn apply(mock: &Mock, arguments: &[&str]) -> Run {
    let mut command = mock.pamctl();
    Run::of(command.arg("apply").args(arguments))
}

fn events(mock: &Mock) -> Vec<Value> {
    let text = std::fs::read_to_string(mock.file("audit.jsonl")).unwrap_or_default();
    let lines = text.lines().map(serde_json::from_str::<Value>);
    lines
        .map(|record| record.unwrap()["event"].clone())
        .collect()
}

#[test]
fn what_was_planned_is_done() {
    let mock = Mock::populated();
    let path = plan(&mock, "active");
    let text = std::fs::read_to_string(&path).unwrap();
    let written: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(written["pamctl_plan"], 1);
    assert_eq!(written["filter"], "active");
    assert_eq!(written["sessions"].as_array().map(Vec::len), Some(6));
    assert_eq!(written["hash"].as_str().map(str::len), Some(64));
    let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    assert_eq!(mock.running().len(), 6);

    apply(&mock, &[&path]).failed(2, &["no terminal", "--yes"]);
    let dry = apply(&mock, &[&path, "--dry-run", "-o", "json"])
        .ended(0)
        .json();
    assert_eq!(dry.as_array().map(Vec::len), Some(6));
    assert_eq!(dry[0]["dry_run"], true);
    assert_eq!(mock.running().len(), 6);

    let done = apply(&mock, &[&path, "--yes", "-o", "json"])
        .ended(0)
        .json();
    let outcomes = done.as_array().unwrap().iter();
    assert!(outcomes.clone().all(|told| told["outcome"] == "terminated"));
    assert!(mock.running().is_empty());
    // What is done is not done again.
    let again = apply(&mock, &[&path, "--yes", "-o", "json"])
        .ended(0)
        .json();
    let outcomes = again.as_array().unwrap().iter();
    assert!(
        outcomes
            .clone()
            .all(|told| told["outcome"] == "already_ended")
    );
}

#[test]
fn what_has_ended_is_skipped_and_what_came_later_is_left() {
    let mock = Mock::populated();
    let running = mock.running();
    let path = plan(&mock, "active");
    let mut command = mock.pamctl();
    Run::of(command.args(["session", "terminate", &running[0], "--yes"])).ended(0);
    let drops_before = drops(&mock);
    let told = apply(&mock, &[&path, "--yes", "-o", "json"])
        .ended(0)
        .json();
    assert_eq!(told[0]["session_id"], running[0].as_str());
    assert_eq!(told[0]["outcome"], "already_ended");
    assert_eq!(told[0]["attempts"], 0);
    assert_eq!(drops(&mock) - drops_before, 5);
}

fn drops(mock: &Mock) -> usize {
    let requests = mock.appliance.requests().into_iter();
    requests
        .filter(|request| request.method == "DELETE")
        .count()
}

#[test]
fn a_plan_that_was_changed_is_refused() {
    let mock = Mock::populated();
    let path = plan(&mock, "active");
    let text = std::fs::read_to_string(&path).unwrap();
    let user = serde_json::from_str::<Value>(&text).unwrap()["sessions"][0]["user"].clone();
    let user = user.as_str().unwrap();
    let spaced = text.replace("\": ", "\":  ");
    std::fs::write(&path, spaced).unwrap();
    apply(&mock, &[&path, "--dry-run"]).ended(0);
    for (from, to) in [
        (user, "mallory"),
        ("\"filter\": \"active\"", "\"filter\": \"x\""),
    ] {
        std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
        apply(&mock, &[&path, "--yes"]).failed(4, &["hash does not match", "nothing"]);
    }
    for junk in ["", "[]", "{}", "{\"hash\":\"x\"}", "not json"] {
        std::fs::write(&path, junk).unwrap();
        apply(&mock, &[&path, "--yes"]).failed(2, &["no plan"]);
    }
    apply(&mock, &["/none", "--yes"]).failed(2, &["can't be read"]);
    assert_eq!((drops(&mock), mock.running().len()), (0, 6));
}

/// A plan with the hash that belongs to it, whatever it says.
fn rewrite(path: &str, change: impl Fn(&mut Value)) {
    let mut plan: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    plan.as_object_mut().unwrap().remove("hash");
    change(&mut plan);
    let hash = pam_guard::audit::Hash::of(plan.to_string().as_bytes());
    plan["hash"] = hash.to_string().into();
    std::fs::write(path, plan.to_string()).unwrap();
}

#[test]
fn a_session_that_is_another_one_stops_everything() {
    let mock = Mock::populated();
    for field in ["user", "device", "credential", "started_at", "id"] {
        let path = plan(&mock, "active");
        rewrite(&path, |plan| plan["sessions"][3][field] = "424242".into());
        let run = apply(&mock, &[&path, "--yes"]);
        run.failed(
            4,
            &[
                "not the one that was planned",
                &format!("its {field} was `424242`"),
            ],
        );
    }
    assert_eq!((drops(&mock), mock.running().len()), (0, 6));
    assert_eq!(events(&mock), ["refused"; 5]);
}

#[test]
fn a_session_that_is_not_shown_any_more_is_not_dropped() {
    let mock = Mock::populated();
    let path = plan(&mock, "active");
    let gone = "0000000000000000000000000000000000000000";
    rewrite(&path, |plan| {
        plan["sessions"][0]["session_id"] = gone.into();
        plan["sessions"][0]["id"] = "999999".into();
    });
    let told = apply(&mock, &[&path, "--yes", "-o", "json"])
        .ended(8)
        .json();
    assert_eq!(told[0]["outcome"], "not_found");
    assert_eq!((drops(&mock), mock.running().len()), (5, 1));
}

#[test]
fn a_plan_is_for_one_appliance_and_obeys_brakes_and_policy() {
    let mock = Mock::populated();
    let path = plan(&mock, "active");
    rewrite(&path, |plan| {
        plan["appliance"] = "https://vault.example.com".into()
    });
    apply(&mock, &[&path, "--yes"]).failed(2, &["https://vault.example.com", "nothing"]);
    let path = plan(&mock, "active");
    apply(&mock, &[&path, "--yes", "--max", "5"]).failed(4, &["--max 5"]);
    let policy = mock.file("policy.toml");
    std::fs::write(
        &policy,
        "[[protect]]\nname = \"all\"\nfilter = \"active\"\n",
    )
    .unwrap();
    let run = apply(
        &mock,
        &[&path, "--yes", "--policy", policy.to_str().unwrap()],
    )
    .ended(4);
    assert_eq!(run.stderr.matches("`all`").count(), 6, "{}", run.stderr);
    assert_eq!((drops(&mock), mock.running().len()), (0, 6));
}

#[test]
fn a_plan_of_nothing_is_not_written() {
    let mock = Mock::populated();
    let path = mock.file("plan.json");
    let mut command = mock.pamctl();
    command
        .args(["plan", "--filter", "user=nobody-at-all", "-o"])
        .arg(&path);
    Run::of(&mut command).failed(3, &["no running session"]);
    assert!(!path.exists());
    let mut unwritable = mock.pamctl();
    unwritable.args(["plan", "--filter", "active", "-o", "/none/plan.json"]);
    Run::of(&mut unwritable).failed(1, &["can't write the plan"]);
    let mut piped = mock.pamctl();
    let run = Run::of(piped.args(["plan", "--filter", "active"])).ended(0);
    assert_eq!(run.json()["sessions"].as_array().map(Vec::len), Some(6));
}
