//! The configuration file: which appliances there are, by name.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anstyle::{AnsiColor, Color, Style};
use clap::Args;
use rustix::process::geteuid;
use toml::Spanned;

use crate::environment::{self, Environment};
use crate::failure::Failure;

mod edit;
mod profile;

pub(crate) use edit::Edit;
pub(crate) use profile::{Profile, Public};

/// How the name of a production profile looks.
const PRODUCTION: Style = AnsiColor::White
    .on_default()
    .bg_color(Some(Color::Ansi(AnsiColor::Red)))
    .bold();

/// More than any configuration has.
const LIMIT: u64 = 1 << 20;

/// Which profile is meant.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Profile options")]
pub(crate) struct Selection {
    /// Use this profile [env: PAMCTL_PROFILE] [default: the file's default_profile]
    #[arg(id = "profile", long = "profile", global = true, value_name = "NAME")]
    name: Option<String>,
    /// The file with the profiles [env: PAMCTL_CONFIG] [default: ~/.config/pamctl/config.toml]
    #[arg(id = "config", long = "config", global = true, value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Selection {
    /// The same where `--config` names another file than the one with the profiles.
    pub(crate) fn without_file(self) -> Self {
        Self { file: None, ..self }
    }

    /// The first flag that was given, for commands that would ignore it.
    pub(crate) fn first_given(&self) -> Option<&'static str> {
        let config = self.file.is_some().then_some("--config");
        config.or(self.name.is_some().then_some("--profile"))
    }

    /// The configuration: that of the flag, the variable, or the usual place, where it need not
    /// exist.
    ///
    /// # Errors
    /// A failure with line, column and remedy when it can't be read or understood.
    pub(crate) fn config(&self, environment: &Environment<'_>) -> Result<Config, Failure> {
        self.read(environment, self.named_file(environment).is_some())
    }

    /// The same for who adds to it: it is created where it is not there yet.
    ///
    /// # Errors
    /// As [`config`](Self::config).
    pub(crate) fn config_to_add_to(
        &self,
        environment: &Environment<'_>,
    ) -> Result<Config, Failure> {
        self.read(environment, false)
    }

    fn named_file(&self, environment: &Environment<'_>) -> Option<PathBuf> {
        let named = self.file.clone();
        named.or_else(|| environment.path(environment::CONFIG))
    }

    fn read(&self, environment: &Environment<'_>, required: bool) -> Result<Config, Failure> {
        let usual = || {
            let folder = environment.xdg("XDG_CONFIG_HOME", ".config")?;
            Some(folder.join("pamctl/config.toml"))
        };
        let Some(path) = self.named_file(environment).or_else(usual) else {
            return Ok(Config::default());
        };
        Config::read(path, required, environment.home().as_deref())
    }

    /// The name of the profile that is meant, if one is.
    ///
    /// # Errors
    /// A failure when the variable is no text.
    pub(crate) fn named(
        &self,
        config: &Config,
        environment: &Environment<'_>,
    ) -> Result<Option<String>, Failure> {
        Ok(match &self.name {
            Some(name) => Some(name.clone()),
            None => match environment.text(environment::PROFILE)? {
                Some(name) => Some(name),
                None => config.default_profile.clone(),
            },
        })
    }

    /// The profile that is meant; an empty one when none is.
    ///
    /// # Errors
    /// As [`config`](Self::config), and when there is no profile of that name.
    pub(crate) fn select(&self, environment: &Environment<'_>) -> Result<Selected, Failure> {
        let config = self.config(environment)?;
        let Some(name) = self.named(&config, environment)? else {
            return Ok(Selected::default());
        };
        let profile = config.profile(&name)?.clone();
        Ok(Selected {
            name: Some(name),
            profile,
        })
    }
}

/// The profile that a command uses.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selected {
    /// Its name, when there is one.
    pub(crate) name: Option<String>,
    /// What it says.
    pub(crate) profile: Profile,
}

impl Selected {
    /// Where a question is asked about, in colour when it matters; nothing without a profile.
    pub(crate) fn badge(&self) -> Option<String> {
        let name = self.name.as_deref()?;
        Some(if self.profile.production {
            format!("{PRODUCTION} {name} (production) {PRODUCTION:#}")
        } else {
            name.to_owned()
        })
    }
}

