//! The journal in one SQLite file.
//!
//! It is in WAL mode with `synchronous=FULL`: what a commit has written survives the end of the
//! process and of the machine's power. Every row carries a CRC-32 of itself, and the file is
//! checked when it is opened: a journal in which a byte has changed is refused, because a decision
//! on half of the truth could end the wrong session. What the end of a process left behind in the
//! WAL is either whole or not there; SQLite sees to that.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pam_alert::Alert;
use pam_respond_core::{CaseReport, Entry, Incoming, Journal, Moment, Received, Record, Replay};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, Transaction, params};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

/// The version of the tables below.
const VERSION: i64 = 2;

const TABLES: &str = "
CREATE TABLE alerts (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL,
    key_hash INTEGER NOT NULL,
    at INTEGER NOT NULL,
    alert TEXT NOT NULL,
    crc INTEGER NOT NULL,
    ended INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX alerts_by_key ON alerts (key_hash);
CREATE INDEX open_alerts ON alerts (number) WHERE ended = 0;
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    alert INTEGER,
    kase INTEGER,
    lasting INTEGER NOT NULL,
    body TEXT NOT NULL,
    crc INTEGER NOT NULL
) STRICT;
CREATE INDEX entries_of_alert ON entries (alert, seq);
CREATE INDEX lasting_entries ON entries (at) WHERE lasting = 1;
CREATE TABLE cases (number INTEGER PRIMARY KEY, alert INTEGER NOT NULL) STRICT;
CREATE TABLE reports (kase INTEGER PRIMARY KEY, entry INTEGER NOT NULL) STRICT;
";

/// What is wrong with a journal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// There is no room for another row.
    #[error("the disk is full; the journal {path} can take nothing more until there is room")]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// What stands in the file was not written by this program, or has changed since.
    #[error(
        "the journal {path} is damaged: {what}; restore it from a backup, or move it and its \
         -wal and -shm away to begin a new one, which forgets the alerts without an end"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where.
        what: String,
    },
    /// Another program has it open.
    #[error("the journal {path} is in use by another responder; stop that one first")]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// Anything else.
    #[error("the journal {path} can't be used: {what}")]
    Other {
        /// The file.
        path: PathBuf,
        /// SQLite's words.
        what: String,
    },
}

/// A journal in a file.
#[derive(Debug)]
pub struct SqliteJournal {
    path: PathBuf,
    connection: Connection,
    /// Held for as long as the journal is open; a reader needs none.
    _lock: Option<File>,
}

