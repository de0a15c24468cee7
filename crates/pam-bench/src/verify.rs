//! Verifying, beside signing the same request.

use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Uri};
use pam_proto::Secret;
use pam_proto::oauth1::signature::Key;
use pam_proto::oauth1::verify::{Origin, Refusal, Unknown, Verifier};
use pam_proto::oauth1::{Signer, Stamp, Target};

use crate::race::{Contestant, race};
use crate::report::{Goal, Report};
use crate::sign::{self, Case};

const SIGNING: &str = "pam-proto, signing a request";
const HEADER: &str = "pam-proto, its header value alone";
const RIGHT: &str = "pam-proto, right signature";

/// How many requests there are, each with its own nonce; a new verifier begins with the first.
/// So few that they stay in the processor's cache, as one does that was just received.
const REQUESTS: usize = 64;

pub(crate) fn run(report: &mut Report) {
    for case in sign::cases() {
        compare(report, &case);
    }
}

#[expect(clippy::unwrap_used, reason = "the inputs are constants of this crate")]
fn compare(report: &mut Report, case: &Case) {
    let signer = Signer::new(&sign::credentials()).unwrap();
    let uri: Uri = case.url.parse().unwrap();
    let target = Target::new(case.method.as_str(), &uri);
    let stamp = Stamp::new(sign::TIMESTAMP, sign::NONCE);
    let right: Vec<Request<Vec<u8>>> = (0..REQUESTS)
        .map(|number| {
            let stamp = Stamp::new(sign::TIMESTAMP, format!("{number:032x}"));
            signer.sign(case.request(), &stamp).unwrap()
        })
        .collect();
    let wrong: Vec<Request<Vec<u8>>> = right
        .iter()
        .map(|request| {
            let mut request = request.clone();
            let header = request.headers()[AUTHORIZATION].to_str().unwrap();
            let mut text = header.to_owned();
            let at = text.find("oauth_signature=\"").unwrap() + "oauth_signature=\"".len();
            let other = if text[at..].starts_with('A') {
                "B"
            } else {
                "A"
            };
            text.replace_range(at..=at, other);
            let value = HeaderValue::from_str(&text).unwrap();
            request.headers_mut().insert(AUTHORIZATION, value);
            request
        })
        .collect();

    let origin = Origin::new("https://pam.example.com").unwrap();
    let key = Key::new(
        &Secret::new(sign::CONSUMER_SECRET),
        Some(&Secret::new(sign::TOKEN_SECRET)),
    );
    let find = |consumer_key: &str, token: Option<&str>| {
        if consumer_key != sign::CONSUMER_KEY {
            Err(Unknown::ConsumerKey)
        } else if token != Some(sign::TOKEN) {
            Err(Unknown::Token)
        } else {
            Ok(&key)
        }
    };
    let verify = |verifier: &Verifier, request: &Request<Vec<u8>>| {
        verifier
            .verify(request, &origin, sign::TIMESTAMP, find)
            .map(|verified| verified.nonce().is_some())
    };
    let verifier = Verifier::new();
    report.same("a right request", verify(&verifier, &right[0]), Ok(true));
    report.same(
        "a wrong request",
        verify(&verifier, &wrong[0]),
        Err(Refusal::Signature),
    );

    let mut in_turn = InTurn::new(&right);
    let mut wrong_in_turn = InTurn::new(&wrong);
    race(
        report,
        "verify",
        case.name,
        1_000,
        vec![
            Contestant::new(SIGNING, || signer.sign(case.request(), &stamp)),
            Contestant::new(HEADER, || signer.authorization(&target, &stamp)),
            Contestant::new(RIGHT, || {
                let (verifier, request) = in_turn.next();
                verify(verifier, request)
            })
            .goal(Goal::AtMost(1.5, SIGNING))
            .goal(Goal::AtMost(1.5, HEADER)),
            Contestant::new("pam-proto, wrong signature", || {
                let (verifier, request) = wrong_in_turn.next();
                verify(verifier, request)
            })
            .goal(Goal::Same(0.1, RIGHT)),
        ],
    );
}

/// Requests one after the other, and a verifier that has not seen them.
struct InTurn<'a> {
    requests: &'a [Request<Vec<u8>>],
    next: usize,
    verifier: Verifier,
}

impl<'a> InTurn<'a> {
    fn new(requests: &'a [Request<Vec<u8>>]) -> Self {
        Self {
            requests,
            next: 0,
            verifier: Verifier::new(),
        }
    }

    fn next(&mut self) -> (&Verifier, &'a Request<Vec<u8>>) {
        if self.next == self.requests.len() {
            self.next = 0;
            self.verifier = Verifier::new();
        }
        self.next += 1;
        (&self.verifier, &self.requests[self.next - 1])
    }
}
