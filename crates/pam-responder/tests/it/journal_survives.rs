//! What the journal has written is there again, or the journal is refused.

use std::path::Path;

use pam_alert::Alert;
use pam_respond_core::{Entry, Incoming, Journal, MemoryJournal, Mode, Moment, Record};
use pam_responder::{JournalError, SqliteJournal};

fn at(seconds: i64) -> Moment {
    Moment::from_millis(1_795_000_000_000 + seconds * 1_000)
}

fn incoming(number: u64) -> Incoming {
    let mut alert = Alert::new("vault");
    alert.user = Some(format!("user{number}"));
    Incoming {
        key: format!("k{number}"),
        at: at(0),
        alert,
    }
}

fn opened(case: u64, alert: u64) -> Entry {
    Entry {
        at: at(1),
        record: Record::Opened {
            case,
            alert,
            rule: "r".to_owned(),
            mode: Mode::Armed,
            deadline: at(60),
            reconnect_of: None,
        },
    }
}

fn fill(journal: &mut impl Journal) {
    let accepted = journal.accept((1..=4).map(incoming).collect()).unwrap();
    assert!(accepted.iter().all(Option::is_some));
    let again = journal.accept(vec![incoming(2), incoming(5)]).unwrap();
    assert!(again[0].is_none() && again[1].as_ref().unwrap().number == 5);
    let ended = |alert, seconds| Entry {
        at: at(seconds),
        record: Record::Unmatched {
            alert,
            why: "no rule".to_owned(),
        },
    };
    let halted = Entry {
        at: at(3),
        record: Record::Halted {
            by: "carol".to_owned(),
            why: "drill".to_owned(),
        },
    };
    journal
        .append(&[opened(1, 1), ended(2, 2), halted])
        .unwrap();
    journal.append(&[opened(2, 3), ended(5, 3)]).unwrap();
}

#[test]
fn it_tells_the_same_as_the_one_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let mut memory = MemoryJournal::new();
    fill(&mut memory);
    {
        let mut journal = SqliteJournal::open(&path).unwrap();
        fill(&mut journal);
    }
    let mut journal = SqliteJournal::open(&path).unwrap();
    for since in [at(-9), at(9)] {
        let (ours, theirs) = (
            journal.replay(since).unwrap(),
            memory.replay(since).unwrap(),
        );
        assert_eq!(ours, theirs);
    }
    assert_eq!(journal.replay(at(9)).unwrap().open.len(), 3);
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&path).unwrap());
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_second_responder_is_kept_out_and_a_reader_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let mut journal = SqliteJournal::open(&path).unwrap();
    fill(&mut journal);
    let second = SqliteJournal::open(&path).unwrap_err();
    assert!(matches!(second, JournalError::InUse { .. }), "{second}");
    let reader = SqliteJournal::open_to_read(&path).unwrap();
    assert_eq!(reader.trace(1).unwrap(), [opened(1, 1)]);
}

#[test]
fn what_is_old_and_has_its_end_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = SqliteJournal::open(folder.path().join("journal.db")).unwrap();
    fill(&mut journal);
    journal.forget(at(100)).unwrap();
    let replay = journal.replay(at(-9)).unwrap();
    let open: Vec<u64> = replay.open.iter().map(|alert| alert.number).collect();
    assert_eq!(open, [1, 3, 4]);
    // A number is never given twice.
    let next = journal.accept(vec![incoming(9)]).unwrap();
    assert_eq!(next[0].as_ref().unwrap().number, 6);
}

fn filled(path: &Path) -> Vec<u8> {
    let mut journal = SqliteJournal::open(path).unwrap();
    fill(&mut journal);
    for number in 10..200 {
        journal.accept(vec![incoming(number)]).unwrap();
    }
    // The last connection's end moves everything from the WAL into the file.
    drop(journal);
    std::fs::read(path).unwrap()
}

#[test]
fn a_flipped_byte_is_refused_or_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let whole = filled(&path);
    let before = SqliteJournal::open(&path).unwrap().replay(at(-9)).unwrap();
    let (mut refused, mut harmless) = (0, 0);
    for index in (0..whole.len()).step_by(97) {
        let mut damaged = whole.clone();
        damaged[index] ^= 0x20;
        std::fs::write(&path, &damaged).unwrap();
        match SqliteJournal::open(&path).and_then(|mut journal| journal.replay(at(-9))) {
            Ok(replay) => {
                assert!(replay == before, "byte {index} changed what is told");
                harmless += 1;
            }
            Err(error) => {
                let line = error.to_string();
                assert!(
                    line.contains("journal.db") && !line.contains('\n'),
                    "{line}"
                );
                refused += 1;
            }
        }
    }
    println!("{refused} flipped bytes were refused, {harmless} changed nothing");
    assert!(refused > 100, "{refused} refused, {harmless} harmless");
}

#[test]
fn a_truncated_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let whole = filled(&path);
    for length in [100, whole.len() / 2, whole.len() - 4_096, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = SqliteJournal::open(&path).unwrap_err();
        assert!(
            matches!(error, JournalError::Damaged { .. }),
            "{length}: {error}"
        );
        assert!(
            error.to_string().contains("restore it from a backup"),
            "{error}"
        );
    }
}

#[test]
fn a_full_disk_refuses_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = SqliteJournal::open(folder.path().join("journal.db")).unwrap();
    fill(&mut journal);
    journal.limit_pages(16).unwrap();
    let mut accepted = 0;
    let error = loop {
        let mut alert = incoming(1_000 + accepted);
        alert
            .alert
            .attributes
            .insert("cs1".to_owned(), "x".repeat(2_000));
        match journal.accept(vec![alert]) {
            Ok(_) => accepted += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, JournalError::Full { .. }), "{error}");
    let open = journal.replay(at(-9)).unwrap().open.len();
    assert_eq!(open as u64, 3 + accepted);
    // When there is room again, it goes on.
    journal.limit_pages(4_096).unwrap();
    journal.accept(vec![incoming(9_999)]).unwrap();
}