impl SqliteJournal {
    /// Opens the journal, or makes a new one that only its owner may read. All of it is checked.
    ///
    /// # Errors
    /// [`JournalError`] when it is damaged, in use, or can't be opened.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, JournalError> {
        let path = path.into();
        private(&path).map_err(|error| JournalError::Other {
            path: path.clone(),
            what: error.to_string(),
        })?;
        let lock = locked(&path)?;
        let connection = Connection::open(&path).map_err(|error| wrong(&path, &error))?;
        let mut journal = Self {
            path,
            connection,
            _lock: Some(lock),
        };
        journal
            .prepare()
            .map_err(|error| wrong(&journal.path, &error))?;
        journal.check()?;
        Ok(journal)
    }

    /// Opens the journal for reading, also while a responder writes it.
    ///
    /// # Errors
    /// [`JournalError`] when it can't be opened.
    pub fn open_to_read(path: impl Into<PathBuf>) -> Result<Self, JournalError> {
        let path = path.into();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags);
        let connection = connection.map_err(|error| wrong(&path, &error))?;
        Ok(Self {
            path,
            connection,
            _lock: None,
        })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lets the file grow to so many pages of 4 KiB; what needs more is refused as on a full disk.
    ///
    /// # Errors
    /// [`JournalError`] when it can't be set.
    pub fn limit_pages(&mut self, pages: u32) -> Result<(), JournalError> {
        let set = self.connection.pragma_update(None, "max_page_count", pages);
        set.map_err(|error| self.wrong(&error))
    }

    fn prepare(&mut self) -> rusqlite::Result<()> {
        let connection = &mut self.connection;
        connection.busy_timeout(Duration::from_secs(1))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version == 0 {
            let transaction = connection.transaction()?;
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
            transaction.commit()?;
        }
        connection.pragma_update(None, "wal_autocheckpoint", 4_000)?;
        // In KiB: the index of the keys of some hundred thousand alerts.
        connection.pragma_update(None, "cache_size", -8_000)?;
        Ok(())
    }

    fn damaged(&self, what: impl Into<String>) -> JournalError {
        JournalError::Damaged {
            path: self.path.clone(),
            what: one_line(&what.into()),
        }
    }

    fn wrong(&self, error: &rusqlite::Error) -> JournalError {
        wrong(&self.path, error)
    }

    fn check(&self) -> Result<(), JournalError> {
        let version = self
            .connection
            .pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))
            .map_err(|error| self.wrong(&error))?;
        if version != VERSION {
            let what = format!("its version is {version}, this program writes {VERSION}");
            return Err(self.damaged(what));
        }
        let verdict = self
            .connection
            .pragma_query_value(None, "integrity_check", |row| row.get::<_, String>(0))
            .map_err(|error| self.wrong(&error))?;
        if verdict != "ok" {
            return Err(self.damaged(verdict));
        }
        // What an entry belongs to is part of what it says.
        let belongs = "coalesce(alert, '') || '/' || coalesce(kase, '') || '/' || lasting";
        for (table, columns) in [
            ("alerts", "number, key, alert".to_owned()),
            ("entries", format!("seq, {belongs}, body")),
        ] {
            let sql = format!("SELECT {columns}, at, crc FROM {table}");
            let checked = self.each(&sql, |row| {
                let number: i64 = row.get(0)?;
                let (key, text): (String, String) = (row.get(1)?, row.get(2)?);
                let (at, crc): (i64, i64) = (row.get(3)?, row.get(4)?);
                Ok((number, crc == checksum(&key, at, &text)))
            })?;
            if let Some((number, _)) = checked.iter().find(|(_, whole)| !whole) {
                return Err(self.damaged(format!("row {number} of {table} was changed")));
            }
        }
        Ok(())
    }

    fn each<T>(
        &self,
        sql: &str,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, JournalError> {
        let mut statement = self
            .connection
            .prepare(sql)
            .map_err(|error| self.wrong(&error))?;
        let rows = statement
            .query_map([], read)
            .map_err(|error| self.wrong(&error))?;
        rows.collect::<Result<_, _>>()
            .map_err(|error| self.wrong(&error))
    }

    /// Does several things in one commit, all of them or none.
    ///
    /// # Errors
    /// [`JournalError`] when nothing was written.
    pub fn batch<T>(
        &mut self,
        act: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, JournalError> {
        let path = self.path.clone();
        let begun = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate);
        let done = begun.and_then(|transaction| {
            let value = act(&transaction)?;
            transaction.commit()?;
            Ok(value)
        });
        done.map_err(|error| wrong(&path, &error))
    }

    /// Forgets what is older than this and has its end. The keys of forgotten alerts are known no
    /// more.
    ///
    /// # Errors
    /// [`JournalError`] when nothing was forgotten.
    pub fn forget(&mut self, before: Moment) -> Result<(), JournalError> {
        let before = before.as_millis();
        self.batch(|transaction| {
            let old = "SELECT number FROM alerts WHERE ended = 1 AND at < ?1";
            for sql in [
                format!("DELETE FROM reports WHERE kase IN (SELECT number FROM cases WHERE alert IN ({old}))"),
                format!("DELETE FROM cases WHERE alert IN ({old})"),
                format!("DELETE FROM entries WHERE alert IN ({old})"),
                "DELETE FROM alerts WHERE ended = 1 AND at < ?1".to_owned(),
            ] {
                transaction.execute(&sql, params![before])?;
            }
            Ok(())
        })
    }

    /// Every entry about an alert, the oldest first: the trace of its decisions.
    ///
    /// # Errors
    /// [`JournalError`] when it can't be read.
    pub fn trace(&self, alert: u64) -> Result<Vec<Entry>, JournalError> {
        let sql = format!("SELECT body FROM entries WHERE alert = {alert} ORDER BY seq");
        let bodies = self.each(&sql, |row| row.get::<_, String>(0))?;
        bodies.iter().map(|body| self.entry(body)).collect()
    }

    fn entry(&self, body: &str) -> Result<Entry, JournalError> {
        serde_json::from_str(body).map_err(|error| self.damaged(format!("an entry: {error}")))
    }
}

