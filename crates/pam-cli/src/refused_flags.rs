//! Flags that look as if they took a secret, which none does.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// What such a flag has in its name.
const TELLING: [&str; 8] = [
    "secret",
    "token",
    "password",
    "passwd",
    "passphrase",
    "consumer",
    "client-id",
    "bearer",
];

/// The answer to an unknown flag that is named like a credential; its value is not repeated.
pub(crate) fn answer(error: &clap::Error) -> Option<String> {
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let name = flag.split('=').next().unwrap_or_default();
    let plain = name.to_lowercase().replace('_', "-");
    if !plain.starts_with('-') || !TELLING.iter().any(|part| plain.contains(part)) {
        return None;
    }
    Some(format!(
        "there is no {name}: every user of the machine can read a command line; put credentials \
         into the environment (PAM_CONSUMER_KEY, PAM_CONSUMER_SECRET, PAM_TOKEN, \
         PAM_TOKEN_SECRET, or PAM_CLIENT_ID and PAM_CLIENT_SECRET) and change this one if it is real"
    ))
}
