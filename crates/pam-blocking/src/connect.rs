//! One connection: name, TCP, TLS.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use http::Uri;
use pam_adapter::{CallError, Destination, TransportError, tls};
use rustls::{ClientConnection, StreamOwned};
use ureq::config::Config;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{ConnectionDetails, NextTimeout};

use crate::line::{Line, Stream, Trouble};
use crate::socket::{Socket, after, is_late};

/// Makes connections to the one appliance.
#[derive(Clone)]
pub(crate) struct Connector(pub(crate) Arc<Destination>);

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connector").field(&self.0.address()).finish()
    }
}

impl ureq::unversioned::transport::Connector for Connector {
    type Out = Line;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Line>, ureq::Error> {
        match self.open() {
            Ok(line) => Ok(Some(line)),
            Err(error) => Err(Trouble::Unsent(error).into()),
        }
    }
}

impl Resolver for Connector {
    /// ureq asks for every request, also where a connection waits for it: so a name is resolved
    /// when a connection is made, and not here.
    fn resolve(
        &self,
        _: &Uri,
        _: &Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}

impl Connector {
    /// Connects within the deadline.
    fn open(&self) -> Result<Line, CallError> {
        let destination = &self.0;
        let tls = destination.tls()?;
        let deadline = after(destination.deadline());
        let tcp = self.tcp(deadline)?;
        let mut socket = Socket::new(tcp, deadline);
        let Some((name, config)) = tls else {
            return Ok(Line::new(Stream::Plain(socket), Arc::clone(destination)));
        };
        let mut connection =
            ClientConnection::new(config, name).map_err(pam_adapter::SetupError::Tls)?;
        while connection.is_handshaking() {
            connection
                .complete_io(&mut socket)
                .map_err(|error| match &error {
                    error if is_late(error) => destination.too_late(),
                    error => destination.untrusted(tls::handshake_fault(error)),
                })?;
        }
        let stream = Stream::Tls(Box::new(StreamOwned::new(connection, socket)));
        Ok(Line::new(stream, Arc::clone(destination)))
    }

    fn tcp(&self, deadline: Instant) -> Result<TcpStream, TransportError> {
        let destination = &self.0;
        let addresses = match resolve(destination.host(), destination.port(), deadline) {
            Ok(addresses) if addresses.is_empty() => {
                return Err(destination.unresolved(&io::ErrorKind::NotFound.into()));
            }
            Ok(addresses) => addresses,
            Err(error) if is_late(&error) => return Err(destination.too_late()),
            Err(error) => return Err(destination.unresolved(&error)),
        };
        first_to_connect(addresses, deadline).map_err(|error| match &error {
            error if is_late(error) => destination.too_late(),
            error => destination.unconnected(error),
        })
    }
}

fn left(deadline: Instant) -> io::Result<Duration> {
    match deadline.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(io::ErrorKind::TimedOut.into()),
        left => Ok(left),
    }
}

/// The platform's resolver knows no deadline, so a thread waits for it, and this one for the
/// thread.
fn resolve(host: &str, port: u16, deadline: Instant) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (sender, receiver) = mpsc::channel();
    let host = host.to_owned();
    spawn("pam-resolve", move || {
        let found = (host.as_str(), port).to_socket_addrs();
        // Nobody waits for it any more when the deadline has passed.
        let _ = sender.send(found.map(Iterator::collect));
    })?;
    match receiver.recv_timeout(left(deadline)?) {
        Ok(found) => found,
        Err(RecvTimeoutError::Timeout) => Err(io::ErrorKind::TimedOut.into()),
        Err(RecvTimeoutError::Disconnected) => Err(io::ErrorKind::NotFound.into()),
    }
}

/// Tries the addresses in order, each with a head start over the next (RFC 8305 section 5), so
/// that one that swallows packets does not use up the deadline.
fn first_to_connect(addresses: Vec<SocketAddr>, deadline: Instant) -> io::Result<TcpStream> {
    if let [only] = addresses.as_slice() {
        return TcpStream::connect_timeout(only, left(deadline)?);
    }
    let (sender, receiver) = mpsc::channel();
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    let mut under_way = 0;
    let mut addresses = addresses.into_iter();
    loop {
        let next = addresses.next();
        let patience = match next {
            Some(address) => {
                let (sender, limit) = (sender.clone(), left(deadline)?);
                spawn("pam-connect", move || {
                    // Nobody waits for it any more when another address was faster.
                    let _ = sender.send(TcpStream::connect_timeout(&address, limit));
                })?;
                under_way += 1;
                Destination::ATTEMPT_DELAY.min(left(deadline)?)
            }
            None if under_way == 0 => return Err(failure),
            None => left(deadline)?,
        };
        match receiver.recv_timeout(patience) {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => {
                under_way -= 1;
                failure = error;
            }
            // Not decided yet, and the next address gets its turn beside it.
            Err(_) => {}
        }
    }
}

fn spawn(name: &str, act: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let thread = thread::Builder::new().name(name.to_owned());
    thread.spawn(act).map(drop)
}
