//! The published vectors (`tests/fixtures/oauth1.json`), stage by stage: one that fails names the
//! stage that is wrong.

use std::collections::BTreeMap;
use std::io::Write;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, Uri};
use pam_proto::Secret;
use pam_proto::oauth1::params::Params;
use pam_proto::oauth1::signature::Key;
use pam_proto::oauth1::{Credentials, Signer, Stamp, Target, base_string, header, percent};
use serde::Deserialize;

pub(crate) type Pairs = Vec<(String, String)>;

#[derive(Deserialize, Clone, Debug, Default)]
#[serde(default)]
pub(crate) struct Vector {
    pub(crate) id: String,
    pub(crate) kind: String,
    #[serde(rename = "use")]
    pub(crate) purpose: String,
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) host_header: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) query_params: Pairs,
    pub(crate) form_params: Pairs,
    pub(crate) other_params: Pairs,
    pub(crate) oauth_params: BTreeMap<String, String>,
    pub(crate) params: Pairs,
    pub(crate) raw_form: Option<String>,
    authorization: Option<String>,
    pub(crate) realm: Option<String>,
    pub(crate) consumer_secret: String,
    pub(crate) token_secret: String,
    pub(crate) signature_method: String,
    pub(crate) input: String,
    pub(crate) text: String,
    pub(crate) expected: String,
    expect_error: bool,
    expected_params: Pairs,
    expected_base_string: Option<String>,
    oauthlib_base_string: Option<String>,
    pub(crate) expected_signature: String,
    expected_authorization: Option<String>,
    signature: String,
}

pub(crate) fn all() -> Vec<Vector> {
    let text = include_str!("../../../../tests/fixtures/oauth1.json");
    let mut file: serde_json::Value = serde_json::from_str(text).unwrap();
    for vector in file["vectors"].as_array_mut().unwrap() {
        let fields = vector.as_object_mut().unwrap();
        fields.retain(|_, value| !value.is_null());
    }
    serde_json::from_value(file["vectors"].take()).unwrap()
}

pub(crate) fn positive(kind: &str) -> Vec<Vector> {
    let wanted = |vector: &Vector| vector.kind == kind && vector.purpose == "positive";
    all().into_iter().filter(wanted).collect()
}

pub(crate) fn is_hmac_sha1(vector: &Vector) -> bool {
    vector.signature_method == "HMAC-SHA1"
}

/// Past the capture of the test harness: the numbers belong to every run's output.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Runs a stage's vectors, prints how many hold, and fails with those that don't.
fn stage(name: &str, vectors: &[Vector], holds: impl Fn(&Vector) -> Result<(), String>) {
    assert!(!vectors.is_empty(), "{name}: no vectors");
    let failures: Vec<String> = vectors
        .iter()
        .filter_map(|vector| Some(format!("{}: {}", vector.id, holds(vector).err()?)))
        .collect();
    let count = vectors.len();
    say(&format!(
        "oauth1 {name}: {} of {count}",
        count - failures.len()
    ));
    assert!(failures.is_empty(), "{name}:\n{}", failures.join("\n"));
}

fn same<T: PartialEq + std::fmt::Debug>(ours: T, published: T) -> Result<(), String> {
    if ours == published {
        Ok(())
    } else {
        Err(format!("ours {ours:?}, published {published:?}"))
    }
}

fn text<E: std::fmt::Display>(error: E) -> String {
    error.to_string()
}

#[test]
fn percent_encoding() {
    stage("percent-encoding", &positive("percent_encode"), |vector| {
        same(percent::encode(&vector.input), vector.expected.clone())?;
        same(
            percent::decode(&vector.expected).map_err(text)?,
            vector.input.clone(),
        )
    });
}

#[test]
fn methods() {
    stage("method", &positive("method"), |vector| {
        same(base_string::method(&vector.input), vector.expected.clone())
    });
}

#[test]
fn base_string_uris() {
    stage("base string URI", &positive("base_string_uri"), |vector| {
        let uri = vector.url.parse::<Uri>().map_err(text);
        let built =
            uri.and_then(|uri| base_string::uri(&uri, vector.host_header.as_deref()).map_err(text));
        if vector.expect_error {
            return same(built.is_err(), true);
        }
        same(built?, vector.expected.clone())
    });
}

#[test]
fn normalisation() {
    stage("normalisation", &positive("normalize"), |vector| {
        same(params(&vector.params).normalised(), vector.expected.clone())?;
        if let Some(form) = &vector.raw_form {
            let mut params = Params::new();
            params.push_form(form.as_bytes());
            same(params.normalised(), vector.expected.clone())?;
        }
        Ok(())
    });
}

