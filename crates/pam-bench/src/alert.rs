//! Decoding alerts, beside the crates that read the same line's header.
//!
//! No crate reads CEF as a library without the language around it that it belongs to, so that
//! those rows stand beside the least that any reader does: finding every `=` of the line.

use chrono::Utc;
use pam_alert::{Alert, AlertTime, Cef, Framer, Framing, SyslogMessage, decode, decode_frame};
use syslog_loose::{ProcId, Variant};
use syslog_rfc5424::message::ProcId as StrictProcId;

use crate::race::{Contestant, race};
use crate::report::{Goal, Report};

const BENCH: &str = "alert";

const HEADER: &str = "pam-alert, header";
const LOOSE: &str = "syslog_loose 0.23";
const STRICT: &str = "syslog_rfc5424 0.10";

/// What the appliance says, in every line below.
const BODY: &str = "CEF:0|MT4|senhasegura|3.27.0-4|12|Command detected|9|suser=stlee duser=root \
    dhost=web-1 dst=192.0.2.7 dpt=22 src=198.51.100.4 cs1Label=Command cs1=rm -rf / \
    msg=An audited command has been detected! Action: blocked the command";

/// The most allocations of an alert: its attributes, each with its key, and its fields.
const ALLOCATIONS: u64 = 80;

/// A header, taken apart by whichever crate.
#[derive(Debug, PartialEq)]
struct Header {
    facility: Option<u8>,
    severity: Option<u8>,
    /// Seconds and nanoseconds since 1970.
    time: Option<(i64, i32)>,
    hostname: Option<String>,
    app_name: Option<String>,
    procid: Option<String>,
    msgid: Option<String>,
    /// Element, parameter, value, sorted.
    data: Vec<[String; 3]>,
    message: String,
}

pub(crate) fn run(report: &mut Report) {
    let data = r#"[timeQuality tzKnown="1" isSynced="0"][alert@32473 class="high"]"#;
    let standard =
        format!("<13>1 2026-11-23T21:22:58.391362+00:00 vault senhasegura 1426 ID16 {data} {BODY}");
    let bsd = format!("<13>Nov 23 21:22:58 vault senhasegura[1426]: {BODY}");
    let own = format!("<13>1 2026-11-23T21:22:58-03:00 vault senhasegura 1426 - {BODY}");

    equal(report, "RFC 5424", &standard);
    equal(report, "RFC 3164", &bsd);
    for line in [&standard, &bsd, &own] {
        whole(report, line);
    }
    race(
        report,
        BENCH,
        "RFC 5424",
        400,
        vec![
            header(&standard)
                .goal(Goal::Faster(1.0, LOOSE))
                .goal(Goal::Faster(1.0, STRICT)),
            loose(&standard),
            Contestant::new(STRICT, || syslog_rfc5424::parse_message(&standard)),
            alert(&standard),
        ],
    );
    race(
        report,
        BENCH,
        "RFC 3164",
        400,
        vec![
            header(&bsd).goal(Goal::Faster(1.0, LOOSE)),
            loose(&bsd),
            alert(&bsd),
        ],
    );
    // One field is missing, so the others take the body for structured data, or for nothing.
    let theirs = loose_header(&own);
    report.same(
        "who else reads the appliance's line",
        theirs.message == BODY,
        false,
    );
    let theirs = syslog_rfc5424::parse_message(&own);
    report.same("who else reads the appliance's line", theirs.is_ok(), false);
    race(
        report,
        BENCH,
        "appliance",
        400,
        vec![header(&own), alert(&own)],
    );
    race(
        report,
        BENCH,
        "CEF",
        400,
        vec![
            Contestant::new("memchr of every =", || {
                memchr::memchr_iter(b'=', BODY.as_bytes()).count()
            }),
            Contestant::new("pam-alert, CEF", || Cef::decode(BODY)),
            alert(BODY),
        ],
    );
    stream(report, &own);
}

fn header(line: &str) -> Contestant<'_> {
    Contestant::new(HEADER, move || SyslogMessage::parse(line))
}

fn loose(line: &str) -> Contestant<'_> {
    Contestant::new(LOOSE, move || {
        syslog_loose::parse_message_with_year_tz(line, |_| 2026, Some(Utc), Variant::Either)
    })
}

fn alert(line: &str) -> Contestant<'_> {
    Contestant::new("pam-alert, the whole alert", move || {
        decode("vault", line.as_bytes())
    })
    .allocating(ALLOCATIONS)
}

/// Whether all read the same in the line's header.
fn equal(report: &mut Report, what: &str, line: &str) {
    let ours = our_header(line);
    report.same(what, &ours, &loose_header(line));
    if what == "RFC 5424" {
        match syslog_rfc5424::parse_message(line) {
            Ok(theirs) => report.same(what, &ours, &strict_header(theirs)),
            Err(error) => report.fail(format!("{STRICT}: {error}")),
        }
    }
}

/// Whether the alert in the line says what the body says.
fn whole(report: &mut Report, line: &str) {
    let Some(alert) = decode("vault", line.as_bytes())
        .ok()
        .and_then(|mut alerts| alerts.pop())
    else {
        return report.fail(format!("no alert in {line}"));
    };
    let event = alert.event.and_then(|event| event.id);
    report.same(line, event.as_deref(), Some("12"));
    report.same(line, alert.user.as_deref(), Some("stlee"));
    report.same(line, alert.credential.as_deref(), Some("root"));
    report.same(line, alert.device.host.as_deref(), Some("web-1"));
    report.same(line, alert.device.port, Some(22));
    let attribute = |name: &str| alert.attributes.get(name).map(String::as_str);
    report.same(line, attribute("Command"), Some("rm -rf /"));
    report.same(line, attribute("syslog.hostname"), Some("vault"));
}

