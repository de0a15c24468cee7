//! Who asks: the keys of an authorization, from the environment or from where a profile says.

use std::time::Duration;

use pam_client::Authentication;
use pam_proto::Secret;
use pam_proto::oauth1;
use pam_proto::oauth2::ClientCredentials;

use crate::config::{Public, Selected};
use crate::environment::{
    self, CLIENT_ID, CLIENT_SECRET, CONSUMER_KEY, CONSUMER_SECRET, Environment, TENANT, TOKEN,
    TOKEN_SECRET,
};
use crate::failure::Failure;
use crate::secret::{Name, Source};

/// How long a command may take to print a secret when the profile says nothing.
pub(crate) const SECRET_TIMEOUT: Duration = Duration::from_secs(10);

const OAUTH1: [&str; 4] = [CONSUMER_KEY, CONSUMER_SECRET, TOKEN, TOKEN_SECRET];
const OAUTH2: [&str; 2] = [CLIENT_ID, CLIENT_SECRET];

/// The two ways in which the appliance knows who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    OAuth1,
    OAuth2,
}

/// Keys that were not read yet.
pub(crate) struct Credentials<'a> {
    environment: &'a Environment<'a>,
    selected: &'a Selected,
    pub(crate) kind: Kind,
}

impl<'a> Credentials<'a> {
    /// Those of the environment, else those of the profile.
    ///
    /// OAuth 2.0 is meant as soon as one of its two keys is set; both kinds at once are refused,
    /// because either guess could act under the wrong authorization.
    ///
    /// # Errors
    /// A failure when both kinds are in the environment; a profile with both is not read at all.
    pub(crate) fn of(
        environment: &'a Environment<'a>,
        selected: &'a Selected,
    ) -> Result<Self, Failure> {
        let set = |names: &[&'static str]| {
            let mut names = names.iter().copied();
            names.find(|name| environment.is_set(name))
        };
        let profile = &selected.profile;
        let kind = match (set(&OAUTH1), set(&OAUTH2)) {
            (Some(first), Some(second)) => {
                return Err(Failure::usage(format!(
                    "{first} (OAuth 1.0) and {second} (OAuth 2.0) are both set; unset those of \
                     one kind",
                )));
            }
            (Some(_), None) => Kind::OAuth1,
            (None, Some(_)) => Kind::OAuth2,
            (None, None) if profile.client_id.is_some() || profile.client_secret.is_some() => {
                Kind::OAuth2
            }
            (None, None) => Kind::OAuth1,
        };
        Ok(Self {
            environment,
            selected,
            kind,
        })
    }

