//! Where facts are kept.

use std::collections::BTreeMap;

use pam_alert::Alert;

use crate::moment::Moment;
use crate::record::{CaseReport, Entry, Received, Record};

/// An alert on its way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// What is the same whenever the same alert arrives.
    pub key: String,
    /// When it arrived.
    pub at: Moment,
    /// What it says.
    pub alert: Alert,
}

impl Incoming {
    /// The alert that the journal holds under this number.
    #[must_use]
    pub fn received(self, number: u64) -> Received {
        let Self { key, at, alert } = self;
        Received {
            number,
            key,
            at,
            alert,
        }
    }
}

/// What a journal still holds that counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Replay {
    /// The alerts without an end, by their numbers.
    pub open: Vec<Received>,
    /// The alerts that have their end and that an entry below rests on.
    pub settled: Vec<Received>,
    /// The entries, in the order in which they were written.
    pub entries: Vec<Entry>,
    /// The highest number of a case.
    pub last_case: u64,
    /// The time of the last entry or alert: time goes on from there, whatever the clock says.
    pub last: Moment,
}

/// Where facts are kept: alerts, decisions, and with them leases, limits, halts and cooldowns,
/// which are nothing but what these facts add up to.
///
/// What a call has written when it returns `Ok` survives the end of the process and of the
/// machine's power; what it returns as an error was not written at all. An implementation for
/// several responders refuses an [`append`](Self::append) that another one's entries came before,
/// and hands those over first.
pub trait Journal {
    /// What can go wrong: the disk is full, or the file is damaged.
    type Error: std::error::Error;

    /// Takes alerts in. Each gets its number; one whose key is known already gets none.
    ///
    /// # Errors
    /// When nothing was written.
    fn accept(&mut self, alerts: Vec<Incoming>) -> Result<Vec<Option<Received>>, Self::Error>;

    /// Writes entries, all of them or none.
    ///
    /// # Errors
    /// When nothing was written.
    fn append(&mut self, entries: &[Entry]) -> Result<(), Self::Error>;

    /// Marks a report as delivered.
    ///
    /// # Errors
    /// When nothing was written.
    fn reported(&mut self, case: u64) -> Result<(), Self::Error>;

    /// The reports that were not delivered yet, the oldest first, at most so many.
    ///
    /// # Errors
    /// When the journal can't be read.
    fn unreported(&mut self, most: usize) -> Result<Vec<CaseReport>, Self::Error>;

    /// What still counts: everything about alerts without an end, and what
    /// [outlives its alert](Record::outlives_its_alert) and is not older than `since`.
    ///
    /// # Errors
    /// When the journal can't be read or holds something that was not written by this program.
    fn replay(&mut self, since: Moment) -> Result<Replay, Self::Error>;
}

/// A journal that lasts as long as the value: for tests, simulations, and decisions that are only
/// shown.
#[derive(Debug, Clone, Default)]
pub struct MemoryJournal {
    alerts: BTreeMap<u64, (Received, bool)>,
    keys: BTreeMap<String, u64>,
    entries: Vec<(Option<u64>, Entry)>,
    alert_of: BTreeMap<u64, u64>,
    reported: std::collections::BTreeSet<u64>,
}

/// A [`MemoryJournal`] can't fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the memory journal can't fail")]
pub enum Never {}

impl MemoryJournal {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Every alert, and whether it has its end.
    pub fn alerts(&self) -> impl Iterator<Item = (&Received, bool)> {
        self.alerts.values().map(|(alert, ended)| (alert, *ended))
    }

    /// Every entry.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().map(|(_, entry)| entry)
    }

    fn alert_of(&self, record: &Record) -> Option<u64> {
        match record {
            Record::Unmatched { alert, .. }
            | Record::Ended { alert }
            | Record::Opened { alert, .. } => Some(*alert),
            record => self.alert_of.get(&record.case()?).copied(),
        }
    }
}

impl Journal for MemoryJournal {
    type Error = Never;

    fn accept(&mut self, alerts: Vec<Incoming>) -> Result<Vec<Option<Received>>, Never> {
        let accepted = alerts.into_iter().map(|incoming| {
            if self.keys.contains_key(&incoming.key) {
                return None;
            }
            let number = u64::try_from(self.alerts.len()).unwrap_or(u64::MAX) + 1;
            self.keys.insert(incoming.key.clone(), number);
            let received = incoming.received(number);
            self.alerts.insert(number, (received.clone(), false));
            Some(received)
        });
        Ok(accepted.collect())
    }

    fn append(&mut self, entries: &[Entry]) -> Result<(), Never> {
        for entry in entries {
            if let Record::Opened { case, alert, .. } = entry.record {
                self.alert_of.insert(case, alert);
            }
            let alert = self.alert_of(&entry.record);
            let ended = match entry.record {
                Record::Unmatched { .. } | Record::Ended { .. } => Some(true),
                Record::Opened { .. } => Some(false),
                _ => None,
            };
            let row = alert.and_then(|alert| self.alerts.get_mut(&alert));
            if let (Some((_, has_end)), Some(ended)) = (row, ended) {
                *has_end = ended;
            }
            self.entries.push((alert, entry.clone()));
        }
        Ok(())
    }

    fn reported(&mut self, case: u64) -> Result<(), Never> {
        self.reported.insert(case);
        Ok(())
    }

    fn unreported(&mut self, most: usize) -> Result<Vec<CaseReport>, Never> {
        let reports = self
            .entries
            .iter()
            .filter_map(|(_, entry)| match &entry.record {
                Record::Closed { report } if !self.reported.contains(&report.case) => {
                    Some((**report).clone())
                }
                _ => None,
            });
        Ok(reports.take(most).collect())
    }

    fn replay(&mut self, since: Moment) -> Result<Replay, Never> {
        let is_open = |alert: &u64| self.alerts.get(alert).is_some_and(|(_, ended)| !ended);
        let counts = |(alert, entry): &&(Option<u64>, Entry)| {
            alert.as_ref().is_some_and(is_open)
                || entry.at >= since && entry.record.outlives_its_alert()
                || matches!(entry.record, Record::Halted { .. } | Record::Resumed { .. })
        };
        let kept: Vec<&(Option<u64>, Entry)> = self.entries.iter().filter(counts).collect();
        let needed = |number: &u64| kept.iter().any(|(alert, _)| alert.as_ref() == Some(number));
        let settled = self.alerts.iter();
        let settled = settled.filter(|(number, (_, ended))| *ended && needed(number));
        let open = self.alerts.values().filter(|(_, ended)| !ended);
        let times = self.entries.iter().map(|(_, entry)| entry.at);
        let times = times.chain(self.alerts.values().map(|(alert, _)| alert.at));
        Ok(Replay {
            open: open.map(|(alert, _)| alert.clone()).collect(),
            settled: settled.map(|(_, (alert, _))| alert.clone()).collect(),
            entries: kept.into_iter().map(|(_, entry)| entry.clone()).collect(),
            last_case: self.alert_of.keys().next_back().copied().unwrap_or(0),
            last: times.max().unwrap_or_default(),
        })
    }
}