#[test]
fn collection() {
    stage("collection", &positive("collect"), |vector| {
        let uri: Uri = vector.url.parse().map_err(text)?;
        let authorization = vector.authorization.clone().unwrap_or_default();
        let header = header::parse(authorization.as_bytes()).map_err(text)?;
        let mut params = Params::new();
        params.push_form(uri.query().unwrap_or_default().as_bytes());
        let unsigned = ["realm", "oauth_signature"];
        for (name, value) in header.iter().filter(|(n, _)| !unsigned.contains(&&**n)) {
            params.push(name, value);
        }
        params.push_form(vector.body.as_deref().unwrap_or_default().as_bytes());
        let published: Vec<_> = vector
            .expected_params
            .iter()
            .map(|(name, value)| (name.clone().into_bytes(), value.clone().into_bytes()))
            .collect();
        same(params.decoded(), published)
    });
}

#[test]
fn header_parsing() {
    stage("header", &positive("header_parse"), |vector| {
        let authorization = vector.authorization.clone().unwrap_or_default();
        let parsed = header::parse(authorization.as_bytes()).map_err(text)?;
        same(parsed, vector.expected_params.clone())
    });
}

/// Of requests signed by any method: what is hashed does not depend on the hash.
#[test]
fn base_strings() {
    let mut vectors = positive("base_string");
    vectors.extend(positive("signature"));
    stage("base string", &vectors, |vector| {
        let uri: Uri = vector.url.parse().map_err(text)?;
        let mut all = vector.params.clone();
        all.extend(vector.query_params.clone());
        all.extend(vector.form_params.clone());
        all.extend(vector.other_params.clone());
        all.extend(vector.oauth_params.clone());
        let built = base_string::build(&vector.method, &uri, None, params(&all)).map_err(text)?;
        let published = [&vector.expected_base_string, &vector.oauthlib_base_string];
        for published in published.into_iter().flatten() {
            same(&built, published)?;
        }
        Ok(())
    });
}

#[test]
fn macs() {
    let (ours, others): (Vec<_>, Vec<_>) = positive("mac").into_iter().partition(is_hmac_sha1);
    stage("HMAC-SHA1", &ours, |vector| {
        let signature = key(vector).sign(&vector.text);
        same(signature.as_str(), &vector.expected_signature)
    });
    say(&format!(
        "oauth1 HMAC-SHA1: {} of other methods are out of scope",
        others.len()
    ));
    assert_eq!(others.len(), 3);
}

#[test]
fn signatures() {
    let (ours, others): (Vec<_>, Vec<_>) =
        positive("signature").into_iter().partition(is_hmac_sha1);
    stage("signature", &ours, |vector| {
        let base_string = vector.oauthlib_base_string.clone().unwrap_or_default();
        let signature = key(vector).sign(&base_string);
        same(signature.as_str(), &vector.expected_signature)
    });
    say(&format!(
        "oauth1 signature: {} of other methods are out of scope",
        others.len()
    ));
    assert_eq!(others.len(), 9);
}

/// The whole way, from a request to its header.
#[test]
fn signed_requests() {
    let vectors: Vec<_> = positive("signature")
        .into_iter()
        .filter(|vector| is_hmac_sha1(vector) && stamp(vector).is_some())
        .collect();
    // Two sign no protocol parameter at all, one has a word for a timestamp.
    assert_eq!(vectors.len(), 34);
    stage("signed request", &vectors, |vector| {
        let stamp = stamp(vector).ok_or("no stamp")?;
        let signer = signer(vector)?;
        let request = request(vector);
        let explained = signer
            .explain(&Target::of(&request), &stamp)
            .map_err(text)?;
        if let Some(published) = &vector.oauthlib_base_string {
            same(&explained.base_string, published)?;
        }
        same(&explained.signature, &vector.expected_signature)?;
        let signed = signer.sign(request, &stamp).map_err(text)?;
        let value = &signed.headers()[AUTHORIZATION];
        same(value.is_sensitive(), true)?;
        same(value.as_bytes(), explained.authorization.as_bytes())?;
        if let Some(published) = &vector.expected_authorization {
            same(&explained.authorization, published)?;
        }
        let mut sent = header::parse(value.as_bytes()).map_err(text)?;
        sent.sort();
        let mut expected: Pairs = vector.oauth_params.clone().into_iter().collect();
        expected.push(("oauth_signature".into(), vector.expected_signature.clone()));
        expected.extend(vector.realm.clone().map(|realm| ("realm".into(), realm)));
        expected.sort();
        same(sent, expected)
    });
}

