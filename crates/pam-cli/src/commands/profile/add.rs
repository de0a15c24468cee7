//! `pamctl profile add`: one more appliance.

use std::path::Path;

use clap::Args;
use pam_client::RouteChoice;
use toml_edit::Value;

use crate::config::{Edit, Selection, bad_name};
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::stderr;
use crate::quantity;
use crate::secret;
use crate::settings::Connection;

/// Add a profile
///
/// The connection options become its settings; --set gives it the others, and can give it these
/// as well. A secret itself is never given here, only where it is: keyring:, file:PATH,
/// env:NAME, cmd:COMMAND or systemd:NAME. Where a consumer key, token or client id is set and its
/// secret is not, the secret is to be in the keyring.
#[derive(Debug, Args)]
#[command(after_help = "\
Keys for --set (docs/profiles.md explains them):
  url, ca_file, client_cert, client_key, referer, tenant, routes, time_zone, connect_timeout,
  timeout, list_timeout, secret_timeout, body_limit, policy, audit, token_cache, production,
  consumer_key, consumer_secret, token, token_secret, client_id, client_secret

Examples:
  pamctl profile add prod --url https://vault.example.com --ca-file vault-ca.pem --production \\
      --set consumer_key=cc786f24 --set token=3c714a99
  pamctl profile add lab --url https://lab.example.com --set client_id=soc \\
      --set 'client_secret=cmd:vault kv get -field=secret kv/pamctl'
  pamctl profile add unit --url https://vault.example.com --set consumer_key=ck --set token=tk \\
      --set consumer_secret=systemd:pam-consumer --set token_secret=file:/etc/pamctl/token")]
pub(super) struct Add {
    /// The name of the profile
    #[arg(value_name = "NAME")]
    added: String,
    /// A setting that has no option; repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// Ask in colour before something is done there
    #[arg(long)]
    production: bool,
    /// Use it when no profile is named, as the first one is
    #[arg(long = "use")]
    used: bool,
}

/// Takes a setting apart. The value is not repeated, as it may be what must not be shown.
fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text
        .split_once('=')
        .ok_or_else(|| "write KEY=VALUE, such as time_zone=America/Sao_Paulo".to_owned())?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

impl Add {
    pub(super) fn run(
        self,
        connection: &Connection,
        selection: &Selection,
    ) -> Result<Exit, Failure> {
        let config = selection.config_to_add_to(&Environment::of_process())?;
        let name = &self.added;
        if let Some(why) = bad_name(name) {
            return Err(Failure::usage(why));
        }
        if config.profiles.contains_key(name) {
            return Err(Failure::usage(format!(
                "there is a profile `{name}` already; edit the file, or remove it first with \
                 `pamctl profile remove {name}`"
            )));
        }
        let mut settings = from_options(connection);
        if self.production {
            settings.push(("production", true.into()));
        }
        for (key, value) in &self.set {
            let value = match value.as_str() {
                "true" if key == "production" => true.into(),
                "false" if key == "production" => false.into(),
                text => Value::from(text),
            };
            settings.push((key, value));
        }
        for (public, secret) in [
            ("consumer_key", "consumer_secret"),
            ("token", "token_secret"),
            ("client_id", "client_secret"),
        ] {
            let has = |key| settings.iter().any(|(known, _)| *known == key);
            if has(public) && !has(secret) {
                if !secret::HAS_KEYRING {
                    return Err(Failure::usage(format!(
                        "this build has no keyring; say where the secret is, such as --set \
                         {secret}=file:/etc/pamctl/{secret}"
                    )));
                }
                settings.push((secret, "keyring:".into()));
            }
        }
        let mut edit = Edit::begin(&config)?;
        edit.add(name, settings);
        let used = self.used || config.default_profile.is_none();
        if used {
            edit.set_default(Some(name));
        }
        let path = edit.finish()?;
        let default = if used {
            ", used when none is named"
        } else {
            ""
        };
        stderr::note(format!("added `{name}` to {}{default}", path.display()));
        let config = selection.config(&Environment::of_process())?;
        let profile = config.profile(name)?;
        if profile.secrets().any(|(_, source)| source.takes_secrets()) {
            stderr::note(format!(
                "run `pamctl login --profile {name}` to type its secrets, then `pamctl doctor \
                 --profile {name}`"
            ));
        }
        Ok(Exit::Done)
    }
}

/// What the connection options say, as the file says it.
fn from_options(connection: &Connection) -> Vec<(&str, Value)> {
    let path = |path: &Path| {
        // The file's own paths are relative to its folder, an option's to the current one.
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Value::from(absolute.to_string_lossy().into_owned())
    };
    let time = |duration| Value::from(quantity::written(duration));
    let settings = [
        ("url", connection.url.as_deref().map(Value::from)),
        ("ca_file", connection.ca_file.as_deref().map(path)),
        ("client_cert", connection.client_cert.as_deref().map(path)),
        ("client_key", connection.client_key.as_deref().map(path)),
        ("referer", connection.referer.as_deref().map(Value::from)),
        (
            "routes",
            connection.routes.map(|routes| route_name(routes).into()),
        ),
        (
            "time_zone",
            connection
                .time_zone
                .as_ref()
                .and_then(|zone| Some(zone.iana_name()?.into())),
        ),
        ("connect_timeout", connection.connect_timeout.map(time)),
        ("timeout", connection.timeout.map(time)),
        ("list_timeout", connection.list_timeout.map(time)),
        (
            "body_limit",
            connection.body_limit.map(|size| size.to_string().into()),
        ),
        ("token_cache", connection.token_cache.as_deref().map(path)),
    ];
    settings
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
        .collect()
}

/// The name by which a family of paths is set.
pub(super) fn route_name(routes: RouteChoice) -> &'static str {
    match routes {
        RouteChoice::Auto => "auto",
        RouteChoice::Remembered(routes) | RouteChoice::Fixed(routes) => routes.name(),
    }
}
