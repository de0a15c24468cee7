//! Where a secret is kept, and how it is fetched from there.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use pam_proto::Secret;
use zeroize::Zeroizing;

use crate::environment::Environment;
use crate::failure::Failure;

mod command;
mod file;
mod keyring;
pub(crate) mod prompt;

/// Whether this build can keep secrets in a keyring.
pub(crate) const HAS_KEYRING: bool = cfg!(all(feature = "keyring", target_os = "linux"));

/// The most bytes that a secret can have. Real ones have a hundred.
const LIMIT: usize = 64 * 1024;

/// What can stand where a secret's place is asked for.
const FORMS: &str = "keyring:, file:PATH, env:NAME, cmd:COMMAND or systemd:NAME";

/// The place of a secret. It holds no secret itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// The operating system's keyring, under this account or one made of profile and setting.
    Keyring(Option<String>),
    /// A file that its owner alone may read.
    File(PathBuf),
    /// An environment variable.
    Env(String),
    /// The standard output of a command.
    Command(Vec<String>),
    /// A credential that systemd hands to a service.
    Systemd(String),
}

/// Why the text is no place of a secret. It never repeats the text, which may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoSource {
    #[error("a secret itself does not belong here; write where it is: {FORMS}")]
    Literal,
    #[error("`{0}:` must be followed by {1}")]
    Empty(&'static str, &'static str),
    #[error("the command after `cmd:` has a quote that is not closed")]
    Quote,
    #[error("the name after `systemd:` must be one file name, without a slash")]
    Name,
}

impl FromStr for Source {
    type Err = NoSource;

    fn from_str(text: &str) -> Result<Self, NoSource> {
        let (kind, rest) = text.split_once(':').ok_or(NoSource::Literal)?;
        let rest = rest.trim();
        let must = |kind, what| match rest {
            "" => Err(NoSource::Empty(kind, what)),
            rest => Ok(rest.to_owned()),
        };
        match kind {
            "keyring" => Ok(Self::Keyring((!rest.is_empty()).then(|| rest.to_owned()))),
            "file" => must("file", "a path").map(|path| Self::File(path.into())),
            "env" => must("env", "the name of a variable").map(Self::Env),
            "systemd" => match must("systemd", "the name of a credential")? {
                name if name.contains('/') || name == "." || name == ".." => Err(NoSource::Name),
                name => Ok(Self::Systemd(name)),
            },
            "cmd" => {
                let words = shlex::split(&must("cmd", "a command")?).ok_or(NoSource::Quote)?;
                Ok(Self::Command(words))
            }
            _ => Err(NoSource::Literal),
        }
    }
}

impl fmt::Display for Source {
    /// The place, and of a command its name alone: its arguments may say too much.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyring(None) => f.write_str("keyring:"),
            Self::Keyring(Some(account)) => write!(f, "keyring:{account}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Env(name) => write!(f, "env:{name}"),
            Self::Systemd(name) => write!(f, "systemd:{name}"),
            Self::Command(words) => {
                write!(f, "cmd:{}", words.first().map_or("", String::as_str))?;
                f.write_str(if words.len() > 1 { " …" } else { "" })
            }
        }
    }
}

/// A secret by its name: whose it is and what for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name<'a> {
    pub(crate) profile: &'a str,
    pub(crate) key: &'static str,
}

impl Name<'_> {
    /// The account under which the keyring has it when the profile names none.
    fn account(self) -> String {
        format!("{}/{}", self.profile, self.key)
    }
}

/// Why a place can't be used: the cause and what to do.
pub(crate) type Unusable = String;

impl Source {
    /// The same with a relative path below `folder`, and `~/` below the home directory.
    pub(crate) fn anchored(self, folder: &Path, home: Option<&Path>) -> Self {
        match self {
            Self::File(path) => Self::File(anchored(path, folder, home)),
            other => other,
        }
    }

    /// The secret, or nothing when the place is fine and it is not there. A command may take
    /// until the deadline.
    ///
    /// # Errors
    /// A failure that names the secret and its place when the place can't be used, or what is
    /// in it can't be a secret.
    pub(crate) fn read(
        &self,
        name: Name<'_>,
        environment: &Environment<'_>,
        deadline: Duration,
    ) -> Result<Option<Secret>, Failure> {
        let found = match self {
            Self::Keyring(account) => {
                let read = keyring::read(&account_of(account, name));
                read.and_then(|found| found.map(usable).transpose())
            }
            other => other.fetch(environment, deadline),
        };
        found.map_err(|why| self.failure(name, &why))
    }

