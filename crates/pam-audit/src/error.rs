//! Why the audit file can't be used.

use std::io;
use std::path::PathBuf;

use pam_guard::audit::ChainError;
use rustix::io::Errno;

/// Why the audit file can't be read or written: one line with the cause and what to do.
#[derive(Debug, thiserror::Error)]
#[error("the audit file {} can't be used: {fault}", path.display())]
pub struct AuditError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: AuditFault,
}

/// What is wrong with an audit file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditFault {
    /// A link could lead a privileged writer anywhere.
    #[error("it is a symbolic link; name the file itself")]
    Link,
    /// A pipe, a device or a folder.
    #[error("it is not a regular file; name another one")]
    NotAFile,
    /// Its owner could rewrite it.
    #[error("it belongs to another user; name one of your own")]
    Owner,
    /// Others could read or rewrite it.
    #[error("others may read or write it (mode {mode:04o}); chmod 600 it")]
    Mode {
        /// The permission bits.
        mode: u32,
    },
    /// There is no room left, or no quota.
    #[error("the disk is full; make room, or name a file elsewhere")]
    Full,
    /// Another process holds it for too long.
    #[error("another process has kept it locked for {seconds} s; look for one that hangs")]
    Busy {
        /// How long was waited.
        seconds: u64,
    },
    /// A record can't be chained.
    #[error(transparent)]
    Record(#[from] ChainError),
    /// The operating system's word.
    #[error("{0}; check the path and its permissions")]
    Io(io::Error),
}

impl From<io::Error> for AuditFault {
    fn from(error: io::Error) -> Self {
        match Errno::from_io_error(&error) {
            Some(Errno::NOSPC | Errno::DQUOT) => Self::Full,
            Some(Errno::LOOP) => Self::Link,
            Some(Errno::NXIO | Errno::ISDIR) => Self::NotAFile,
            _ => Self::Io(error),
        }
    }
}

impl From<Errno> for AuditFault {
    fn from(error: Errno) -> Self {
        io::Error::from(error).into()
    }
}
