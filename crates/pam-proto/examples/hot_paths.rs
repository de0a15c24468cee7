//! `hot_paths JOB TIMES`: does one of the costly jobs so many times, for a profiler or an
//! instruction counter: `cargo xtask bench count`.

use std::error::Error;
use std::fmt::Write;
use std::hint::black_box;
use std::ops::ControlFlow;

use http::{Request, Uri};
use pam_proto::Secret;
use pam_proto::listing::{Filter, ListingParser};
use pam_proto::oauth1::signature::Key;
use pam_proto::oauth1::verify::{Origin, Unknown, Verifier};
use pam_proto::oauth1::{Credentials, Signer, Stamp, Target};

type Done = Result<(), Box<dyn Error>>;

const DELETE: (&str, &str) = (
    "DELETE",
    "https://pam.example.com/iso/session/drop/3fcf1e4a16104e328d6794e1b9693cfc457871d2",
);
const GET: (&str, &str) = (
    "GET",
    "https://pam.example.com/api/pam/session/remotesessions?device=10.66.33.15%3A3389&limit=100&proxy=Web%20Proxy&start=2024-05-06%2016%3A05%3A07&user=Jos%C3%A9%20M%C3%BCller%2F%E6%97%A5%E6%9C%AC",
);
const TIMESTAMP: u64 = 1_715_011_507;

fn main() -> Done {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, job, times] = arguments.as_slice() else {
        return Err("usage: hot_paths JOB TIMES".into());
    };
    let times = times.parse()?;
    match job.as_str() {
        "sign-delete" => sign(DELETE, times),
        "sign-get" => sign(GET, times),
        "verify-delete" => verify(DELETE, times),
        "verify-get" => verify(GET, times),
        "listing-find" => find(64 << 10, times),
        "listing-find-4k" => find(4 << 10, times),
        "listing-own" => own(times),
        _ => Err(format!("no job is called {job}").into()),
    }
}

fn secrets() -> (Secret, Secret) {
    let secret = |letter: &str| Secret::new(letter.repeat(40));
    (secret("a"), secret("b"))
}

fn signer() -> Result<Signer, Box<dyn Error>> {
    let (secret, token_secret) = secrets();
    let credentials = Credentials::new("c".repeat(40), secret);
    Ok(Signer::new(
        &credentials.with_token("d".repeat(40), token_secret),
    )?)
}

/// Nonces as clients make them: 32 hexadecimal digits.
fn stamp(number: u64) -> Stamp {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let nonce = format!("{mixed:016x}{:016x}", mixed.rotate_left(29) ^ number);
    Stamp::new(TIMESTAMP, nonce)
}

fn sign((method, url): (&str, &str), times: u64) -> Done {
    let signer = signer()?;
    let uri: Uri = url.parse()?;
    let target = Target::new(method, &uri);
    let stamp = stamp(1);
    for _ in 0..times {
        black_box(signer.authorization(black_box(&target), &stamp)?);
    }
    Ok(())
}

fn verify((method, url): (&str, &str), times: u64) -> Done {
    let signer = signer()?;
    let (secret, token_secret) = secrets();
    let key = Key::new(&secret, Some(&token_secret));
    let origin = Origin::new("https://pam.example.com")?;
    let verifier = Verifier::new();
    // As many are signed whatever is verified, so that signing does not count.
    let requests: Result<Vec<Request<Vec<u8>>>, Box<dyn Error>> = (0..1_000)
        .map(|number| {
            let request = Request::builder().method(method).uri(url);
            Ok(signer.sign(request.body(Vec::new())?, &stamp(number))?)
        })
        .collect();
    for request in requests?.iter().take(usize::try_from(times)?) {
        let find = |_: &str, _: Option<&str>| Ok::<_, Unknown>(&key);
        black_box(verifier.verify(request, &origin, TIMESTAMP, find)?);
    }
    Ok(())
}

/// A thousand sessions as the vendor prints them, one in fifty of which runs.
fn listing() -> Result<String, std::fmt::Error> {
    let mut body = String::from(r#"{"code":200,"response":{"status":200},"remote_sessions":["#);
    for index in 0..1_000 {
        let comma = if index > 0 { "," } else { "" };
        let user = ["alice", "Jos\\u00e9 M\\u00fcller", "operator"][index % 3];
        let end = if index % 50 == 0 {
            "null"
        } else {
            r#""2024-05-06 17:05:07""#
        };
        let request = ["null", r#""REQ\/2024\/001""#, r#""\"why\": it""#][index % 3];
        write!(
            body,
            r#"{comma}{{"id":"{index}","user":"{user}","origin_ip":"192.0.2.7","credential":"root","device":"198.51.100.7:22","protocol":"ssh","proxy":"Terminal Proxy","session_id":"{index:040x}","start":"2024-05-06 16:05:07","end":{end},"time":"01:00:00","prevent_purge":"Não","request":{request},"ITSM":null}}"#
        )?;
    }
    body.push_str("]}");
    Ok(body)
}

fn feed(filter: &Filter, body: &str, chunk: usize, whole: bool) -> Done {
    let (head, ()) = http::Response::new(()).into_parts();
    let mut parser = ListingParser::new(filter.clone(), head);
    for chunk in body.as_bytes().chunks(chunk) {
        let _ = parser.feed(chunk, |record| {
            black_box(record.id());
            if whole {
                black_box(record.to_session());
            }
            ControlFlow::Continue(())
        })?;
    }
    black_box(parser.finish()?);
    Ok(())
}

fn find(chunk: usize, times: u64) -> Done {
    let body = listing()?;
    let filter = Filter::new().active().user("José Müller");
    (0..times).try_for_each(|_| feed(&filter, &body, chunk, false))
}

fn own(times: u64) -> Done {
    let body = listing()?;
    (0..times).try_for_each(|_| feed(&Filter::new(), &body, 64 << 10, true))
}
