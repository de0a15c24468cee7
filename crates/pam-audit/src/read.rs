//! Reading from the end of the file backwards: the newest records are the ones asked for.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use jiff::Timestamp;
use pam_guard::audit::Link;
use serde_json::{Map, Value};

/// How much is read at first: the last records.
const FIRST: u64 = 4 * 1024;
/// The most that is read at once.
const MOST: u64 = 64 * 1024;

/// How a file ends.
#[derive(Debug)]
pub(crate) struct Tail {
    /// The link behind the last line, when it is a record.
    pub(crate) link: Option<Link>,
    /// Where the next record is to be written; what stands behind it is less than a record.
    pub(crate) end: u64,
    /// The last record has no line break.
    pub(crate) lacks_break: bool,
}

impl Tail {
    pub(crate) fn of(file: &File) -> io::Result<Self> {
        let mut lines = Backwards::new(file)?;
        let length = lines.start;
        let Some(last) = lines.next().transpose()? else {
            return Ok(Self {
                link: None,
                end: 0,
                lacks_break: false,
            });
        };
        let link = |line: &[u8]| Link::behind(std::str::from_utf8(line).ok()?).ok();
        if last.ended {
            return Ok(Self {
                link: link(&last.text),
                end: length,
                lacks_break: false,
            });
        }
        if let Some(link) = link(&last.text) {
            return Ok(Self {
                link: Some(link),
                end: length,
                lacks_break: true,
            });
        }
        let before = lines.next().transpose()?;
        Ok(Self {
            link: before.and_then(|line| link(&line.text)),
            end: length - last.text.len() as u64,
            lacks_break: false,
        })
    }
}

/// A line, and whether a line break ends it.
struct Line {
    text: Vec<u8>,
    ended: bool,
}

/// The lines of a file from its last one to its first.
struct Backwards<'a> {
    file: &'a File,
    /// Where what was read begins.
    start: u64,
    /// How much is read next.
    block: u64,
    /// What was read and is not handed out yet.
    held: Vec<u8>,
}

impl<'a> Backwards<'a> {
    fn new(file: &'a File) -> io::Result<Self> {
        Ok(Self {
            file,
            start: file.metadata()?.len(),
            block: FIRST,
            held: Vec::new(),
        })
    }

    /// Reads the block before what is held.
    fn fill(&mut self) -> io::Result<()> {
        // As much again as is held, so that a long line is not copied over and over.
        let size = self.block.max(self.held.len() as u64).min(self.start);
        self.block = MOST.min(2 * self.block);
        self.start -= size;
        let mut block = vec![0; usize::try_from(size).map_err(io::Error::other)?];
        self.file.read_exact_at(&mut block, self.start)?;
        block.append(&mut self.held);
        self.held = block;
        Ok(())
    }

    fn line(&mut self) -> io::Result<Option<Line>> {
        loop {
            let ended = self.held.last() == Some(&b'\n');
            let body = self.held.len() - usize::from(ended);
            let break_before = self.held[..body].iter().rposition(|byte| *byte == b'\n');
            let begin = match break_before {
                Some(at) => at + 1,
                None if self.start > 0 => {
                    self.fill()?;
                    continue;
                }
                None if self.held.is_empty() => return Ok(None),
                None => 0,
            };
            let mut text = self.held.split_off(begin);
            text.truncate(body - begin);
            return Ok(Some(Line { text, ended }));
        }
    }
}

impl Iterator for Backwards<'_> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        self.line().transpose()
    }
}

/// A record as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its number.
    pub seq: u64,
    /// When it was written.
    pub time: Timestamp,
    /// All of its keys, the chain's own among them.
    pub fields: Map<String, Value>,
    /// The line, byte for byte.
    pub line: String,
}

impl Record {
    fn read(line: Vec<u8>) -> Option<Self> {
        let line = String::from_utf8(line).ok()?;
        let fields: Map<String, Value> = serde_json::from_str(&line).ok()?;
        let time = fields.get("time")?.as_str()?.parse().ok()?;
        let seq = fields.get("seq")?.as_u64()?;
        Some(Self {
            seq,
            time,
            fields,
            line,
        })
    }

    /// The text under a key.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.fields.get(key)?.as_str()
    }
}

/// Records in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Records {
    /// The records.
    pub records: Vec<Record>,
    /// How many lines between them are no records.
    pub unreadable: usize,
}

impl Records {
    /// The sessions for which a drop was decided, each once.
    #[must_use]
    pub fn dropped(&self) -> BTreeSet<&str> {
        let drops = self.records.iter();
        let drops = drops.filter(|record| record.text("event") == Some("drop"));
        drops
            .filter_map(|record| record.text("session_id"))
            .collect()
    }

    /// From the end of the file back to the first record that is older.
    pub(crate) fn since(file: &File, time: Timestamp) -> io::Result<Self> {
        let mut found = Self::default();
        for line in Backwards::new(file)? {
            let line = line?;
            match Record::read(line.text) {
                Some(record) if record.time < time => break,
                Some(record) => found.records.push(record),
                // A writer may be about to complete the last line.
                None if !line.ended => {}
                None => found.unreadable += 1,
            }
        }
        found.records.reverse();
        Ok(found)
    }
}
