//! Reports back: every end of a case goes to every sink until it was taken. The journal holds a
//! report until then, so that nothing here ever waits for a sink but this task.

use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use http::{Request, Uri};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use pam_alert::Cef;
use pam_respond_core::{CaseReport, PendingCase};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsConnector;

use crate::approval::Approval;
use crate::config::Sink;
use crate::metrics::Metrics;
use crate::secret_file::Shared;
use crate::writer::Writer;

/// How many are fetched at once.
const BATCH: usize = 64;

/// How long a sink may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a question is sent to a sink that does not take it.
const QUESTIONS: u32 = 5;

/// The pauses after a failure.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LAST_PAUSE: Duration = Duration::from_secs(300);

/// Delivers reports until it is told to stop.
pub(crate) async fn deliver(
    sinks: Vec<Sink>,
    writer: Writer,
    host: String,
    mut news: mpsc::Receiver<CaseReport>,
    metrics: Arc<Metrics>,
    mut stop: watch::Receiver<bool>,
) {
    let mut pause = FIRST_PAUSE;
    loop {
        let waiting = writer.unreported(BATCH).await.unwrap_or_default();
        let is_idle = waiting.is_empty();
        let mut failed = false;
        for report in waiting {
            match to_all(&sinks, &report, &host).await {
                Ok(()) => writer.reported(report.case).await,
                Err(error) => {
                    tracing::warn!(case = report.case, %error, "a report was not taken");
                    metrics.report_failed();
                    failed = true;
                    break;
                }
            }
        }
        let wait = async {
            if failed {
                tokio::time::sleep(pause).await;
            } else if is_idle {
                // Whatever is in the queue is in the journal too.
                let _ = tokio::time::timeout(Duration::from_secs(60), news.recv()).await;
                while news.try_recv().is_ok() {}
            }
        };
        tokio::select! {
            () = wait => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        pause = if failed {
            (pause * 2).min(LAST_PAUSE)
        } else {
            FIRST_PAUSE
        };
    }
}

/// Asks people, at each sink that is a webhook, a few times when one does not answer. What they
/// are asked about is listed by `pamctl respond pending` whether this arrives or not.
pub(crate) async fn ask(
    sinks: Vec<Sink>,
    approval: Option<Approval>,
    mut questions: mpsc::Receiver<PendingCase>,
    metrics: Arc<Metrics>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let case = tokio::select! {
            case = questions.recv() => case,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let Some(case) = case else {
            return;
        };
        let text = question(&case, approval.as_ref());
        for sink in &sinks {
            let mut pause = FIRST_PAUSE;
            for _ in 0..QUESTIONS {
                let sent = tokio::time::timeout(PATIENCE, say(sink, &text)).await;
                let Some(error) = failure(sent) else {
                    break;
                };
                tracing::warn!(case = case.case, error, "a question was not taken");
                metrics.report_failed();
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
        }
    }
}

fn failure(sent: Result<io::Result<()>, tokio::time::error::Elapsed>) -> Option<String> {
    match sent {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some("it took too long".to_owned()),
    }
}

/// One text for a person, with what to do.
fn question(case: &PendingCase, approval: Option<&Approval>) -> String {
    let mut text = format!(
        "pamctl responder asks until {}: case {} by rule `{}` ({}) for an alert of {}",
        case.expires, case.case, case.rule, case.reason, case.alert
    );
    for session in &case.candidates {
        let (id, user, device) = (&session.id, &session.user, &session.device);
        text.push_str(&format!(
            "\nsession {id} of {user} on {device}: {}",
            session.why
        ));
    }
    match approval {
        Some(approval) => {
            for (what, address) in approval.links(case) {
                text.push_str(&format!("\n{what}: {address}"));
            }
        }
        None => text.push_str(&format!(
            "\npamctl respond approve {0} | pamctl respond deny {0}",
            case.case
        )),
    }
    text
}

/// A text to a sink for people; a SIEM is told the end of a case and not asked.
async fn say(sink: &Sink, text: &str) -> io::Result<()> {
    match sink {
        Sink::Syslog { .. } => Ok(()),
        Sink::Webhook {
            url,
            ca_file,
            header,
            ..
        } => {
            let body = serde_json::json!({ "text": text }).to_string();
            to_webhook(url, ca_file.as_deref(), header.as_ref(), body).await
        }
    }
}

async fn to_all(sinks: &[Sink], report: &CaseReport, host: &str) -> io::Result<()> {
    for sink in sinks {
        let sent = tokio::time::timeout(PATIENCE, send(sink, report, host)).await;
        sent.map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "it took too long"))??;
    }
    Ok(())
}

