//! The file is its owner's alone.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use pam_audit::AuditFile;

use crate::{Folder, record};

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().mode() & 0o777
}

fn refusal(audit: &AuditFile) -> String {
    let error = audit.append(&[record(0)]).unwrap_err().to_string();
    assert_eq!(
        audit.since(jiff::Timestamp::MIN).unwrap_err().to_string(),
        error
    );
    error
}

#[test]
fn what_is_made_is_private() {
    let folder = Folder::with(1);
    assert_eq!(mode(folder.audit.path()), 0o600);
    assert_eq!(mode(&folder.audit.link_path()), 0o600);
    assert_eq!(mode(folder.audit.path().parent().unwrap()), 0o700);
}

#[test]
fn a_file_that_others_may_touch_is_refused() {
    let folder = Folder::with(1);
    let path = folder.audit.path();
    for wrong in [0o640, 0o604, 0o644, 0o620, 0o777] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(wrong)).unwrap();
        let error = refusal(&folder.audit);
        assert!(
            error.contains(&format!("mode {wrong:04o}")) && error.contains("chmod 600"),
            "{error}"
        );
    }
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    folder.audit.append(&[record(1)]).unwrap();
}

#[test]
fn only_a_regular_file_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let link = folder.path().join("link");
    symlink(&file, &link).unwrap();
    assert!(refusal(&AuditFile::new(&link)).contains("symbolic link"));
    assert!(refusal(&AuditFile::new(folder.path())).contains("not a regular file"));
    assert!(refusal(&AuditFile::new("/dev/full")).contains("not a regular file"));
    let below = AuditFile::new(file.join("audit"));
    assert!(
        below
            .append(&[record(0)])
            .unwrap_err()
            .to_string()
            .contains("Not a directory")
    );
}

#[test]
fn a_kept_link_is_not_followed_elsewhere() {
    let folder = Folder::with(1);
    let elsewhere = folder.audit.path().with_file_name("elsewhere");
    std::fs::write(&elsewhere, "untouched").unwrap();
    std::fs::remove_file(folder.audit.link_path()).unwrap();
    symlink(&elsewhere, folder.audit.link_path()).unwrap();
    let error = folder.audit.append(&[record(1)]).unwrap_err().to_string();
    assert!(error.contains("symbolic link"), "{error}");
    assert_eq!(std::fs::read_to_string(elsewhere).unwrap(), "untouched");
    assert_eq!(folder.lines().len(), 1);
}
