//! Who may send alerts: checked on the raw bytes, before anything is read from them.

use std::net::IpAddr;
use std::time::Duration;

use base16ct::mixed;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName};
use pam_proto::listing::Network;
use sha2::Sha256;

use crate::secret_file::Shared;

/// How a sender shows who it is. Everything that is configured must be met; of several secrets of
/// one kind, any, so that a new one can be rolled out before the old one is taken away.
#[derive(Debug, Clone, Default)]
pub(crate) struct Auth {
    pub(crate) bearer: Vec<Shared>,
    pub(crate) header: Option<(HeaderName, Vec<Shared>)>,
    pub(crate) basic: Vec<Shared>,
    /// The last segment of the path.
    pub(crate) path_token: Vec<Shared>,
    pub(crate) hmac: Option<Signature>,
    pub(crate) networks: Vec<Network>,
    pub(crate) client_certificate: bool,
    /// One of these names must stand in the certificate.
    pub(crate) client_names: Vec<String>,
}

/// A signature over the body.
#[derive(Debug, Clone)]
pub(crate) struct Signature {
    pub(crate) form: SignatureForm,
    pub(crate) keys: Vec<Shared>,
    /// How far the sender's clock may be away.
    pub(crate) window: Duration,
}

/// In which form it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SignatureForm {
    /// Lower-case hex in a header; with a header for the time, the time and a colon are signed
    /// before the body.
    Grafana {
        header: HeaderName,
        timestamp: Option<HeaderName>,
    },
    /// `X-Hub-Signature-256: sha256=HEX` over the body.
    GitHub,
    /// `webhook-signature: v1,BASE64` over `ID.TIME.BODY`.
    Standard,
}

/// What is known of a request before its body is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sender<'a> {
    pub(crate) peer: IpAddr,
    pub(crate) headers: &'a HeaderMap,
    /// What follows the path of the source.
    pub(crate) path_token: Option<&'a str>,
    /// The names that the client's certificate was asked about and holds; none without one.
    pub(crate) certificate: Option<&'a [u8]>,
}

impl Auth {
    /// Whether a sender has to show anything at all.
    pub(crate) fn is_open(&self) -> bool {
        self.bearer.is_empty()
            && self.header.is_none()
            && self.basic.is_empty()
            && self.path_token.is_empty()
            && self.hmac.is_none()
            && self.networks.is_empty()
            && !self.client_certificate
    }

    /// Whether the sender may send, as far as its request shows without its body.
    pub(crate) fn admits(&self, sender: Sender<'_>) -> Result<(), &'static str> {
        let inside = |network: &Network| network.contains(sender.peer);
        if !self.networks.is_empty() && !self.networks.iter().any(inside) {
            return Err("network");
        }
        if self.client_certificate {
            let certificate = sender.certificate.ok_or("client certificate")?;
            if !self.client_names.is_empty() && !names(certificate, &self.client_names) {
                return Err("client certificate");
            }
        }
        let value = |name: &HeaderName| sender.headers.get(name).map(|value| value.as_bytes());
        if !self.bearer.is_empty() {
            let shown = value(&AUTHORIZATION).and_then(|value| scheme(value, b"bearer "));
            one_of(&self.bearer, shown).ok_or("bearer")?;
        }
        if !self.basic.is_empty() {
            let shown = value(&AUTHORIZATION).and_then(|value| scheme(value, b"basic "));
            let shown = shown.and_then(|shown| STANDARD.decode(shown.trim_ascii()).ok());
            one_of(&self.basic, shown.as_deref()).ok_or("basic")?;
        }
        if let Some((name, secrets)) = &self.header {
            one_of(secrets, value(name)).ok_or("header")?;
        }
        if !self.path_token.is_empty() {
            one_of(&self.path_token, sender.path_token.map(str::as_bytes)).ok_or("path token")?;
        }
        Ok(())
    }

    /// Whether the body is signed, where it must be.
    pub(crate) fn verifies(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now_seconds: i64,
    ) -> Result<(), &'static str> {
        match &self.hmac {
            None => Ok(()),
            Some(signature) => signature
                .verify(headers, body, now_seconds)
                .ok_or("signature"),
        }
    }
}

