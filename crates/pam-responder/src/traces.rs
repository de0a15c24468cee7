//! Traces for OpenTelemetry: every case that ended, as spans from its alert to its outcome, over
//! OTLP/HTTP in its JSON encoding (OTLP 1.x, "JSON Protobuf Encoding"). They are a convenience:
//! what can't be delivered is counted and forgotten, since journal and audit hold the truth.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base16ct::lower;
use http::header::HeaderName;
use pam_respond_core::{CaseReport, Entry, Moment, Record};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, watch};

use crate::metrics::Metrics;
use crate::report;
use crate::secret_file::Shared;
use crate::sqlite::SqliteJournal;

/// How many cases go into one request.
const BATCH: usize = 64;

/// How often a request is sent to a collector that does not take it, and the first pause.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(10);

/// Where traces go.
#[derive(Debug, Clone)]
pub(crate) struct Traces {
    pub(crate) url: String,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) header: Option<(HeaderName, Shared)>,
    /// `service.name`
    pub(crate) service: String,
}

/// Delivers the traces of cases that ended until it is told to stop.
pub(crate) async fn deliver(
    traces: Traces,
    journal: PathBuf,
    mut ended: mpsc::Receiver<CaseReport>,
    metrics: Arc<Metrics>,
    mut stop: watch::Receiver<bool>,
) {
    let mut reports = Vec::new();
    loop {
        reports.clear();
        let received = tokio::select! {
            received = ended.recv_many(&mut reports, BATCH) => received,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        if received == 0 {
            return;
        }
        let (path, batch) = (journal.clone(), std::mem::take(&mut reports));
        let read = tokio::task::spawn_blocking(move || all_spans(&path, &batch)).await;
        let body = document(&traces.service, read.unwrap_or_default()).to_string();
        if !sent(&traces, &body, &mut stop).await {
            metrics.traces_lost(received as u64);
        }
    }
}

async fn sent(traces: &Traces, body: &str, stop: &mut watch::Receiver<bool>) -> bool {
    let mut pause = PAUSE;
    for _ in 0..TRIES {
        let (ca_file, header) = (traces.ca_file.as_deref(), traces.header.as_ref());
        let post = report::to_webhook(&traces.url, ca_file, header, body.to_owned());
        match tokio::time::timeout(PATIENCE, post).await {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => tracing::warn!(%error, "traces were not taken"),
            Err(_) => tracing::warn!("traces were not taken: it took too long"),
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => pause *= 2,
            _ = stop.wait_for(|stop| *stop) => return false,
        }
    }
    false
}

fn all_spans(journal: &std::path::Path, reports: &[CaseReport]) -> Vec<Value> {
    let journal = SqliteJournal::open_to_read(journal).ok();
    let spans = reports.iter().flat_map(|report| {
        let entries = journal.as_ref().map(|journal| journal.trace(report.alert));
        spans(report, &entries.and_then(Result::ok).unwrap_or_default())
    });
    spans.collect()
}

fn document(service: &str, spans: Vec<Value>) -> Value {
    let version = env!("CARGO_PKG_VERSION");
    json!({"resourceSpans": [{
        "resource": {"attributes": [
            attribute("service.name", service),
            attribute("service.version", version),
        ]},
        "scopeSpans": [{
            "scope": {"name": "pamctl", "version": version},
            "spans": spans,
        }],
    }]})
}

/// The trace of an alert: the same for each of its cases, and the same after a restart.
fn trace_id(report: &CaseReport) -> String {
    hex(&format!("{}@{}", report.key, report.received), 16)
}

fn hex(of: &str, bytes: usize) -> String {
    let digest = Sha256::digest(of.as_bytes());
    lower::encode_string(digest.get(..bytes).unwrap_or(&digest))
}

/// One span for the case, and one below it for each thing that took time.
fn spans(report: &CaseReport, entries: &[Entry]) -> Vec<Value> {
    let trace = trace_id(report);
    let root = hex(&format!("{trace} case {}", report.case), 8);
    let own = entries
        .iter()
        .filter(|entry| entry.record.case() == Some(report.case));
    let mut spans = vec![
        Span {
            name: "case",
            kind: SERVER,
            from: report.received,
            to: report.closed,
            failed: (!report.end.is_proven()).then(|| report.why.clone()),
            attributes: vec![
                attribute("pamctl.case", &report.case.to_string()),
                attribute("pamctl.alert", &report.alert.to_string()),
                attribute("pamctl.alert.key", &report.key),
                attribute("pamctl.alert.source", &report.source),
                attribute("pamctl.rule", &report.rule),
                attribute("pamctl.end", report.end.name()),
                attribute("pamctl.why", &report.why),
            ],
        }
        .json(&trace, &root, None),
    ];
    let mut began = report.received;
    for (index, entry) in own.enumerate() {
        let (name, kind, attributes) = match &entry.record {
            Record::Found { count, choice, .. } => {
                let candidates = attribute("pamctl.candidates", &count.to_string());
                let attributes = vec![candidates, attribute("pamctl.choice", choice)];
                ("correlate", INTERNAL, attributes)
            }
            Record::Answered { approved, .. } => {
                let answer = attribute("pamctl.approved", &approved.to_string());
                ("approve", INTERNAL, vec![answer])
            }
            Record::Outcome { end, attempts, .. } => {
                let attempts = attribute("pamctl.attempts", &attempts.to_string());
                let attributes = vec![attribute("pamctl.end", end.name()), attempts];
                ("terminate", CLIENT, attributes)
            }
            // From here on the next one's time is counted.
            Record::Asked { .. } | Record::Acting { .. } => {
                began = entry.at;
                continue;
            }
            _ => continue,
        };
        let failed = match &entry.record {
            Record::Outcome { end, why, .. } if !end.is_proven() => Some(why.clone()),
            _ => None,
        };
        let id = hex(&format!("{root} {index}"), 8);
        let span = Span {
            name,
            kind,
            from: began,
            to: entry.at,
            failed,
            attributes,
        };
        spans.push(span.json(&trace, &id, Some(&root)));
    }
    spans
}

/// `SpanKind` of OTLP.
const INTERNAL: u8 = 1;
const SERVER: u8 = 2;
const CLIENT: u8 = 3;

struct Span {
    name: &'static str,
    kind: u8,
    from: Moment,
    to: Moment,
    failed: Option<String>,
    attributes: Vec<Value>,
}

impl Span {
    fn json(self, trace: &str, id: &str, parent: Option<&str>) -> Value {
        // Numbers of 64 bits are texts in this encoding.
        let nanos = |moment: Moment| format!("{}000000", moment.as_millis());
        let status = match self.failed {
            Some(message) => json!({"code": 2, "message": message}),
            None => json!({"code": 1}),
        };
        json!({
            "traceId": trace,
            "spanId": id,
            "parentSpanId": parent.unwrap_or_default(),
            "name": self.name,
            "kind": self.kind,
            "startTimeUnixNano": nanos(self.from),
            "endTimeUnixNano": nanos(self.to),
            "attributes": self.attributes,
            "status": status,
        })
    }
}

fn attribute(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}
