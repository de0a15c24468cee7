//! What the environment says: the only way in for secrets.

use std::ffi::OsString;

use pam_client::Authentication;
use pam_proto::Secret;
use pam_proto::oauth1::Credentials;
use pam_proto::oauth2::ClientCredentials;

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

/// Environment variables, read when they are needed.
pub(crate) struct Environment<'a> {
    lookup: &'a dyn Fn(&str) -> Option<OsString>,
}

impl Environment<'static> {
    /// That of this process. It can't be cleaned after reading: changing the environment of a
    /// process is unsafe, and this program has no unsafe code. It starts no other process.
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
    pub(crate) fn path(&self, name: &str) -> Option<std::path::PathBuf> {
        (self.lookup)(name)
            .filter(|value| !value.is_empty())
            .map(Into::into)
    }

    fn secret(&self, name: &str) -> Result<Option<Secret>, Failure> {
        Ok(self.text(name)?.map(Secret::new))
    }

    fn is_set(&self, name: &str) -> bool {
        (self.lookup)(name).is_some_and(|value| !value.is_empty())
    }
}

/// What an OAuth 1.0 authorization has, of which some may be missing.
struct OAuth1 {
    consumer_key: Option<String>,
    consumer_secret: Option<Secret>,
    token: Option<String>,
    token_secret: Option<Secret>,
}

impl OAuth1 {
    fn read(environment: &Environment<'_>) -> Result<Self, Failure> {
        Ok(Self {
            consumer_key: environment.text(CONSUMER_KEY)?,
            consumer_secret: environment.secret(CONSUMER_SECRET)?,
            token: environment.text(TOKEN)?,
            token_secret: environment.secret(TOKEN_SECRET)?,
        })
    }

    fn missing_consumer(&self) -> Vec<&'static str> {
        let parts = [
            (CONSUMER_KEY, self.consumer_key.is_none()),
            (CONSUMER_SECRET, self.consumer_secret.is_none()),
        ];
        parts
            .into_iter()
            .filter_map(|(name, missing)| missing.then_some(name))
            .collect()
    }

    fn missing_token(&self) -> Vec<&'static str> {
        let parts = [
            (TOKEN, self.token.is_none()),
            (TOKEN_SECRET, self.token_secret.is_none()),
        ];
        parts
            .into_iter()
            .filter_map(|(name, missing)| missing.then_some(name))
            .collect()
    }

    /// The credentials, or nothing when the consumer's part is not there.
    fn credentials(self) -> Option<Credentials> {
        let credentials = Credentials::new(self.consumer_key?, self.consumer_secret?);
        Some(match (self.token, self.token_secret) {
            (Some(token), Some(secret)) => credentials.with_token(token, secret),
            _ => credentials,
        })
    }
}

/// The credentials to sign one request with: a token is not needed, half a token is refused.
pub(crate) fn signing_credentials(environment: &Environment<'_>) -> Result<Credentials, Failure> {
    let oauth1 = OAuth1::read(environment)?;
    let mut missing = oauth1.missing_consumer();
    let token = oauth1.missing_token();
    if token.len() == 1 {
        missing.extend(token);
    }
    oauth1
        .credentials()
        .filter(|_| missing.is_empty())
        .ok_or_else(|| not_set(&missing))
}

/// How requests to the appliance are authenticated, and the names that are missing for it.
///
/// OAuth 2.0 is meant as soon as one of its two variables is set; both kinds at once are refused,
/// because either guess could act under the wrong authorization.
pub(crate) fn authentication(
    environment: &Environment<'_>,
    missing: &mut Vec<&'static str>,
) -> Result<Option<Authentication>, Failure> {
    let second = [CLIENT_ID, CLIENT_SECRET]
        .into_iter()
        .find(|name| environment.is_set(name));
    let first = [CONSUMER_KEY, CONSUMER_SECRET, TOKEN, TOKEN_SECRET];
    let first = first.into_iter().find(|name| environment.is_set(name));
    match (first, second) {
        (Some(first), Some(second)) => Err(Failure::usage(format!(
            "{first} (OAuth 1.0) and {second} (OAuth 2.0) are both set; unset those of one kind",
        ))),
        (_, None) => {
            let oauth1 = OAuth1::read(environment)?;
            missing.extend(oauth1.missing_consumer());
            missing.extend(oauth1.missing_token());
            Ok(oauth1.credentials().map(Authentication::OAuth1))
        }
        (None, Some(_)) => {
            let client_id = environment.text(CLIENT_ID)?;
            let client_secret = environment.secret(CLIENT_SECRET)?;
            let parts = [
                (CLIENT_ID, client_id.is_none()),
                (CLIENT_SECRET, client_secret.is_none()),
            ];
            missing.extend(
                parts
                    .into_iter()
                    .filter_map(|(name, none)| none.then_some(name)),
            );
            let (Some(client_id), Some(client_secret)) = (client_id, client_secret) else {
                return Ok(None);
            };
            let client = ClientCredentials::new(client_id, client_secret);
            Ok(Some(Authentication::OAuth2(
                match environment.text(TENANT)? {
                    Some(tenant) => client.at_tenant(tenant),
                    None => client,
                },
            )))
        }
    }
}

/// The failure that names every missing setting.
pub(crate) fn not_set(missing: &[&str]) -> Failure {
    Failure::usage(format!(
        "missing settings: {}; set these environment variables (`pamctl --help` explains them)",
        missing.join(", ")
    ))
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
    fn every_missing_name_stands_in_one_error() {
        let mut missing = Vec::new();
        let found = in_environment(&[(TOKEN, "t")], |env| authentication(env, &mut missing));
        assert!(found.unwrap().is_none());
        assert_eq!(missing, [CONSUMER_KEY, CONSUMER_SECRET, TOKEN_SECRET]);

        let mut missing = Vec::new();
        let found = in_environment(&[(CLIENT_ID, "c")], |env| authentication(env, &mut missing));
        assert!(found.unwrap().is_none());
        assert_eq!(missing, [CLIENT_SECRET]);
    }

    #[test]
    fn both_kinds_of_credentials_are_refused() {
        let set = [(CLIENT_ID, "c"), (CONSUMER_KEY, "k")];
        let failure = in_environment(&set, |env| authentication(env, &mut Vec::new())).unwrap_err();
        assert!(line(&failure).contains("both set"));
    }

    #[test]
    fn signing_needs_no_token_but_not_half_of_one() {
        let consumer = [(CONSUMER_KEY, "k"), (CONSUMER_SECRET, "s")];
        let credentials = in_environment(&consumer, signing_credentials).unwrap();
        assert!(credentials.token.is_none());
        let half = [consumer[0], consumer[1], (TOKEN, "t")];
        let failure = in_environment(&half, signing_credentials).unwrap_err();
        assert!(line(&failure).contains(TOKEN_SECRET) && !line(&failure).contains(CONSUMER_KEY));
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