impl Signature {
    fn verify(&self, headers: &HeaderMap, body: &[u8], now: i64) -> Option<()> {
        let text = |name: &str| headers.get(name)?.to_str().ok();
        match &self.form {
            SignatureForm::GitHub => {
                let hex = text("x-hub-signature-256")?.strip_prefix("sha256=")?;
                self.holds(&[body], &mixed::decode_vec(hex).ok()?)
            }
            SignatureForm::Grafana { header, timestamp } => {
                let shown = mixed::decode_vec(text(header.as_str())?).ok()?;
                match timestamp {
                    None => self.holds(&[body], &shown),
                    Some(timestamp) => {
                        let time = text(timestamp.as_str())?;
                        self.in_time(time, now)?;
                        self.holds(&[time.as_bytes(), b":", body], &shown)
                    }
                }
            }
            SignatureForm::Standard => {
                let (id, time) = (text("webhook-id")?, text("webhook-timestamp")?);
                self.in_time(time, now)?;
                let parts = [id.as_bytes(), b".", time.as_bytes(), b".", body];
                let shown = text("webhook-signature")?.split(' ');
                let mut shown =
                    shown.filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
                shown.find_map(|shown| self.holds(&parts, &shown))
            }
        }
    }

    fn in_time(&self, shown: &str, now: i64) -> Option<()> {
        let time: i64 = shown.parse().ok()?;
        let apart = now.checked_sub(time)?.unsigned_abs();
        (apart <= self.window.as_secs()).then_some(())
    }

    /// Whether one of the keys made this; the comparison takes the same time wherever they differ.
    fn holds(&self, parts: &[&[u8]], shown: &[u8]) -> Option<()> {
        let made = |key: &Shared| {
            let key = self.key(key)?;
            let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
            for part in parts {
                mac.update(part);
            }
            mac.verify_slice(shown).ok()
        };
        // Every key is tried, so that the time does not tell which one is in use.
        self.keys
            .iter()
            .filter_map(made)
            .count()
            .checked_sub(1)
            .map(|_| ())
    }

    fn key(&self, key: &Shared) -> Option<Vec<u8>> {
        match (&self.form, key.expose().strip_prefix(b"whsec_")) {
            (SignatureForm::Standard, Some(encoded)) => STANDARD.decode(encoded).ok(),
            _ => Some(key.expose().to_vec()),
        }
    }
}

fn one_of(secrets: &[Shared], shown: Option<&[u8]>) -> Option<()> {
    let shown = shown?;
    let matches = secrets.iter().filter(|secret| secret.is(shown)).count();
    matches.checked_sub(1).map(|_| ())
}

fn scheme<'v>(value: &'v [u8], name: &[u8]) -> Option<&'v [u8]> {
    let (start, rest) = value.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then_some(rest)
}