    /// The variables of the keys that nobody gives.
    pub(crate) fn missing(&self) -> Vec<&'static str> {
        let names: &[&str] = match self.kind {
            Kind::OAuth1 => &OAUTH1,
            Kind::OAuth2 => &OAUTH2,
        };
        let missing = names.iter().copied();
        missing.filter(|name| !self.is_given(name)).collect()
    }

    fn is_given(&self, name: &str) -> bool {
        let profile = &self.selected.profile;
        self.environment.is_set(name)
            || match name {
                CONSUMER_KEY => profile.consumer_key.is_some(),
                CONSUMER_SECRET => profile.consumer_secret.is_some(),
                TOKEN => profile.token.is_some(),
                TOKEN_SECRET => profile.token_secret.is_some(),
                CLIENT_ID => profile.client_id.is_some(),
                CLIENT_SECRET => profile.client_secret.is_some(),
                _ => false,
            }
    }

    /// The keys, fetched from where they are.
    ///
    /// # Errors
    /// A failure when one can't be had.
    pub(crate) fn authentication(&self) -> Result<Authentication, Failure> {
        match self.kind {
            Kind::OAuth1 => Ok(Authentication::OAuth1(self.oauth1(true)?)),
            Kind::OAuth2 => {
                let profile = &self.selected.profile;
                let client_id = self.public(CLIENT_ID, "client_id", &profile.client_id)?;
                let secret = self.secret(CLIENT_SECRET, "client_secret", &profile.client_secret)?;
                let client = ClientCredentials::new(client_id, secret);
                let tenant = self.environment.text(TENANT)?;
                Ok(Authentication::OAuth2(
                    match tenant.or_else(|| profile.tenant.clone()) {
                        Some(tenant) => client.at_tenant(tenant),
                        None => client,
                    },
                ))
            }
        }
    }

    /// The keys to sign one request with: a token is not needed, half a token is refused.
    ///
    /// # Errors
    /// A failure when one is missing or can't be had.
    pub(crate) fn for_signing(&self) -> Result<oauth1::Credentials, Failure> {
        if self.kind == Kind::OAuth2 {
            return Err(Failure::usage(
                "these are keys of OAuth 2.0, which signs nothing; use an authorization of \
                 OAuth 1.0",
            ));
        }
        let mut missing = self.missing();
        let with_token = match (missing.contains(&TOKEN), missing.contains(&TOKEN_SECRET)) {
            (true, true) => {
                missing.retain(|name| ![TOKEN, TOKEN_SECRET].contains(name));
                false
            }
            _ => true,
        };
        if !missing.is_empty() {
            return Err(crate::settings::not_set(&missing, self.selected));
        }
        self.oauth1(with_token)
    }

    fn oauth1(&self, with_token: bool) -> Result<oauth1::Credentials, Failure> {
        let profile = &self.selected.profile;
        let key = self.public(CONSUMER_KEY, "consumer_key", &profile.consumer_key)?;
        let secret = self.secret(CONSUMER_SECRET, "consumer_secret", &profile.consumer_secret)?;
        let credentials = oauth1::Credentials::new(key, secret);
        if !with_token {
            return Ok(credentials);
        }
        let token = self.public(TOKEN, "token", &profile.token)?;
        let secret = self.secret(TOKEN_SECRET, "token_secret", &profile.token_secret)?;
        Ok(credentials.with_token(token, secret))
    }

    fn public(
        &self,
        variable: &'static str,
        key: &'static str,
        kept: &Option<Public>,
    ) -> Result<String, Failure> {
        match (self.environment.text(variable)?, kept) {
            (Some(text), _) => Ok(text),
            (None, Some(Public::Is(text))) => Ok(text.clone()),
            (None, Some(Public::At(source))) => Ok(self.fetch(key, source)?.expose().to_owned()),
            (None, None) => Err(crate::settings::not_set(&[variable], self.selected)),
        }
    }

    fn secret(
        &self,
        variable: &'static str,
        key: &'static str,
        kept: &Option<Source>,
    ) -> Result<Secret, Failure> {
        match (self.environment.secret(variable)?, kept) {
            (Some(secret), _) => Ok(secret),
            (None, Some(source)) => self.fetch(key, source),
            (None, None) => Err(crate::settings::not_set(&[variable], self.selected)),
        }
    }

    fn fetch(&self, key: &'static str, source: &Source) -> Result<Secret, Failure> {
        fetch(self.environment, self.selected, key, source)?.ok_or_else(|| {
            let profile = self.selected.name.as_deref().unwrap_or_default();
            let remedy = if source.takes_secrets() {
                format!("run `pamctl login --profile {profile}`")
            } else {
                "put it there".to_owned()
            };
            Failure::usage(format!(
                "{key} of the profile `{profile}` is not where the profile says ({source}); {remedy}"
            ))
        })
    }
}

/// What is at one place of the profile, if there is something.
///
/// # Errors
/// A failure when the place can't be used.
pub(crate) fn fetch(
    environment: &Environment<'_>,
    selected: &Selected,
    key: &'static str,
    source: &Source,
) -> Result<Option<Secret>, Failure> {
    let name = Name {
        profile: selected.name.as_deref().unwrap_or_default(),
        key,
    };
    let deadline = selected.profile.secret_timeout.unwrap_or(SECRET_TIMEOUT);
    source.read(name, environment, deadline)
}

