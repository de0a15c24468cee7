//! One HTTP/1.1 connection, driven by whoever uses it.
//!
//! hyper's connection is a future that is usually spawned. Here it is polled by the call that
//! uses it: no task to wake and wait for, and dropping the call closes the connection at once,
//! which is how a listing is stopped early.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use crate::connect::Io;

/// The most bytes that a status line and its headers may have.
const HEAD_LIMIT: usize = 64 * 1024;
/// The most bytes read at once, and so the largest chunk of a listing.
const READ_LIMIT: usize = 64 * 1024;

/// The body of a request.
pub(crate) type Body = Full<Bytes>;

type Connection = http1::Connection<TokioIo<Box<dyn Io>>, Body>;

pub(crate) struct Line {
    sender: SendRequest<Body>,
    /// `None` once it has ended. Its hundreds of bytes stay where they are while the line is handed
    /// on.
    connection: Option<Box<Connection>>,
    pub(crate) idle_since: Instant,
}

impl Line {
    pub(crate) async fn open(io: Box<dyn Io>) -> hyper::Result<Self> {
        let (sender, connection) = http1::Builder::new()
            .max_header_size(HEAD_LIMIT)
            .max_buf_size(READ_LIMIT)
            .handshake(TokioIo::new(io))
            .await?;
        Ok(Self {
            sender,
            connection: Some(Box::new(connection)),
            idle_since: Instant::now(),
        })
    }

    /// Lets the connection make what progress it can. One that ends is dropped, which gives a
    /// request that it has not begun to write back to its sender.
    fn drive(&mut self, context: &mut Context<'_>) {
        if let Some(connection) = &mut self.connection
            && Pin::new(connection).poll(context).is_ready()
        {
            self.connection = None;
        }
    }

    /// Whether it can carry another request: the last answer was read to its end, and the other
    /// side has not hung up since.
    pub(crate) fn is_usable(&mut self) -> bool {
        // Nobody waits for it.
        self.drive(&mut Context::from_waker(Waker::noop()));
        self.connection.is_some() && self.sender.is_ready()
    }

    /// Sends a request and waits for the head of the answer.
    ///
    /// An error that holds the request is proof that not one byte of it was written.
    pub(crate) fn send(
        &mut self,
        request: Request<Body>,
    ) -> impl Future<Output = Result<Response<Incoming>, TrySendError<Request<Body>>>> {
        // Boxed, as it holds the request, of which each future around it would hold two.
        let mut reply = Box::pin(self.sender.try_send_request(request));
        let connection = &mut self.connection;
        poll_fn(move |context| {
            if let Some(running) = connection
                && Pin::new(running).poll(context).is_ready()
            {
                *connection = None;
            }
            reply.as_mut().poll(context)
        })
    }

    /// The next piece of an answer's body, or `None` at its end.
    pub(crate) async fn chunk(&mut self, body: &mut Incoming) -> Option<hyper::Result<Bytes>> {
        loop {
            let frame = poll_fn(|context| {
                // Asking first tells the connection that the body is wanted.
                if let Poll::Ready(frame) = Pin::new(&mut *body).poll_frame(context) {
                    return Poll::Ready(frame);
                }
                self.drive(context);
                Pin::new(&mut *body).poll_frame(context)
            });
            match frame.await? {
                Ok(frame) => {
                    // Trailers carry nothing that we read.
                    if let Ok(data) = frame.into_data() {
                        return Some(Ok(data));
                    }
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
