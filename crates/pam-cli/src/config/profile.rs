//! One profile: everything about one appliance, and where its secrets are.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use jiff::tz::TimeZone;
use pam_client::RouteChoice;
use pam_proto::BaseUrl;
use serde::de::{Deserialize, Deserializer, Error};

use crate::quantity;
use crate::secret::{NoSource, Source, anchored};
use crate::settings;

/// What a profile can say. Whatever it leaves out comes from elsewhere.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    /// The appliance's address.
    #[serde(default, deserialize_with = "url")]
    pub(crate) url: Option<String>,
    /// The only certificates to trust.
    pub(crate) ca_file: Option<PathBuf>,
    /// The client certificate and its key.
    pub(crate) client_cert: Option<PathBuf>,
    pub(crate) client_key: Option<PathBuf>,
    /// The `Referer` header.
    #[serde(default, deserialize_with = "text")]
    pub(crate) referer: Option<String>,
    /// The tenant, where there are several.
    #[serde(default, deserialize_with = "text")]
    pub(crate) tenant: Option<String>,
    /// The family of paths.
    #[serde(default, deserialize_with = "routes")]
    pub(crate) routes: Option<RouteChoice>,
    /// The zone of the appliance's clock: its times carry none.
    #[serde(default, deserialize_with = "time_zone")]
    pub(crate) time_zone: Option<TimeZone>,
    #[serde(default, deserialize_with = "deadline")]
    pub(crate) connect_timeout: Option<Duration>,
    #[serde(default, deserialize_with = "deadline")]
    pub(crate) timeout: Option<Duration>,
    #[serde(default, deserialize_with = "deadline")]
    pub(crate) list_timeout: Option<Duration>,
    /// How long a command may take to print a secret.
    #[serde(default, deserialize_with = "deadline")]
    pub(crate) secret_timeout: Option<Duration>,
    #[serde(default, deserialize_with = "size")]
    pub(crate) body_limit: Option<usize>,
    /// The policy that terminations obey.
    pub(crate) policy: Option<PathBuf>,
    /// The file to which the audit chain is appended.
    pub(crate) audit: Option<PathBuf>,
    /// The file that keeps the OAuth 2.0 access token.
    pub(crate) token_cache: Option<PathBuf>,
    /// Whether it matters: questions are then asked in colour.
    #[serde(default)]
    pub(crate) production: bool,
    pub(crate) consumer_key: Option<Public>,
    #[serde(default, deserialize_with = "source")]
    pub(crate) consumer_secret: Option<Source>,
    pub(crate) token: Option<Public>,
    #[serde(default, deserialize_with = "source")]
    pub(crate) token_secret: Option<Source>,
    pub(crate) client_id: Option<Public>,
    #[serde(default, deserialize_with = "source")]
    pub(crate) client_secret: Option<Source>,
}

/// The public half of a pair of keys: itself, or where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Public {
    Is(String),
    At(Source),
}

impl<'de> Deserialize<'de> for Public {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.parse() {
            Ok(source) => Ok(Self::At(source)),
            Err(NoSource::Literal) => checked(&text).map(Self::Is).map_err(Error::custom),
            Err(error) => Err(Error::custom(error)),
        }
    }
}

impl Profile {
    /// The secrets of the profile by their keys, and where they are.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = (&'static str, &Source)> {
        let secrets = [
            ("consumer_secret", &self.consumer_secret),
            ("token_secret", &self.token_secret),
            ("client_secret", &self.client_secret),
        ];
        secrets
            .into_iter()
            .filter_map(|(key, source)| Some((key, source.as_ref()?)))
    }

    /// Whether another program has to be run for a key.
    pub(crate) fn runs_commands(&self) -> bool {
        let public = [&self.consumer_key, &self.token, &self.client_id];
        let public = public.into_iter().flatten().filter_map(|key| match key {
            Public::At(source) => Some(source),
            Public::Is(_) => None,
        });
        let secrets = self.secrets().map(|(_, source)| source);
        secrets
            .chain(public)
            .any(|source| matches!(source, Source::Command(_)))
    }

    /// What can't be meant together.
    pub(super) fn contradiction(&self) -> Option<String> {
        let half = |given, missing| Some(format!("`{given}` needs `{missing}` beside it"));
        match (&self.client_cert, &self.client_key) {
            (Some(_), None) => return half("client_cert", "client_key"),
            (None, Some(_)) => return half("client_key", "client_cert"),
            _ => {}
        }
        let oauth1 = self.consumer_key.is_some()
            || self.token.is_some()
            || self.consumer_secret.is_some()
            || self.token_secret.is_some();
        let oauth2 = self.client_id.is_some() || self.client_secret.is_some();
        (oauth1 && oauth2).then(|| {
            "it has keys of OAuth 1.0 (consumer_…, token…) and of OAuth 2.0 (client_id, \
             client_secret); keep those of one kind"
                .to_owned()
        })
    }

    /// The same with every relative path below the folder of the file it stands in.
    pub(super) fn anchored(mut self, folder: &Path, home: Option<&Path>) -> Self {
        for path in [
            &mut self.ca_file,
            &mut self.client_cert,
            &mut self.client_key,
            &mut self.policy,
            &mut self.audit,
            &mut self.token_cache,
        ] {
            *path = path.take().map(|path| anchored(path, folder, home));
        }
        for source in [
            &mut self.consumer_secret,
            &mut self.token_secret,
            &mut self.client_secret,
        ] {
            *source = source.take().map(|source| source.anchored(folder, home));
        }
        for public in [&mut self.consumer_key, &mut self.token, &mut self.client_id] {
            *public = public.take().map(|public| match public {
                Public::At(source) => Public::At(source.anchored(folder, home)),
                is => is,
            });
        }
        self
    }
}

/// A text that can be sent.
fn checked(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("it is empty; leave the key out when there is nothing to set".to_owned());
    }
    if text.chars().any(char::is_control) {
        return Err("it contains a line break or another control character".to_owned());
    }
    Ok(text.to_owned())
}

/// Reads a text, and says what is wrong with it where it stands.
fn read<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).map(Some).map_err(Error::custom)
}

fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    read(deserializer, |text| {
        let checked = BaseUrl::new(text).map(|_| text.to_owned());
        checked.map_err(|error| error.to_string())
    })
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    read(deserializer, checked)
}

fn routes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<RouteChoice>, D::Error> {
    read(deserializer, settings::routes)
}

fn time_zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TimeZone>, D::Error> {
    read(deserializer, settings::time_zone)
}

fn deadline<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    read(deserializer, quantity::deadline)
}

fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    read(deserializer, quantity::size)
}

fn source<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Source>, D::Error> {
    read(deserializer, |text| {
        Source::from_str(text).map_err(|error| error.to_string())
    })
}