/// What the file says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Config {
    /// Where it is or would be; nothing when there is no home directory.
    pub(crate) path: Option<PathBuf>,
    /// The profile that is used when none is named.
    pub(crate) default_profile: Option<String>,
    /// The profiles by their names.
    pub(crate) profiles: BTreeMap<String, Profile>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    default_profile: Option<Spanned<String>>,
    #[serde(default)]
    profiles: BTreeMap<Spanned<String>, Profile>,
}

impl Config {
    fn read(path: PathBuf, required: bool, home: Option<&Path>) -> Result<Self, Failure> {
        let said = |why: &str| Failure::usage(format!("{}: {why}", path.display()));
        let text = match text_of(&path) {
            Ok(text) => text,
            Err(Unread::Io(error)) if error.kind() == io::ErrorKind::NotFound && !required => {
                return Ok(Self {
                    path: Some(path),
                    ..Self::default()
                });
            }
            Err(Unread::Io(error)) => {
                return Err(said(&format!(
                    "can't be read: {error}; name another file with --config, or add a profile \
                     with `pamctl profile add`"
                )));
            }
            Err(Unread::Why(why)) => return Err(said(&why)),
        };
        let (default_profile, profiles) = parse(&text).map_err(|why| said(&why))?;
        let folder = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
        let folder = folder.parent().unwrap_or(Path::new("/"));
        Ok(Self {
            default_profile,
            profiles: profiles
                .into_iter()
                .map(|(name, profile)| (name, profile.anchored(folder, home)))
                .collect(),
            path: Some(path),
        })
    }

    /// The profile of this name.
    ///
    /// # Errors
    /// A failure that names those that there are.
    pub(crate) fn profile(&self, name: &str) -> Result<&Profile, Failure> {
        self.profiles.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.profiles.keys().map(String::as_str).collect();
            let known = match &known[..] {
                [] => "there is none yet; add one with `pamctl profile add`".to_owned(),
                known => format!("there are {}", known.join(", ")),
            };
            let file = self
                .path
                .as_ref()
                .map_or_else(String::new, |path| format!(" in {}", path.display()));
            Failure::usage(format!("there is no profile `{name}`{file}; {known}"))
        })
    }
}

enum Unread {
    Io(io::Error),
    Why(String),
}

/// The text of a file that nobody else may change: it can name commands that will be run.
fn text_of(path: &Path) -> Result<String, Unread> {
    let file = File::open(path).map_err(Unread::Io)?;
    let metadata = file.metadata().map_err(Unread::Io)?;
    let why = |why: String| Err(Unread::Why(why));
    if !metadata.is_file() {
        return why("is not a regular file; name another one with --config".to_owned());
    }
    if ![0, geteuid().as_raw()].contains(&metadata.uid()) {
        return why("belongs to another user, who could change what is run; copy it".to_owned());
    }
    if metadata.mode() & 0o022 != 0 {
        return why(format!(
            "others may write to it (mode {:04o}), and it can name commands to run; chmod go-w it",
            metadata.mode() & 0o7777
        ));
    }
    if metadata.len() > LIMIT {
        return why("is larger than 1 MiB, which no configuration is".to_owned());
    }
    let mut text = String::new();
    match file.take(LIMIT).read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            why("is not UTF-8 text".to_owned())
        }
        Err(error) => Err(Unread::Io(error)),
    }
}

type Parsed = (Option<String>, BTreeMap<String, Profile>);

/// Reads the file, every mistake with its line and column.
fn parse(text: &str) -> Result<Parsed, String> {
    let at = |offset: usize, why: &str| {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        format!("line {line}, column {column}: {why}")
    };
    let document: Document = toml::from_str(text).map_err(|error| {
        let why = error.message().lines().collect::<Vec<_>>().join("; ");
        at(error.span().map_or(0, |span| span.start), &why)
    })?;
    let mut profiles = BTreeMap::new();
    for (name, profile) in document.profiles {
        if let Some(why) = bad_name(name.get_ref()) {
            return Err(at(name.span().start, &why));
        }
        if let Some(why) = profile.contradiction() {
            return Err(at(name.span().start, &why));
        }
        profiles.insert(name.into_inner(), profile);
    }
    if let Some(name) = &document.default_profile
        && !profiles.contains_key(name.get_ref())
    {
        let why = format!(
            "there is no profile `{}`; name one that stands below [profiles]",
            name.get_ref()
        );
        return Err(at(name.span().start, &why));
    }
    let default_profile = document.default_profile.map(Spanned::into_inner);
    Ok((default_profile, profiles))
}

