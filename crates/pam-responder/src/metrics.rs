//! What Prometheus is told. No label names a user.

use std::sync::atomic::{AtomicI64, AtomicU64};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pam_respond_core::{CaseReport, End, Moment, Status};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tokio::net::UdpSocket;

use crate::socket_drops;

type Labels = Vec<(String, String)>;

/// A socket for datagrams.
#[derive(Debug)]
struct Socket {
    source: String,
    inode: u64,
    /// How many the kernel had dropped when it was last asked.
    drops: u32,
}

/// The counts of a responder.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    received: Family<Labels, Counter>,
    refused: Family<Labels, Counter>,
    ended: Family<Labels, Counter>,
    held_back: Counter,
    latency: Histogram,
    lost: Counter,
    dropped: Family<Labels, Counter>,
    sockets: Mutex<Vec<Socket>>,
    listing: Gauge,
    listing_failures: Counter,
    searching: Gauge,
    pending: Gauge,
    acting: Gauge,
    halted: Gauge,
    breaker: Gauge,
    queue: Gauge,
    last_listing: AtomicI64,
    reports_failed: Counter,
    traces_lost: Counter,
    commits: Gauge<i64, AtomicI64>,
    reloads: Counter<u64, AtomicU64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("pam_responder");
        let latency = Histogram::new([
            0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
            60.0, 300.0,
        ]);
        let metrics = Self {
            received: Family::default(),
            refused: Family::default(),
            ended: Family::default(),
            held_back: Counter::default(),
            latency: latency.clone(),
            lost: Counter::default(),
            dropped: Family::default(),
            sockets: Mutex::default(),
            listing: Gauge::default(),
            listing_failures: Counter::default(),
            searching: Gauge::default(),
            pending: Gauge::default(),
            acting: Gauge::default(),
            halted: Gauge::default(),
            breaker: Gauge::default(),
            queue: Gauge::default(),
            last_listing: AtomicI64::new(0),
            reports_failed: Counter::default(),
            traces_lost: Counter::default(),
            commits: Gauge::default(),
            reloads: Counter::default(),
            registry: Registry::default(),
        };
        registry.register(
            "alerts_received",
            "Alerts by source and result",
            metrics.received.clone(),
        );
        registry.register(
            "requests_refused",
            "Requests refused by reason",
            metrics.refused.clone(),
        );
        registry.register("cases_ended", "Cases by their end", metrics.ended.clone());
        registry.register(
            "held_back",
            "Cases that a brake held back",
            metrics.held_back.clone(),
        );
        let help = "From the arrival of an alert to its drop on the wire";
        registry.register("alert_to_drop_seconds", help, latency);
        registry.register(
            "datagrams_lost",
            "Datagrams that could not be kept",
            metrics.lost.clone(),
        );
        registry.register(
            "datagrams_dropped",
            "Datagrams that the kernel dropped because they came faster than they were read",
            metrics.dropped.clone(),
        );
        registry.register(
            "listing_age_seconds",
            "Age of the last listing",
            metrics.listing.clone(),
        );
        let failures = metrics.listing_failures.clone();
        registry.register(
            "listing_failures",
            "Listings that could not be read",
            failures,
        );
        registry.register(
            "cases_searching",
            "Cases that wait for a session",
            metrics.searching.clone(),
        );
        registry.register(
            "cases_pending",
            "Cases that wait for a person",
            metrics.pending.clone(),
        );
        registry.register(
            "sessions_ending",
            "Sessions being ended",
            metrics.acting.clone(),
        );
        registry.register("halted", "1 while halted", metrics.halted.clone());
        registry.register(
            "breaker_open",
            "1 while the breaker is open",
            metrics.breaker.clone(),
        );
        registry.register(
            "queue_depth",
            "Events and writes that wait",
            metrics.queue.clone(),
        );
        let failed = metrics.reports_failed.clone();
        registry.register("report_failures", "Reports that were not taken", failed);
        let help = "Cases whose trace was not delivered";
        registry.register("traces_lost", help, metrics.traces_lost.clone());
        registry.register(
            "journal_commits",
            "Commits of the journal",
            metrics.commits.clone(),
        );
        registry.register("reloads", "Configurations taken", metrics.reloads.clone());
        Self {
            registry,
            ..metrics
        }
    }

    pub(crate) fn received(&self, source: &str, result: &str, count: u64) {
        let labels = vec![
            ("source".to_owned(), source.to_owned()),
            ("result".to_owned(), result.to_owned()),
        ];
        self.received.get_or_create(&labels).inc_by(count);
    }

    pub(crate) fn refused(&self, reason: &str) {
        let labels = vec![("reason".to_owned(), reason.to_owned())];
        self.refused.get_or_create(&labels).inc();
    }

    pub(crate) fn ended(&self, report: &CaseReport) {
        let labels = vec![
            ("rule".to_owned(), report.rule.clone()),
            ("end".to_owned(), report.end.name().to_owned()),
        ];
        self.ended.get_or_create(&labels).inc();
        if report.end == End::HeldBack {
            self.held_back.inc();
        }
    }

    pub(crate) fn dropped(&self, latency: Duration) {
        self.latency.observe(latency.as_secs_f64());
    }

    pub(crate) fn lost(&self, count: u64) {
        self.lost.inc_by(count);
    }

    /// Counts what the kernel drops of what is sent to a socket.
    pub(crate) fn watch_drops(&self, source: &str, socket: &UdpSocket) {
        if let Some(inode) = socket_drops::inode(socket) {
            let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
            sockets.push(Socket {
                source: source.to_owned(),
                inode,
                drops: 0,
            });
        }
    }

    /// Asks the kernel how many datagrams it has dropped by now.
    pub(crate) fn read_drops(&self) {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        if sockets.is_empty() {
            return;
        }
        let all = socket_drops::read();
        for socket in sockets.iter_mut() {
            let Some(drops) = all.get(&socket.inode) else {
                continue;
            };
            // The kernel counts in 32 bits, and begins anew.
            let more = drops.wrapping_sub(socket.drops);
            if more > 0 {
                socket.drops = *drops;
                let labels = vec![("source".to_owned(), socket.source.clone())];
                self.dropped.get_or_create(&labels).inc_by(u64::from(more));
                tracing::warn!(source = socket.source, more, "the kernel dropped datagrams");
            }
        }
    }

    pub(crate) fn listed(&self, began: Moment) {
        let began = began.as_millis();
        self.last_listing
            .store(began, std::sync::atomic::Ordering::Relaxed);
    }

    pub(crate) fn listing_failed(&self) {
        self.listing_failures.inc();
    }

    pub(crate) fn report_failed(&self) {
        self.reports_failed.inc();
    }

    pub(crate) fn traces_lost(&self, cases: u64) {
        self.traces_lost.inc_by(cases);
    }

    pub(crate) fn reloaded(&self) {
        self.reloads.inc();
    }

    pub(crate) fn observe(&self, status: &Status) {
        let count = |gauge: &Gauge, count: usize| {
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        };
        count(&self.searching, status.searching);
        count(&self.pending, status.pending);
        count(&self.acting, status.acting);
        self.halted.set(i64::from(status.halted.is_some()));
        self.breaker.set(i64::from(status.breaker_until.is_some()));
    }

    /// The text of `/metrics`.
    pub(crate) fn text(&self, now: Moment, waiting: usize, commits: u64) -> String {
        self.read_drops();
        let last = self.last_listing.load(std::sync::atomic::Ordering::Relaxed);
        let age = if last == 0 {
            -1
        } else {
            (now.as_millis() - last) / 1_000
        };
        self.listing.set(age);
        self.queue.set(i64::try_from(waiting).unwrap_or(i64::MAX));
        self.commits.set(i64::try_from(commits).unwrap_or(i64::MAX));
        let mut text = String::new();
        // Writing to a text does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
