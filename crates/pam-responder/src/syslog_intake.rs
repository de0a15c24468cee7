//! Alerts over syslog. A stream is read on only when what was read is durable; a datagram that
//! can't be kept is counted.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use pam_alert::{Alert, Framer, Framing, decode, decode_frame};
use pam_proto::listing::Network;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use crate::intake::Intake;

/// How many alerts are written together.
const BATCH: usize = 512;

/// How many times as many datagrams may be on their way to the disk while others are read.
const UNDER_WAY: usize = 8;

/// How often it is looked whether the kernel dropped datagrams.
const LOOK: Duration = Duration::from_secs(10);

/// How long after a write that failed the next one is tried.
const PAUSE: Duration = Duration::from_secs(1);

/// How long a connection may say nothing before it is closed, and how long a handshake may take.
const SILENCE: Duration = Duration::from_secs(24 * 3_600);
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Where syslog comes in.
pub(crate) struct SyslogIntake {
    pub(crate) name: String,
    pub(crate) networks: Vec<Network>,
    pub(crate) limit: usize,
    pub(crate) connections: usize,
    pub(crate) intake: Intake,
}

impl SyslogIntake {
    fn admits(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        let admitted =
            self.networks.is_empty() || self.networks.iter().any(|network| network.contains(peer));
        if !admitted {
            self.intake.metrics.refused("network");
        }
        admitted
    }

    /// Datagrams, until it is told to stop.
    pub(crate) async fn datagrams(
        self: Arc<Self>,
        socket: UdpSocket,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut buffer = vec![0; 65_536];
        let room = Arc::new(Semaphore::new(UNDER_WAY));
        let mut look = tokio::time::interval(LOOK);
        loop {
            let received = tokio::select! {
                received = socket.recv_from(&mut buffer) => received,
                _ = look.tick() => {
                    self.intake.metrics.read_drops();
                    continue;
                }
                _ = stop.wait_for(|stop| *stop) => break,
            };
            let mut alerts = Vec::new();
            let mut next = received;
            // What is there already is written together.
            while let Ok((length, peer)) = next {
                let datagram = buffer.get(..length).unwrap_or_default();
                if self.admits(peer.ip()) {
                    alerts.extend(self.read(datagram));
                }
                if alerts.len() >= BATCH {
                    break;
                }
                next = socket.try_recv_from(&mut buffer);
            }
            let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
                return;
            };
            let this = Arc::clone(&self);
            tokio::spawn(async move {
                let _permit = permit;
                let count = alerts.len() as u64;
                if let Err(error) = this.intake.accept(&this.name, alerts).await {
                    this.intake.metrics.lost(count);
                    tracing::error!(source = this.name, count, %error, "datagrams were lost");
                }
            });
        }
        // What was read is written before it ends.
        let all = u32::try_from(UNDER_WAY).unwrap_or(u32::MAX);
        let _ = room.acquire_many(all).await;
    }

    /// Connections, until it is told to stop.
    pub(crate) async fn connections(
        self: Arc<Self>,
        listener: TcpListener,
        tls: Option<TlsAcceptor>,
        mut stop: watch::Receiver<bool>,
    ) {
        let room = Arc::new(Semaphore::new(self.connections));
        loop {
            let permit = tokio::select! {
                permit = Arc::clone(&room).acquire_owned() => permit,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            let (Ok(permit), Ok((stream, peer))) = (permit, accepted) else {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            if !self.admits(peer.ip()) {
                continue;
            }
            let (this, tls, stop) = (Arc::clone(&self), tls.clone(), stop.clone());
            tokio::spawn(async move {
                let _permit = permit;
                match tls {
                    None => this.stream(stream, peer, stop).await,
                    Some(tls) => match tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
                        Ok(Ok(stream)) => this.stream(stream, peer, stop).await,
                        _ => this.intake.metrics.refused("handshake"),
                    },
                }
            });
        }
    }

    async fn stream(
        &self,
        mut stream: impl AsyncRead + AsyncWrite + Unpin,
        peer: SocketAddr,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut framer = Framer::with_limit(Framing::Either, self.limit);
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = tokio::select! {
                read = tokio::time::timeout(SILENCE, stream.read(&mut buffer)) => read,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            let ended = match read {
                Ok(Ok(0)) => {
                    framer.end();
                    true
                }
                Ok(Ok(length)) => {
                    framer.feed(buffer.get(..length).unwrap_or_default());
                    false
                }
                // What arrived of a message that broke off is no message.
                Ok(Err(_)) | Err(_) => return,
            };
            let mut alerts = Vec::new();
            while let Some(frame) = framer.next_frame() {
                match frame.map(|frame| decode_frame(&self.name, frame)) {
                    Ok(Ok(found)) => alerts.extend(found),
                    Ok(Err(_)) => {}
                    Err(error) => {
                        self.intake.metrics.received(&self.name, "unreadable", 1);
                        tracing::warn!(source = self.name, %peer, %error, "a frame was skipped");
                    }
                }
                if alerts.len() >= BATCH && !self.keep(&mut alerts, &mut stop).await {
                    return;
                }
            }
            // Nothing is read on before this is durable: the sender waits.
            if !self.keep(&mut alerts, &mut stop).await {
                return;
            }
            if ended {
                // The end is answered with an end (RFC 5425 section 4.4).
                let _ = stream.shutdown().await;
                return;
            }
        }
    }

    /// Tries until it is written; false when it is told to stop meanwhile.
    async fn keep(&self, alerts: &mut Vec<Alert>, stop: &mut watch::Receiver<bool>) -> bool {
        let mut alerts = self.intake.arrived(std::mem::take(alerts));
        loop {
            let error = match self.intake.keep(&self.name, alerts).await {
                Ok(()) => return true,
                Err((error, again)) => {
                    alerts = again;
                    error
                }
            };
            tracing::error!(source = self.name, %error, "a connection waits for the disk");
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                _ = stop.wait_for(|stop| *stop) => return false,
            }
        }
    }

    fn read(&self, message: &[u8]) -> Vec<Alert> {
        decode(&self.name, message).unwrap_or_default()
    }
}
