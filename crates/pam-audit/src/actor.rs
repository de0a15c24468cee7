//! Who acts, and on which machine.

use rustix::process::getuid;
use rustix::system::uname;
use serde::Serialize;

/// The user of the operating system on whose behalf this process acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Actor {
    /// The name of the user id in `/etc/passwd`, when it is there.
    pub user: Option<String>,
    /// The real user id.
    pub uid: u32,
    /// `SUDO_USER`: who became that user, by sudo's word. A user can set it, so it is a hint.
    pub sudo_user: Option<String>,
}

impl Actor {
    /// The actor of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let uid = getuid().as_raw();
        let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        Self {
            user: name_of(uid, &passwd),
            uid,
            sudo_user: std::env::var("SUDO_USER")
                .ok()
                .filter(|name| !name.is_empty()),
        }
    }

    /// The name of this machine.
    #[must_use]
    pub fn host() -> String {
        uname().nodename().to_string_lossy().into_owned()
    }
}

fn name_of(uid: u32, passwd: &str) -> Option<String> {
    let mut users = passwd.lines().map(|line| line.split(':'));
    users.find_map(|mut fields| {
        let name = fields.next()?;
        let id: u32 = fields.nth(1)?.parse().ok()?;
        (id == uid).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_by_its_id() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\n\n#x\nalice:x:1000:1000::/home/a:/bin/sh\n";
        assert_eq!(name_of(1000, passwd).as_deref(), Some("alice"));
        assert_eq!(name_of(0, passwd).as_deref(), Some("root"));
        assert_eq!(name_of(7, passwd), None);
    }
}