/// What `accept` does, within a commit of several: gives each new alert its number.
pub(crate) fn accept(
    transaction: &Transaction<'_>,
    alerts: &[Incoming],
) -> rusqlite::Result<Vec<Option<u64>>> {
    let sql = "INSERT INTO alerts (key, key_hash, at, alert, crc) SELECT ?1, ?2, ?3, ?4, ?5 \
               WHERE NOT EXISTS (SELECT 1 FROM alerts WHERE key_hash = ?2 AND key = ?1)";
    let mut statement = transaction.prepare_cached(sql)?;
    let mut numbers = Vec::with_capacity(alerts.len());
    for Incoming { key, at, alert } in alerts {
        let text = json(alert)?;
        let crc = checksum(key, at.as_millis(), &text);
        let row = params![key, hash(key), at.as_millis(), text, crc];
        let new = statement.execute(row)? == 1;
        let number = u64::try_from(transaction.last_insert_rowid()).unwrap_or_default();
        numbers.push(new.then_some(number));
    }
    Ok(numbers)
}

/// What `append` does, within a commit of several.
pub(crate) fn append(transaction: &Transaction<'_>, entries: &[Entry]) -> rusqlite::Result<()> {
    let sql = "INSERT INTO entries (at, alert, kase, lasting, body, crc) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let mut insert = transaction.prepare_cached(sql)?;
    let mut of_case = transaction.prepare_cached("SELECT alert FROM cases WHERE number = ?1")?;
    let mut open = transaction.prepare_cached("UPDATE alerts SET ended = ?2 WHERE number = ?1")?;
    for entry in entries {
        let case = entry.record.case().map(number);
        let alert = match &entry.record {
            Record::Opened { case, alert, .. } => {
                let sql = "INSERT INTO cases (number, alert) VALUES (?1, ?2)";
                let mut insert = transaction.prepare_cached(sql)?;
                insert.execute(params![number(*case), number(*alert)])?;
                open.execute(params![number(*alert), 0])?;
                Some(number(*alert))
            }
            Record::Unmatched { alert, .. } | Record::Ended { alert } => {
                open.execute(params![number(*alert), 1])?;
                Some(number(*alert))
            }
            _ => match case {
                Some(case) => of_case
                    .query_row(params![case], |row| row.get(0))
                    .optional()?,
                None => None,
            },
        };
        let body = json(entry)?;
        let at = entry.at.as_millis();
        let lasting = entry.record.outlives_its_alert();
        let text = |number: Option<i64>| number.map(|number| number.to_string());
        let (of, by) = (
            text(alert).unwrap_or_default(),
            text(case).unwrap_or_default(),
        );
        let belongs = format!("{of}/{by}/{}", i64::from(lasting));
        let crc = checksum(&belongs, at, &body);
        insert.execute(params![at, alert, case, lasting, body, crc])?;
        if let Record::Closed { report } = &entry.record {
            let row = transaction.last_insert_rowid();
            let sql = "INSERT OR REPLACE INTO reports (kase, entry) VALUES (?1, ?2)";
            let mut insert = transaction.prepare_cached(sql)?;
            insert.execute(params![number(report.case), row])?;
        }
    }
    Ok(())
}

/// What `reported` does, within a commit of several.
pub(crate) fn reported(transaction: &Transaction<'_>, case: u64) -> rusqlite::Result<()> {
    let sql = "DELETE FROM reports WHERE kase = ?1";
    let mut delete = transaction.prepare_cached(sql)?;
    delete.execute(params![number(case)]).map(|_| ())
}

impl Journal for SqliteJournal {
    type Error = JournalError;

    fn accept(&mut self, alerts: Vec<Incoming>) -> Result<Vec<Option<Received>>, JournalError> {
        let numbers = self.batch(|transaction| accept(transaction, &alerts))?;
        let accepted = numbers.into_iter().zip(alerts);
        Ok(accepted
            .map(|(number, incoming)| Some(incoming.received(number?)))
            .collect())
    }

    fn append(&mut self, entries: &[Entry]) -> Result<(), JournalError> {
        self.batch(|transaction| append(transaction, entries))
    }

    fn reported(&mut self, case: u64) -> Result<(), JournalError> {
        self.batch(|transaction| reported(transaction, case))
    }

    fn unreported(&mut self, most: usize) -> Result<Vec<CaseReport>, JournalError> {
        let sql = format!(
            "SELECT entries.body FROM reports JOIN entries ON entries.seq = reports.entry \
             ORDER BY reports.entry LIMIT {most}"
        );
        let bodies = self.each(&sql, |row| row.get::<_, String>(0))?;
        let mut reports = Vec::with_capacity(bodies.len());
        for body in bodies {
            if let Record::Closed { report } = self.entry(&body)?.record {
                reports.push(*report);
            }
        }
        Ok(reports)
    }

