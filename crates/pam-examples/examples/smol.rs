//! smol with async-io, and hyper over it: `smol SESSION_ID`. One connection a request.

use std::{net::TcpStream, time::Duration};

use async_io::{Async, Timer};
use bytes::Bytes;
use http::Response;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use pam_examples::by_hand::{Fallible, tls, wire_form};
use pam_examples::vault::{self, Answer, Failed, Next, Request, Termination};
use pam_proto::{BaseUrl, Pace};

type Sender = SendRequest<Full<Bytes>>;
type Stream = futures_rustls::client::TlsStream<Async<TcpStream>>;

fn main() -> Fallible<()> {
    let mut termination = Termination::from_env()?;
    let (base, ca) = (termination.base.clone(), termination.ca()?);
    let ask = |request, pace| smol::block_on(call(&base, &ca, request, pace));
    loop {
        match termination.step() {
            Next::Send(request, pace) => termination.answered(ask(request, pace)),
            Next::Sleep(time) => drop(smol::block_on(Timer::after(time))),
            Next::Done => return Ok(()),
        }
    }
}

async fn within<T>(limit: Duration, act: impl Future<Output = Fallible<T>>) -> Fallible<T> {
    let late = async { Err(format!("late: {:?}", Timer::after(limit).await).into()) };
    smol::future::or(act, late).await
}

/// What fails before the connection is there was not sent.
async fn call(base: &BaseUrl, ca: &[u8], request: Request, pace: Pace) -> Answer {
    let stream = within(vault::CONNECT_LIMIT, connect(base, ca)).await;
    let io = smol_hyper::rt::FuturesIo::new(stream.map_err(vault::unsent)?);
    let (sender, line) = handshake(io).await.map_err(vault::unsent)?;
    let lost = async { line.await.map_err(Failed::from).and(Err("hung up".into())) };
    let answer = smol::future::or(send(sender, request), lost);
    let answer = within(vault::answer_limit(pace), answer).await;
    answer.map_err(vault::lost)
}

async fn connect(base: &BaseUrl, ca: &[u8]) -> Fallible<Stream> {
    let found = smol::net::resolve((base.host(), base.port())).await?;
    let tcp = Async::<TcpStream>::connect(*found.first().ok_or("no address")?).await?;
    let name = base.host().to_owned().try_into()?;
    let tls = futures_rustls::TlsConnector::from(tls(ca)?);
    Ok(tls.connect(name, tcp).await?)
}

async fn send(mut sender: Sender, request: Request) -> Fallible<Response<Vec<u8>>> {
    let request = wire_form(request)?.map(Full::from);
    let (head, body) = sender.send_request(request).await?.into_parts();
    let body = Limited::new(body, vault::BODY_LIMIT).collect().await?;
    Ok(Response::from_parts(head, body.to_bytes().to_vec()))
}
