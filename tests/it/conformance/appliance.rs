//! A server that follows a script, and a client for it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pam_adapter::{Authentication, RouteChoice, Settings};
use pam_proto::oauth1::Credentials;
use pam_proto::{BaseUrl, GetSession, Routes, Secret, SessionId, SessionNumber, TerminateSession};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::{Adapter, runtime};

/// One thing that a scripted server does with a connection.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Writes these bytes.
    Send(Vec<u8>),
    /// Writes these bytes again and again, with a pause between.
    Repeat(Vec<u8>, Duration),
    /// Waits, as a slow server does.
    Pause(Duration),
    /// Does nothing more, and keeps the connection.
    Hang,
    /// Closes the connection, in TLS with a goodbye.
    Close,
    /// Closes the connection without a goodbye.
    Vanish,
}

/// A request as it came over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Which connection it came on, from 0.
    pub(crate) connection: usize,
    /// Which request it is over all connections, from 0.
    pub(crate) number: usize,
    /// Request line and headers.
    pub(crate) head: String,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Seen {
    /// The first line.
    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    /// The value of a header, or nothing.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// A server on loopback.
pub(crate) struct Appliance {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    accepted: Arc<AtomicUsize>,
    closed: watch::Receiver<usize>,
    task: JoinHandle<()>,
}

impl Drop for Appliance {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Script = Arc<dyn Fn(&Seen) -> Vec<Step> + Send + Sync>;

impl Appliance {
    /// Answers each request by the script.
    pub(crate) fn start(script: impl Fn(&Seen) -> Vec<Step> + Send + Sync + 'static) -> Self {
        runtime().block_on(Self::listen(None, Arc::new(script)))
    }

    /// The same behind TLS.
    pub(crate) fn start_tls(
        config: rustls::ServerConfig,
        script: impl Fn(&Seen) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        runtime().block_on(Self::listen(Some(acceptor), Arc::new(script)))
    }

    /// Answers every request with success.
    pub(crate) fn agreeable() -> Self {
        Self::start(|_| vec![Step::Send(ok())])
    }

    async fn listen(tls: Option<TlsAcceptor>, script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let accepted = Arc::new(AtomicUsize::new(0));
        let (log, count) = (Arc::clone(&seen), Arc::clone(&accepted));
        let (closing, closed) = watch::channel(0);
        let closing = Arc::new(closing);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let connection = count.fetch_add(1, Ordering::SeqCst);
                let (tls, script, log) = (tls.clone(), Arc::clone(&script), Arc::clone(&log));
                let closing = Arc::clone(&closing);
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, connection, &script, &log).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, connection, &script, &log).await;
                            }
                        }
                    }
                    closing.send_modify(|closed| *closed += 1);
                });
            }
        });
        Self {
            address,
            seen,
            accepted,
            closed,
            task,
        }
    }

    /// Waits until so many connections have come to their end.
    pub(crate) fn closed(&self, connections: usize) {
        let mut closed = self.closed.clone();
        let closed = closed.wait_for(|closed| *closed >= connections);
        runtime().block_on(closed).unwrap();
    }

    /// Every request so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// How many connections were accepted so far.
    pub(crate) fn connections(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// Where it is, over plain HTTP.
    pub(crate) fn base(&self) -> BaseUrl {
        BaseUrl::new(&format!("http://{}", self.address)).unwrap()
    }

    /// Where it is, over TLS, under a name.
    pub(crate) fn base_tls(&self, host: &str) -> BaseUrl {
        BaseUrl::new(&format!("https://{host}:{}", self.address.port())).unwrap()
    }

    /// A client for it.
    pub(crate) fn client<A: Adapter>(&self) -> A {
        A::new(settings(self.base())).unwrap()
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    connection: usize,
    script: &Script,
    log: &Mutex<Vec<Seen>>,
) {
    while let Some((head, body)) = read_request(&mut stream).await {
        let seen = {
            let mut log = log.lock().unwrap();
            let seen = Seen {
                connection,
                number: log.len(),
                head,
                body,
            };
            log.push(seen.clone());
            seen
        };
        for step in script(&seen) {
            match step {
                Step::Send(bytes) => {
                    if stream.write_all(&bytes).await.is_err() {
                        return;
                    }
                }
                Step::Repeat(bytes, pause) => loop {
                    if stream.write_all(&bytes).await.is_err() {
                        return;
                    }
                    if !pause.is_zero() {
                        tokio::time::sleep(pause).await;
                    }
                },
                Step::Pause(pause) => tokio::time::sleep(pause).await,
                Step::Hang => std::future::pending().await,
                Step::Vanish => return,
                Step::Close => {
                    let _ = stream.shutdown().await;
                    return;
                }
            }
        }
    }
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let mut body = bytes.split_off(end);
    let head = String::from_utf8(bytes).ok()?;
    let length = head
        .to_ascii_lowercase()
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
        .unwrap_or(0);
    while body.len() < length {
        stream.read_buf(&mut body).await.ok()?;
    }
    Some((head, body))
}

/// The settings that every test starts from.
pub(crate) fn settings(base: BaseUrl) -> Settings {
    let credentials = Credentials::new("ck-0f1e2d3c", Secret::new("cs+secret/1="))
        .with_token("tk-9a8b7c6d", Secret::new("ts&secret 2"));
    let mut settings = Settings::new(base, Authentication::OAuth1(credentials));
    settings.routes = RouteChoice::Fixed(Routes::Iso);
    settings
}

/// A drop.
pub(crate) fn a_drop() -> TerminateSession {
    TerminateSession::new(SessionId::new("3fcf1e4a16104e328d6794e1b9693cfc457871d2").unwrap())
}

/// A read.
pub(crate) fn a_read() -> GetSession {
    GetSession::new(SessionNumber::from(540))
}

/// An answer with a body, complete.
pub(crate) fn answer(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut bytes = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// The appliance's word that it ended a session (A2A API specification, "Terminate a session").
pub(crate) const DROPPED: &str = r#"{"response":{"status":200,"message":"Sessão interrompida com sucesso","error":false,"error_code":0,"detail":"","mensagem":"Sessão interrompida com sucesso","erro":false,"cod_erro":0}}"#;

/// That word as a whole answer.
pub(crate) fn ok() -> Vec<u8> {
    answer("200 OK", "", DROPPED)
}

/// A session's record, running or ended.
pub(crate) fn record(number: usize, active: bool) -> String {
    let end = if active {
        "null".to_owned()
    } else {
        "\"2024-05-06 16:07:59\"".to_owned()
    };
    format!(
        r#"{{"id":"{number}","user":"alice","origin_ip":"192.0.2.7","credential":"root","device":"srv01:22","protocol":"ssh","proxy":"Web Proxy","session_id":"session-{number}","start":"2024-05-06 16:05:07","end":{end},"time":"","prevent_purge":"No","request":null,"ITSM":null}}"#
    )
}

/// The listing of these records.
pub(crate) fn listing(records: impl IntoIterator<Item = String>) -> String {
    let records: Vec<String> = records.into_iter().collect();
    format!(
        r#"{{"code":200,"response":{{"status":200,"message":"","error":false}},"remote_sessions":[{}]}}"#,
        records.join(",")
    )
}
