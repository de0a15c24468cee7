//! Signing, beside `oauth1-request` and beside the bare MAC of the same base string.

use std::num::NonZeroU64;

use hmac::{Hmac, KeyInit, Mac};
use http::{Method, Request, Uri};
use oauth1_request as oauth;
use pam_proto::Secret;
use pam_proto::oauth1::{Credentials, Signer, Stamp, Target};
use sha1::Sha1;

use crate::race::{Contestant, race};
use crate::report::{Goal, Report};

pub(crate) const CONSUMER_KEY: &str = "3f2c9a7be1d04856a9c0f7d2e4b8136a5d90c1ef";
pub(crate) const CONSUMER_SECRET: &str = "b7e1a94c0d3f58261e9cab70d4f5832b6c1a90de";
pub(crate) const TOKEN: &str = "90ab17cd5e3f42d8b6a1c07e9f3d2b485c6e1a70";
pub(crate) const TOKEN_SECRET: &str = "e6d1c2b3a4958677f0e1d2c3b4a596870f1e2d3c";
pub(crate) const TIMESTAMP: u64 = 1_715_011_507;
pub(crate) const NONCE: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

const BARE_FRESH: &str = "hmac + sha1, fresh key";
const BARE_KEYED: &str = "hmac + sha1, keyed state";
const PEER: &str = "oauth1-request 0.6";

/// A request to sign.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    /// With the query in it.
    pub(crate) url: &'static str,
    /// The query's parameters, decoded and sorted, as the peer wants them.
    params: &'static [(&'static str, &'static str)],
    signature: &'static str,
    /// How many times faster than the peer the goal is.
    times_faster: f64,
}

impl Case {
    /// The request, unsigned.
    #[expect(
        clippy::unwrap_used,
        reason = "method and URL are constants of this file"
    )]
    pub(crate) fn request(&self) -> Request<Vec<u8>> {
        let request = Request::builder().method(&self.method).uri(self.url);
        request.body(Vec::new()).unwrap()
    }
}

pub(crate) fn cases() -> [Case; 2] {
    [
        Case {
            name: "DELETE",
            method: Method::DELETE,
            url: "https://pam.example.com/iso/session/drop/3fcf1e4a16104e328d6794e1b9693cfc457871d2",
            params: &[],
            signature: "N7+nwTs/N/qfoxJvaGYFfC6NmXY=",
            times_faster: 3.5,
        },
        Case {
            name: "GET",
            method: Method::GET,
            url: "https://pam.example.com/api/pam/session/remotesessions?device=10.66.33.15%3A3389&limit=100&proxy=Web%20Proxy&start=2024-05-06%2016%3A05%3A07&user=Jos%C3%A9%20M%C3%BCller%2F%E6%97%A5%E6%9C%AC",
            params: &[
                ("device", "10.66.33.15:3389"),
                ("limit", "100"),
                ("proxy", "Web Proxy"),
                ("start", "2024-05-06 16:05:07"),
                ("user", "José Müller/日本"),
            ],
            signature: "F28jRGewUi0xOUVeL1fHHxrWAEo=",
            times_faster: 3.0,
        },
    ]
}

pub(crate) fn credentials() -> Credentials {
    Credentials::new(CONSUMER_KEY, Secret::new(CONSUMER_SECRET))
        .with_token(TOKEN, Secret::new(TOKEN_SECRET))
}

pub(crate) fn run(report: &mut Report) {
    for case in cases() {
        compare(report, &case);
    }
    growth(report);
}

