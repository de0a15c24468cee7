//! Believable sessions out of a seed: the same seed gives the same people on the same devices.

use std::borrow::Cow;
use std::time::Duration;

use base16ct::lower;

use crate::clock::Moment;
use crate::random::{Seeded, mix, unmix};
use crate::state::{EndedBy, Record};

/// How many sessions to make up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Population {
    pub(crate) sessions: u64,
    pub(crate) active: u64,
}

const USERS: &[&str] = &[
    "Admin",
    "ana.souza",
    "bkowalski",
    "carlos.mendes",
    "chen.wei",
    "dleite",
    "emma.larsen",
    "fatima.alves",
    "gnovak",
    "hpark",
    "isabel.rocha",
    "jmoore",
    "joão.lima",
    "kschmidt",
    "lucas.pereira",
    "m.okafor",
    "nina.ivanova",
    "oncall-dba",
    "pedro.santos",
    "r.gupta",
    "stlee",
    "tkim",
    "vendor-acme",
    "yuki.tanaka",
];

/// What goes together: protocol, port, proxies and credentials.
struct Trade {
    protocol: &'static str,
    port: u16,
    proxies: &'static [&'static str],
    credentials: &'static [&'static str],
}

/// The first ones are as common as their repetitions say.
const TRADES: &[Trade] = &[SSH, SSH, SSH, SSH, RDP, RDP, RDP, WEB, MSSQL, POSTGRES];

const SSH: Trade = Trade {
    protocol: "ssh",
    port: 22,
    proxies: &["Terminal Proxy", "Web Proxy", "SSH Tunneling"],
    credentials: &["root", "oracle", "svc_backup", "ansible", "deploy"],
};
const RDP: Trade = Trade {
    protocol: "rdp",
    port: 3389,
    proxies: &["RDP Proxy", "Web Proxy"],
    credentials: &["Administrator", "EXAMPLE\\usrdomadm01", "EXAMPLE\\svc_sql"],
};
const WEB: Trade = Trade {
    protocol: "https",
    port: 443,
    proxies: &["Web Proxy"],
    credentials: &["admin", "netadmin"],
};
const MSSQL: Trade = Trade {
    protocol: "mssql",
    port: 1433,
    proxies: &["Database Proxy"],
    credentials: &["sa", "EXAMPLE\\svc_sql"],
};
const POSTGRES: Trade = Trade {
    protocol: "postgresql",
    port: 5432,
    proxies: &["Database Proxy"],
    credentials: &["postgres", "reporting"],
};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A session at `number` that starts at `start` and runs.
pub(crate) fn running(mut seeded: Seeded, number: u64, started: Moment) -> Record {
    let mut id = [0; 24];
    for chunk in id.chunks_exact_mut(8) {
        chunk.copy_from_slice(&seeded.next().to_be_bytes());
    }
    // 40 characters (A2A API specification, "List all": `session_id`).
    let session_id = lower::encode_string(id.get(..20).unwrap_or_default()).into_boxed_str();
    record(seeded, number, session_id, started)
}

fn record(mut seeded: Seeded, number: u64, session_id: Box<str>, started: Moment) -> Record {
    let trade = seeded.pick(TRADES).unwrap_or(&SSH);
    let text = |picked: Option<&&'static str>| Cow::Borrowed(picked.copied().unwrap_or_default());
    let origin_ip = format!("198.51.100.{}", 1 + seeded.below(254));
    let device = match seeded.below(8) {
        0 => format!("srv{:02}.example.com:{}", seeded.below(40), trade.port),
        _ => format!("192.0.2.{}:{}", 1 + seeded.below(254), trade.port),
    };
    Record {
        number,
        session_id,
        user: text(seeded.pick(USERS)),
        origin_ip: Cow::Owned(origin_ip),
        credential: text(seeded.pick(trade.credentials)),
        device: Cow::Owned(device),
        protocol: Cow::Borrowed(trade.protocol),
        proxy: text(seeded.pick(trade.proxies)),
        started,
        ended: None,
        prevent_purge: seeded.below(20) == 0,
        request: None,
        itsm: (seeded.below(12) == 0)
            .then(|| format!("CHG{:07}", seeded.below(10_000_000)).into_boxed_str()),
        drops: 0,
        dropping: false,
    }
}

/// How long a session lasts: most of them minutes, some of them hours.
pub(crate) fn duration(seeded: &mut Seeded, mean: Duration) -> Duration {
    let times = -(1.0 - seeded.fraction()).ln();
    mean.mul_f64(times.clamp(0.02, 6.0))
}

