//! The file itself: opening, locking, appending.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use pam_guard::audit::{Link, append};
use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use rustix::process::geteuid;
use serde::Serialize;

use crate::error::{AuditError, AuditFault};
use crate::read::{Records, Tail};
use crate::verify::{Unverified, Verified};

/// How long another process may keep the file locked: far longer than an append takes.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is tried again meanwhile.
const PAUSE: Duration = Duration::from_millis(5);

/// An audit file, by its path. It is opened anew for each operation, so that a file that was
/// moved away is never written on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditFile {
    path: PathBuf,
}

/// A record with the time at which it was written.
#[derive(Serialize)]
struct Timed<'a, R> {
    time: String,
    #[serde(flatten)]
    record: &'a R,
}

impl AuditFile {
    /// The file at this path. Nothing is opened.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the last link is kept: `FILE.link`.
    #[must_use]
    pub fn link_path(&self) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".link");
        name.into()
    }

    /// Adds records, each an object without the keys `seq`, `prev`, `time` and `hash`. They are on
    /// the disk, with their time, when this returns; when it fails, none of them is in the file.
    ///
    /// # Errors
    /// [`AuditError`] when the file can't be used, or when there is no room for the records.
    pub fn append(&self, records: &[impl Serialize]) -> Result<Link, AuditError> {
        self.lock()?.append(records)
    }

    /// The records that were written since then, in their order.
    ///
    /// # Errors
    /// [`AuditError`] when the file can't be used. A file that does not exist has no records.
    pub fn since(&self, time: Timestamp) -> Result<Records, AuditError> {
        match self.open(false) {
            Ok(file) => Records::since(&file, time).map_err(|error| self.error(error)),
            Err(AuditFault::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                Ok(Records::default())
            }
            Err(fault) => Err(self.error(fault)),
        }
    }

    /// Follows the whole chain and compares its end with the kept link.
    ///
    /// # Errors
    /// [`Unverified`] says where the chain breaks, or why that can't be told.
    pub fn verify(&self) -> Result<Verified, Unverified> {
        let file = match self.open(false) {
            Ok(file) => file,
            Err(AuditFault::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                let missing = || Err(Unverified::File(self.error(error)));
                return Verified::of_nothing(self.kept()).unwrap_or_else(missing);
            }
            Err(fault) => return Err(self.error(fault).into()),
        };
        // A writer between the file and the kept link would look like a cut.
        self.acquire(&file, FlockOperation::NonBlockingLockShared)
            .map_err(|fault| self.error(fault))?;
        let kept = self.kept();
        Verified::of(&file, kept).map_err(|error| Unverified::File(self.error(error)))?
    }

    /// Opens the file, creating it if need be, and keeps other writers out until the result is
    /// dropped.
    ///
    /// # Errors
    /// [`AuditError`] when it can't be used.
    pub fn lock(&self) -> Result<Locked<'_>, AuditError> {
        self.try_lock().map_err(|fault| self.error(fault))
    }

    fn try_lock(&self) -> Result<Locked<'_>, AuditFault> {
        loop {
            let (file, created) = match self.open(false) {
                Ok(file) => (file, false),
                Err(AuditFault::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                    self.make_folder()?;
                    (self.open(true)?, true)
                }
                Err(fault) => return Err(fault),
            };
            self.acquire(&file, FlockOperation::NonBlockingLockExclusive)?;
            // It may have been moved away while its lock was waited for.
            let ours = file.metadata()?;
            let same = std::fs::symlink_metadata(&self.path)
                .is_ok_and(|named| (named.dev(), named.ino()) == (ours.dev(), ours.ino()));
            if !same {
                continue;
            }
            let keeper = self.open_keeper()?;
            if created {
                sync_folder(&self.path)?;
            }
            return Ok(Locked {
                audit: self,
                file,
                keeper,
            });
        }
    }

    fn open(&self, create: bool) -> Result<File, AuditFault> {
        let file = private(&self.path, create)?;
        let metadata = file.metadata()?;
        let mode = metadata.mode() & 0o7777;
        if !metadata.is_file() {
            return Err(AuditFault::NotAFile);
        }
        if metadata.uid() != geteuid().as_raw() {
            return Err(AuditFault::Owner);
        }
        if mode & 0o077 != 0 {
            return Err(AuditFault::Mode { mode });
        }
        Ok(file)
    }

    /// Opens the kept link for writing. It has its full length before anything is appended, so
    /// that to write it later needs no room.
    fn open_keeper(&self) -> Result<File, AuditFault> {
        let path = self.link_path();
        let (file, created) = match private(&path, false) {
            Ok(file) => (file, false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (private(&path, true)?, true),
            Err(error) => return Err(error.into()),
        };
        if created {
            sync_folder(&path)?;
        }
        if file.metadata()?.len() == 0 {
            file.write_all_at(&[b'\n'; KEPT_LENGTH], 0)?;
        }
        Ok(file)
    }

    fn acquire(&self, file: &File, how: FlockOperation) -> Result<(), AuditFault> {
        let began = Instant::now();
        loop {
            match flock(file, how) {
                Ok(()) => return Ok(()),
                Err(Errno::WOULDBLOCK | Errno::INTR) if began.elapsed() < PATIENCE => {
                    std::thread::sleep(PAUSE);
                }
                Err(Errno::WOULDBLOCK) => {
                    let seconds = PATIENCE.as_secs();
                    return Err(AuditFault::Busy { seconds });
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The kept link: none when there is no file, or nothing was kept yet.
    fn kept(&self) -> Option<Kept> {
        let text = std::fs::read_to_string(self.link_path()).ok()?;
        Some(match Link::parse(&text) {
            Some(link) => Kept::Link(link),
            None if text.trim().is_empty() => return None,
            None => Kept::Unreadable,
        })
    }

    fn make_folder(&self) -> Result<(), AuditFault> {
        let Some(folder) = self.path.parent().filter(|f| !f.as_os_str().is_empty()) else {
            return Ok(());
        };
        let missing: Vec<&Path> = folder.ancestors().take_while(|f| !f.exists()).collect();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        for made in missing {
            sync_folder(made)?;
        }
        Ok(())
    }

    fn error(&self, fault: impl Into<AuditFault>) -> AuditError {
        AuditError {
            path: self.path.clone(),
            fault: fault.into(),
        }
    }
}

/// What the file beside says of the last record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    Link(Link),
    Unreadable,
}

/// The kept link is one text of this length, whatever its number, so that it is replaced whole:
/// 20 digits, a blank, 64 digits, a line break.
const KEPT_LENGTH: usize = 86;

/// An audit file to which nobody else appends.
#[derive(Debug)]
pub struct Locked<'a> {
    audit: &'a AuditFile,
    file: File,
    keeper: File,
}

impl Locked<'_> {
    /// Adds records, as [`AuditFile::append`] does.
    ///
    /// # Errors
    /// As [`AuditFile::append`].
    pub fn append(&mut self, records: &[impl Serialize]) -> Result<Link, AuditError> {
        self.try_append(records)
            .map_err(|fault| self.audit.error(fault))
    }

    /// The records that were written since then, as [`AuditFile::since`] gives them.
    ///
    /// # Errors
    /// As [`AuditFile::since`].
    pub fn since(&self, time: Timestamp) -> Result<Records, AuditError> {
        Records::since(&self.file, time).map_err(|error| self.audit.error(error))
    }

    fn try_append(&mut self, records: &[impl Serialize]) -> Result<Link, AuditFault> {
        let tail = Tail::of(&self.file)?;
        let mut link = self.last(&tail);
        // A record whose line break alone is missing was written whole; less than a record is
        // what a crash left of one that nobody has acted on.
        let mut text = String::from(if tail.lacks_break { "\n" } else { "" });
        let time = format!("{:.3}", Timestamp::now());
        for record in records {
            let time = time.clone();
            let (line, next) = append(&link, &Timed { time, record })?;
            text.push_str(&line);
            text.push('\n');
            link = next;
        }
        let written = self.write(&text, tail.end, link);
        if written.is_err() {
            // The first error is the one to tell.
            let _ = self.file.set_len(tail.end);
        }
        written?;
        Ok(link)
    }

    fn write(&self, text: &str, at: u64, link: Link) -> io::Result<()> {
        if self.file.metadata()?.len() > at {
            self.file.set_len(at)?;
        }
        self.file.write_all_at(text.as_bytes(), at)?;
        self.file.sync_data()?;
        let kept = format!("{:>20} {}\n", link.seq, link.hash);
        self.keeper.write_all_at(kept.as_bytes(), 0)
    }

    /// Where the chain goes on. Of a file whose end was cut off or changed it goes on behind the
    /// record that was kept in mind, so that what is missing stays provable; a kept link that is
    /// behind, after a crash, is not minded.
    fn last(&self, tail: &Tail) -> Link {
        let found = tail.link.unwrap_or(Link::START);
        match self.audit.kept() {
            Some(Kept::Link(kept)) if kept.seq >= found.seq => kept,
            _ => found,
        }
    }
}

/// Opens a file that only its owner may touch, and no symbolic link.
fn private(path: &Path, create: bool) -> io::Result<File> {
    // Without blocking, because opening a named pipe would wait for its other end.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(create)
        .truncate(false)
        .mode(0o600)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
}

/// Has the name of a new file on the disk.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
