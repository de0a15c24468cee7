//! hyper by hand, on tokio and rustls: `hyper SESSION_ID`. One connection a request.

use bytes::Bytes;
use http::Response;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use pam_examples::by_hand::{tls, wire_form};
use pam_examples::vault::{self, Answer, Failed, Next, Request, Termination};
use pam_proto::{BaseUrl, Pace};
use tokio::{net::TcpStream, time::timeout};

type Sender = SendRequest<Full<Bytes>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failed> {
    let mut termination = Termination::from_env()?;
    let (base, ca) = (termination.base.clone(), termination.ca()?);
    loop {
        match termination.step() {
            Next::Send(request, pace) => {
                termination.answered(call(&base, &ca, request, pace).await);
            }
            Next::Sleep(time) => tokio::time::sleep(time).await,
            Next::Done => return Ok(()),
        }
    }
}

/// What fails before the connection is there was not sent.
async fn call(base: &BaseUrl, ca: &[u8], request: Request, pace: Pace) -> Answer {
    let connected = timeout(vault::CONNECT_LIMIT, connect(base, ca)).await;
    let sender = connected.map_err(vault::unsent)?.map_err(vault::unsent)?;
    let answer = timeout(vault::answer_limit(pace), send(sender, request)).await;
    answer.map_err(vault::lost)?.map_err(vault::lost)
}

async fn connect(base: &BaseUrl, ca: &[u8]) -> Result<Sender, Failed> {
    let tcp = TcpStream::connect((base.host(), base.port())).await?;
    let name = base.host().to_owned().try_into()?;
    let tls = tokio_rustls::TlsConnector::from(tls(ca)?);
    let (sender, line) = handshake(TokioIo::new(tls.connect(name, tcp).await?)).await?;
    tokio::spawn(line);
    Ok(sender)
}

async fn send(mut sender: Sender, request: Request) -> Result<Response<Vec<u8>>, Failed> {
    let request = wire_form(request)?.map(Full::from);
    let (head, body) = sender.send_request(request).await?.into_parts();
    let body = Limited::new(body, vault::BODY_LIMIT).collect().await?;
    Ok(Response::from_parts(head, body.to_bytes().to_vec()))
}