impl Population {
    /// The sessions, the oldest first. Times count from the beginning of the hour of `now`, so
    /// that two mocks started within it hold the same.
    pub(crate) fn records(self, seed: u64, now: Moment) -> impl Iterator<Item = Record> {
        let anchor = now.hour();
        let ended = self.sessions.saturating_sub(self.active);
        (0..self.sessions).map(move |index| {
            let mut seeded = Seeded::nth(seed, index);
            let spread = seeded.next();
            let number = index + 1;
            if index < ended {
                // Over the last 90 days, in order, ended an hour ago at the latest.
                let slot = 90 * DAY.as_secs() / ended;
                let age = slot * (ended - index) + spread.checked_rem(slot).unwrap_or(0);
                let start = anchor.minus(8 * HOUR).minus(Duration::from_secs(age));
                let mut record = running(seeded.clone(), number, start);
                let lasted = duration(&mut seeded, HOUR / 2).min(6 * HOUR);
                record.ended = Some((start.plus(lasted), EndedBy::Itself));
                record
            } else {
                // Started in order within the last seven hours.
                let slot = 7 * HOUR.as_secs() / self.active;
                let age = slot * (self.sessions - number) + spread.checked_rem(slot).unwrap_or(0);
                let start = anchor.minus(Duration::from_secs(age));
                running(seeded, number, start)
            }
        })
    }
}

/// Ended sessions beyond those that are held, generated whenever they are asked for: a listing of
/// any length in constant memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Archive {
    seed: u64,
    anchor: Moment,
}

/// Where the archive's row numbers begin, far from those of the sessions that are held.
const FIRST_ARCHIVED: u64 = 1_000_000_001;

impl Archive {
    pub(crate) fn new(seed: u64, now: Moment) -> Self {
        // Another seed than the population's: no session in both.
        let seed = mix(seed ^ 0xa5c1);
        let anchor = now.hour();
        Self { seed, anchor }
    }

    pub(crate) fn record(&self, index: u64) -> Record {
        let mut seeded = Seeded::nth(self.seed, index);
        let minutes = seeded.below(700 * 24 * 60);
        let age = DAY * 91 + Duration::from_secs(minutes * 60 + seeded.below(60));
        let start = self.anchor.minus(age);
        let lasted = duration(&mut seeded, HOUR / 2);
        let number = FIRST_ARCHIVED.saturating_add(index);
        let mut record = record(seeded, number, self.session_id(index), start);
        record.ended = Some((start.plus(lasted), EndedBy::Itself));
        record
    }

    /// The first half of the id is the index, scrambled, so that it can be found again.
    fn session_id(&self, index: u64) -> Box<str> {
        let head = mix(index ^ self.seed);
        let tail = Seeded::nth(!self.seed, index).next();
        let end = mix(tail) >> 32;
        format!("{head:016x}{tail:016x}{end:08x}").into_boxed_str()
    }

    /// The session with this id among the first `count`.
    pub(crate) fn find(&self, session_id: &str, count: u64) -> Option<Record> {
        let head = u64::from_str_radix(session_id.get(..16)?, 16).ok()?;
        let index = unmix(head) ^ self.seed;
        let found = index < count && *self.session_id(index) == *session_id;
        found.then(|| self.record(index))
    }

    /// The session with this row number among the first `count`.
    pub(crate) fn by_number(&self, number: u64, count: u64) -> Option<Record> {
        let index = number.checked_sub(FIRST_ARCHIVED)?;
        (index < count).then(|| self.record(index))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const NOW: Moment = Moment(1_700_000_000_000);

    fn population(sessions: u64, active: u64, seed: u64) -> Vec<Record> {
        let population = Population { sessions, active };
        population.records(seed, NOW).collect()
    }

    #[test]
    fn a_population_has_the_numbers_asked_for() {
        for (sessions, active) in [(0, 0), (1, 0), (1, 1), (50, 7), (400, 399)] {
            let records = population(sessions, active, 3);
            let running = records.iter().filter(|record| record.runs()).count();
            assert_eq!((records.len() as u64, running as u64), (sessions, active));
            let ids: HashSet<_> = records.iter().map(|record| &record.session_id).collect();
            assert_eq!(ids.len(), records.len());
            for record in &records {
                assert_eq!(record.session_id.len(), 40);
                assert!(record.started <= NOW.hour());
                assert!(
                    record
                        .ended
                        .is_none_or(|(at, _)| at > record.started && at <= NOW)
                );
            }
            assert!(records.is_sorted_by_key(|record| record.started));
        }
    }

    #[test]
    fn a_seed_gives_the_same_population_and_another_seed_another() {
        let ids = |seed| {
            let records = population(20, 5, seed);
            records
                .into_iter()
                .map(|record| (record.session_id, record.user, record.device))
                .collect::<Vec<_>>()
        };
        assert_eq!(ids(1), ids(1));
        assert_ne!(ids(1), ids(2));
    }

    #[test]
    fn an_archived_session_is_found_by_both_names() {
        let archive = Archive::new(9, NOW);
        for index in [0, 1, 999_999] {
            let record = archive.record(index);
            let found = archive.find(&record.session_id, 1_000_000).unwrap();
            assert_eq!(found.number, record.number);
            let found = archive.by_number(record.number, 1_000_000).unwrap();
            assert_eq!(found.session_id, record.session_id);
            assert!(archive.find(&record.session_id, index).is_none());
        }
        assert!(archive.find("", 10).is_none());
        assert!(archive.find(&"f".repeat(40), 1_000_000).is_none());
    }
}
