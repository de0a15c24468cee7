//! `pamctl auth`: what is signed.

use std::io::{Read, Write};
use std::net::TcpStream;

use assert_cmd::Command;
use pam_mock::MockAppliance;

use crate::fixture::{Mock, Run, pamctl};

fn with_keys() -> Command {
    let mut command = pamctl();
    command
        .env("PAM_CONSUMER_KEY", "ck-0f1e2d3c")
        .env("PAM_CONSUMER_SECRET", "cs+secret/1=")
        .env("PAM_TOKEN", "tk-9a8b7c6d")
        .env("PAM_TOKEN_SECRET", "ts&secret 2");
    command
}

const STAMP: [&str; 4] = ["--nonce", "n0nce123", "--timestamp", "1700000000"];
const DROP: &str =
    "https://vault.example.com/iso/session/drop/3fcf1e4a16104e328d6794e1b9693cfc457871d2";

/// The vectors of the A2A API specification, "OAuth 1.0", numbers 1, 2 and 4.
#[test]
fn explain_gives_the_published_signatures() {
    let query = "https://vault.example.com/iso/coge/risco/all?data1=2021-01-28&data2=2021-02-29&hostname=srv%2001";
    let table: [(&[&str], &str); 3] = [
        (&["delete", DROP], "oX6nnEpc56Sr5tmImUe35iLQd6o="),
        (&["GET", query], "0L9xphpBpAGpYW2HeQQOz9u499s="),
        (
            &[
                "POST",
                "https://vault.example.com:8443/iso/remote/session",
                "--form",
                "user=dleite",
                "--form",
                "protocol=ssh",
            ],
            "Mv6F4iJHdDqWYXK3vLCjSH4VAd8=",
        ),
    ];
    for (request, signature) in table {
        let run = Run::of(
            with_keys()
                .args(["auth", "explain", "-o", "json"])
                .args(request)
                .args(STAMP),
        );
        let json = run.ended(0).json();
        assert_eq!(json["signature"], signature, "{request:?}");
    }
}

#[test]
fn explain_shows_every_step() {
    let run = Run::of(
        with_keys()
            .args(["auth", "explain", "DELETE", DROP, "-o", "json"])
            .args(STAMP),
    );
    let json = run.ended(0).json();
    let mut keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(
        keys,
        ["authorization", "base_string", "parameters", "signature"]
    );
    assert_eq!(
        json["base_string"],
        "DELETE&https%3A%2F%2Fvault.example.com%2Fiso%2Fsession%2Fdrop%2F3fcf1e4a16104e328d6794e1b9693cfc457871d2&oauth_consumer_key%3Dck-0f1e2d3c%26oauth_nonce%3Dn0nce123%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1700000000%26oauth_token%3Dtk-9a8b7c6d%26oauth_version%3D1.0"
    );
    assert_eq!(
        json["parameters"][0],
        serde_json::json!({"name": "oauth_consumer_key", "value": "ck-0f1e2d3c"})
    );
    let authorization = json["authorization"].as_str().unwrap();
    assert!(
        authorization.starts_with("OAuth ")
            && authorization.contains("oX6nnEpc56Sr5tmImUe35iLQd6o%3D")
    );

    let text = Run::of(
        with_keys()
            .args(["auth", "explain", "DELETE", DROP])
            .args(STAMP),
    )
    .ended(0);
    for part in [
        "oauth_nonce",
        "Base string",
        "DELETE&https",
        "oX6nnEpc56Sr5tmImUe35iLQd6o=",
    ] {
        assert!(text.stdout.contains(part), "{part}");
    }
    for secret in ["cs+secret", "ts&secret", "cs%2Bsecret"] {
        assert!(!(text.stdout.clone() + &text.stderr).contains(secret));
    }
}

#[test]
fn a_form_is_signed_as_it_was_given() {
    let sign = |form: &[&str]| {
        let mut command = with_keys();
        command.args([
            "auth",
            "explain",
            "POST",
            "https://vault.example.com/x",
            "-o",
            "json",
        ]);
        for pair in form {
            command.args(["--form", pair]);
        }
        Run::of(command.args(STAMP)).ended(0).json()["base_string"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert!(sign(&["note="]).contains("&note%3D%26oauth_"));
    assert!(sign(&["a=b=c&d"]).contains("a%3Db%253Dc%2526d"));
    assert!(sign(&["n=2", "n=1"]).contains("n%3D1%26n%3D2"));
    assert!(sign(&["q=José +"]).contains("q%3DJos%25C3%25A9%2520%252B"));
}

#[test]
fn without_stamp_each_signature_is_another() {
    let sign = || {
        Run::of(with_keys().args(["auth", "header", "GET", DROP]))
            .ended(0)
            .stdout
    };
    assert_ne!(sign(), sign());
}

#[test]
fn a_header_signed_here_is_accepted_there() {
    let mock = Mock::start(MockAppliance::builder().sessions(3, 2).plain_http());
    let victim = mock.running().remove(0);
    let path = format!("/api/pam/session/drop/{victim}");
    let url = format!("{}{path}", mock.appliance.base_url());
    let mut command = mock.pamctl();
    command
        .env_remove("PAM_URL")
        .args(["auth", "header", "DELETE", &url]);
    let header = Run::of(&mut command).ended(0).stdout;
    assert!(header.starts_with("Authorization: OAuth "));

    // Carried by a client that knows nothing of OAuth.
    let address = mock.appliance.address();
    let mut client = TcpStream::connect(address).unwrap();
    let head = format!("DELETE {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    write!(client, "{head}{}\r\n\r\n", header.trim_end()).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(!mock.runs(&victim));

    command.args(["-o", "json"]);
    let json = Run::of(&mut command).ended(0).json();
    assert!(
        json["authorization"]
            .as_str()
            .unwrap()
            .starts_with("OAuth ")
    );
}

#[test]
fn what_can_not_be_signed_is_wrong_usage() {
    let table: [(&[&str], &str); 6] = [
        (&["GET", "vault.example.com/x"], "absolute URL"),
        (&["GET", "/x"], "absolute URL"),
        (&["GET", "ftp://vault.example.com/x"], "absolute URL"),
        (&["GET", "https://vault.example.com/a b"], "percent-encode"),
        (&["G T", "https://vault.example.com/"], "HTTP method"),
        (
            &["GET", "https://vault.example.com/", "--form", "novalue"],
            "NAME=VALUE",
        ),
    ];
    for (request, word) in table {
        let run = Run::of(with_keys().args(["auth", "explain"]).args(request)).ended(2);
        assert!(run.stderr.contains(word), "{}", run.stderr);
    }
    Run::of(with_keys().args([
        "auth",
        "explain",
        "GET",
        "https://vault.example.com/?oauth_nonce=1",
    ]))
    .failed(2, &["oauth_nonce"]);
    Run::of(pamctl().args(["auth", "explain", "GET", DROP]))
        .failed(2, &["PAM_CONSUMER_KEY", "PAM_CONSUMER_SECRET"]);
}
