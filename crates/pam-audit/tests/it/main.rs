//! The audit file on a real disk.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that can't go on has failed"
)]

mod appending;
mod damage;
mod private;

use pam_audit::AuditFile;
use serde_json::{Value, json};

struct Folder {
    _folder: tempfile::TempDir,
    audit: AuditFile,
}

fn audit() -> Folder {
    let folder = tempfile::tempdir().unwrap();
    let audit = AuditFile::new(folder.path().join("new/folder/audit.jsonl"));
    Folder {
        _folder: folder,
        audit,
    }
}

fn record(n: usize) -> Value {
    json!({"event": "drop", "session_id": format!("id{n}"), "why": "a \"quoted\" ,\"hash\":"})
}

impl Folder {
    fn with(records: usize) -> Self {
        let folder = audit();
        for n in 0..records {
            folder.audit.append(&[record(n)]).unwrap();
        }
        folder
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.audit.path()).unwrap()
    }

    fn write(&self, text: &str) {
        std::fs::write(self.audit.path(), text).unwrap();
    }

    fn lines(&self) -> Vec<String> {
        self.text().lines().map(str::to_owned).collect()
    }

    fn complaint(&self) -> String {
        self.audit.verify().unwrap_err().to_string()
    }
}