/// What a signature costs by the number of parameters and by the length of the form.
#[expect(clippy::unwrap_used, reason = "the inputs are constants of this file")]
fn growth(report: &mut Report) {
    const PARAMETER: &str = "name=some%20value";
    let signer = Signer::new(&credentials()).unwrap();
    let stamp = Stamp::new(TIMESTAMP, NONCE);
    let parameters = |count| vec![PARAMETER; count].join("&");
    let url = |query: &str| format!("https://pam.example.com/api/pam/session?{query}");
    let queries = [
        ("no parameter", 0),
        ("8 parameters", 8),
        ("64 parameters", 64),
        ("512 parameters", 512),
    ]
    .map(|(name, count)| (name, url(&parameters(count)).parse::<Uri>().unwrap()));
    let forms = [("form of 1 KiB", 1 << 10), ("form of 64 KiB", 64 << 10)]
        .map(|(name, bytes)| (name, format!("text={}", "some+words+".repeat(bytes / 11))));
    let bare: Uri = url("").parse().unwrap();
    let mut contestants: Vec<Contestant<'_>> = Vec::new();
    for (name, uri) in &queries {
        let target = Target::new("GET", uri);
        contestants.push(Contestant::new(name, {
            let (signer, stamp) = (&signer, &stamp);
            move || signer.authorization(&target, stamp).unwrap()
        }));
    }
    for (name, form) in &forms {
        let target = Target::new("POST", &bare).with_form(form.as_bytes());
        contestants.push(Contestant::new(name, {
            let (signer, stamp) = (&signer, &stamp);
            move || signer.authorization(&target, stamp).unwrap()
        }));
    }
    race(report, "sign", "growth", 200, contestants);
}

#[expect(clippy::unwrap_used, reason = "the inputs are constants of this file")]
fn compare(report: &mut Report, case: &Case) {
    let signer = Signer::new(&credentials()).unwrap();
    let stamp = Stamp::new(TIMESTAMP, NONCE);
    let uri: Uri = case.url.parse().unwrap();
    let target = Target::new(case.method.as_str(), &uri);

    let explained = signer.explain(&target, &stamp).unwrap();
    report.same(
        "our signature",
        explained.signature.as_str(),
        case.signature,
    );
    let header = signer.authorization(&target, &stamp).unwrap();
    report.same(
        "our header",
        header.to_str().unwrap(),
        &explained.authorization,
    );
    let base_string = explained.base_string.as_bytes();

    let bare_url = case.url.split('?').next().unwrap_or_default();
    let peer_token = oauth::Token::from_parts(CONSUMER_KEY, CONSUMER_SECRET, TOKEN, TOKEN_SECRET);
    let mut peer = oauth::Builder::new(peer_token.client, oauth::HMAC_SHA1);
    peer.token(peer_token.token)
        .nonce(NONCE)
        .timestamp(NonZeroU64::new(TIMESTAMP))
        .version(true);
    let peer_params = oauth::ParameterList::new(case.params.to_vec());
    let peer_sign = || peer.authorize(case.method.as_str(), bare_url, &peer_params);
    let quoted = |header: &str| {
        let (_, rest) = header.split_once("oauth_signature=\"").unwrap_or_default();
        rest.split('"').next().unwrap_or_default().to_owned()
    };
    report.same(
        "the signatures",
        quoted(header.to_str().unwrap()),
        quoted(&peer_sign()),
    );

    let key = format!("{CONSUMER_SECRET}&{TOKEN_SECRET}");
    let keyed = Hmac::<Sha1>::new_from_slice(key.as_bytes()).unwrap();
    let request = || {
        Request::builder()
            .method(case.method.clone())
            .uri(uri.clone())
            .body(Vec::<u8>::new())
            .unwrap()
    };
    race(
        report,
        "sign",
        case.name,
        1_000,
        vec![
            Contestant::new(BARE_FRESH, || {
                Hmac::<Sha1>::new_from_slice(key.as_bytes())
                    .unwrap()
                    .chain_update(base_string)
                    .finalize()
                    .into_bytes()
            }),
            Contestant::new(BARE_KEYED, || {
                keyed
                    .clone()
                    .chain_update(base_string)
                    .finalize()
                    .into_bytes()
            }),
            Contestant::new("pam-proto, header value", || {
                signer.authorization(&target, &stamp).unwrap()
            })
            .allocating(1)
            .goal(Goal::Faster(case.times_faster, PEER))
            .goal(Goal::AtMost(1.15, BARE_FRESH)),
            Contestant::new("pam-proto, whole signed request", || {
                signer.sign(request(), &stamp).unwrap()
            })
            .goal(Goal::AtMost(1.8, BARE_FRESH)),
            Contestant::new("an unsigned request", request),
            Contestant::new(PEER, peer_sign),
        ],
    );
}
