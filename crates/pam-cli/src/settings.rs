//! From what was typed, set and written down to what is meant: the settings of the client.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::tz::TimeZone;
use pam_client::{ClientIdentity, Deadlines, RouteChoice, Settings, Trust};
use pam_proto::{BaseUrl, Routes};

use crate::config::{Profile, Selected};
use crate::credentials::Credentials;
use crate::environment::{self, Environment};
use crate::failure::Failure;
use crate::quantity;

/// The largest answer that is read when nothing else is said.
const BODY_LIMIT: usize = 1 << 20;

/// Where the appliance is and how to talk to it. Secrets are not among these: a command line can
/// be read by every user of the machine.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Connection options")]
pub(crate) struct Connection {
    /// The appliance's address, such as `https://vault.example.com` [env: PAM_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Trust the certificates in this PEM file and no others [env: PAM_CA_FILE]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// The family of paths: auto, iso (3.32), api-pam (3.33, 4.0) or api [default: auto]
    #[arg(long, global = true, value_name = "FAMILY", value_parser = routes)]
    pub(crate) routes: Option<RouteChoice>,
    /// Send this Referer, for an authorization that has a list of them
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) referer: Option<String>,
    /// Present this client certificate, a PEM file
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) client_cert: Option<PathBuf>,
    /// The private key of the client certificate, a PEM file
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) client_key: Option<PathBuf>,
    /// The zone of the appliance's clock, whose times carry none: an IANA name [env:
    /// PAM_TIME_ZONE] [default: this machine's]
    #[arg(long, global = true, value_name = "ZONE", value_parser = time_zone)]
    pub(crate) time_zone: Option<TimeZone>,
    /// How long connecting may take, TLS included [default: 5s]
    #[arg(long, global = true, value_name = "TIME", value_parser = quantity::deadline)]
    pub(crate) connect_timeout: Option<Duration>,
    /// How long an ordinary call may take [default: 30s]
    #[arg(long, global = true, value_name = "TIME", value_parser = quantity::deadline)]
    pub(crate) timeout: Option<Duration>,
    /// How long the listing may take; the appliance needs minutes for a long one [default: 10m]
    #[arg(long, global = true, value_name = "TIME", value_parser = quantity::deadline)]
    pub(crate) list_timeout: Option<Duration>,
    /// The largest answer to read, the listing excepted [default: 1MiB]
    #[arg(long, global = true, value_name = "SIZE", value_parser = quantity::size)]
    pub(crate) body_limit: Option<usize>,
    /// Keep the OAuth 2.0 access token in this file, readable by you alone, for the next run
    /// [env: PAM_TOKEN_CACHE]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_cache: Option<PathBuf>,
}

/// Reads the name of a route family, or `auto`.
pub(crate) fn routes(name: &str) -> Result<RouteChoice, String> {
    if name == "auto" {
        return Ok(RouteChoice::Auto);
    }
    let unknown = || format!("unknown route family `{name}`; use auto, iso, api-pam or api");
    name.parse::<Routes>()
        .map(RouteChoice::Fixed)
        .map_err(|_| unknown())
}

/// Reads the IANA name of a time zone.
pub(crate) fn time_zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name)
        .map_err(|_| format!("unknown time zone `{name}`; use an IANA name, as America/Sao_Paulo"))
}

/// Where a setting comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The command line.
    Flag(&'static str),
    /// The environment.
    Variable(&'static str),
    /// The profile.
    Profile,
    /// Nobody said anything.
    Default,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Flag(name) | Self::Variable(name) => name,
            Self::Profile => "profile",
            Self::Default => "default",
        })
    }
}

/// A setting and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen<T> {
    pub(crate) value: T,
    pub(crate) origin: Origin,
}

