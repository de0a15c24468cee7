//! What stands between a command and the sessions: filters, brakes, the policy, the audit file.

use std::process::Stdio;
use std::time::Duration;

use pam_mock::{Life, MockAppliance, SessionTruth};
use serde_json::Value;

use crate::fixture::{Mock, Run, child, wait_until};

fn terminate(mock: &Mock, arguments: &[&str]) -> Run {
    let mut command = mock.pamctl();
    Run::of(command.args(["session", "terminate"]).args(arguments))
}

/// The running sessions, with what the mock knows of them.
fn victims(mock: &Mock) -> Vec<SessionTruth> {
    let sessions = mock.appliance.sessions().into_iter();
    sessions.filter(|session| session.active).collect()
}

fn policy(mock: &Mock, text: &str) -> String {
    let path = mock.file("policy.toml");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The records of the audit file.
fn records(mock: &Mock) -> Vec<Value> {
    let text = std::fs::read_to_string(mock.file("audit.jsonl")).unwrap_or_default();
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}

fn events(mock: &Mock) -> Vec<String> {
    let records = records(mock).into_iter();
    let events = records.map(|record| record["event"].as_str().unwrap().to_owned());
    events.collect()
}

fn drops(mock: &Mock) -> usize {
    let requests = mock.appliance.requests().into_iter();
    requests
        .filter(|request| request.method == "DELETE")
        .count()
}

#[test]
fn a_filter_ends_what_it_means_and_nothing_else() {
    let mock = Mock::populated();
    let all = victims(&mock);
    let victim = &all[0];
    let filter = format!("user={} and device=\"{}\"", victim.user, victim.device);
    let meant: Vec<&str> = all
        .iter()
        .filter(|other| other.user == victim.user && other.device == victim.device)
        .map(|other| other.session_id.as_str())
        .collect();
    let run = terminate(&mock, &["--filter", &filter, "--yes", "-o", "json"]).ended(0);
    let ended = run.json();
    let ended: Vec<&str> = ended
        .as_array()
        .unwrap()
        .iter()
        .map(|told| told["session_id"].as_str().unwrap())
        .collect();
    assert_eq!(ended, meant);
    assert!(run.stderr.contains(&victim.device), "{}", run.stderr);
    assert_eq!(mock.running().len(), all.len() - meant.len());
}

#[test]
fn only_running_sessions_are_meant() {
    let mock = Mock::populated();
    let ended = mock.appliance.sessions().into_iter();
    let ended = ended.filter(|session| !session.active).count();
    assert!(ended > 0);
    let run = terminate(&mock, &["--filter", "not active", "--yes"]);
    run.failed(3, &["no running session", "nothing was terminated"]);
    let run = terminate(
        &mock,
        &[
            "--filter",
            "active or not active",
            "--dry-run",
            "-o",
            "json",
        ],
    );
    assert_eq!(run.ended(0).json().as_array().map(Vec::len), Some(6));
    assert_eq!(drops(&mock), 0);
}

#[test]
fn a_mistake_in_a_filter_has_a_caret_below_it() {
    let mock = Mock::populated();
    for command in ["list", "terminate"] {
        let mut pamctl = mock.pamctl();
        let run = Run::of(pamctl.args(["session", command, "--filter", "active and usr=x"]));
        let run = run.ended(2);
        let mut lines = run.stderr.lines().skip(1);
        let (text, caret) = (lines.next().unwrap(), lines.next().unwrap());
        assert_eq!(text.trim(), "active and usr=x");
        assert_eq!(text.find("usr"), caret.find('^'), "{}", run.stderr);
    }
    terminate(&mock, &["--filter", "active", "1"]).ended(2);
    assert!(mock.appliance.requests().is_empty());
}

#[test]
fn many_are_not_ended_without_consent_nor_beyond_the_most() {
    let mock = Mock::populated();
    terminate(&mock, &["--filter", "active"]).failed(2, &["no terminal", "--yes"]);
    assert!(
        mock.appliance.requests().is_empty(),
        "it asks before it looks"
    );
    let run = terminate(&mock, &["--filter", "active", "--yes", "--max", "5"]);
    run.failed(4, &["6 sessions", "--max 5", "nothing was terminated"]);
    let named = [
        &mock.running()[..],
        &["--yes".into(), "--max".into(), "5".into()],
    ]
    .concat();
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    terminate(&mock, &named).failed(4, &["--max 5"]);
    assert_eq!(events(&mock), ["refused", "refused"]);
    assert_eq!((drops(&mock), mock.running().len()), (0, 6));

    let crowd = Mock::start(MockAppliance::builder().sessions(30, 21));
    terminate(&crowd, &["--filter", "active", "--yes"]).failed(4, &["21 sessions", "--max 20"]);
    assert_eq!(crowd.running().len(), 21);
    terminate(
        &crowd,
        &["--filter", "active", "--yes", "--max", "21", "--jobs", "3"],
    )
    .ended(0);
    assert!(crowd.running().is_empty());
}

#[test]
fn a_dry_run_says_what_would_be_in_the_same_form() {
    let mock = Mock::populated();
    let victim = mock.running().remove(0);
    let mut sessions = mock.appliance.sessions().into_iter();
    let ended = sessions.find(|session| !session.active).unwrap();
    let dry = ["--dry-run", "-o", "json", "--reason", "why"];
    let run = terminate(&mock, &[&[&*victim, &*ended.session_id], &dry[..]].concat()).ended(0);
    let told = run.json();
    assert_eq!(told[0]["outcome"], "still_active");
    assert_eq!(told[0]["dry_run"], true);
    assert_eq!(told[0]["reason"], "why");
    assert_eq!(told[1]["outcome"], "already_ended");
    assert!(
        run.stderr.contains("1 of 2 would be terminated"),
        "{}",
        run.stderr
    );
    assert!(mock.runs(&victim));
    assert!(records(&mock).is_empty());

    let real = terminate(&mock, &[&victim, "--yes", "-o", "json"])
        .ended(0)
        .json();
    let keys =
        |told: &Value| -> Vec<String> { told.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(real[0]["dry_run"], false);
    assert_eq!(
        keys(&real[0]),
        keys(&told[0])
            .into_iter()
            .filter(|key| key != "reason")
            .collect::<Vec<_>>()
    );
    let unknown = "0000000000000000000000000000000000000000";
    terminate(&mock, &[&[unknown], &dry[..]].concat()).ended(3);
}

#[test]
fn each_decision_is_on_the_disk_before_its_drop() {
    let mock = Mock::populated();
    let victim = mock.running().remove(0);
    let why = ["--reason", "exfiltration", "--ticket", "INC-1", "--yes"];
    let mut command = mock.pamctl();
    command
        .args(["session", "terminate", &victim])
        .args(why)
        .env("SUDO_USER", "carol");
    Run::of(&mut command).ended(0);
    let records = records(&mock);
    let [before, after] = &records[..] else {
        panic!("{records:?}")
    };
    for record in [before, after] {
        assert_eq!(record["why"], "exfiltration");
        assert_eq!(record["ticket"], "INC-1");
        assert_eq!(record["session_id"], victim.as_str());
        assert_eq!(record["who"]["sudo_user"], "carol");
        assert_eq!(record["run"], before["run"]);
        assert!(record["who"]["uid"].is_u64() && record["host"].is_string());
        assert!(
            record["program"]
                .as_str()
                .unwrap()
                .starts_with("pamctl session terminate ")
        );
        assert_eq!(record["appliance"], mock.appliance.base_url().to_string());
    }
    assert_eq!(before["event"], "drop");
    assert_eq!(after["event"], "outcome");
    assert_eq!(after["outcome"], "terminated");
    assert_eq!(after["evidence"][0]["request"], "drop");
    assert_eq!(after["after"]["active"], false);
}

const PROTECTED: &str = "\n[[protect]]\nname = \"crown jewels\"\n";

#[test]
fn a_protected_session_is_refused_by_rule_and_line_however_it_is_named() {
    let mock = Mock::populated();
    let all = victims(&mock);
    let victim = &all[0];
    let policy = policy(
        &mock,
        &format!("{PROTECTED}devices = [\"{}\"]\n", victim.device),
    );
    let names = [victim.session_id.as_str(), victim.id.as_str()];
    for name in names {
        let run = terminate(&mock, &[name, "--yes", "--policy", &policy]);
        run.failed(
            4,
            &[
                "`crown jewels`",
                "policy.toml, line 3",
                "nothing was terminated",
            ],
        );
    }
    // One protected session refuses the whole command.
    let run = terminate(&mock, &["--filter", "active", "--yes", "--policy", &policy]);
    let run = run.ended(4);
    assert!(run.stderr.contains("crown jewels"), "{}", run.stderr);
    let mut by_variable = mock.pamctl();
    by_variable.args(["session", "terminate", &victim.session_id, "--yes"]);
    Run::of(by_variable.env("PAM_POLICY", &policy)).failed(4, &["crown jewels"]);
    let dry = terminate(
        &mock,
        &[names[0], "--dry-run", "--policy", &policy, "-o", "json"],
    );
    let dry = dry.ended(4);
    assert!(
        dry.json()[0]["message"]
            .as_str()
            .unwrap()
            .contains("crown jewels")
    );

    assert_eq!((drops(&mock), mock.running().len()), (0, 6));
    let records = records(&mock);
    assert_eq!(records.len(), 4);
    for record in &records {
        assert_eq!(record["event"], "refused");
        assert_eq!(record["refused_by"][0]["rule"], "crown jewels");
        assert_eq!(record["refused_by"][0]["line"], 3);
        assert_eq!(record["before"]["device"], victim.device.as_str());
        assert_eq!(record["policy"]["sha256"].as_str().map(str::len), Some(64));
    }

    let other = all
        .iter()
        .find(|other| other.device != victim.device)
        .unwrap();
    let run = terminate(&mock, &[&other.session_id, "--yes", "--policy", &policy]);
    run.ended(0);
    assert!(!mock.runs(&other.session_id));
}

#[test]
fn what_is_not_known_is_not_ended() {
    let mock = Mock::populated();
    let policy = policy(&mock, &format!("{PROTECTED}users = [\"nobody-else\"]\n"));
    let run = terminate(
        &mock,
        &["999999", "--yes", "--policy", &policy, "-o", "json"],
    );
    assert_eq!(run.ended(3).json()[0]["outcome"], "not_found");
    assert_eq!(drops(&mock), 0);
}

#[test]
fn a_reason_and_a_ticket_can_be_required() {
    let mock = Mock::populated();
    let victim = mock.running().remove(0);
    let text = "[require]\nreason = '.{5,}'\nticket = 'INC[0-9]+'\n";
    let policy = policy(&mock, text);
    let run = |why: &[&str]| {
        terminate(
            &mock,
            &[&[&*victim, "--yes", "--policy", &policy], why].concat(),
        )
    };
    let bare = run(&[]).ended(4);
    assert!(bare.stderr.contains("`require.reason`") && bare.stderr.contains("line 2"));
    assert!(bare.stderr.contains("`require.ticket`") && bare.stderr.contains("--ticket"));
    run(&["--reason", "exfiltration", "--ticket", "x"]).failed(4, &["INC[0-9]+"]);
    assert!(mock.runs(&victim));
    run(&["--reason", "exfiltration", "--ticket", "INC42"]).ended(0);
}

#[test]
fn the_hour_is_counted_from_the_audit_file() {
    let mock = Mock::populated();
    let running = mock.running();
    let policy = policy(&mock, "[limits]\nper_command = 2\nper_hour = 3\n");
    let run = |names: &[String], more: &[&str]| {
        let names = names.iter().map(String::as_str);
        let fixed = ["--yes", "--policy", &policy].into_iter();
        let arguments: Vec<&str> = names.chain(fixed).chain(more.iter().copied()).collect();
        terminate(&mock, &arguments)
    };
    run(&running[..3], &[]).failed(4, &["`limits.per_command`", "line 2"]);
    run(&running[..2], &[]).ended(0);
    run(&running[2..4], &[]).failed(4, &["`limits.per_hour`", "line 3", "4 sessions"]);
    run(&running[2..3], &[]).ended(0);
    run(&running[3..4], &[]).failed(4, &["`limits.per_hour`"]);
    assert_eq!(mock.running(), running[3..]);
    // Without the audit file nobody knows how many it were.
    run(
        &running[3..4],
        &["--audit", "/dev/null", "--audit-optional"],
    )
    .ended(4);
    assert_eq!(mock.running(), running[3..]);
}

#[test]
fn programs_at_once_do_not_go_beyond_the_hour_together() {
    let mock = Mock::populated();
    let policy = policy(&mock, "[limits]\nper_hour = 3\n");
    let codes: Vec<Option<i32>> = std::thread::scope(|scope| {
        let runs: Vec<_> = mock
            .running()
            .into_iter()
            .map(|victim| {
                let (mock, policy) = (&mock, &policy);
                scope.spawn(move || terminate(mock, &[&victim, "--yes", "--policy", policy]).code)
            })
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let of = |wanted: i32| codes.iter().filter(|code| **code == Some(wanted)).count();
    assert_eq!((of(0), of(4)), (3, 3), "{codes:?}");
    assert_eq!((drops(&mock), mock.running().len()), (3, 3));
    let mut verify = mock.pamctl();
    Run::of(verify.args(["audit", "verify"])).ended(0);
}

#[test]
fn broken_glass_lifts_what_may_be_lifted_and_is_recorded() {
    let mock = Mock::populated();
    let victim = &victims(&mock)[0];
    let rule = format!("{PROTECTED}users = [\"{}\"]\n", victim.user);
    let run = |text: &str| {
        let policy = policy(&mock, text);
        let glass = ["--break-glass", "the building is on fire"];
        terminate(
            &mock,
            &[
                &[&*victim.session_id, "--yes", "--policy", &policy],
                &glass[..],
            ]
            .concat(),
        )
    };
    let forbidden = run(&rule).ended(4);
    assert!(
        forbidden.stderr.contains("break_glass"),
        "{}",
        forbidden.stderr
    );
    let allowed = "[break_glass]\nallowed = true\n";
    run(&format!("{rule}absolute = true\n{allowed}")).failed(4, &["crown jewels"]);
    assert!(mock.runs(&victim.session_id));
    run(&format!("{rule}{allowed}")).ended(0);
    assert!(!mock.runs(&victim.session_id));
    let records = records(&mock);
    let drop = records
        .iter()
        .find(|record| record["event"] == "drop")
        .unwrap();
    assert_eq!(drop["break_glass"], "the building is on fire");
    assert_eq!(drop["lifted"][0]["rule"], "crown jewels");
}

#[test]
fn a_policy_that_cannot_be_trusted_stops_everything() {
    use std::os::unix::fs::PermissionsExt;
    let mock = Mock::populated();
    let victim = mock.running().remove(0);
    let path = policy(&mock, "[limits]\nper_comand = 1\n");
    let run = |path: &str| terminate(&mock, &[&victim, "--yes", "--policy", path]);
    run(&path).failed(2, &["policy.toml", "line 2", "per_comand"]);
    run(mock.file("none").to_str().unwrap()).failed(2, &["can't be read"]);
    run(mock.file("").to_str().unwrap()).failed(2, &["not a regular file"]);
    policy(&mock, "");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    run(&path).failed(2, &["every user may change it"]);
    assert!(mock.runs(&victim));
}

#[test]
fn what_cannot_be_recorded_is_not_done() {
    use std::os::unix::fs::PermissionsExt;
    let mock = Mock::populated();
    let victim = mock.running().remove(0);
    let open = mock.file("open.jsonl");
    std::fs::write(&open, "").unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o644)).unwrap();
    for (audit, part) in [
        (open.to_str().unwrap(), "chmod 600"),
        ("/dev/full", "not a regular file"),
        ("/proc/none/audit", "can't be used"),
    ] {
        let run = terminate(&mock, &[&victim, "--yes", "--audit", audit]);
        run.failed(4, &[part, "nothing was terminated", "--audit-optional"]);
    }
    let mut homeless = mock.pamctl();
    homeless
        .args(["session", "terminate", &victim, "--yes"])
        .env_remove("PAM_AUDIT");
    Run::of(&mut homeless).failed(4, &["no place for the audit file"]);
    assert!(mock.appliance.requests().is_empty());

    let mut at_home = mock.pamctl();
    at_home
        .args(["session", "terminate", "999999", "--yes"])
        .env_remove("PAM_AUDIT");
    Run::of(at_home.env("HOME", mock.file("home"))).ended(3);
    assert!(mock.file("home/.local/state/pamctl/audit.jsonl").exists());

    let run = terminate(
        &mock,
        &[&victim, "--yes", "--audit", "/dev/full", "--audit-optional"],
    );
    assert!(run.ended(0).stderr.contains("nothing is recorded"));
    assert!(!mock.runs(&victim));
}

/// A disk of 16 KiB in a name space of its own, which needs no privilege where the system allows
/// that; the rest of the test is what `what_cannot_be_recorded_is_not_done` covers.
#[test]
fn a_full_disk_stops_the_drop_and_damages_nothing() {
    let mock = Mock::populated();
    let victim = mock.running().remove(0);
    let disk = mock.file("disk");
    std::fs::create_dir(&disk).unwrap();
    let on_a_small_disk = |script: &str, optional: &[&str]| {
        let mut command = mock.pamctl();
        command.args(["session", "terminate", &victim, "--yes", "--no-verify"]);
        let pamctl = child(
            command
                .args(optional)
                .env("PAM_AUDIT", disk.join("audit.jsonl")),
        );
        let mut wrapped = std::process::Command::new("unshare");
        wrapped
            .env_clear()
            .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
        wrapped.envs(
            pamctl
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        let script = format!(
            "mount -t tmpfs -o size=16k tmpfs '{}' && {script}",
            disk.display()
        );
        wrapped
            .args(["-rm", "sh", "-c", &script])
            .arg(pamctl.get_program());
        wrapped.args(pamctl.get_args());
        wrapped.stdin(Stdio::null()).output().ok()
    };
    if !on_a_small_disk("exit 0", &[]).is_some_and(|output| output.status.success()) {
        println!("skipped: the system gives no name space with a disk of its own");
        return;
    }
    let fill = format!(
        "cd '{0}' && : > audit.jsonl && chmod 600 audit.jsonl && printf '%86s' > audit.jsonl.link \
         && chmod 600 audit.jsonl.link; dd if=/dev/zero of=fill 2>/dev/null; ",
        disk.display()
    );
    let check = "\"$0\" \"$@\"; code=$?; stat -c %s audit.jsonl; exit $code";
    let full = Run::from(on_a_small_disk(&format!("{fill}{check}"), &[]).unwrap()).ended(4);
    assert!(full.stderr.contains("the disk is full"), "{}", full.stderr);
    assert!(full.stdout.ends_with("\n0\n"), "{}", full.stdout);
    assert!(mock.runs(&victim));
    assert_eq!(drops(&mock), 0);
    let optional = on_a_small_disk(&format!("{fill}{check}"), &["--audit-optional"]);
    let optional = Run::from(optional.unwrap()).ended(5);
    assert!(
        optional.stderr.contains("unrecorded"),
        "{}",
        optional.stderr
    );
    assert_eq!(drops(&mock), 1);
}

#[test]
fn ctrl_c_in_the_middle_says_what_was_done_and_what_was_not() {
    let mut life = Life::default();
    life.drop_delay = Duration::from_secs(3600);
    let mock = Mock::start(MockAppliance::builder().sessions(12, 9).life(life));
    let mut command = mock.pamctl();
    command.args([
        "session",
        "terminate",
        "--filter",
        "active",
        "--yes",
        "-o",
        "json",
    ]);
    let child = child(command.args(["--jobs", "1"]))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("a drop", || drops(&mock) > 0);
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let run = Run::from(child.wait_with_output().unwrap()).ended(130);
    assert_eq!(
        run.json().as_array().map(Vec::len),
        Some(9),
        "{}",
        run.stdout
    );
    assert!(
        run.stderr.contains("interrupted; 9 unconfirmed"),
        "{}",
        run.stderr
    );
    let events = events(&mock);
    let of = |event: &str| events.iter().filter(|known| *known == event).count();
    assert_eq!(of("outcome"), 9, "{events:?}");
    assert!(of("drop") >= drops(&mock));
}

#[test]
fn a_reader_that_goes_away_does_not_hide_the_exit_code() {
    let mock = Mock::populated();
    let mut command = mock.pamctl();
    command.args([
        "session",
        "terminate",
        "--filter",
        "active",
        "--yes",
        "-o",
        "ndjson",
    ]);
    let mut child = child(&command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let run = Run::from(child.wait_with_output().unwrap()).ended(0);
    assert!(!run.stderr.contains("error"), "{}", run.stderr);
    assert!(mock.running().is_empty());
    assert_eq!(events(&mock).len(), 12);
}
