//! Signatures of requests to the appliance.

use http::header::CONTENT_TYPE;
use http::{Method, Request};
use pam_proto::Secret;
use pam_proto::oauth1::{Credentials, Signer, Stamp, Target};

const ID: &str = "3fcf1e4a16104e328d6794e1b9693cfc457871d2";

fn request(method: Method, url: &str, body: Option<(&str, &str)>) -> Request<Vec<u8>> {
    let mut request = Request::builder().method(method).uri(url);
    if let Some((content_type, _)) = body {
        request = request.header(CONTENT_TYPE, content_type);
    }
    let text = body.map_or("", |(_, text)| text);
    request.body(text.as_bytes().to_vec()).unwrap()
}

/// The test vectors of the A2A API specification, "OAuth 1.0 (RFC 5849)".
#[test]
fn the_specifications_vectors_hold() {
    let credentials = Credentials::new("ck-0f1e2d3c", Secret::new("cs+secret/1="))
        .with_token("tk-9a8b7c6d", Secret::new("ts&secret 2"));
    let signer = Signer::new(&credentials).unwrap();
    let stamp = Stamp::new(1_700_000_000, "n0nce123");
    let drop = || {
        let url = format!("https://vault.example.com/iso/session/drop/{ID}");
        request(Method::DELETE, &url, None)
    };
    let open = |content_type, body| {
        let url = "https://vault.example.com:8443/iso/remote/session";
        request(Method::POST, url, Some((content_type, body)))
    };
    let form = "user=dleite&protocol=ssh";
    let table = [
        (drop(), &stamp, "oX6nnEpc56Sr5tmImUe35iLQd6o="),
        (
            request(
                Method::GET,
                "https://vault.example.com/iso/coge/risco/all?data1=2021-01-28&data2=2021-02-29&hostname=srv%2001",
                None,
            ),
            &stamp,
            "0L9xphpBpAGpYW2HeQQOz9u499s=",
        ),
        (
            open("application/json", r#"{"user":"dleite"}"#),
            &stamp,
            "UOff/fHgLlDUbkATclELzdKCWMs=",
        ),
        (
            open("application/x-www-form-urlencoded", form),
            &stamp,
            "Mv6F4iJHdDqWYXK3vLCjSH4VAd8=",
        ),
        (drop(), &Stamp::absent(), "DgQPZM/d5MoVxqLqC8WfoC+xHJA="),
        // The same form, its type in other spellings.
        (
            open("Application/X-WWW-Form-URLEncoded; charset=UTF-8", form),
            &stamp,
            "Mv6F4iJHdDqWYXK3vLCjSH4VAd8=",
        ),
        (
            open("application/x-www-form-urlencoded ;charset=utf-8", form),
            &stamp,
            "Mv6F4iJHdDqWYXK3vLCjSH4VAd8=",
        ),
    ];
    for (request, stamp, signature) in table {
        let explained = signer.explain(&Target::of(&request), stamp).unwrap();
        assert_eq!(explained.signature, signature, "{}", explained.base_string);
    }
}

#[test]
fn the_specifications_base_string_and_header_hold() {
    let credentials = Credentials::new("ck-0f1e2d3c", Secret::new("cs+secret/1="))
        .with_token("tk-9a8b7c6d", Secret::new("ts&secret 2"));
    let signer = Signer::new(&credentials).unwrap();
    let url = format!("https://vault.example.com/iso/session/drop/{ID}");
    let request = request(Method::DELETE, &url, None);
    let stamp = Stamp::new(1_700_000_000, "n0nce123");
    let explained = signer.explain(&Target::of(&request), &stamp).unwrap();
    assert_eq!(
        explained.base_string,
        "DELETE&https%3A%2F%2Fvault.example.com%2Fiso%2Fsession%2Fdrop%2F3fcf1e4a16104e328d6794e1b9693cfc457871d2&oauth_consumer_key%3Dck-0f1e2d3c%26oauth_nonce%3Dn0nce123%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1700000000%26oauth_token%3Dtk-9a8b7c6d%26oauth_version%3D1.0"
    );
    assert_eq!(
        explained.authorization,
        r#"OAuth oauth_consumer_key="ck-0f1e2d3c", oauth_nonce="n0nce123", oauth_signature="oX6nnEpc56Sr5tmImUe35iLQd6o%3D", oauth_signature_method="HMAC-SHA1", oauth_timestamp="1700000000", oauth_token="tk-9a8b7c6d", oauth_version="1.0""#
    );
    let without = signer
        .explain(&Target::of(&request), &Stamp::absent())
        .unwrap();
    assert_eq!(
        without.authorization,
        r#"OAuth oauth_consumer_key="ck-0f1e2d3c", oauth_signature="DgQPZM%2Fd5MoVxqLqC8WfoC%2BxHJA%3D", oauth_signature_method="HMAC-SHA1", oauth_token="tk-9a8b7c6d", oauth_version="1.0""#
    );
}

/// The two requests whose cost is measured.
#[test]
fn the_measured_requests_are_signed_right() {
    let credentials = Credentials::new(
        "3f2c9a7be1d04856a9c0f7d2e4b8136a5d90c1ef",
        Secret::new("b7e1a94c0d3f58261e9cab70d4f5832b6c1a90de"),
    )
    .with_token(
        "90ab17cd5e3f42d8b6a1c07e9f3d2b485c6e1a70",
        Secret::new("e6d1c2b3a4958677f0e1d2c3b4a596870f1e2d3c"),
    );
    let signer = Signer::new(&credentials).unwrap();
    let stamp = Stamp::new(1_715_011_507, "0f1e2d3c4b5a69788796a5b4c3d2e1f0");
    let url = "https://pam.example.com/api/pam/session/remotesessions";
    // One query in several spellings.
    let queries = [
        "device=10.66.33.15%3A3389&limit=100&proxy=Web%20Proxy&start=2024-05-06%2016%3A05%3A07&user=Jos%C3%A9%20M%C3%BCller%2F%E6%97%A5%E6%9C%AC",
        "user=Jos%c3%a9+M%c3%bcller/%e6%97%a5%e6%9c%ac&start=2024-05-06+16:05:07&proxy=Web+Proxy&limit=%3100&device=10.66.33.15:3389",
        "limit=100&user=José+Müller/日本&&start=2024%2D05%2D06%2016:05:07&proxy=Web%20Proxy&%64evice=10.66.33.15:3389&",
    ];
    for query in queries {
        let request = request(Method::GET, &format!("{url}?{query}"), None);
        let explained = signer.explain(&Target::of(&request), &stamp).unwrap();
        assert_eq!(
            explained.signature, "F28jRGewUi0xOUVeL1fHHxrWAEo=",
            "{query}"
        );
    }
    let url = format!("https://pam.example.com/iso/session/drop/{ID}");
    let request = request(Method::DELETE, &url, None);
    let explained = signer.explain(&Target::of(&request), &stamp).unwrap();
    assert_eq!(explained.signature, "N7+nwTs/N/qfoxJvaGYFfC6NmXY=");
}