/// Whether a certificate, which was verified when the connection began, holds one of these names.
fn names(certificate: &[u8], wanted: &[String]) -> bool {
    let certificate = rustls_pki_types::CertificateDer::from(certificate);
    let Ok(certificate) = webpki::EndEntityCert::try_from(&certificate) else {
        return false;
    };
    wanted.iter().any(|name| {
        let name = rustls_pki_types::ServerName::try_from(name.as_str());
        name.is_ok_and(|name| certificate.verify_is_valid_for_subject_name(&name).is_ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender<'a>(headers: &'a HeaderMap, token: Option<&'a str>) -> Sender<'a> {
        Sender {
            peer: "192.0.2.7".parse().unwrap(),
            headers,
            path_token: token,
            certificate: None,
        }
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        pairs.collect()
    }

    fn secrets(all: &[&str]) -> Vec<Shared> {
        all.iter()
            .map(|secret| Shared::new(secret.as_bytes()))
            .collect()
    }

    #[test]
    fn every_configured_way_must_be_met_and_any_secret_of_it_will_do() {
        let auth = Auth {
            bearer: secrets(&["old-token", "new-token"]),
            networks: vec!["192.0.2.0/24".parse().unwrap()],
            ..Auth::default()
        };
        for (value, admitted) in [
            ("Bearer old-token", true),
            ("bearer new-token", true),
            ("Bearer other", false),
            ("Basic old-token", false),
        ] {
            let headers = headers(&[("authorization", value)]);
            assert_eq!(
                auth.admits(sender(&headers, None)).is_ok(),
                admitted,
                "{value}"
            );
        }
        let headers = headers(&[("authorization", "Bearer old-token")]);
        let mut elsewhere = sender(&headers, None);
        elsewhere.peer = "198.51.100.1".parse().unwrap();
        assert_eq!(auth.admits(elsewhere), Err("network"));
    }

    #[test]
    fn basic_header_and_path_token() {
        let auth = Auth {
            basic: secrets(&["siem:correct horse"]),
            header: Some((HeaderName::from_static("x-token"), secrets(&["12345678"]))),
            path_token: secrets(&["splunk-token"]),
            ..Auth::default()
        };
        let basic = format!("Basic {}", STANDARD.encode("siem:correct horse"));
        let headers = headers(&[("authorization", &basic), ("x-token", "12345678")]);
        assert_eq!(auth.admits(sender(&headers, Some("splunk-token"))), Ok(()));
        assert_eq!(
            auth.admits(sender(&headers, Some("splunk"))),
            Err("path token")
        );
        assert_eq!(auth.admits(sender(&headers, None)), Err("path token"));
    }

    fn signed(form: SignatureForm, keys: &[&str]) -> Auth {
        Auth {
            hmac: Some(Signature {
                form,
                keys: secrets(keys),
                window: Duration::from_secs(300),
            }),
            ..Auth::default()
        }
    }

    /// The example of GitHub's documentation, "Validating webhook deliveries".
    #[test]
    fn githubs_own_example_verifies() {
        let auth = signed(
            SignatureForm::GitHub,
            &["another key", "It's a Secret to Everybody"],
        );
        let value = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let headers = headers(&[("x-hub-signature-256", value)]);
        assert_eq!(auth.verifies(&headers, b"Hello, World!", 0), Ok(()));
        assert_eq!(
            auth.verifies(&headers, b"Hello, World?", 0),
            Err("signature")
        );
        assert_eq!(
            auth.verifies(&HeaderMap::new(), b"Hello, World!", 0),
            Err("signature")
        );
    }

    /// The example of the Standard Webhooks specification, "Signature scheme".
    #[test]
    fn the_example_of_standard_webhooks_verifies_within_its_window() {
        let auth = signed(
            SignatureForm::Standard,
            &["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        );
        let headers = headers(&[
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", "1614265330"),
            (
                "webhook-signature",
                "v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
        ]);
        let body = br#"{"test": 2432232314}"#;
        for (now, verified) in [
            (1_614_265_330, true),
            (1_614_265_630, true),
            (1_614_265_030, true),
            (1_614_265_631, false),
            (1_614_265_029, false),
        ] {
            assert_eq!(
                auth.verifies(&headers, body, now).is_ok(),
                verified,
                "{now}"
            );
        }
    }

    #[test]
    fn grafana_signs_the_body_and_perhaps_the_time() {
        let header = HeaderName::from_static("x-grafana-alerting-signature");
        let timestamp = Some(HeaderName::from_static("x-time"));
        let hex = |parts: &[&[u8]]| {
            let mut mac = Hmac::<Sha256>::new_from_slice(b"grafana-key").unwrap();
            parts.iter().for_each(|part| mac.update(part));
            base16ct::lower::encode_string(&mac.finalize().into_bytes())
        };
        let plain = SignatureForm::Grafana {
            header: header.clone(),
            timestamp: None,
        };
        let shown = headers(&[("x-grafana-alerting-signature", &hex(&[b"body"]))]);
        assert_eq!(
            signed(plain, &["grafana-key"]).verifies(&shown, b"body", 0),
            Ok(())
        );
        let timed = signed(
            SignatureForm::Grafana { header, timestamp },
            &["grafana-key"],
        );
        let signature = hex(&[b"1000", b":", b"body"]);
        let shown = headers(&[
            ("x-grafana-alerting-signature", &signature),
            ("x-time", "1000"),
        ]);
        assert_eq!(timed.verifies(&shown, b"body", 1_300), Ok(()));
        assert_eq!(timed.verifies(&shown, b"body", 1_301), Err("signature"));
    }
}
