//! `pamctl profile show`: what is meant, and who says so.

use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;
use serde::Serialize;

use super::add::route_name;
use crate::config::{Config, Profile, Public, Selection};
use crate::credentials::variable;
use crate::environment::{self, Environment};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::columns::{Column, Columns, Fit};
use crate::output::stdout::Stdout;
use crate::quantity;
use crate::secret::Source;
use crate::settings::{Chosen, Connection, Origin};

/// Show the settings in force, and where each comes from
///
/// Options and environment variables win over the profile, and are shown where they do. Of a
/// secret its place is shown, never the secret.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pamctl profile show
  pamctl profile show lab -o json | jq -r '.settings[] | select(.name == \"url\").value'")]
pub(super) struct Show {
    /// The name of the profile [default: the one in use]
    #[arg(value_name = "NAME")]
    shown: Option<String>,
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// A line for each setting
    Table,
    /// One object: {"profile","config","production","settings":[{"name","value","from"}]}
    Json,
}

#[derive(Serialize)]
struct Shown<'a> {
    profile: Option<&'a str>,
    config: Option<String>,
    production: bool,
    settings: Vec<Setting>,
}

#[derive(Serialize)]
struct Setting {
    name: &'static str,
    value: Option<String>,
    from: Option<String>,
}

impl Show {
    pub(super) fn run(
        self,
        connection: &Connection,
        selection: &Selection,
    ) -> Result<Exit, Failure> {
        let environment = Environment::of_process();
        let config = selection.config(&environment)?;
        let name = match self.shown {
            Some(name) => Some(name),
            None => selection.named(&config, &environment)?,
        };
        let none = Profile::default();
        let profile = match &name {
            Some(name) => config.profile(name)?,
            None => &none,
        };
        let shown = Shown {
            profile: name.as_deref(),
            config: path_of(&config),
            production: profile.production,
            settings: settings(connection, &environment, profile)?,
        };
        match self.output {
            Format::Json => Stdout::json(&shown)?,
            Format::Table => table(&shown)?,
        }
        Ok(Exit::Done)
    }
}

fn path_of(config: &Config) -> Option<String> {
    Some(config.path.as_ref()?.display().to_string())
}

fn settings(
    connection: &Connection,
    environment: &Environment<'_>,
    profile: &Profile,
) -> Result<Vec<Setting>, Failure> {
    let choices = connection.choose(environment, profile)?;
    let mut settings = Vec::new();
    let mut add = |name, value: Option<String>, origin: Option<Origin>| {
        settings.push(Setting {
            name,
            value,
            from: origin.map(|origin| origin.to_string()),
        });
    };
    fn told<T>(
        chosen: &Option<Chosen<T>>,
        text: impl Fn(&T) -> String,
    ) -> (Option<String>, Option<Origin>) {
        let Some(Chosen { value, origin }) = chosen else {
            return (None, None);
        };
        (Some(text(value)), Some(*origin))
    }
    let path = |path: &std::path::PathBuf| path.display().to_string();
    for (name, (value, origin)) in [
        ("url", told(&choices.url, String::clone)),
        ("ca_file", told(&choices.ca_file, path)),
        ("client_cert", told(&choices.client_cert, path)),
        ("client_key", told(&choices.client_key, path)),
        ("referer", told(&choices.referer, String::clone)),
        ("token_cache", told(&choices.token_cache, path)),
    ] {
        add(name, value, origin);
    }
    let (zone, zone_origin) = match &choices.time_zone {
        Some(zone) => (zone.value.clone(), zone.origin),
        None => (TimeZone::system(), Origin::Default),
    };
    let zone_name = zone.iana_name().unwrap_or("the machine's own");
    add(
        "routes",
        Some(route_name(choices.routes.value).to_owned()),
        Some(choices.routes.origin),
    );
    add("time_zone", Some(zone_name.to_owned()), Some(zone_origin));
    for (name, deadline) in [
        ("connect_timeout", &choices.connect_timeout),
        ("timeout", &choices.timeout),
        ("list_timeout", &choices.list_timeout),
    ] {
        add(
            name,
            Some(quantity::written(deadline.value)),
            Some(deadline.origin),
        );
    }
    let limit = &choices.body_limit;
    add(
        "body_limit",
        Some(limit.value.to_string()),
        Some(limit.origin),
    );
    let of_profile = |there: bool| there.then_some(Origin::Profile);
    for (name, file) in [("policy", &profile.policy), ("audit", &profile.audit)] {
        add(name, file.as_ref().map(path), of_profile(file.is_some()));
    }
    let timeout = profile.secret_timeout;
    let default = crate::credentials::SECRET_TIMEOUT;
    add(
        "secret_timeout",
        Some(quantity::written(timeout.unwrap_or(default))),
        Some(timeout.map_or(Origin::Default, |_| Origin::Profile)),
    );
    let tenant = environment.text(environment::TENANT)?;
    let from_variable = tenant
        .is_some()
        .then_some(Origin::Variable(environment::TENANT));
    add(
        "tenant",
        tenant.or_else(|| profile.tenant.clone()),
        from_variable.or(of_profile(profile.tenant.is_some())),
    );
    for (name, public) in [
        ("consumer_key", &profile.consumer_key),
        ("token", &profile.token),
        ("client_id", &profile.client_id),
    ] {
        let kept = public.as_ref().map(|public| match public {
            Public::Is(text) => text.clone(),
            Public::At(source) => source.to_string(),
        });
        match environment.text(variable(name))? {
            Some(text) => add(name, Some(text), Some(Origin::Variable(variable(name)))),
            None => add(name, kept, of_profile(public.is_some())),
        }
    }
    for (name, source) in [
        ("consumer_secret", &profile.consumer_secret),
        ("token_secret", &profile.token_secret),
        ("client_secret", &profile.client_secret),
    ] {
        if environment.is_set(variable(name)) {
            let place = format!("env:{}", variable(name));
            add(name, Some(place), Some(Origin::Variable(variable(name))));
        } else {
            let place = source.as_ref().map(Source::to_string);
            add(name, place, of_profile(source.is_some()));
        }
    }
    Ok(settings)
}

fn table(shown: &Shown<'_>) -> std::io::Result<()> {
    let columns = [
        ("SETTING", Fit::Whole),
        ("VALUE", Fit::Whole),
        ("FROM", Fit::Whole),
    ];
    let columns = columns.map(|(title, fit)| Column { title, fit });
    let mut table = Columns::new(Stdout::open(), &columns, Stdout::room());
    table.row(["profile", shown.profile.unwrap_or("none"), ""])?;
    table.row(["config", shown.config.as_deref().unwrap_or("none"), ""])?;
    let production = if shown.production { "true" } else { "false" };
    table.row(["production", production, ""])?;
    for setting in &shown.settings {
        let (value, from) = (&setting.value, &setting.from);
        // What nobody set is of no interest to a person.
        if let (Some(value), Some(from)) = (value, from) {
            table.row([setting.name, value, from])?;
        }
    }
    table.finish()
}
