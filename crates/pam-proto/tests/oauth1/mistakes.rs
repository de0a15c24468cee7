//! Deliberate mistakes: each is one that implementations were seen to make, and the published
//! vectors catch it. A mistake that they did not catch could be ours.

use crate::reference::{Reference, Subject};
use crate::vectors::{Vector, is_hmac_sha1, positive, say};

macro_rules! mistakes {
    ($($name:ident: $stage:literal),* $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Mistake { $($name),* }

        /// Every mistake, and the earliest stage whose vectors catch it.
        const ALL: &[(Mistake, &str)] = &[$((Mistake::$name, $stage)),*];
    };
}

mistakes! {
    TildeEncoded: "percent_encode",
    MarksEncoded: "percent_encode",
    MarksKept: "percent_encode",
    SlashKept: "percent_encode",
    PlusForSpace: "percent_encode",
    LowerCaseHex: "percent_encode",
    Latin1: "percent_encode",
    SchemeCase: "base_string_uri",
    HostCase: "base_string_uri",
    DefaultPort80Kept: "base_string_uri",
    DefaultPort443Kept: "base_string_uri",
    PortDropped: "base_string_uri",
    EmptyPathKept: "base_string_uri",
    PathLowerCase: "base_string_uri",
    PathDecoded: "base_string_uri",
    PathEncodedAgain: "base_string_uri",
    TrailingSlashCut: "base_string_uri",
    QueryInUri: "base_string_uri",
    SortedBeforeEncoding: "normalize",
    NotSorted: "normalize",
    SortedByNameOnly: "normalize",
    SortedByValueFirst: "normalize",
    SortedDescending: "normalize",
    SortedAsPairs: "normalize",
    RepeatedNameDropped: "normalize",
    EqualsDroppedWhenEmpty: "normalize",
    BareNameDropped: "normalize",
    EmptyValueDropped: "normalize",
    PlusKept: "normalize",
    ParametersNotDecoded: "normalize",
    RepeatedPairDropped: "signature",
    ParametersDecodedTwice: "signature",
    ParametersEncodedOnce: "signature",
    UriNotEncoded: "signature",
    PartsSwapped: "signature",
    ExtensionCut: "signature",
    MethodAsWritten: "signature",
    MethodLowerCase: "signature",
    QueryIgnored: "signature",
    FormIgnored: "signature",
    EveryBodyIsForm: "signature",
    VersionLeftOut: "signature",
    VersionAdded: "signature",
    TokenLeftOut: "signature",
    EmptyTokenAdded: "signature",
    CallbackLeftOut: "signature",
    VerifierLeftOut: "signature",
    BodyHashLeftOut: "signature",
    MethodParameterLeftOut: "signature",
    RealmSigned: "signature",
    SecretsNotEncoded: "mac",
    SecretsSwapped: "mac",
    TokenSecretIgnored: "mac",
    KeyWithoutAmpersand: "mac",
    AmpersandOnlyWithToken: "mac",
    KeyEncodedAgain: "mac",
    KeyAndTextSwapped: "mac",
    HexDigest: "mac",
    Base64OfHex: "mac",
    PaddingCut: "mac",
    UrlSafeBase64: "mac",
}

const STAGES: [&str; 5] = [
    "percent_encode",
    "base_string_uri",
    "normalize",
    "mac",
    "signature",
];

/// Whether a signer gives the published value of a vector.
fn agrees(signer: &Reference, vector: &Vector) -> bool {
    let bytes = |text: &String| text.clone().into_bytes();
    match vector.kind.as_str() {
        "percent_encode" => signer.encode(vector.input.as_bytes()) == vector.expected,
        "base_string_uri" => signer.uri(&vector.url) == vector.expected,
        "normalize" => {
            let params = match &vector.raw_form {
                Some(form) => signer.form(form),
                None => {
                    let pairs = vector.params.iter();
                    pairs
                        .map(|(name, value)| (bytes(name), bytes(value)))
                        .collect()
                }
            };
            signer.normalised(params) == vector.expected
        }
        "mac" => {
            let mac = signer.mac(&vector.text, &vector.consumer_secret, &vector.token_secret);
            mac == vector.expected_signature
        }
        _ => signer.signature(&subject(vector)) == vector.expected_signature,
    }
}

fn subject(vector: &Vector) -> Subject {
    let form = "application/x-www-form-urlencoded";
    let others = vector.other_params.iter().map(|(name, value)| {
        let encode = |text: &str| Reference::RIGHT.encode(text.as_bytes());
        format!("{}={}", encode(name), encode(value))
    });
    Subject {
        method: vector.method.clone(),
        url: vector.url.clone(),
        realm: vector.realm.clone(),
        is_form: vector.content_type.as_deref().is_none_or(|t| t == form),
        body: match &vector.body {
            Some(body) => body.clone(),
            None => others.collect::<Vec<_>>().join("&"),
        },
        oauth: vector.oauth_params.clone().into_iter().collect(),
        consumer_secret: vector.consumer_secret.clone(),
        token_secret: vector.token_secret.clone(),
    }
}

fn vectors(stage: &str) -> Vec<Vector> {
    let mut vectors = positive(stage);
    vectors.retain(|vector| !matches!(stage, "mac" | "signature") || is_hmac_sha1(vector));
    vectors
}

#[test]
fn without_a_mistake_every_vector_holds() {
    for stage in STAGES {
        for vector in vectors(stage) {
            assert!(agrees(&Reference::RIGHT, &vector), "{}", vector.id);
        }
    }
}

#[test]
fn every_mistake_is_caught() {
    let tables = STAGES.map(|stage| (stage, vectors(stage)));
    let mut missed = Vec::new();
    let mut caught_by_signatures = 0;
    let mut caught_by_rfc = 0;
    for (mistake, earliest) in ALL {
        let signer = Reference {
            mistake: Some(*mistake),
        };
        let catches = |vector: &&Vector| !agrees(&signer, vector);
        let stages: Vec<&str> = tables
            .iter()
            .filter(|(_, vectors)| vectors.iter().any(|vector| catches(&vector)))
            .map(|(stage, _)| *stage)
            .collect();
        if stages.first() != Some(earliest) {
            missed.push(format!("{mistake:?} by {earliest}, but by {stages:?}"));
        }
        let signatures = tables.iter().filter(|(stage, _)| *stage == "signature");
        let mut catching = signatures
            .flat_map(|(_, vectors)| vectors)
            .filter(catches)
            .peekable();
        caught_by_signatures += usize::from(catching.peek().is_some());
        caught_by_rfc += usize::from(catching.any(|vector| vector.id.starts_with("rfc5849")));
    }
    let count = ALL.len();
    say(&format!(
        "oauth1 mistakes: {} of {count} caught ({caught_by_signatures} by signatures, \
         {caught_by_rfc} by those of the RFC alone)",
        count - missed.len()
    ));
    assert!(missed.is_empty(), "not caught:\n{}", missed.join("\n"));
}
