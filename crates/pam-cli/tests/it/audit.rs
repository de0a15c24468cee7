//! `pamctl audit`: the record is read, and what was done to it is found.

use serde_json::Value;

use crate::fixture::{Mock, Run};

fn audit(mock: &Mock, arguments: &[&str]) -> Run {
    let mut command = crate::fixture::pamctl();
    command.env("PAM_AUDIT", mock.file("audit.jsonl"));
    Run::of(command.arg("audit").args(arguments))
}

fn recorded() -> Mock {
    let mock = Mock::populated();
    let victims = mock.running();
    for victim in &victims[..2] {
        let mut command = mock.pamctl();
        command.args([
            "session",
            "terminate",
            victim,
            "--yes",
            "--reason",
            "why\u{1b}[31m",
        ]);
        Run::of(&mut command).ended(0);
    }
    mock
}

#[test]
fn a_file_that_is_not_there_is_said_to_be_none() {
    let mock = Mock::populated();
    let run = audit(&mock, &["list", "-o", "json"]).ended(0);
    assert_eq!(run.stdout, "[]\n");
    let note = "audit.jsonl; nothing was recorded there yet";
    assert!(run.stderr.contains(note), "{}", run.stderr);
    // What was looked for in a file that is there says nothing more.
    let run = audit(&recorded(), &["list", "--since", "2100-01-01T00:00:00Z"]).ended(0);
    assert_eq!(run.stderr, "");
}

#[test]
fn what_was_decided_is_listed() {
    let mock = recorded();
    let table = audit(&mock, &["list"]).ended(0).stdout;
    assert_eq!(table.lines().count(), 5);
    for word in [
        "TIME",
        "EVENT",
        "drop",
        "outcome",
        "terminated",
        "why\\x1b[31m",
    ] {
        assert!(table.contains(word), "{word}: {table}");
    }
    let all = audit(&mock, &["list", "-o", "json"]).ended(0).json();
    let all = all.as_array().unwrap();
    assert_eq!(all.len(), 4);
    assert_eq!(all[3]["seq"], 4);
    assert_eq!(all[1]["outcome"], "terminated");
    let since = all[2]["time"].as_str().unwrap();
    let later = audit(&mock, &["list", "--since", since, "-o", "json"])
        .ended(0)
        .json();
    assert!(
        later
            .as_array()
            .is_some_and(|later| (2..=4).contains(&later.len()))
    );
    assert_eq!(
        audit(&mock, &["list", "--since", "1h", "-o", "json"])
            .ended(0)
            .json()
            .as_array()
            .map(Vec::len),
        Some(4)
    );
    let none = audit(
        &mock,
        &["list", "--since", "2999-01-01T00:00:00Z", "-o", "json"],
    );
    assert_eq!(none.ended(0).stdout, "[]\n");
    audit(&mock, &["list", "--since", "soon"]).ended(2);
}

#[test]
fn an_untouched_file_verifies_and_a_touched_one_does_not() {
    let mock = recorded();
    let run = audit(&mock, &["verify"]).ended(0);
    assert!(run.stdout.contains("4 records, intact"), "{}", run.stdout);
    let told = audit(&mock, &["verify", "-o", "json"]).ended(0).json();
    assert_eq!(
        (&told["intact"], &told["records"]),
        (&true.into(), &4.into())
    );

    let path = mock.file("audit.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let joined = |lines: &[&str]| lines.join("\n") + "\n";
    let edited = text.replacen("terminated", "not_found_", 1);
    for (changed, part) in [
        (edited, "line 2: record 2 was changed"),
        (
            joined(&[lines[0], lines[2], lines[3]]),
            "records 2 to 2 are missing",
        ),
        (joined(&[lines[0], lines[2], lines[1], lines[3]]), "line 2"),
        (joined(&lines[..3]), "ends with record 3, but record 4"),
        (joined(&lines[1..]), "records 1 to 1 are missing"),
        (String::new(), "ends with record 0, but record 4"),
    ] {
        std::fs::write(&path, changed).unwrap();
        audit(&mock, &["verify"]).failed(1, &["audit.jsonl is not what was written", part]);
        let told = Run::of(
            crate::fixture::pamctl()
                .env("PAM_AUDIT", &path)
                .args(["audit", "verify", "-o", "json"]),
        )
        .ended(1);
        let told: Value = serde_json::from_str(&told.stdout).unwrap();
        assert_eq!(told["intact"], false);
    }
    std::fs::write(&path, text).unwrap();
    audit(&mock, &["verify"]).ended(0);
    std::fs::remove_file(mock.file("audit.jsonl.link")).unwrap();
    audit(&mock, &["verify"]).failed(1, &["kept link", "missing"]);
}

#[test]
fn a_file_that_is_not_there_or_not_private_is_told() {
    let mock = Mock::populated();
    audit(&mock, &["verify"]).failed(1, &["No such file"]);
    assert_eq!(
        audit(&mock, &["list", "-o", "json"]).ended(0).stdout,
        "[]\n"
    );
    std::fs::write(mock.file("audit.jsonl"), "").unwrap();
    audit(&mock, &["list"]).failed(1, &["chmod 600"]);
    Run::of(crate::fixture::pamctl().args(["audit", "list"])).failed(2, &["no place"]);
}
