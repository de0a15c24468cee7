//! Alerts on their way to the SIEM.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpStream, UdpSocket, lookup_host};
use tokio::sync::mpsc;

use super::{Alert, Syslog, SyslogTransport, line};
use crate::dialect::Dialect;

/// Pause before a SIEM that was not reached is tried again.
const AFTER_TROUBLE: Duration = Duration::from_millis(500);

/// Sends alerts for as long as there are any to come.
pub(crate) async fn send(mut alerts: mpsc::Receiver<Alert>, syslog: Syslog, dialect: Arc<Dialect>) {
    let mut way = Way::None;
    while let Some(alert) = alerts.recv().await {
        let mut message = line::write(&alert, &dialect, &syslog);
        if syslog.transport == SyslogTransport::Tcp {
            message.push(b'\n');
        }
        // A datagram is lost when it is lost; a line waits until it gets through.
        while let Err(error) = way.carry(&message, &syslog).await {
            tracing::warn!("syslog target {}: {error}", syslog.target);
            way = Way::None;
            // The receiver is closed when the mock is gone.
            if syslog.transport == SyslogTransport::Udp || alerts.is_closed() {
                break;
            }
            tokio::time::sleep(AFTER_TROUBLE).await;
        }
    }
}

/// The way to the SIEM.
enum Way {
    None,
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl Way {
    async fn carry(&mut self, message: &[u8], syslog: &Syslog) -> io::Result<()> {
        if let Self::None = self {
            *self = Self::find(syslog).await?;
        }
        match self {
            Self::None => Ok(()),
            Self::Udp(socket) => socket.send(message).await.map(drop),
            Self::Tcp(stream) => stream.write_all(message).await,
        }
    }

    async fn find(syslog: &Syslog) -> io::Result<Self> {
        if syslog.transport == SyslogTransport::Tcp {
            return TcpStream::connect(&syslog.target).await.map(Self::Tcp);
        }
        let target = lookup_host(&syslog.target).await?.next();
        let target = target.ok_or(io::ErrorKind::NotFound)?;
        let own = if target.is_ipv4() {
            "0.0.0.0:0"
        } else {
            "[::]:0"
        };
        let socket = UdpSocket::bind(own).await?;
        socket.connect(target).await?;
        Ok(Self::Udp(socket))
    }
}
