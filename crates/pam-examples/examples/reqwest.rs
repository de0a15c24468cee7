//! reqwest on tokio: `reqwest SESSION_ID`.

use http::Response;
use pam_examples::by_hand;
use pam_examples::vault::{self, Answer, Failed, Next, Request, Termination};
use pam_proto::{Pace, termination::Failure};
use reqwest::{Client, redirect};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failed> {
    let mut termination = Termination::from_env()?;
    let client = client(&termination.ca()?)?;
    loop {
        match termination.step() {
            Next::Send(request, pace) => termination.answered(send(&client, request, pace).await),
            Next::Sleep(time) => tokio::time::sleep(time).await,
            Next::Done => return Ok(()),
        }
    }
}

/// Trusts these certificates and no others, follows no redirect and takes no proxy.
fn client(ca: &[u8]) -> Result<Client, Failed> {
    let tls = (*by_hand::tls(ca)?).clone();
    let client = Client::builder().tls_backend_preconfigured(tls);
    let client = client.redirect(redirect::Policy::none()).no_proxy();
    // It repeats nothing, not even what HTTP/2 lets it.
    let client = client.retry(reqwest::retry::never());
    Ok(client.connect_timeout(vault::CONNECT_LIMIT).build()?)
}

async fn send(client: &Client, request: Request, pace: Pace) -> Answer {
    let mut request = reqwest::Request::try_from(request).map_err(vault::unsent)?;
    *request.timeout_mut() = Some(vault::answer_limit(pace));
    let mut response = client.execute(request).await.map_err(failure)?;
    let mut answer = Response::new(Vec::new());
    *answer.status_mut() = response.status();
    *answer.headers_mut() = response.headers().clone();
    while let Some(chunk) = response.chunk().await.map_err(vault::lost)? {
        if answer.body().len() + chunk.len() > vault::BODY_LIMIT {
            return Err(vault::lost("the answer is too large"));
        }
        answer.body_mut().extend_from_slice(&chunk);
    }
    Ok(answer)
}

/// Whether the appliance may have seen the request.
fn failure(error: reqwest::Error) -> Failure {
    if error.is_connect() {
        vault::unsent(error)
    } else {
        vault::lost(error)
    }
}
