//! What was done to the file is found, and a crash is not taken for it.

use crate::{Folder, audit, record};

#[test]
fn edits_deletions_and_reorders_are_found() {
    let folder = Folder::with(4);
    let lines = folder.lines();
    let whole = folder.text();

    folder.write(&whole.replacen("id1", "idX", 1));
    assert!(folder.complaint().contains("line 2: record 2 was changed"));
    folder.write(&[&lines[..1], &lines[2..]].concat().join("\n"));
    assert!(folder.complaint().contains("records 2 to 2 are missing"));
    let swapped = [&lines[0], &lines[2], &lines[1], &lines[3]].map(String::as_str);
    folder.write(&(swapped.join("\n") + "\n"));
    assert!(folder.complaint().contains("line 2"));
    folder.write(&format!("{whole}nonsense\n"));
    assert!(
        folder
            .complaint()
            .contains("line 5: this is no audit record")
    );
    folder.write(&whole);
    assert_eq!(folder.audit.verify().unwrap().link.seq, 4);
}

#[test]
fn a_cut_end_is_found_and_stays_provable_when_work_goes_on() {
    for keep in [0, 3] {
        let folder = Folder::with(5);
        let kept: String = folder.lines()[..keep]
            .iter()
            .map(|line| format!("{line}\n"))
            .collect();
        folder.write(&kept);
        let complaint = folder.complaint();
        assert!(
            complaint.contains(&format!("ends with record {keep}, but record 5")),
            "{complaint}"
        );
        assert_eq!(folder.audit.append(&[record(6)]).unwrap().seq, 6);
        let complaint = folder.complaint();
        assert!(
            complaint.contains(&format!("records {} to 5 are missing", keep + 1)),
            "{complaint}"
        );
    }
}

#[test]
fn a_deleted_file_is_found_and_stays_provable() {
    let folder = Folder::with(2);
    std::fs::remove_file(folder.audit.path()).unwrap();
    assert!(
        folder
            .complaint()
            .contains("but record 2 was the last one written")
    );
    assert_eq!(folder.audit.append(&[record(3)]).unwrap().seq, 3);
    assert!(folder.complaint().contains("records 1 to 2 are missing"));
}

#[test]
fn an_edited_last_record_is_not_built_upon() {
    let folder = Folder::with(2);
    folder.write(&folder.text().replace("id1", "idX"));
    assert_eq!(folder.audit.append(&[record(2)]).unwrap().seq, 3);
    assert!(folder.complaint().contains("line 2: record 2 was changed"));
}

#[test]
fn a_last_line_that_a_crash_tore_is_no_damage() {
    let folder = Folder::with(2);
    let whole = folder.text();
    folder.write(&format!("{whole}{{\"seq\":3,\"prev\":\"ab"));
    let verified = folder.audit.verify().unwrap();
    assert!(verified.torn && verified.link.seq == 2);
    assert_eq!(folder.audit.append(&[record(2)]).unwrap().seq, 3);
    let verified = folder.audit.verify().unwrap();
    assert!(!verified.torn && verified.link.seq == 3);

    // A whole record without its line break is kept; half of a recorded one is a cut end.
    let whole = folder.text();
    folder.write(whole.trim_end());
    assert_eq!(folder.audit.append(&[record(3)]).unwrap().seq, 4);
    assert_eq!(folder.audit.verify().unwrap().link.seq, 4);
    let whole = folder.text();
    folder.write(&whole[..whole.len() - 20]);
    assert!(
        folder
            .complaint()
            .contains("but record 4 was the last one written")
    );

    let alone = audit();
    alone.audit.append(&[record(0)]).unwrap();
    alone.write("{\"se");
    std::fs::remove_file(alone.audit.link_path()).unwrap();
    assert_eq!(alone.audit.append(&[record(0)]).unwrap().seq, 1);
    assert_eq!(alone.audit.verify().unwrap().link.seq, 1);
}

#[test]
fn a_kept_link_that_a_crash_left_behind_is_no_damage() {
    let folder = Folder::with(1);
    let earlier = std::fs::read(folder.audit.link_path()).unwrap();
    folder.audit.append(&[record(1), record(2)]).unwrap();
    std::fs::write(folder.audit.link_path(), earlier).unwrap();
    assert_eq!(folder.audit.verify().unwrap().behind, 2);
    assert_eq!(folder.audit.append(&[record(3)]).unwrap().seq, 4);
    assert_eq!(folder.audit.verify().unwrap().behind, 0);
}

#[test]
fn a_kept_link_that_is_lost_or_damaged_is_told() {
    let folder = Folder::with(2);
    std::fs::write(folder.audit.link_path(), "2 beef\n").unwrap();
    assert!(folder.complaint().contains("damaged"));
    std::fs::remove_file(folder.audit.link_path()).unwrap();
    assert!(folder.complaint().contains("missing"));
    assert_eq!(folder.audit.append(&[record(2)]).unwrap().seq, 3);
    assert_eq!(folder.audit.verify().unwrap().link.seq, 3);
    assert!(audit().complaint().contains("No such file"));
}
