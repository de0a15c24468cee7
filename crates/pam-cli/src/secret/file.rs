//! A file that its owner alone may read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

use pam_proto::Secret;
use rustix::process::geteuid;
use zeroize::Zeroizing;

use super::{LIMIT, Unusable};

/// As many symbolic links as Linux follows.
const LINKS: usize = 40;

/// The content of a file that is nobody else's, or nothing when there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Unusable> {
    let resolved = match without_foreign_links(path) {
        Ok(resolved) => resolved,
        Err(Unresolved::Missing) => return Ok(None),
        Err(Unresolved::Foreign(link)) => {
            return Err(format!(
                "{} is a symbolic link in a folder that others can write to; name the file itself",
                link.display()
            ));
        }
        Err(Unresolved::Io(error)) => return Err(error.to_string()),
    };
    let Some(file) = open(&resolved)? else {
        return Ok(None);
    };
    // Of the file that is open, not of whatever has its name by now.
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    if metadata.uid() != geteuid().as_raw() {
        return Err("it belongs to another user; copy it to a file of your own".to_owned());
    }
    let mode = metadata.mode() & 0o7777;
    if mode & !0o600 != 0 {
        return Err(format!(
            "its mode is {mode:04o}, so that others may read or write it; chmod 600 it, and change \
             the secret if others use this machine"
        ));
    }
    content(file).map(Some)
}

/// The content of a file whose protection is somebody else's duty.
pub(super) fn read_plain(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Unusable> {
    open(path)?.map(content).transpose()
}

fn open(path: &Path) -> Result<Option<File>, Unusable> {
    // Without blocking, because opening a named pipe would wait for its other end.
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(flags.bits().cast_signed());
    let unreadable = |error: io::Error| format!("it can't be read: {error}");
    let file = match options.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err("it is not a regular file; name another one".to_owned());
    }
    Ok(Some(file))
}

fn content(file: File) -> Result<Zeroizing<Vec<u8>>, Unusable> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LIMIT + 1));
    file.take(LIMIT as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("it can't be read: {error}"))?;
    if bytes.len() > LIMIT {
        return Err("it is larger than 64 KiB, which no secret is; name another one".to_owned());
    }
    Ok(bytes)
}

enum Unresolved {
    Missing,
    Foreign(PathBuf),
    Io(io::Error),
}

impl From<io::Error> for Unresolved {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            _ => Self::Io(error),
        }
    }
}

/// The path without symbolic links, none of which stood where somebody else could have put it.
fn without_foreign_links(path: &Path) -> Result<PathBuf, Unresolved> {
    let absolute = std::path::absolute(path)?;
    let mut left: Vec<PathBuf> = parts(&absolute);
    let mut resolved = PathBuf::from("/");
    let mut links = 0;
    while let Some(part) = left.pop() {
        if part == Path::new("..") {
            resolved.pop();
            continue;
        }
        let next = resolved.join(&part);
        if !fs::symlink_metadata(&next)?.is_symlink() {
            resolved = next;
            continue;
        }
        links += 1;
        if links > LINKS {
            return Err(Unresolved::Io(io::Error::other("too many symbolic links")));
        }
        let folder = fs::metadata(&resolved)?;
        let owned = [0, geteuid().as_raw()].contains(&folder.uid());
        if !owned || folder.mode() & 0o022 != 0 {
            return Err(Unresolved::Foreign(next));
        }
        let target = fs::read_link(&next)?;
        if target.is_absolute() {
            resolved = PathBuf::from("/");
        }
        left.extend(parts(&target));
    }
    Ok(resolved)
}

/// The names of a path, the last one first.
fn parts(path: &Path) -> Vec<PathBuf> {
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(PathBuf::from(name)),
        Component::ParentDir => Some(PathBuf::from("..")),
        _ => None,
    });
    let mut names: Vec<PathBuf> = names.collect();
    names.reverse();
    names
}

/// Puts a new file in the place of the old one, readable by its owner alone.
pub(super) fn store(path: &Path, secret: &Secret) -> Result<(), Unusable> {
    let said = |error: io::Error| format!("it can't be written: {error}");
    let folder = path.parent().unwrap_or(Path::new("/"));
    let mut options = fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(options.recursive(true), 0o700);
    options.create(folder).map_err(said)?;
    // Made with mode 0600.
    let mut file = tempfile::Builder::new()
        .prefix(".pamctl-")
        .tempfile_in(folder)
        .map_err(said)?;
    file.write_all(secret.expose().as_bytes()).map_err(said)?;
    file.as_file().sync_all().map_err(said)?;
    file.persist(path).map_err(|error| said(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn only_the_owner_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        assert!(read(&path).unwrap().is_none());
        store(&path, &Secret::new("hunter2")).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(read(&path).unwrap().unwrap().as_slice(), b"hunter2");
        for mode in [0o640, 0o604, 0o644, 0o660, 0o666, 0o777, 0o700] {
            set(&path, mode);
            let why = read(&path).unwrap_err();
            assert!(
                why.contains("chmod 600") && !why.contains("hunter2"),
                "{why}"
            );
        }
        set(&path, 0o400);
        assert!(read(&path).unwrap().is_some());
    }

    #[test]
    fn a_link_counts_where_nobody_else_could_have_put_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        store(&path, &Secret::new("s")).unwrap();
        let link = folder.path().join("link");
        symlink("secret", &link).unwrap();
        assert!(read(&link).unwrap().is_some());
        let below = folder.path().join("below");
        symlink(".", &below).unwrap();
        assert!(read(&below.join("link")).unwrap().is_some());
        set(folder.path(), 0o777);
        assert!(read(&link).unwrap_err().contains("symbolic link"));
        assert!(
            read(&below.join("secret"))
                .unwrap_err()
                .contains("symbolic link")
        );
        set(folder.path(), 0o1777);
        assert!(read(&link).is_err());
        assert!(read(&path).unwrap().is_some());
        symlink("loop", folder.path().join("loop")).unwrap();
        set(folder.path(), 0o700);
        assert!(
            read(&folder.path().join("loop"))
                .unwrap_err()
                .contains("too many")
        );
    }

    #[test]
    fn what_is_no_secret_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(
            read_plain(folder.path())
                .unwrap_err()
                .contains("regular file")
        );
        let long = folder.path().join("long");
        fs::write(&long, vec![b'x'; LIMIT + 1]).unwrap();
        assert!(read_plain(&long).unwrap_err().contains("64 KiB"));
    }
}