/// The variable that wins over a key of a profile.
pub(crate) fn variable(key: &str) -> &'static str {
    match key {
        "consumer_key" => CONSUMER_KEY,
        "consumer_secret" => CONSUMER_SECRET,
        "token" => TOKEN,
        "token_secret" => TOKEN_SECRET,
        "client_id" => CLIENT_ID,
        "client_secret" => CLIENT_SECRET,
        _ => environment::URL,
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn with<T>(
        set: &[(&str, &str)],
        profile: &str,
        act: impl FnOnce(Result<Credentials<'_>, Failure>) -> T,
    ) -> T {
        let lookup = |name: &str| {
            set.iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| OsString::from(value))
        };
        let environment = Environment::new(&lookup);
        let selected = Selected {
            name: Some("p".to_owned()),
            profile: toml::from_str(profile).unwrap(),
        };
        act(Credentials::of(&environment, &selected))
    }

    fn line(failure: &Failure) -> &str {
        failure.line().unwrap()
    }

    #[test]
    fn every_missing_name_is_found() {
        let missing = |set: &[(&str, &str)], profile| {
            with(set, profile, |credentials| credentials.unwrap().missing())
        };
        assert_eq!(
            missing(&[(TOKEN, "t")], ""),
            [CONSUMER_KEY, CONSUMER_SECRET, TOKEN_SECRET]
        );
        assert_eq!(missing(&[(CLIENT_ID, "c")], ""), [CLIENT_SECRET]);
        assert_eq!(
            missing(
                &[(TOKEN, "t")],
                "consumer_key = 'k'\ntoken_secret = 'keyring:'"
            ),
            [CONSUMER_SECRET]
        );
        assert_eq!(missing(&[], "client_id = 'c'"), [CLIENT_SECRET]);
    }

    #[test]
    fn both_kinds_in_the_environment_are_refused_and_one_wins_over_the_profile() {
        let both = [(CLIENT_ID, "c"), (CONSUMER_KEY, "k")];
        with(&both, "", |credentials| {
            let failure = credentials.err().unwrap();
            assert!(line(&failure).contains("both set"));
        });
        with(&both[1..], "client_id = 'c'", |credentials| {
            assert_eq!(credentials.unwrap().kind, Kind::OAuth1);
        });
    }

    #[test]
    fn signing_needs_no_token_but_not_half_of_one() {
        let consumer = [(CONSUMER_KEY, "k"), (CONSUMER_SECRET, "s")];
        with(&consumer, "", |credentials| {
            assert!(credentials.unwrap().for_signing().unwrap().token.is_none());
        });
        let half = [consumer[0], consumer[1], (TOKEN, "t")];
        with(&half, "", |credentials| {
            let failure = credentials.unwrap().for_signing().unwrap_err();
            assert!(
                line(&failure).contains(TOKEN_SECRET) && !line(&failure).contains(CONSUMER_KEY)
            );
        });
    }

    #[test]
    fn a_variable_wins_over_the_profile_and_the_rest_is_fetched() {
        let profile = "consumer_key = 'from profile'\nconsumer_secret = 'env:ELSEWHERE'\n\
                       token = 'env:TK'\ntoken_secret = 'cmd:printf %s typed'";
        let set = [
            (CONSUMER_KEY, "mine"),
            ("ELSEWHERE", "hidden"),
            ("TK", "tk"),
        ];
        with(&set, profile, |credentials| {
            let Authentication::OAuth1(keys) = credentials.unwrap().authentication().unwrap()
            else {
                panic!("not OAuth 1.0")
            };
            assert_eq!(keys.consumer_key, "mine");
            assert_eq!(keys.consumer_secret.expose(), "hidden");
            let token = keys.token.unwrap();
            assert_eq!(token.secret.expose(), "typed");
        });
        with(&set[..1], profile, |credentials| {
            let failure = credentials.unwrap().authentication().unwrap_err();
            assert!(
                line(&failure).contains("env:ELSEWHERE"),
                "{}",
                line(&failure)
            );
        });
    }
}
