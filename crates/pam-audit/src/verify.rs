//! Whether the file is what was written.

use std::fs::File;
use std::io::{self, BufRead, BufReader};

use pam_guard::audit::{Break, BreakKind, Link, Verifier};

use crate::error::AuditError;
use crate::file::Kept;

/// A chain without a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// Where it stands; [`Link::seq`] is the number of records.
    pub link: Link,
    /// How many records the kept link is behind: a crash can leave it so, and the next append
    /// sets it right.
    pub behind: u64,
    /// Whether a part of a record stands at the end, as a crash leaves it; the next append takes
    /// it away.
    pub torn: bool,
}

/// Why a file is not verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unverified {
    /// It is not what was written.
    #[error(transparent)]
    Broken(#[from] Break),
    /// What tells a cut end is not there.
    #[error(
        "the kept link (FILE.link) is missing, so it can't be told whether the last records were \
         cut off"
    )]
    NoKeptLink,
    /// What tells a cut end was damaged.
    #[error(
        "the kept link (FILE.link) is damaged, so it can't be told whether the last records were \
         cut off"
    )]
    KeptLinkDamaged,
    /// The file can't be read.
    #[error(transparent)]
    File(#[from] AuditError),
}

impl Verified {
    /// Of a file that is not there: none when there never was one.
    pub(crate) fn of_nothing(kept: Option<Kept>) -> Option<Result<Self, Unverified>> {
        match kept? {
            Kept::Unreadable => Some(Err(Unverified::KeptLinkDamaged)),
            Kept::Link(kept) => Some(
                Verifier::new()
                    .finish(Some(kept))
                    .map(|link| Self {
                        link,
                        behind: 0,
                        torn: false,
                    })
                    .map_err(Unverified::Broken),
            ),
        }
    }

    pub(crate) fn of(file: &File, kept: Option<Kept>) -> io::Result<Result<Self, Unverified>> {
        let mut lines = BufReader::with_capacity(256 * 1024, file);
        let mut verifier = Verifier::new();
        let mut text = Vec::new();
        let mut torn = false;
        // Whether the chain passes through the kept link.
        let mut passed = kept == Some(Kept::Link(Link::START));
        loop {
            text.clear();
            if lines.read_until(b'\n', &mut text)? == 0 {
                break;
            }
            let ended = text.pop_if(|byte| *byte == b'\n').is_some();
            // What is no UTF-8 is no record either.
            let line = String::from_utf8_lossy(&text);
            match verifier.line(&line) {
                Ok(()) => passed |= kept == Some(Kept::Link(verifier.link())),
                Err(found) if !ended && found.kind == BreakKind::NotARecord => torn = true,
                Err(found) => return Ok(Err(found.into())),
            }
        }
        let link = verifier.link();
        let behind = match kept {
            None if link == Link::START => 0,
            None => return Ok(Err(Unverified::NoKeptLink)),
            Some(Kept::Unreadable) => return Ok(Err(Unverified::KeptLinkDamaged)),
            Some(Kept::Link(kept)) if passed => link.seq - kept.seq,
            Some(Kept::Link(kept)) => match verifier.finish(Some(kept)) {
                Ok(_) => 0,
                Err(found) => return Ok(Err(found.into())),
            },
        };
        Ok(Ok(Self { link, behind, torn }))
    }
}
