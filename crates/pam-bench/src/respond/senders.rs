//! Who sends alerts: each over one transport, as fast as it is let, counting what was acknowledged.

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::process::{Responder, TOKEN};

/// What a run of a sender came to.
pub(crate) struct Sent {
    /// Alerts that the responder said were durable.
    pub(crate) acknowledged: u64,
    /// From the first octet to the last acknowledgement.
    pub(crate) took: Duration,
}

/// An alert as the appliance writes it, with an id of its own.
pub(crate) fn line(text: &mut String, event: &str, number: u64) {
    // Writing to a text can't fail.
    let _ = write!(
        text,
        "<13>1 2026-11-23T21:22:58-03:00 vault senhasegura 1426 - CEF:0|MT4|senhasegura|3.27.0-4|\
         {event}|Command detected|9|externalId={number:016x} suser=user-{} duser=root \
         dhost=web-1 dst=192.0.2.7 dpt=22 src=198.51.100.4 cs1Label=Command cs1=rm -rf / \
         msg=An audited command has been detected! Action: blocked the command",
        number % 1_000
    );
}

/// Webhooks over connections that stay open, one alert each.
pub(crate) fn http(to: &Responder, alerts: u64, connections: u64) -> io::Result<Sent> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let address = to.http;
    runtime.block_on(async {
        let mut tasks = Vec::new();
        let start = Instant::now();
        for connection in 0..connections {
            let numbers = (connection..alerts).step_by(usize::try_from(connections).unwrap_or(1));
            tasks.push(tokio::spawn(post(address, numbers)));
        }
        let mut acknowledged = 0;
        for task in tasks {
            acknowledged += task.await.map_err(io::Error::other)??;
        }
        let took = start.elapsed();
        Ok(Sent { acknowledged, took })
    })
}

async fn post(address: SocketAddr, numbers: impl Iterator<Item = u64>) -> io::Result<u64> {
    let mut connection = tokio::net::TcpStream::connect(address).await?;
    connection.set_nodelay(true)?;
    let (mut body, mut request) = (String::new(), String::new());
    let mut answer = [0; 1_024];
    let mut acknowledged = 0;
    for number in numbers {
        body.clear();
        let written = write!(
            body,
            r#"{{"id":"{number:016x}","event":{{"id":"153","name":"Session started"}},"severity":"high","user":"user-{}","credential":"root","device":{{"host":"web-1","ip":"192.0.2.7","port":22}},"message":"An audited command has been detected"}}"#,
            number % 1_000
        );
        written.map_err(io::Error::other)?;
        request.clear();
        let written = write!(
            request,
            "POST /siem HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        written.map_err(io::Error::other)?;
        connection.write_all(request.as_bytes()).await?;
        let mut length = 0;
        // Its answers end with this line.
        while !answer[..length].ends_with(b"accepted\n") {
            let more = connection.read(&mut answer[length..]).await?;
            if more == 0 {
                let said = String::from_utf8_lossy(&answer[..length]).into_owned();
                return Err(io::Error::other(said));
            }
            length += more;
        }
        acknowledged += u64::from(answer.starts_with(b"HTTP/1.1 202 "));
    }
    Ok(acknowledged)
}

/// Syslog over connections, each alert with its length before it. The responder closes a connection
/// when everything on it is durable.
pub(crate) fn tcp(to: SocketAddr, event: &str, alerts: u64, connections: u64) -> io::Result<Sent> {
    let start = Instant::now();
    let sent = thread::scope(|scope| {
        let senders: Vec<_> = (0..connections)
            .map(|connection| {
                let numbers =
                    (connection..alerts).step_by(usize::try_from(connections).unwrap_or(1));
                scope.spawn(move || stream(to, event, numbers))
            })
            .collect();
        senders
            .into_iter()
            .map(|sender| {
                sender
                    .join()
                    .unwrap_or_else(|_| Err(io::Error::other("a sender died")))
            })
            .sum::<io::Result<u64>>()
    });
    Ok(Sent {
        acknowledged: sent?,
        took: start.elapsed(),
    })
}

fn stream(to: SocketAddr, event: &str, numbers: impl Iterator<Item = u64>) -> io::Result<u64> {
    const CHUNK: usize = 64 * 1_024;
    let mut connection = TcpStream::connect(to)?;
    let mut chunk = String::with_capacity(CHUNK + 1_024);
    let mut alert = String::new();
    let mut sent = 0;
    for number in numbers {
        alert.clear();
        line(&mut alert, event, number);
        let _ = write!(chunk, "{} {alert}", alert.len());
        sent += 1;
        if chunk.len() >= CHUNK {
            connection.write_all(chunk.as_bytes())?;
            chunk.clear();
        }
    }
    connection.write_all(chunk.as_bytes())?;
    connection.shutdown(std::net::Shutdown::Write)?;
    // It says nothing on such a connection; the end says that all is durable.
    let mut nothing = Vec::new();
    connection.read_to_end(&mut nothing)?;
    Ok(sent)
}

/// Datagrams at a rate, in steps of a millisecond. Nothing acknowledges them.
pub(crate) fn udp(to: SocketAddr, alerts: u64, per_second: u64) -> io::Result<()> {
    let socket = UdpSocket::bind(("127.0.0.1", 0))?;
    socket.connect(to)?;
    let mut alert = String::new();
    let start = Instant::now();
    for number in 0..alerts {
        let due = Duration::from_micros(number * 1_000_000 / per_second.max(1));
        let early = due.saturating_sub(start.elapsed());
        if early > Duration::from_millis(1) {
            thread::sleep(early);
        }
        alert.clear();
        line(&mut alert, "153", number);
        socket.send(alert.as_bytes())?;
    }
    Ok(())
}
