//! Which part of a document means what.

use base16ct::lower;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::pointer::{Pointer, PointerError};
use crate::severity::Severity;

/// Which part of a JSON document means what, for senders that no [preset](super::Preset) knows.
///
/// Every field is one [pointer](Pointer) or a list of them, of which the first that finds
/// something decides. In a configuration file:
///
/// ```toml
/// alerts = "/events"
/// id = ["/uuid", ["/rule/id", "/time"]]
/// user = ["/actor/login", "/user"]
/// device = "/target/host"
/// device_port = "/target/port"
/// session_id = "/custom/pam_session"
/// state = "/status"
/// resolved = ["cleared"]
/// ```
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Mapping {
    /// Where the alerts are: a list of them, or one. The document itself unless told otherwise.
    #[serde(deserialize_with = "one_or_many")]
    pub alerts: Vec<Pointer>,
    /// The sender's id of the alert. A list within the list is joined with `@`, and found only
    /// where all of it is; `sha256:/result` stands for 16 hex digits of a hash of that part.
    #[serde(deserialize_with = "one_or_many")]
    pub id: Vec<IdRule>,
    /// The id of the kind of event, or of the rule that found it.
    #[serde(deserialize_with = "one_or_many")]
    pub event_id: Vec<Pointer>,
    /// What happened, or the rule's name.
    #[serde(deserialize_with = "one_or_many")]
    pub event_name: Vec<Pointer>,
    /// How bad it is, on the scale of [`severity_scale`](Self::severity_scale).
    #[serde(deserialize_with = "one_or_many")]
    pub severity: Vec<Pointer>,
    /// What a number in [`severity`](Self::severity) means.
    pub severity_scale: Scale,
    /// When it happened.
    #[serde(deserialize_with = "one_or_many")]
    pub time: Vec<Pointer>,
    /// Whether it is happening or over.
    #[serde(deserialize_with = "one_or_many")]
    pub state: Vec<Pointer>,
    /// Which words there mean over, beside `resolved`, `recovered`, `closed`, `ok`, `inactive`,
    /// `delete` and `disable`.
    pub resolved: Vec<String>,
    /// The login of who did it.
    #[serde(deserialize_with = "one_or_many")]
    pub user: Vec<Pointer>,
    /// The account on the device.
    #[serde(deserialize_with = "one_or_many")]
    pub credential: Vec<Pointer>,
    /// The device: a name or an address, perhaps with a port.
    #[serde(deserialize_with = "one_or_many")]
    pub device: Vec<Pointer>,
    /// Its address, where that stands apart.
    #[serde(deserialize_with = "one_or_many")]
    pub device_ip: Vec<Pointer>,
    /// Its port, where that stands apart.
    #[serde(deserialize_with = "one_or_many")]
    pub device_port: Vec<Pointer>,
    /// The address from which the user came.
    #[serde(deserialize_with = "one_or_many")]
    pub origin: Vec<Pointer>,
    /// The id of the session.
    #[serde(deserialize_with = "one_or_many")]
    pub session_id: Vec<Pointer>,
    /// The line that the sender itself received, such as the appliance's CEF. It fills what the
    /// document leaves open.
    #[serde(deserialize_with = "one_or_many")]
    pub original: Vec<Pointer>,
}

/// What a number means as a severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Scale {
    /// 0 to 10, as in CEF.
    #[default]
    Cef,
    /// 0 to 7, 0 being the worst, as in syslog.
    Syslog,
    /// 0 to 16, as levels of Wazuh 4.x rules.
    Wazuh,
    /// 0 to 100, as risk scores of Elastic: below 22 low, 48 medium, 74 high, then critical.
    Risk,
}

impl Scale {
    /// The severity that a number or a word stands for.
    pub(crate) fn read(self, text: &str) -> Option<Severity> {
        let Ok(number) = text.trim().parse::<f64>() else {
            return Severity::from_word(text);
        };
        if !(0.0..=100.0).contains(&number) {
            return None;
        }
        let whole = number.trunc().to_string();
        match self {
            Self::Cef => Severity::from_cef(&whole),
            Self::Syslog => Severity::from_syslog(whole.parse().ok()?),
            Self::Wazuh => Severity::from_wazuh_level(whole.parse().ok()?),
            Self::Risk if number < 22.0 => Some(Severity::Low),
            Self::Risk if number < 48.0 => Some(Severity::Medium),
            Self::Risk if number < 74.0 => Some(Severity::High),
            Self::Risk => Some(Severity::Critical),
        }
    }
}

/// What an id is made of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct IdRule(#[serde(deserialize_with = "one_or_many")] Vec<IdPart>);

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
enum IdPart {
    Text(Pointer),
    Hash(Pointer),
}

impl TryFrom<String> for IdPart {
    type Error = PointerError;

    fn try_from(text: String) -> Result<Self, PointerError> {
        match text.strip_prefix("sha256:") {
            Some(pointer) => pointer.to_owned().try_into().map(Self::Hash),
            None => text.try_into().map(Self::Text),
        }
    }
}

impl IdRule {
    /// The id, where all its parts are found.
    pub(crate) fn read(&self, alert: &Value, document: &Value) -> Option<String> {
        let parts = self.0.iter().map(|part| match part {
            IdPart::Text(pointer) => {
                let found = pointer.find(alert, document);
                found.into_iter().find_map(super::scalar)
            }
            IdPart::Hash(pointer) => {
                let found = pointer.find(alert, document);
                // keys are sorted, so that equal parts have equal texts
                let text = found.first()?.to_string();
                let digest = Sha256::digest(text);
                digest
                    .first_chunk::<8>()
                    .map(|digits| lower::encode_string(digits))
            }
        });
        let parts: Vec<String> = parts.collect::<Option<_>>()?;
        Some(parts.join("@"))
    }
}

/// One value, or a list of values.
fn one_or_many<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct OneOrMany<T>(std::marker::PhantomData<T>);

    impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for OneOrMany<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a pointer like \"/labels/user\", or a list of them")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Vec<T>, E> {
            let one = serde::de::value::StrDeserializer::new(text);
            Ok(vec![T::deserialize(one)?])
        }

        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
            let mut all = Vec::new();
            while let Some(one) = list.next_element()? {
                all.push(one);
            }
            Ok(all)
        }
    }

    deserializer.deserialize_any(OneOrMany(std::marker::PhantomData))
}