#[cfg(feature = "verify")]
#[test]
fn verification() {
    use pam_proto::oauth1::verify::{Origin, Refusal, Unknown, Verifier};

    let verify = |vector: &Vector, request: &Request<Vec<u8>>| {
        let uri = request.uri();
        let scheme = uri.scheme().ok_or("no scheme")?.clone();
        let host = uri.authority().ok_or("no host")?.as_str();
        let origin = Origin::of_host(scheme, host).map_err(text)?;
        let now = vector.oauth_params["oauth_timestamp"]
            .parse()
            .map_err(text)?;
        let key = key(vector);
        Ok::<_, String>(
            Verifier::new()
                .verify(request, &origin, now, |_, _| Ok::<_, Unknown>(&key))
                .map(|verified| verified.consumer_key().to_owned()),
        )
    };
    let with_header = |vector: &Vector, params: &[(String, String)], signature: &str| {
        let mut request = request(vector);
        let mut fields: Vec<String> = params
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", percent::encode(value)))
            .collect();
        fields.push(format!(
            "oauth_signature=\"{}\"",
            percent::encode(signature)
        ));
        let value = format!("OAuth {}", fields.join(", ")).parse().unwrap();
        request.headers_mut().insert(AUTHORIZATION, value);
        request
    };

    let right: Vec<_> = positive("signature")
        .into_iter()
        .filter(|vector| is_hmac_sha1(vector) && stamp(vector).is_some())
        .collect();
    stage("verified request", &right, |vector| {
        let stamp = stamp(vector).ok_or("no stamp")?;
        let request = signer(vector)?
            .sign(request(vector), &stamp)
            .map_err(text)?;
        same(
            verify(vector, &request)?,
            Ok(vector.oauth_params["oauth_consumer_key"].clone()),
        )
    });

    let mut wrong: Vec<_> = all();
    wrong.retain(|vector| vector.purpose == "must-reject");
    stage("must be refused", &wrong, |vector| {
        let mut vector = vector.clone();
        let signature = match vector.kind.as_str() {
            "verify_reject" => {
                vector.oauth_params = vector.params.drain(..).collect();
                vector.signature.clone()
            }
            _ => vector.expected_signature.clone(),
        };
        let params: Pairs = vector.oauth_params.clone().into_iter().collect();
        let refusal = verify(&vector, &with_header(&vector, &params, &signature))?;
        let expected = if is_hmac_sha1(&vector) {
            Refusal::Signature
        } else {
            Refusal::SignatureMethod {
                given: vector.signature_method.clone(),
            }
        };
        same(refusal, Err(expected))
    });
}

#[test]
fn every_vector_has_a_place() {
    let all = all();
    let kept_out: Vec<_> = all.iter().filter(|v| v.purpose == "divergence").collect();
    say(&format!(
        "oauth1 vectors: {} in the file, {} kept out because libraries differ",
        all.len(),
        kept_out.len()
    ));
    assert_eq!((all.len(), kept_out.len()), (115, 8));
    let stages = [
        ("percent_encode", 24),
        ("method", 1),
        ("base_string_uri", 8),
        ("normalize", 8),
        ("collect", 1),
        ("header_parse", 1),
        ("base_string", 4),
        ("mac", 9),
        ("signature", 46),
    ];
    for (kind, count) in stages {
        assert_eq!(positive(kind).len(), count, "{kind}");
    }
    let rejected = all.iter().filter(|v| v.purpose == "must-reject").count();
    let tested: usize = stages.iter().map(|(_, count)| count).sum();
    assert_eq!(tested + rejected + kept_out.len(), all.len());
}

fn params(pairs: &[(String, String)]) -> Params<'_> {
    let mut params = Params::new();
    for (name, value) in pairs {
        params.push(name, value);
    }
    params
}

pub(crate) fn key(vector: &Vector) -> Key {
    Key::new(
        &Secret::new(vector.consumer_secret.clone()),
        Some(&Secret::new(vector.token_secret.clone())),
    )
}

fn stamp(vector: &Vector) -> Option<Stamp> {
    let timestamp = vector.oauth_params.get("oauth_timestamp")?.parse().ok()?;
    Some(Stamp::new(
        timestamp,
        vector.oauth_params.get("oauth_nonce")?.clone(),
    ))
}

fn signer(vector: &Vector) -> Result<Signer, String> {
    let mut further = vector.oauth_params.clone();
    let mut take = |name: &str| further.remove(name);
    let consumer_key = take("oauth_consumer_key").ok_or("no consumer key")?;
    let mut credentials =
        Credentials::new(consumer_key, Secret::new(vector.consumer_secret.clone()));
    if let Some(token) = take("oauth_token") {
        credentials = credentials.with_token(token, Secret::new(vector.token_secret.clone()));
    }
    let version = take("oauth_version");
    for set_by_signer in ["oauth_nonce", "oauth_timestamp", "oauth_signature_method"] {
        take(set_by_signer);
    }
    let mut signer = Signer::new(&credentials).map_err(text)?;
    if version.is_none() {
        signer = signer.without_version();
    }
    if let Some(realm) = &vector.realm {
        signer = signer.with_realm(realm).map_err(text)?;
    }
    for (name, value) in further {
        signer = signer.with_parameter(name, value).map_err(text)?;
    }
    Ok(signer)
}

/// Parameters whose place the source does not give are sent as a form.
fn request(vector: &Vector) -> Request<Vec<u8>> {
    let form: Vec<String> = vector
        .other_params
        .iter()
        .map(|(name, value)| format!("{}={}", percent::encode(name), percent::encode(value)))
        .collect();
    let mut request = Request::builder()
        .method(Method::from_bytes(vector.method.as_bytes()).unwrap())
        .uri(&vector.url);
    let body = match &vector.body {
        Some(body) => {
            request = request.header(CONTENT_TYPE, vector.content_type.clone().unwrap());
            body.clone()
        }
        None => {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
            form.join("&")
        }
    };
    request.body(body.into_bytes()).unwrap()
}
