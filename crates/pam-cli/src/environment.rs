//! What the environment says.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use pam_proto::Secret;

use crate::failure::Failure;

pub(crate) const URL: &str = "PAM_URL";
pub(crate) const CA_FILE: &str = "PAM_CA_FILE";
pub(crate) const CONSUMER_KEY: &str = "PAM_CONSUMER_KEY";
pub(crate) const CONSUMER_SECRET: &str = "PAM_CONSUMER_SECRET";
pub(crate) const TOKEN: &str = "PAM_TOKEN";
pub(crate) const TOKEN_SECRET: &str = "PAM_TOKEN_SECRET";
pub(crate) const CLIENT_ID: &str = "PAM_CLIENT_ID";
pub(crate) const CLIENT_SECRET: &str = "PAM_CLIENT_SECRET";
pub(crate) const TENANT: &str = "PAM_TENANT";
pub(crate) const TOKEN_CACHE: &str = "PAM_TOKEN_CACHE";
pub(crate) const TIME_ZONE: &str = "PAM_TIME_ZONE";
pub(crate) const POLICY: &str = "PAM_POLICY";
pub(crate) const AUDIT: &str = "PAM_AUDIT";
pub(crate) const CONFIG: &str = "PAMCTL_CONFIG";
pub(crate) const PROFILE: &str = "PAMCTL_PROFILE";

/// The variables that no program started from here may see.
pub(crate) const SECRETS: [&str; 3] = [CONSUMER_SECRET, TOKEN_SECRET, CLIENT_SECRET];

/// Environment variables, read when they are needed.
pub(crate) struct Environment<'a> {
    lookup: &'a dyn Fn(&str) -> Option<OsString>,
}

impl Environment<'static> {
    /// That of this process. It can't be cleaned after reading: changing the environment of a
    /// process is unsafe, and this program has no unsafe code. The one kind of program that it
    /// starts, the command of a profile that prints a secret, is not given the [`SECRETS`].
    pub(crate) fn of_process() -> Self {
        Self {
            lookup: &|name| std::env::var_os(name),
        }
    }
}

impl<'a> Environment<'a> {
    #[cfg(test)]
    pub(crate) fn new(lookup: &'a dyn Fn(&str) -> Option<OsString>) -> Self {
        Self { lookup }
    }

    /// A variable; an empty one is not set. The value never stands in an error.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Failure> {
        let Some(value) = (self.lookup)(name).filter(|value| !value.is_empty()) else {
            return Ok(None);
        };
        let refuse = |what: &str| Failure::usage(format!("{name} {what}"));
        let text = value
            .into_string()
            .map_err(|_| refuse("is not UTF-8; set it again as text"))?;
        if text.chars().any(char::is_control) {
            return Err(refuse(
                "contains a line break or another control character; check how it was read in",
            ));
        }
        Ok(Some(text))
    }

    /// The path in a variable; an empty one is not set.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        (self.lookup)(name)
            .filter(|value| !value.is_empty())
            .map(Into::into)
    }

    /// The bytes of a variable; an empty one is not set.
    pub(crate) fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        (self.lookup)(name)
            .filter(|value| !value.is_empty())
            .map(OsString::into_vec)
    }

    /// The home directory.
    pub(crate) fn home(&self) -> Option<PathBuf> {
        self.path("HOME")
    }

    /// A folder of the XDG Base Directory Specification: that of the variable, which must be an
    /// absolute path to count, or the given one below the home directory.
    pub(crate) fn xdg(&self, name: &str, below_home: &str) -> Option<PathBuf> {
        self.path(name)
            .filter(|path| path.is_absolute())
            .or_else(|| Some(self.home()?.join(below_home)))
    }

    /// A secret in a variable.
    pub(crate) fn secret(&self, name: &str) -> Result<Option<Secret>, Failure> {
        Ok(self.text(name)?.map(Secret::new))
    }

    pub(crate) fn is_set(&self, name: &str) -> bool {
        (self.lookup)(name).is_some_and(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_environment<T>(set: &[(&str, &str)], act: impl FnOnce(&Environment<'_>) -> T) -> T {
        let lookup = |name: &str| {
            set.iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| OsString::from(value))
        };
        act(&Environment::new(&lookup))
    }

    fn line(failure: &Failure) -> &str {
        failure.line().unwrap()
    }

    #[test]
    fn an_empty_variable_is_not_set_and_a_damaged_one_is_refused_unseen() {
        let set = [(URL, ""), (CONSUMER_SECRET, "hunter2\n")];
        in_environment(&set, |env| {
            assert!(env.text(URL).unwrap().is_none());
            let failure = env.secret(CONSUMER_SECRET).unwrap_err();
            assert!(line(&failure).contains("line break") && !line(&failure).contains("hunter2"));
        });
    }
}
