//! From what was typed and set to what is meant: the settings of the client.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use pam_client::{ClientIdentity, Deadlines, Observer, RouteChoice, Settings, Trust};
use pam_proto::{BaseUrl, Routes};

use crate::environment::{self, Environment};
use crate::failure::Failure;
use crate::quantity;

/// Where the appliance is and how to talk to it. Secrets are not among these: a command line can
/// be read by every user of the machine.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Connection options")]
pub(crate) struct Connection {
    /// The appliance's address, such as `https://vault.example.com` [env: PAM_URL]
    #[arg(long, global = true, value_name = "URL")]
    url: Option<String>,
    /// Trust the certificates in this PEM file and no others [env: PAM_CA_FILE]
    #[arg(long, global = true, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// The family of paths: auto, iso (3.32), api-pam (3.33, 4.0) or api [default: auto]
    #[arg(long, global = true, value_name = "FAMILY", value_parser = routes)]
    routes: Option<RouteChoice>,
    /// Send this Referer, for an authorization that has a list of them
    #[arg(long, global = true, value_name = "URL")]
    referer: Option<String>,
    /// Present this client certificate, a PEM file
    #[arg(long, global = true, value_name = "FILE")]
    client_cert: Option<PathBuf>,
    /// The private key of the client certificate, a PEM file
    #[arg(long, global = true, value_name = "FILE")]
    client_key: Option<PathBuf>,
    /// How long connecting may take, TLS included [default: 5s]
    #[arg(long, global = true, value_name = "TIME", value_parser = quantity::deadline)]
    connect_timeout: Option<Duration>,
    /// How long an ordinary call may take [default: 30s]
    #[arg(long, global = true, value_name = "TIME", value_parser = quantity::deadline)]
    timeout: Option<Duration>,
    /// How long the listing may take; the appliance needs minutes for a long one [default: 10m]
    #[arg(long, global = true, value_name = "TIME", value_parser = quantity::deadline)]
    list_timeout: Option<Duration>,
    /// The largest answer to read, the listing excepted [default: 1MiB]
    #[arg(long, global = true, value_name = "SIZE", value_parser = quantity::size)]
    body_limit: Option<usize>,
    /// Keep the OAuth 2.0 access token in this file, readable by you alone, for the next run
    /// [env: PAM_TOKEN_CACHE]
    #[arg(long, global = true, value_name = "FILE")]
    token_cache: Option<PathBuf>,
}

fn routes(name: &str) -> Result<RouteChoice, String> {
    if name == "auto" {
        return Ok(RouteChoice::Auto);
    }
    let unknown = || format!("unknown route family `{name}`; use auto, iso, api-pam or api");
    name.parse::<Routes>()
        .map(RouteChoice::Fixed)
        .map_err(|_| unknown())
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

    /// What is meant: a flag, else its environment variable, else the default.
    ///
    /// # Errors
    /// One failure for all settings that are missing, or the first that is unusable.
    pub(crate) fn resolve(
        self,
        environment: &Environment<'_>,
        observer: Arc<dyn Observer>,
    ) -> Result<Settings, Failure> {
        let mut missing = Vec::new();
        let url = match self.url {
            Some(url) => Some(url),
            None => environment.text(environment::URL)?,
        };
        if url.is_none() {
            missing.push(environment::URL);
        }
        let authentication = environment::authentication(environment, &mut missing)?;
        let (Some(url), Some(authentication), []) = (url, authentication, &missing[..]) else {
            return Err(environment::not_set(&missing));
        };
        let mut settings = Settings::new(BaseUrl::new(&url)?, authentication);
        if let Some(file) = self
            .ca_file
            .or_else(|| environment.path(environment::CA_FILE))
        {
            settings.trust = Trust::OnlyThese(file);
        }
        settings.identity = match (self.client_cert, self.client_key) {
            (Some(certificate), Some(key)) => Some(ClientIdentity { certificate, key }),
            (None, None) => None,
            (Some(_), None) => return Err(half_identity("--client-cert", "--client-key")),
            (None, Some(_)) => return Err(half_identity("--client-key", "--client-cert")),
        };
        let defaults = Deadlines::default();
        settings.deadlines = Deadlines {
            connect: self.connect_timeout.unwrap_or(defaults.connect),
            call: self.timeout.unwrap_or(defaults.call),
            listing: self.list_timeout.unwrap_or(defaults.listing),
        };
        settings.referer = self.referer;
        settings.user_agent = concat!("pamctl/", env!("CARGO_PKG_VERSION")).to_owned();
        settings.body_limit = self.body_limit.unwrap_or(settings.body_limit);
        settings.routes = self.routes.unwrap_or_default();
        let token_cache = self.token_cache;
        settings.token_cache = token_cache.or_else(|| environment.path(environment::TOKEN_CACHE));
        settings.observer = Some(observer);
        Ok(settings)
    }
}

fn half_identity(given: &str, missing: &str) -> Failure {
    Failure::usage(format!("{given} needs {missing} beside it"))
}
