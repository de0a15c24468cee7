//! libcurl's easy interface: `curl SESSION_ID`. It follows no redirect unless told to. The libcurl
//! that the crate builds has TLS with the feature `ssl` only, which an appliance needs.

use curl::easy::{Easy, List};
use http::Response;
use pam_examples::vault::{self, Failed, Next, Request, Termination};
use pam_proto::{Pace, termination::Failure};

fn main() -> Result<(), Failed> {
    let mut termination = Termination::from_env()?;
    let (mut easy, ca) = (Easy::new(), termination.ca()?);
    if !ca.is_empty() {
        easy.ssl_cainfo_blob(&ca)?;
    }
    easy.connect_timeout(vault::CONNECT_LIMIT)?;
    easy.proxy("")?;
    loop {
        match termination.step() {
            Next::Send(request, pace) => {
                termination.answered(send(&mut easy, &request, pace).map_err(failure));
            }
            Next::Sleep(time) => std::thread::sleep(time),
            Next::Done => return Ok(()),
        }
    }
}

fn send(easy: &mut Easy, request: &Request, pace: Pace) -> Result<Response<Vec<u8>>, curl::Error> {
    easy.url(&request.uri().to_string())?;
    easy.custom_request(request.method().as_str())?;
    easy.timeout(vault::answer_limit(pace))?;
    let mut headers = List::new();
    for (name, value) in request.headers() {
        headers.append(&format!("{name}: {}", value.to_str().unwrap_or_default()))?;
    }
    easy.http_headers(headers)?;
    let mut body = Vec::new();
    let mut transfer = easy.transfer();
    transfer.write_function(|chunk| {
        body.extend_from_slice(chunk);
        // Taking less than it was given ends the transfer with an error.
        Ok(chunk.len() * usize::from(body.len() <= vault::BODY_LIMIT))
    })?;
    transfer.perform()?;
    drop(transfer);
    let mut answer = Response::new(body);
    let status = u16::try_from(easy.response_code()?).unwrap_or_default();
    *answer.status_mut() = status.try_into().unwrap_or_default();
    Ok(answer)
}

/// Whether the appliance may have seen the request.
fn failure(error: curl::Error) -> Failure {
    match error.is_couldnt_resolve_host() || error.is_couldnt_connect() {
        true => vault::unsent(error),
        false => vault::lost(error),
    }
}