/// Frames of a connection, a thousand at a time.
fn stream(report: &mut Report, line: &str) {
    const FRAMES: usize = 100;
    let lines = format!("{line}\n").repeat(FRAMES);
    let counted = format!("{} {line}", line.len()).repeat(FRAMES);
    for stream in [&lines, &counted] {
        let alerts = read(stream.as_bytes(), 1_000);
        report.same("alerts of a stream", alerts.len(), FRAMES);
        let same = alerts.windows(2).all(|two| two[0] == two[1]);
        report.same("alerts of a stream are the same", same, true);
    }
    let frames = |stream: &str| {
        let mut framer = Framer::new(Framing::Either);
        framer.feed(stream.as_bytes());
        let mut octets = 0;
        while let Some(Ok(frame)) = framer.next_frame() {
            octets += frame.bytes.len();
        }
        octets
    };
    report.same("octets of a stream", frames(&lines), line.len() * FRAMES);
    race(
        report,
        BENCH,
        "100 lines",
        100,
        vec![
            Contestant::new("memchr of every LF", || {
                memchr::memchr_iter(b'\n', lines.as_bytes()).count()
            }),
            Contestant::new("pam-alert, frames by LF", || frames(&lines)),
            Contestant::new("pam-alert, frames by octet count", || frames(&counted)),
            Contestant::new("pam-alert, framed and decoded", || {
                read(lines.as_bytes(), 64 * 1_024)
            }),
        ],
    );
}

/// The alerts of a stream that comes in chunks.
fn read(stream: &[u8], chunk: usize) -> Vec<Alert> {
    let mut framer = Framer::new(Framing::Either);
    let mut alerts = Vec::new();
    for chunk in stream.chunks(chunk) {
        framer.feed(chunk);
        while let Some(Ok(frame)) = framer.next_frame() {
            alerts.extend(decode_frame("vault", frame).unwrap_or_default());
        }
    }
    alerts
}

fn our_header(line: &str) -> Header {
    let message = SyslogMessage::parse(line);
    // The one without a year is read in the year and the zone that the peer is given too.
    let near = "2026-11-23T00:00:00Z".parse().unwrap_or_default();
    let time = message.time.as_ref();
    let time = time.and_then(|time| AlertTime::resolve(time, near, &jiff::tz::TimeZone::UTC));
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let mut data: Vec<[String; 3]> = Vec::new();
    for element in &message.structured_data {
        let params = element.params.iter();
        data.extend(
            params.map(|(name, value)| {
                [element.id.to_owned(), (*name).to_owned(), value.to_string()]
            }),
        );
    }
    data.sort();
    Header {
        facility: message.facility,
        severity: message.severity,
        time: time.map(|time| (time.as_second(), time.subsec_nanosecond())),
        hostname: owned(message.hostname),
        app_name: owned(message.app_name),
        procid: owned(message.procid),
        msgid: owned(message.msgid),
        data,
        message: message.message.to_string(),
    }
}

fn loose_header(line: &str) -> Header {
    let message =
        syslog_loose::parse_message_with_year_tz(line, |_| 2026, Some(Utc), Variant::Either);
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let mut data: Vec<[String; 3]> = Vec::new();
    for element in &message.structured_data {
        let params = element.params();
        data.extend(
            params.map(|(name, value)| {
                [element.id.to_owned(), (*name).to_owned(), value.to_string()]
            }),
        );
    }
    data.sort();
    let time = message.timestamp;
    Header {
        facility: message.facility.map(|facility| facility as u8),
        severity: message.severity.map(|severity| severity as u8),
        time: time.map(|time| {
            let nanoseconds = i32::try_from(time.timestamp_subsec_nanos());
            (time.timestamp(), nanoseconds.unwrap_or_default())
        }),
        hostname: owned(message.hostname),
        app_name: owned(message.appname),
        procid: message.procid.map(|procid| match procid {
            ProcId::PID(number) => number.to_string(),
            ProcId::Name(name) => name.to_owned(),
        }),
        msgid: owned(message.msgid),
        data,
        message: message.msg.to_owned(),
    }
}

fn strict_header(message: syslog_rfc5424::SyslogMessage) -> Header {
    let mut data: Vec<[String; 3]> = Vec::new();
    for (id, params) in message.sd.iter() {
        data.extend(
            params
                .iter()
                .map(|(name, value)| [id.clone(), name.clone(), value.clone()]),
        );
    }
    data.sort();
    let nanoseconds = i32::try_from(message.timestamp_nanos.unwrap_or_default());
    Header {
        facility: Some(message.facility as u8),
        severity: Some(message.severity as u8),
        time: message
            .timestamp
            .map(|seconds| (seconds, nanoseconds.unwrap_or_default())),
        hostname: message.hostname,
        app_name: message.appname,
        procid: message.procid.map(|procid| match procid {
            StrictProcId::PID(number) => number.to_string(),
            StrictProcId::Name(name) => name,
        }),
        msgid: message.msgid,
        data,
        message: message.msg,
    }
}