/// What is wrong with the name of a profile, which also names a file of its state.
pub(crate) fn bad_name(name: &str) -> Option<String> {
    let usable = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let good = !name.is_empty() && name.len() <= 64 && name.chars().all(usable);
    (!good || name.starts_with('.')).then(|| {
        format!(
            "`{name}` can't be the name of a profile; use up to 64 letters, digits, `-`, `_` and `.`"
        )
    })
}

/// The file with its symbolic links followed, so that replacing it keeps them.
fn target(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
default_profile = "prod"

[profiles.prod]
url = "https://vault.example.com"
ca_file = "ca.pem"
client_cert = "me.pem"
client_key = "~/me.key"
referer = "https://soc.example.com"
tenant = "acme"
routes = "iso"
time_zone = "America/Sao_Paulo"
connect_timeout = "2s"
timeout = "10s"
list_timeout = "5m"
secret_timeout = "3s"
body_limit = "2MiB"
policy = "policy.toml"
audit = "/var/log/pamctl/audit.jsonl"
token_cache = "token"
production = true
consumer_key = "ck"
consumer_secret = "keyring:"
token = "env:PAM_TK"
token_secret = "file:secret"

[profiles.lab]
client_id = "c"
client_secret = "cmd:pass show lab"
"#;

    #[test]
    fn every_key_is_read() {
        let (default, profiles) = parse(WHOLE).unwrap();
        assert_eq!(default.as_deref(), Some("prod"));
        let prod = profiles["prod"]
            .clone()
            .anchored(Path::new("/c"), Some(Path::new("/h")));
        assert_eq!(prod.ca_file.as_deref(), Some(Path::new("/c/ca.pem")));
        assert_eq!(prod.client_key.as_deref(), Some(Path::new("/h/me.key")));
        assert_eq!(prod.policy.as_deref(), Some(Path::new("/c/policy.toml")));
        assert_eq!(prod.consumer_key, Some(Public::Is("ck".to_owned())));
        assert!(prod.production && !profiles["lab"].production);
        let places: Vec<String> = prod
            .secrets()
            .map(|(key, source)| format!("{key}={source}"))
            .collect();
        assert_eq!(
            places,
            ["consumer_secret=keyring:", "token_secret=file:/c/secret"]
        );
    }

    #[test]
    fn a_mistake_is_told_with_its_line_its_column_and_what_to_write() {
        let profile = |line: &str| format!("# é\n[profiles.p]\n{line}\n");
        let table: [(String, &[&str]); 14] = [
            (
                profile("urk = 1"),
                &["line 3, column 1", "unknown field `urk`", "`url`"],
            ),
            (profile("url = \"vault\""), &["line 3, column 7", "scheme"]),
            (
                profile("  timeout = \"soon\""),
                &["line 3, column 13", "500ms, 30s"],
            ),
            (profile("timeout = \"0s\""), &["line 3", "zero"]),
            (
                profile("routes = \"v9\""),
                &["line 3, column 10", "iso, api-pam or api"],
            ),
            (
                profile("time_zone = \"Mars/Base\""),
                &["line 3, column 13", "America/Sao_Paulo"],
            ),
            (
                profile("token_secret = \"hunter2\""),
                &["line 3, column 16", "keyring:"],
            ),
            (
                profile("production = \"yes\""),
                &["line 3, column 14", "boolean"],
            ),
            (profile("referer = \"\""), &["line 3, column 11", "empty"]),
            (profile("client_cert = \"x\""), &["line 2", "`client_key`"]),
            (
                profile("client_id = \"x\"\ntoken = \"y\""),
                &["line 2", "OAuth 2.0"],
            ),
            (
                "[profiles.\"a b\"]".to_owned(),
                &["line 1, column 11", "`a b`"],
            ),
            (
                "default_profile = \"x\"".to_owned(),
                &["line 1, column 19", "`x`"],
            ),
            ("a = [".to_owned(), &["line 1"]),
        ];
        for (text, parts) in table {
            let why = parse(&text).unwrap_err();
            for part in parts {
                assert!(why.contains(part), "{text}: {why}");
            }
            assert!(!why.contains("hunter2"), "{why}");
        }
    }
}