/// Every setting but those that prove who asks.
#[derive(Debug, Clone)]
pub(crate) struct Choices {
    pub(crate) url: Option<Chosen<String>>,
    pub(crate) ca_file: Option<Chosen<PathBuf>>,
    pub(crate) client_cert: Option<Chosen<PathBuf>>,
    pub(crate) client_key: Option<Chosen<PathBuf>>,
    pub(crate) referer: Option<Chosen<String>>,
    pub(crate) routes: Chosen<RouteChoice>,
    /// None is the machine's own.
    pub(crate) time_zone: Option<Chosen<TimeZone>>,
    pub(crate) connect_timeout: Chosen<Duration>,
    pub(crate) timeout: Chosen<Duration>,
    pub(crate) list_timeout: Chosen<Duration>,
    pub(crate) body_limit: Chosen<usize>,
    pub(crate) token_cache: Option<Chosen<PathBuf>>,
}

/// The first that is there: flag, variable, profile.
fn first<T: Clone>(
    flag: (&'static str, &Option<T>),
    variable: (&'static str, Option<T>),
    profile: &Option<T>,
) -> Option<Chosen<T>> {
    let chosen = |value: T, origin| Chosen { value, origin };
    let (name, value) = flag;
    if let Some(value) = value.clone() {
        return Some(chosen(value, Origin::Flag(name)));
    }
    let (name, value) = variable;
    if let Some(value) = value {
        return Some(chosen(value, Origin::Variable(name)));
    }
    Some(chosen(profile.clone()?, Origin::Profile))
}

/// The same for what has no variable.
fn flag_or_profile<T: Clone>(
    name: &'static str,
    flag: &Option<T>,
    profile: &Option<T>,
) -> Option<Chosen<T>> {
    first((name, flag), ("", None), profile)
}

fn or_default<T>(chosen: Option<Chosen<T>>, default: impl FnOnce() -> T) -> Chosen<T> {
    chosen.unwrap_or_else(|| Chosen {
        value: default(),
        origin: Origin::Default,
    })
}

impl Connection {
    /// The first flag that was given, for commands that talk to no appliance and would ignore it.
    pub(crate) fn first_given(&self) -> Option<&'static str> {
        let given = [
            ("--url", self.url.is_some()),
            ("--ca-file", self.ca_file.is_some()),
            ("--routes", self.routes.is_some()),
            ("--referer", self.referer.is_some()),
            ("--client-cert", self.client_cert.is_some()),
            ("--client-key", self.client_key.is_some()),
            ("--time-zone", self.time_zone.is_some()),
            ("--connect-timeout", self.connect_timeout.is_some()),
            ("--timeout", self.timeout.is_some()),
            ("--list-timeout", self.list_timeout.is_some()),
            ("--body-limit", self.body_limit.is_some()),
            ("--token-cache", self.token_cache.is_some()),
        ];
        given
            .into_iter()
            .find_map(|(flag, given)| given.then_some(flag))
    }

    /// A flag, else its environment variable, else what the profile says, else the default.
    ///
    /// # Errors
    /// A failure for a variable that can't be used.
    pub(crate) fn choose(
        &self,
        environment: &Environment<'_>,
        profile: &Profile,
    ) -> Result<Choices, Failure> {
        let url = environment.text(environment::URL)?;
        let ca_file = environment.path(environment::CA_FILE);
        let token_cache = environment.path(environment::TOKEN_CACHE);
        let zone = environment.text(environment::TIME_ZONE)?;
        let zone = zone.as_deref().map(time_zone).transpose();
        let zone =
            zone.map_err(|why| Failure::usage(format!("{}: {why}", environment::TIME_ZONE)))?;
        // A certificate and its key belong together, so they come from one place.
        let (cert, key) = match (&self.client_cert, &self.client_key) {
            (Some(_), None) => return Err(half_identity("--client-cert", "--client-key")),
            (None, Some(_)) => return Err(half_identity("--client-key", "--client-cert")),
            _ => (&profile.client_cert, &profile.client_key),
        };
        let defaults = Deadlines::default();
        let deadline = |name, flag, profile, default| {
            or_default(flag_or_profile(name, flag, profile), || default)
        };
        Ok(Choices {
            url: first(("--url", &self.url), (environment::URL, url), &profile.url),
            ca_file: first(
                ("--ca-file", &self.ca_file),
                (environment::CA_FILE, ca_file),
                &profile.ca_file,
            ),
            client_cert: flag_or_profile("--client-cert", &self.client_cert, cert),
            client_key: flag_or_profile("--client-key", &self.client_key, key),
            referer: flag_or_profile("--referer", &self.referer, &profile.referer),
            routes: or_default(
                flag_or_profile("--routes", &self.routes, &profile.routes),
                RouteChoice::default,
            ),
            time_zone: first(
                ("--time-zone", &self.time_zone),
                (environment::TIME_ZONE, zone),
                &profile.time_zone,
            ),
            connect_timeout: deadline(
                "--connect-timeout",
                &self.connect_timeout,
                &profile.connect_timeout,
                defaults.connect,
            ),
            timeout: deadline("--timeout", &self.timeout, &profile.timeout, defaults.call),
            list_timeout: deadline(
                "--list-timeout",
                &self.list_timeout,
                &profile.list_timeout,
                defaults.listing,
            ),
            body_limit: or_default(
                flag_or_profile("--body-limit", &self.body_limit, &profile.body_limit),
                || BODY_LIMIT,
            ),
            token_cache: first(
                ("--token-cache", &self.token_cache),
                (environment::TOKEN_CACHE, token_cache),
                &profile.token_cache,
            ),
        })
    }

    /// What is meant, the secrets read from where they are.
    ///
    /// # Errors
    /// One failure for all settings that are missing, or the first that is unusable.
    pub(crate) fn resolve(
        &self,
        environment: &Environment<'_>,
        selected: &Selected,
    ) -> Result<Settings, Failure> {
        let choices = self.choose(environment, &selected.profile)?;
        let credentials = Credentials::of(environment, selected)?;
        let mut missing = Vec::new();
        if choices.url.is_none() {
            missing.push(environment::URL);
        }
        missing.extend(credentials.missing());
        let (Some(url), []) = (&choices.url, &missing[..]) else {
            return Err(not_set(&missing, selected));
        };
        let base = BaseUrl::new(&url.value)?;
        let mut settings = Settings::new(base, credentials.authentication()?);
        if let Some(file) = choices.ca_file {
            settings.trust = Trust::OnlyThese(file.value);
        }
        settings.identity = match (choices.client_cert, choices.client_key) {
            (Some(certificate), Some(key)) => Some(ClientIdentity {
                certificate: certificate.value,
                key: key.value,
            }),
            _ => None,
        };
        settings.deadlines = Deadlines {
            connect: choices.connect_timeout.value,
            call: choices.timeout.value,
            listing: choices.list_timeout.value,
        };
        settings.referer = choices.referer.map(|referer| referer.value);
        settings.user_agent = concat!("pamctl/", env!("CARGO_PKG_VERSION")).to_owned();
        settings.body_limit = choices.body_limit.value;
        settings.routes = choices.routes.value;
        settings.token_cache = choices.token_cache.map(|file| file.value);
        Ok(settings)
    }
}

/// The failure that names every missing setting.
pub(crate) fn not_set(missing: &[&str], selected: &Selected) -> Failure {
    let or = match &selected.name {
        Some(name) => {
            format!("or let the profile `{name}` say them (docs: `pamctl profile --help`)")
        }
        None => "or add a profile (`pamctl profile add --help`)".to_owned(),
    };
    Failure::usage(format!(
        "missing settings: {}; set these environment variables (`pamctl --help` explains them), \
         {or}",
        missing.join(", ")
    ))
}

fn half_identity(given: &str, missing: &str) -> Failure {
    Failure::usage(format!("{given} needs {missing} beside it"))
}
