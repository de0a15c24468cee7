//! Records are chained, whoever writes them.

use jiff::Timestamp;
use pam_audit::AuditFile;
use serde_json::json;

use crate::{Folder, audit, record};

#[test]
fn each_append_continues_the_chain() {
    let folder = audit();
    assert_eq!(folder.audit.append(&[record(0), record(1)]).unwrap().seq, 2);
    // Another process knows no more than the path.
    let other = AuditFile::new(folder.audit.path());
    assert_eq!(other.append(&[record(2)]).unwrap().seq, 3);
    let verified = other.verify().unwrap();
    assert_eq!(
        (verified.link.seq, verified.behind, verified.torn),
        (3, 0, false)
    );
    let first = &folder.lines()[0];
    assert!(first.starts_with(r#"{"seq":1,"prev":"0000"#), "{first}");
    assert!(
        first.contains(r#","time":""#) && first.contains(r#"Z","event":"#),
        "{first}"
    );
}

#[test]
fn writers_at_once_lose_nothing() {
    let folder = audit();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let audit = AuditFile::new(folder.audit.path());
            scope.spawn(move || {
                for n in 0..10 {
                    audit.append(&[record(writer * 10 + n)]).unwrap();
                }
            });
        }
    });
    assert_eq!(folder.audit.verify().unwrap().link.seq, 40);
    let text = folder.text();
    assert!((0..40).all(|n| text.contains(&format!("\"id{n}\""))));
}

#[test]
fn who_holds_the_lock_writes_alone() {
    let folder = audit();
    let mut locked = folder.audit.lock().unwrap();
    locked.append(&[record(0)]).unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| folder.audit.append(&[record(1)]).unwrap());
        locked.append(&[record(2)]).unwrap();
        drop(locked);
        assert_eq!(waiting.join().unwrap().seq, 3);
    });
    assert!(folder.lines()[2].contains("\"id1\""));
}

#[test]
fn a_record_that_cannot_be_chained_leaves_the_file_alone() {
    let folder = Folder::with(1);
    let before = folder.text();
    let error = folder
        .audit
        .append(&[record(1), json!({"hash": "x"})])
        .unwrap_err();
    assert!(error.to_string().contains("`hash`"), "{error}");
    assert_eq!(folder.text(), before);
    assert!(folder.audit.append(&[json!(["no object"])]).is_err());
}

#[test]
fn records_are_read_back_since_a_time() {
    let folder = audit();
    let nothing = folder.audit.since(Timestamp::MIN).unwrap();
    assert!(nothing.records.is_empty());
    // More than one block of the reader, with a line that is longer than a block.
    let long = json!({"event": "drop", "why": "x".repeat(200_000)});
    for n in 0..300 {
        folder.audit.append(&[record(n)]).unwrap();
    }
    folder.audit.append(&[long]).unwrap();
    folder.audit.append(&[record(301)]).unwrap();
    let all = folder.audit.since(Timestamp::MIN).unwrap();
    assert_eq!(all.unreadable, 0);
    let numbers: Vec<u64> = all.records.iter().map(|record| record.seq).collect();
    assert_eq!(numbers, (1..=302).collect::<Vec<u64>>());
    assert_eq!(all.records[301].text("session_id"), Some("id301"));
    let lines: Vec<&str> = all.records.iter().map(|record| &*record.line).collect();
    assert_eq!(lines, folder.lines());

    let from = all.records[299].time;
    let some = folder.audit.since(from).unwrap().records;
    assert!(some.len() >= 3 && some.iter().all(|record| record.time >= from));
    let future = Timestamp::now() + std::time::Duration::from_secs(60);
    assert!(folder.audit.since(future).unwrap().records.is_empty());
}