async fn send(sink: &Sink, report: &CaseReport, host: &str) -> io::Result<()> {
    match sink {
        Sink::Syslog { target, tcp } => {
            let message = syslog(report, host)?;
            if *tcp {
                let mut stream = TcpStream::connect(target).await?;
                let framed = format!("{} {message}", message.len());
                stream.write_all(framed.as_bytes()).await?;
                stream.shutdown().await
            } else {
                let address = tokio::net::lookup_host(target).await?.next();
                let address = address.ok_or_else(|| io::Error::other("no such host"))?;
                let any = if address.is_ipv4() {
                    "0.0.0.0:0"
                } else {
                    "[::]:0"
                };
                let socket = UdpSocket::bind(any).await?;
                socket
                    .send_to(message.as_bytes(), address)
                    .await
                    .map(|_| ())
            }
        }
        Sink::Webhook {
            url,
            ca_file,
            header,
            template,
        } => {
            let body = match template {
                Some(template) => filled(template, report),
                None => serde_json::json!({ "text": sentence(report) }).to_string(),
            };
            to_webhook(url, ca_file.as_deref(), header.as_ref(), body).await
        }
    }
}

/// Posts JSON, with TLS and a header where they are configured.
pub(crate) async fn to_webhook(
    url: &str,
    ca_file: Option<&Path>,
    header: Option<&(HeaderName, Shared)>,
    body: String,
) -> io::Result<()> {
    let uri: Uri = url.parse().map_err(io::Error::other)?;
    let mut request = Request::post(uri.path_and_query().map_or("/", |path| path.as_str()))
        .header(CONTENT_TYPE, "application/json")
        .header(
            HOST,
            uri.authority().map_or("", |authority| authority.as_str()),
        )
        .body(Full::new(Bytes::from(body)))
        .map_err(io::Error::other)?;
    if let Some((name, secret)) = header {
        let mut value = HeaderValue::from_bytes(secret.expose()).map_err(io::Error::other)?;
        value.set_sensitive(true);
        request.headers_mut().insert(name, value);
    }
    post(&uri, ca_file, request).await
}

/// One line for a person.
fn sentence(report: &CaseReport) -> String {
    let sessions = report.sessions.iter().map(|session| {
        let (id, user, device) = (&session.id, &session.user, &session.device);
        format!("session {id} of {user} on {device}: {}", session.end)
    });
    let sessions: Vec<String> = sessions.collect();
    let sessions = if sessions.is_empty() {
        String::new()
    } else {
        format!(" ({})", sessions.join("; "))
    };
    format!(
        "pamctl responder: {} by rule `{}` for an alert of {}: {}{sessions}",
        report.end, report.rule, report.source, report.why
    )
}

