//! `pamctl profile list`: the profiles that there are.

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::config::Selection;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::columns::{Column, Columns, Fit};
use crate::output::stdout::Stdout;

/// List the profiles
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pamctl profile list
  pamctl profile list -o json | jq -r '.[] | select(.production).name'")]
pub(super) struct List {
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Columns for a person; not stable
    Table,
    /// One array of {"name","url","default","production"}
    Json,
}

#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    url: Option<&'a str>,
    default: bool,
    production: bool,
}

impl List {
    pub(super) fn run(self, selection: &Selection) -> Result<Exit, Failure> {
        let config = selection.config(&Environment::of_process())?;
        let listed: Vec<Listed<'_>> = config
            .profiles
            .iter()
            .map(|(name, profile)| Listed {
                name,
                url: profile.url.as_deref(),
                default: config.default_profile.as_ref() == Some(name),
                production: profile.production,
            })
            .collect();
        match self.output {
            Format::Json => Stdout::json(&listed)?,
            Format::Table => table(&listed)?,
        }
        Ok(Exit::Done)
    }
}

fn table(listed: &[Listed<'_>]) -> std::io::Result<()> {
    let columns = [
        ("NAME", Fit::Whole),
        ("URL", Fit::Optional(0)),
        ("DEFAULT", Fit::Whole),
        ("PRODUCTION", Fit::Whole),
    ];
    let columns = columns.map(|(title, fit)| Column { title, fit });
    let mut table = Columns::new(Stdout::open(), &columns, Stdout::room());
    let yes = |is: bool| if is { "yes" } else { "" };
    for profile in listed {
        table.row([
            profile.name,
            profile.url.unwrap_or_default(),
            yes(profile.default),
            yes(profile.production),
        ])?;
    }
    table.finish()
}
