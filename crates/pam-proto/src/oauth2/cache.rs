//! A token kept between runs.

use serde_json::{Value, json};

use super::{AccessToken, ClientCredentials};
use crate::base_url::BaseUrl;
use crate::secret::Secret;

/// Whose token a cache entry is: a token is good for one client at one appliance and one tenant
/// (A2A API specification, "OAuth 2.0 client credentials").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenOwner {
    base_url: String,
    client_id: String,
    tenant: Option<String>,
}

impl TokenOwner {
    /// This client at this appliance.
    #[must_use]
    pub fn new(base: &BaseUrl, client: &ClientCredentials) -> Self {
        Self {
            base_url: base.to_string(),
            client_id: client.client_id.clone(),
            tenant: client.tenant.clone(),
        }
    }

    /// The entry to write, JSON with the token in it: the file must be readable to its owner alone.
    #[must_use]
    pub fn entry(&self, token: &AccessToken) -> Secret {
        let entry = json!({
            "base_url": self.base_url,
            "client_id": self.client_id,
            "tenant": self.tenant,
            "access_token": token.secret().expose(),
            "use_until": token.use_until(),
        });
        Secret::new(entry.to_string())
    }

    /// The token of an entry that was read. None when the entry is damaged, or another owner's:
    /// then a new token is to be fetched.
    #[must_use]
    pub fn token(&self, entry: &str) -> Option<AccessToken> {
        let entry: Value = serde_json::from_str(entry).ok()?;
        let text = |name: &str| entry.get(name).and_then(Value::as_str);
        let same = text("base_url") == Some(&self.base_url)
            && text("client_id") == Some(&self.client_id)
            && text("tenant") == self.tenant.as_deref();
        let token = text("access_token").filter(|_| same)?;
        let use_until = entry.get("use_until")?.as_u64()?;
        AccessToken::until(Secret::new(token), use_until).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn owner(base: &str, client: &ClientCredentials) -> TokenOwner {
        TokenOwner::new(&BaseUrl::new(base).unwrap(), client)
    }

    fn token() -> AccessToken {
        AccessToken::new(Secret::new("t0ken"), Duration::from_secs(3_600), 1_000).unwrap()
    }

    #[test]
    fn an_entry_gives_its_token_to_its_owner_only() {
        let client = ClientCredentials::new("id", Secret::new("client-secret"));
        let mine = owner("https://vault.example.com", &client);
        let token = token();
        let entry = mine.entry(&token);
        assert!(!entry.expose().contains("client-secret"));

        let read = mine.token(entry.expose()).unwrap();
        assert_eq!(read.secret().expose(), "t0ken");
        assert_eq!(read.use_until(), token.use_until());

        let others = [
            owner("https://other.example.com", &client),
            owner(
                "https://vault.example.com",
                &client.clone().at_tenant("acme"),
            ),
            owner(
                "https://vault.example.com",
                &ClientCredentials::new("other", Secret::new("x")),
            ),
        ];
        for other in others {
            assert!(other.token(entry.expose()).is_none(), "{other:?}");
        }
    }

    #[test]
    fn a_damaged_entry_gives_none() {
        let client = ClientCredentials::new("id", Secret::new("s"));
        let mine = owner("https://vault.example.com", &client);
        let token = token();
        let entry = mine.entry(&token).expose().to_owned();
        for damaged in [
            "",
            "{}",
            "[]",
            entry.get(..entry.len() - 5).unwrap(),
            &entry.replace("t0ken", "t\\nken"),
            &entry.replace("t0ken", ""),
            &entry.replace("4540", "-1"),
        ] {
            assert!(mine.token(damaged).is_none(), "{damaged}");
        }
    }
}
