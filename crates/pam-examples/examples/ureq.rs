//! ureq, by hand: `ureq SESSION_ID`.

#[path = "../src/vault.rs"]
#[expect(unreachable_pub, reason = "it is a library's module elsewhere")]
mod vault;

use http::Response;
use pam_proto::{Pace, termination::Failure};
use std::{io::ErrorKind::ConnectionRefused, sync::Arc, thread};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Timeout};
use vault::{Answer, CONNECT_LIMIT, Failed, Next, Request, Termination};

fn main() -> Result<(), Failed> {
    let mut termination = Termination::from_env()?;
    let agent = agent(&termination.ca()?);
    loop {
        match termination.step() {
            Next::Send(request, pace) => termination.answered(send(&agent, request, pace)),
            Next::Sleep(time) => thread::sleep(time),
            Next::Done => return Ok(()),
        }
    }
}

/// Trusts these certificates and no others, follows no redirect and takes no proxy.
fn agent(ca: &[u8]) -> Agent {
    let certificates = parse_pem(ca).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    let roots = RootCerts::Specific(Arc::new(certificates.collect()));
    let tls = TlsConfig::builder().root_certs(roots);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = tls.unversioned_rustls_crypto_provider(provider).build();
    let config = Agent::config_builder().timeout_connect(Some(CONNECT_LIMIT));
    let config = config.max_redirects(0).max_redirects_will_error(false);
    let config = config.http_status_as_error(false).tls_config(tls);
    config.proxy(None).build().into()
}

fn send(agent: &Agent, request: Request, pace: Pace) -> Answer {
    // None of these requests has a body.
    let request = agent.configure_request(request.map(drop));
    let request = request.timeout_global(Some(vault::answer_limit(pace)));
    let (head, mut body) = agent.run(request.build()).map_err(failure)?.into_parts();
    let body = body.with_config().limit(vault::BODY_LIMIT as u64);
    let body = body.read_to_vec().map_err(vault::lost)?;
    Ok(Response::from_parts(head, body))
}

/// Whether the appliance may have seen the request.
fn failure(error: ureq::Error) -> Failure {
    match &error {
        ureq::Error::HostNotFound | ureq::Error::Timeout(Timeout::Connect) => vault::unsent(error),
        ureq::Error::Io(cause) if cause.kind() == ConnectionRefused => vault::unsent(error),
        _ => vault::lost(error),
    }
}