/// The template with each `{field}` of the report in it, as it stands between JSON's quotes.
fn filled(template: &str, report: &CaseReport) -> String {
    let mut text = template.to_owned();
    let value = serde_json::to_value(report).unwrap_or_default();
    let mut fields: Vec<(String, String)> = vec![("text".to_owned(), sentence(report))];
    for (key, value) in value.as_object().into_iter().flatten() {
        let value = match value {
            serde_json::Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        fields.push((key.clone(), value));
    }
    for (key, value) in fields {
        let quoted = serde_json::Value::String(value).to_string();
        let inner = quoted.trim_start_matches('"');
        let inner = inner.strip_suffix('"').unwrap_or(inner);
        text = text.replace(&format!("{{{key}}}"), inner);
    }
    text
}

/// CEF after a header of RFC 5424.
fn syslog(report: &CaseReport, host: &str) -> io::Result<String> {
    // Facility 4 (security), severity 5 for what was done and 4 for what was not.
    let priority = 4 * 8 + if report.end.is_proven() { 5 } else { 4 };
    let at = report.closed;
    Ok(format!(
        "<{priority}>1 {at} {host} pamctl - - - {}",
        cef(report)?
    ))
}

fn cef(report: &CaseReport) -> io::Result<String> {
    let severity = if report.end.is_proven() { "5" } else { "7" };
    let mut extension: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::new();
    let mut add = |key: &'static str, value: &str| {
        // Spaces at its end are all that CEF can't carry.
        let value = value.trim_end();
        if !value.is_empty() {
            extension.push((key.into(), value.to_owned().into()));
        }
    };
    add("rt", &report.closed.as_millis().to_string());
    add(
        "externalId",
        report.alert_id.as_deref().unwrap_or(&report.key),
    );
    add("act", "terminate session");
    add("outcome", report.end.name());
    add("reason", &report.reason);
    add("cs1Label", "rule");
    add("cs1", &report.rule);
    add("cs2Label", "alertSource");
    add("cs2", &report.source);
    add("cs3Label", "trace");
    add("cs3", &report.key);
    add("cn1Label", "case");
    add("cn1", &report.case.to_string());
    if let Some(session) = report.sessions.first() {
        add("suser", &session.user);
        add("dhost", &session.device);
        add("cs4Label", "sessionId");
        add("cs4", &session.session_id);
    }
    add("msg", &report.why);
    let mut event = Cef::default();
    event.vendor = "pamctl".into();
    event.product = "responder".into();
    event.product_version = env!("CARGO_PKG_VERSION").into();
    event.signature_id = report.end.name().into();
    event.name = format!("Session response {}", report.end.name().replace('_', " ")).into();
    event.severity = severity.into();
    event.extension = extension;
    event.encode().map_err(io::Error::other)
}

async fn post(uri: &Uri, ca_file: Option<&Path>, request: Request<Full<Bytes>>) -> io::Result<()> {
    let host = uri
        .host()
        .ok_or_else(|| io::Error::other("the URL names no host"))?;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_tls = uri.scheme_str() == Some("https");
    let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let stream = TcpStream::connect((bare, port)).await?;
    if !is_tls {
        return exchange(stream, request).await;
    }
    let mut roots = rustls::RootCertStore::empty();
    match ca_file {
        Some(file) => {
            let certificates = CertificateDer::pem_file_iter(file).map_err(io::Error::other)?;
            for certificate in certificates {
                roots
                    .add(certificate.map_err(io::Error::other)?)
                    .map_err(io::Error::other)?;
            }
        }
        None => {
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
        }
    }
    if roots.is_empty() {
        return Err(io::Error::other("there is no certificate to trust"));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(bare.to_owned()).map_err(io::Error::other)?;
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await?;
    exchange(stream, request).await
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let begun = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = begun.map_err(io::Error::other)?;
    let connection = tokio::spawn(connection);
    let response = sender.send_request(request).await;
    connection.abort();
    let status = response.map_err(io::Error::other)?.status();
    if status.is_success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("it answers {status}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> CaseReport {
        serde_json::from_value(serde_json::json!({
            "case": 7, "alert": 3, "key": "k", "alert_id": "a=1|x", "source": "siem",
            "rule": "r", "reason": "because", "end": "terminated", "why": "said \"so\"\nand more",
            "received": 0, "closed": 1_795_000_000_000_i64,
            "sessions": [{"id": "540", "session_id": "ab12", "user": "alice",
                "device": "192.0.2.1:22", "end": "terminated", "why": ""}],
        }))
        .unwrap()
    }

    #[test]
    fn the_siem_finds_its_alert_by_its_id() {
        let text = cef(&report()).unwrap();
        let cef = Cef::decode(&text).unwrap();
        let alert = pam_alert::Alert::from_cef("pamctl", &cef);
        assert_eq!(alert.id.as_deref(), Some("a=1|x"));
        assert_eq!(alert.attributes["outcome"], "terminated");
        assert_eq!(alert.attributes["msg"], "said \"so\"\nand more");
        let line = syslog(&report(), "host1").unwrap();
        assert!(line.starts_with("<37>1 2026-11-18T"), "{line}");
    }

    #[test]
    fn a_template_stays_json_whatever_stands_in_the_report() {
        let text = filled(
            r#"{"note":"{rule}: {why}","end":"{end}","n":{case}}"#,
            &report(),
        );
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["note"], "r: said \"so\"\nand more");
        assert_eq!(value["n"], 7);
    }
}