    fn replay(&mut self, since: Moment) -> Result<Replay, JournalError> {
        let sql = format!(
            "SELECT seq, body, alert FROM entries WHERE lasting = 1 AND at >= {} \
             UNION SELECT seq, body, entries.alert FROM entries \
             JOIN alerts ON alerts.number = entries.alert AND alerts.ended = 0 \
             UNION SELECT max(seq), body, alert FROM entries \
             WHERE lasting = 1 AND kase IS NULL AND body LIKE '%\"record\":\"halted\"%' \
             UNION SELECT max(seq), body, alert FROM entries \
             WHERE lasting = 1 AND kase IS NULL AND body LIKE '%\"record\":\"resumed\"%' \
             ORDER BY seq",
            since.as_millis()
        );
        let rows = self.each(&sql, |row| {
            let body: Option<String> = row.get(1)?;
            let alert: Option<i64> = row.get(2)?;
            Ok((body, alert))
        })?;
        let mut replay = Replay::default();
        let mut needed = BTreeSet::new();
        for (body, alert) in rows {
            let Some(body) = body else {
                continue;
            };
            replay.entries.push(self.entry(&body)?);
            if let Some(alert) = alert {
                needed.insert(alert);
            }
        }
        let read = |row: &rusqlite::Row<'_>| {
            let number: i64 = row.get(0)?;
            let (key, at): (String, i64) = (row.get(1)?, row.get(2)?);
            let (text, ended): (String, bool) = (row.get(3)?, row.get(4)?);
            Ok((number, key, at, text, ended))
        };
        let columns = "SELECT number, key, at, alert, ended FROM alerts";
        let mut rows = self.each(&format!("{columns} WHERE ended = 0 ORDER BY number"), read)?;
        for number in &needed {
            let sql = format!("{columns} WHERE ended = 1 AND number = {number}");
            rows.extend(self.each(&sql, read)?);
        }
        for (number, key, at, text, ended) in rows {
            let alert: Alert = serde_json::from_str(&text)
                .map_err(|error| self.damaged(format!("alert {number}: {error}")))?;
            let received = Received {
                number: u64::try_from(number).unwrap_or_default(),
                key,
                at: Moment::from_millis(at),
                alert,
            };
            if ended {
                replay.settled.push(received);
            } else {
                replay.open.push(received);
            }
        }
        let highest = |sql: &str| -> Result<i64, JournalError> {
            let found = self.each(sql, |row| row.get::<_, Option<i64>>(0))?;
            Ok(found.into_iter().flatten().max().unwrap_or(0))
        };
        let last_case = highest("SELECT max(number) FROM cases")?;
        replay.last_case = u64::try_from(last_case).unwrap_or_default();
        let last = highest("SELECT at FROM entries WHERE seq = (SELECT max(seq) FROM entries)")?
            .max(highest(
                "SELECT at FROM alerts WHERE number = (SELECT max(number) FROM alerts)",
            )?);
        replay.last = Moment::from_millis(last);
        Ok(replay)
    }
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn json(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// By what a key is found. Keys are in no order, so each that is added changes another page of their
/// index: the index is as small as it can be, and stays in the cache.
fn hash(key: &str) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = Sha256::digest(key).0;
    i64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// CRC-32 (ISO 3309) over what a row says.
fn checksum(key: &str, at: i64, text: &str) -> i64 {
    let mut crc = crc32fast::Hasher::new();
    for part in [key.as_bytes(), &at.to_le_bytes(), text.as_bytes()] {
        crc.update(part);
    }
    i64::from(crc.finalize())
}

/// Keeps other responders out for as long as the file is open.
fn locked(path: &Path) -> Result<File, JournalError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let other = |error: std::io::Error| JournalError::Other {
        path: path.to_owned(),
        what: error.to_string(),
    };
    let name = PathBuf::from(name);
    private(&name).map_err(other)?;
    let file = File::open(&name).map_err(other)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(Errno::WOULDBLOCK) => Err(JournalError::InUse {
            path: path.to_owned(),
        }),
        Err(error) => Err(other(error.into())),
    }
}

/// Makes the file with its rights before SQLite opens it.
fn private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map(|_| ())
}

fn one_line(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join("; ")
}

fn wrong(path: &Path, error: &rusqlite::Error) -> JournalError {
    let path = path.to_owned();
    let what = one_line(&error.to_string());
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => JournalError::Full { path },
        Some(ErrorCode::SystemIoFailure) if what.contains("full") => JournalError::Full { path },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => JournalError::InUse { path },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            JournalError::Damaged { path, what }
        }
        _ => JournalError::Other { path, what },
    }
}
