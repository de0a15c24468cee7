//! Every part of the protocol, from values alone. `cargo xtask wasm` builds this for WebAssembly,
//! where a module can reach nothing but what it imports, and shows that it imports nothing.

use std::error::Error;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::Duration;

use http::{Response, StatusCode};
use pam_proto::discovery::{RouteAnswer, RouteDiscovery};
use pam_proto::listing::{Filter, ListingParser};
use pam_proto::oauth1::{Credentials, Signer, Stamp};
use pam_proto::oauth2::{AccessToken, ClientCredentials, TokenPath};
use pam_proto::termination::{Limits, Step, Terminations};
use pam_proto::{
    BaseUrl, ListSessions, Notes, Operation, Routes, Secret, SessionRef, TerminateSession,
};

fn main() -> Result<(), Box<dyn Error>> {
    let base = BaseUrl::new("https://vault.example.com")?;
    let credentials = Credentials::new("key", Secret::new("secret"))
        .with_token("token", Secret::new("token secret"));
    let signer = Signer::new(&credentials)?;
    let stamp = Stamp::new(1_700_000_000, "n0nce");

    let request = signer.sign(ListSessions.request(&base, Routes::ApiPam)?, &stamp)?;
    black_box(&request.headers()["authorization"]);

    let body = br#"{"response":{"status":200,"error":false},
        "remote_sessions":[{"id":"540","session_id":"ab12","user":"alice"}]}"#;
    let (head, ()) = Response::new(()).into_parts();
    let mut parser = ListingParser::new(Filter::new().active().user("al*"), head);
    let mut found = Vec::new();
    for piece in body.chunks(7) {
        let fed = parser.feed(piece, |record| {
            found.push(record.to_session());
            ControlFlow::Continue(())
        });
        if fed?.is_break() {
            break;
        }
    }
    black_box(parser.finish()?);

    let session: SessionRef = "ab12".parse()?;
    let mut machine = Terminations::new([session], Limits::default(), Duration::ZERO);
    if let Step::Drop { session_id, .. } = machine.next(Duration::ZERO) {
        let operation = TerminateSession::new(session_id);
        let mut search = RouteDiscovery::auto().search(&operation, &base)?;
        black_box(search.step());
        search.answered(RouteAnswer::Lost);
        let refusal = Response::builder()
            .status(StatusCode::INTERNAL_SERVER_ERROR)
            .body(Vec::new())?;
        if let Err(refusal) = operation.parse(&refusal) {
            black_box(refusal.remedy());
        }
    }

    let client = ClientCredentials::new("client", Secret::new("secret"));
    black_box(client.token_request(&base, TokenPath::Api)?);
    let token = br#"{"token_type":"Bearer","expires_in":3600,"access_token":"opaque"}"#;
    let token = Response::new(token.to_vec());
    black_box(AccessToken::read(
        &token,
        1_700_000_000,
        &mut Notes::default(),
    )?);
    Ok(())
}
