//! A file that only its owner may read: the place for an access token.

use std::io;

#[cfg(unix)]
pub(crate) use unix::{read, replace};

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unfit {
    #[error("it is a symbolic link; name the file itself")]
    Link,
    #[error("it is not a regular file; name another one")]
    NotAFile,
    #[error("it belongs to another user; delete it or name another one")]
    Owner,
    #[error("others may read or write it (mode {mode:04o}); chmod 600 it, or delete it")]
    Mode { mode: u32 },
    #[error("it is larger than a token file can be; delete it or name another one")]
    Size,
    #[cfg(not(unix))]
    #[error("this platform has no file modes to keep it private; leave the cache away")]
    Platform,
    #[error("{0}")]
    Io(#[from] io::Error),
}

#[cfg(not(unix))]
pub(crate) fn read(_: &std::path::Path) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>, Unfit> {
    Err(Unfit::Platform)
}

#[cfg(not(unix))]
pub(crate) fn replace(_: &std::path::Path, _: &str, _: &[u8]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(unix)]
mod unix {
    use std::fs::{DirBuilder, File, OpenOptions};
    use std::io::{self, Read as _, Write as _};
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
    use std::path::{Path, PathBuf};

    use rustix::fs::OFlags;
    use rustix::process::geteuid;
    use zeroize::Zeroizing;

    use super::Unfit;

    /// More than any token file has.
    pub(super) const SIZE_LIMIT: u64 = 64 * 1024;

    /// What the file holds, or `None` when there is no such file.
    pub(crate) fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Unfit> {
        // Without blocking, because opening a named pipe would wait for its other end.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let opened = OpenOptions::new()
            .read(true)
            .custom_flags(flags.bits().cast_signed())
            .open(path);
        let file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if is_link(&error) => return Err(Unfit::Link),
            Err(error) => return Err(error.into()),
        };
        // Of the file that is open, not of whatever has its name by now.
        let metadata = file.metadata()?;
        let mode = metadata.mode() & 0o7777;
        if !metadata.is_file() {
            return Err(Unfit::NotAFile);
        }
        if metadata.uid() != geteuid().as_raw() {
            return Err(Unfit::Owner);
        }
        if mode & 0o077 != 0 {
            return Err(Unfit::Mode { mode });
        }
        if metadata.len() > SIZE_LIMIT {
            return Err(Unfit::Size);
        }
        let mut content = Zeroizing::new(Vec::with_capacity(SIZE_LIMIT as usize));
        file.take(SIZE_LIMIT).read_to_end(&mut content)?;
        Ok(Some(content))
    }

    /// Puts a new file in the place of the old one, so that a reader sees the one or the other.
    pub(crate) fn replace(path: &Path, unique: &str, content: &[u8]) -> io::Result<()> {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)?;
        }
        let fresh = beside(path, unique)?;
        let outcome = write_new(&fresh, content).and_then(|()| std::fs::rename(&fresh, path));
        if outcome.is_err() {
            // The first error is the one to tell; what is left over is ours alone to read.
            let _ = std::fs::remove_file(&fresh);
        }
        outcome
    }

    fn beside(path: &Path, unique: &str) -> io::Result<PathBuf> {
        let Some(name) = path.file_name() else {
            return Err(io::ErrorKind::InvalidFilename.into());
        };
        let mut fresh = std::ffi::OsString::from(".");
        fresh.push(name);
        fresh.push(format!(".{unique}"));
        Ok(path.with_file_name(fresh))
    }

    fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
        let mut file: File = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(path)?;
        file.write_all(content)
    }

    fn is_link(error: &io::Error) -> bool {
        rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::LOOP)
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::path::Path;

    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_was_put_is_read_and_only_the_owner_may() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/folder/token");
        assert!(read(&path).unwrap().is_none());
        for content in [b"one".as_slice(), b"another"] {
            replace(&path, "x", content).unwrap();
            assert_eq!(read(&path).unwrap().unwrap().as_slice(), content);
        }
        let mode = |path: &Path| path.metadata().unwrap().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        let left = std::fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(left, 1);
    }

    #[test]
    fn a_file_that_others_may_touch_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        replace(&path, "x", b"token").unwrap();
        for (mode, fit) in [
            (0o600, true),
            (0o400, true),
            (0o640, false),
            (0o604, false),
            (0o644, false),
            (0o620, false),
            (0o777, false),
        ] {
            set_mode(&path, mode);
            let outcome = read(&path);
            assert_eq!(outcome.is_ok(), fit, "{mode:o} {outcome:?}");
            if let Err(refusal) = outcome {
                assert!(refusal.to_string().contains("chmod 600"), "{refusal}");
            }
        }
    }

    #[test]
    fn what_is_not_a_plain_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("token"), folder.path().join("link"));
        replace(&path, "x", b"token").unwrap();
        symlink(&path, &link).unwrap();
        assert!(matches!(read(&link), Err(Unfit::Link)));
        assert!(matches!(read(folder.path()), Err(Unfit::NotAFile)));
        std::fs::write(&path, vec![b' '; unix::SIZE_LIMIT as usize + 1]).unwrap();
        assert!(matches!(read(&path), Err(Unfit::Size)));
    }

    #[test]
    fn a_link_is_replaced_and_its_target_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        std::fs::write(&target, "untouched").unwrap();
        symlink(&target, &link).unwrap();
        replace(&link, "x", b"token").unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"untouched");
        assert_eq!(read(&link).unwrap().unwrap().as_slice(), b"token");
    }
}
