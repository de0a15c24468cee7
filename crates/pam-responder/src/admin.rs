//! Health and metrics over plain HTTP.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming as Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use crate::clock::Clock;
use crate::engine::Engine;
use crate::http_intake::said;
use crate::metrics::Metrics;
use crate::writer::Writer;

/// How long a page of metrics waits for how things stand.
const SOON: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(crate) struct Admin {
    pub(crate) engine: Engine,
    pub(crate) writer: Writer,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) stopping: Arc<AtomicBool>,
}

impl Admin {
    pub(crate) async fn serve(self, listener: TcpListener, mut stop: watch::Receiver<bool>) {
        let room = Arc::new(Semaphore::new(64));
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            let (Ok((stream, _)), Ok(permit)) = (accepted, Arc::clone(&room).try_acquire_owned())
            else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let this = self.clone();
            tokio::spawn(async move {
                let _permit = permit;
                let service = service_fn(|request| {
                    let this = this.clone();
                    async move { Ok::<_, Infallible>(this.answer(&request).await) }
                });
                let serving = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(Duration::from_secs(10))
                    .serve_connection(TokioIo::new(stream), service);
                let _ = tokio::time::timeout(Duration::from_secs(60), serving).await;
            });
        }
    }

    async fn answer(&self, request: &Request<Body>) -> Response<Full<Bytes>> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return said(StatusCode::METHOD_NOT_ALLOWED, "GET\n");
        }
        match request.uri().path() {
            "/healthz" => match self.alive().await {
                Ok(()) => said(StatusCode::OK, "ok\n"),
                Err(why) => said(StatusCode::SERVICE_UNAVAILABLE, &format!("{why}\n")),
            },
            "/readyz" => match self.ready().await {
                Ok(()) => said(StatusCode::OK, "ready\n"),
                Err(why) => said(StatusCode::SERVICE_UNAVAILABLE, &format!("{why}\n")),
            },
            "/metrics" => {
                // Where none is made now, what was true is told.
                let status = tokio::time::timeout(SOON, self.engine.status()).await;
                if let Ok(Ok(status)) = status {
                    self.metrics.observe(&status);
                }
                let waiting = self.engine.waiting() + self.writer.waiting();
                let now = self.clock.now();
                let text = self.metrics.text(now, waiting, self.writer.commits());
                said(StatusCode::OK, &text)
            }
            _ => said(
                StatusCode::NOT_FOUND,
                "there are /healthz, /readyz and /metrics\n",
            ),
        }
    }

    /// Whether decisions are made.
    async fn alive(&self) -> Result<(), String> {
        let status = tokio::time::timeout(Duration::from_secs(5), self.engine.status()).await;
        status
            .map_err(|_| "no decision is made".to_owned())?
            .map(|_| ())
    }

    /// Whether alerts can be taken.
    async fn ready(&self) -> Result<(), String> {
        if self.stopping.load(Ordering::Relaxed) {
            return Err("shutting down".to_owned());
        }
        if self.writer.is_failing() {
            return Err("the journal can't be written".to_owned());
        }
        self.alive().await
    }
}