    /// The same for a secret that belongs to no profile; a keyring must name its account then.
    ///
    /// # Errors
    /// Why the place can't be used, or what is in it can't be a secret.
    pub(crate) fn fetch(
        &self,
        environment: &Environment<'_>,
        deadline: Duration,
    ) -> Result<Option<Secret>, Unusable> {
        let read = match self {
            Self::Keyring(Some(account)) => keyring::read(account),
            Self::Keyring(None) => {
                Err("it names no account; write it like keyring:ACCOUNT".to_owned())
            }
            Self::File(path) => file::read(path),
            Self::Env(variable) => Ok(environment.bytes(variable).map(Zeroizing::new)),
            Self::Command(words) => command::run(words, deadline).map(Some),
            Self::Systemd(credential) => match environment.path("CREDENTIALS_DIRECTORY") {
                Some(folder) => file::read_plain(&folder.join(credential)),
                None => Err("systemd sets CREDENTIALS_DIRECTORY for a service that has \
                             LoadCredential=; here it is not set"
                    .to_owned()),
            },
        };
        read.and_then(|found| found.map(usable).transpose())
    }

    /// Keeps a secret there.
    ///
    /// # Errors
    /// A failure when the place is one that cannot be written to, or refuses it.
    pub(crate) fn store(&self, name: Name<'_>, secret: &Secret) -> Result<(), Failure> {
        match self {
            Self::Keyring(account) => keyring::store(&account_of(account, name), secret),
            Self::File(path) => file::store(path, secret),
            Self::Env(_) | Self::Command(_) | Self::Systemd(_) => {
                Err("nothing can be stored there; put it there yourself".to_owned())
            }
        }
        .map_err(|why| self.failure(name, &why))
    }

    /// Takes a secret out of the keyring; what lies elsewhere is its owner's.
    ///
    /// # Errors
    /// A failure when the keyring can't be used.
    pub(crate) fn forget(&self, name: Name<'_>) -> Result<bool, Failure> {
        match self {
            Self::Keyring(account) => {
                keyring::forget(&account_of(account, name)).map_err(|why| self.failure(name, &why))
            }
            _ => Ok(false),
        }
    }

    /// Whether [`store`](Self::store) can work at all.
    pub(crate) fn takes_secrets(&self) -> bool {
        matches!(self, Self::Keyring(_) | Self::File(_))
    }

    fn failure(&self, name: Name<'_>, why: &str) -> Failure {
        Failure::usage(format!(
            "can't use {self} for {} of the profile `{}`: {why}",
            name.key, name.profile
        ))
    }
}

fn account_of(account: &Option<String>, name: Name<'_>) -> String {
    account.clone().unwrap_or_else(|| name.account())
}

/// A path of the configuration file: relative to its folder, or to the home directory after `~/`.
pub(crate) fn anchored(path: PathBuf, folder: &Path, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => folder.join(path),
    }
}

/// The bytes as a secret: one line of text. The last line break is the tool's that wrote it.
fn usable(bytes: Zeroizing<Vec<u8>>) -> Result<Secret, Unusable> {
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| "what is there is not UTF-8 text; store it again".to_owned())?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err("what is there is empty; store it again".to_owned());
    }
    if line.chars().any(char::is_control) {
        return Err(
            "what is there is more than one line of text; keep the secret alone".to_owned(),
        );
    }
    Ok(Secret::new(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_names_its_place() {
        let table = [
            ("keyring:", "keyring:"),
            ("keyring:vault/ops", "keyring:vault/ops"),
            ("file:/etc/pamctl/token", "file:/etc/pamctl/token"),
            ("env:VAULT_SECRET", "env:VAULT_SECRET"),
            ("cmd:pass show 'a b'", "cmd:pass …"),
            ("cmd:vault-token", "cmd:vault-token"),
            ("systemd:pam-token", "systemd:pam-token"),
        ];
        for (text, shown) in table {
            assert_eq!(text.parse::<Source>().unwrap().to_string(), shown);
        }
        let words = "cmd:vault kv get -field=x 'secret/a b'".parse();
        let expected = ["vault", "kv", "get", "-field=x", "secret/a b"];
        assert_eq!(
            words,
            Ok(Source::Command(expected.map(str::to_owned).to_vec()))
        );
    }

    #[test]
    fn what_may_be_a_secret_is_not_repeated() {
        for text in [
            "hunter2",
            "hunter2:x",
            "cmd:echo 'hunter2",
            "file:",
            "env: ",
            "systemd:a/b",
        ] {
            let error = text.parse::<Source>().unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
        assert!(NoSource::Literal.to_string().contains("keyring:"));
    }

    #[test]
    fn a_secret_is_one_line_of_text() {
        let read = |bytes: &[u8]| usable(Zeroizing::new(bytes.to_vec()));
        assert_eq!(read(b"s\xc3\xa9cret\r\n").unwrap().expose(), "sécret");
        for bytes in [&b""[..], b"\n", b"a\nb\n", b"a\x07", b"\xff"] {
            assert!(read(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn paths_are_relative_to_the_file_or_to_home() {
        let at = |path: &str| anchored(path.into(), Path::new("/c"), Some(Path::new("/h")));
        assert_eq!(at("ca.pem"), Path::new("/c/ca.pem"));
        assert_eq!(at("~/ca.pem"), Path::new("/h/ca.pem"));
        assert_eq!(at("/etc/ca.pem"), Path::new("/etc/ca.pem"));
    }
}
