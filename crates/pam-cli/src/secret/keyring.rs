//! The operating system's keyring. On Linux that is the kernel's: it needs no library, no
//! desktop and no daemon, and forgets when the machine restarts, or after days without use
//! (three, unless `/proc/sys/kernel/keys/persistent_keyring_expiry` says otherwise).

pub(super) use backend::{forget, read, store};

#[cfg(all(feature = "keyring", target_os = "linux"))]
mod backend {
    use linux_keyutils::{Key, KeyError, KeyRing, KeyRingIdentifier};
    use pam_proto::Secret;
    use zeroize::Zeroizing;

    use super::super::Unusable;

    pub(in super::super) fn read(account: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Unusable> {
        let Some(key) = find(account)? else {
            return Ok(None);
        };
        let bytes = key.read_to_vec().map_err(unusable)?;
        Ok(Some(Zeroizing::new(bytes)))
    }

    pub(in super::super) fn store(account: &str, secret: &Secret) -> Result<(), Unusable> {
        let added = keyring()?.add_key(&description(account), secret.expose());
        added.map(drop).map_err(unusable)
    }

    pub(in super::super) fn forget(account: &str) -> Result<bool, Unusable> {
        match find(account)? {
            Some(key) => key.invalidate().map(|()| true).map_err(unusable),
            None => Ok(false),
        }
    }

    fn find(account: &str) -> Result<Option<Key>, Unusable> {
        match keyring()?.search(&description(account)) {
            Ok(key) => Ok(Some(key)),
            Err(KeyError::KeyDoesNotExist | KeyError::KeyRevoked | KeyError::KeyExpired) => {
                Ok(None)
            }
            Err(error) => Err(unusable(error)),
        }
    }

    /// The user's persistent keyring, which outlives his logins. It is linked to the session of
    /// this process, without which its keys could not be read; each use puts its expiry off.
    fn keyring() -> Result<KeyRing, Unusable> {
        KeyRing::get_persistent(KeyRingIdentifier::Session).map_err(unusable)
    }

    fn description(account: &str) -> String {
        format!("pamctl:{account}")
    }

    fn unusable(error: KeyError) -> Unusable {
        format!(
            "the kernel's keyring can't be used here ({error}), as in many containers; keep the \
             secret elsewhere: {}",
            super::ELSEWHERE
        )
    }
}

#[cfg(not(all(feature = "keyring", target_os = "linux")))]
mod backend {
    use pam_proto::Secret;
    use zeroize::Zeroizing;

    use super::super::Unusable;

    fn none<T>() -> Result<T, Unusable> {
        Err(format!(
            "this build has no keyring; keep the secret elsewhere: {}",
            super::ELSEWHERE
        ))
    }

    pub(in super::super) fn read(_: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Unusable> {
        none()
    }

    pub(in super::super) fn store(_: &str, _: &Secret) -> Result<(), Unusable> {
        none()
    }

    pub(in super::super) fn forget(_: &str) -> Result<bool, Unusable> {
        none()
    }
}

const ELSEWHERE: &str = "file:PATH, env:NAME, cmd:COMMAND or systemd:NAME";
