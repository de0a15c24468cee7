//! Network, token and signature together, and secrets that are rotated.

use std::net::{IpAddr, SocketAddr};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;

use crate::fixture::{Bench, RULE, configuration, webhook, write_private};

const THREE: &str = r#"
[[webhook]]
name = "three"
path = "/three"
networks = ["127.0.0.1/32"]
bearer_file = "token"
hmac = "github"
hmac_file = "key"
"#;

const KEY: &str = "signing key of the sender";

fn signature(key: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let bytes = mac.finalize().into_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

/// The status of a request from this address of the machine.
async fn post(to: SocketAddr, from: &str, path: &str, headers: &str, body: &str) -> u16 {
    let socket = TcpSocket::new_v4().unwrap();
    let from: IpAddr = from.parse().unwrap();
    socket.bind(SocketAddr::new(from, 0)).unwrap();
    let mut stream = socket.connect(to).await.unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer[9..12].parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn network_token_and_signature_must_all_be_met() {
    let text = configuration(&format!("{RULE}{THREE}"));
    let bench = Bench::configured(&text, |folder| write_private(&folder.join("key"), KEY)).await;
    let body = webhook("a1", "alice");
    let (mut refused, mut taken) = (0, 0);
    for case in 0..8 {
        let [network, token, signed] = [4, 2, 1].map(|bit| case & bit != 0);
        let from = if network { "127.0.0.1" } else { "127.0.0.2" };
        let token = if token {
            "correct horse"
        } else {
            "wrong horse"
        };
        let key = if signed { KEY } else { "another key" };
        let headers = format!(
            "Authorization: Bearer {token}\r\nX-Hub-Signature-256: {}\r\n",
            signature(key, &body)
        );
        let status = post(bench.address("http"), from, "/three", &headers, &body).await;
        let expected = if case == 7 { 202 } else { 401 };
        assert_eq!(status, expected, "{from} {token} {key}");
        if status == 202 {
            taken += 1;
        } else {
            assert_eq!(bench.running(), ["alice", "bob", "ceo"]);
            refused += 1;
        }
    }
    bench.until_running(&["bob", "ceo"]).await;
    println!("CIDR, bearer and HMAC: {refused} of 7 wrong combinations refused, {taken} taken");
    bench.service.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_secret_is_rolled_out_before_the_old_one_goes() {
    let text = configuration(&format!("{RULE}{THREE}"));
    let mut bench =
        Bench::configured(&text, |folder| write_private(&folder.join("key"), KEY)).await;
    let new_key = "the key that comes next";
    let mut statuses = Vec::new();
    // The old alone, both, the new alone.
    for (step, keys) in [
        KEY.to_owned(),
        format!("{KEY}\n{new_key}\n"),
        new_key.to_owned(),
    ]
    .iter()
    .enumerate()
    {
        std::fs::write(bench.folder.path().join("key"), keys).unwrap();
        bench.service.shutdown().await;
        bench.service = Bench::start(&bench.mock, &bench.folder, &text).await;
        for (name, key) in [("old", KEY), ("new", new_key)] {
            let body = webhook(&format!("{step}-{name}"), "nobody");
            let headers = format!(
                "Authorization: Bearer battery staple\r\nX-Hub-Signature-256: {}\r\n",
                signature(key, &body)
            );
            let to = bench.address("http");
            statuses.push(post(to, "127.0.0.1", "/three", &headers, &body).await);
        }
    }
    assert_eq!(statuses, [202, 401, 202, 202, 401, 202]);
    println!("rotation: old and new key at each of 3 steps got {statuses:?}");
    bench.service.shutdown().await;
}
