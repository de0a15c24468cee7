//! The keys of an alert and their values (A2A API specification, "Keys"): never a session id.

use super::{Alert, AlertKind};
use crate::profile::Profile;

/// Key and value pairs in the order of the documented tables.
pub(crate) fn fields(alert: &Alert, profile: Profile) -> Vec<(&'static str, String)> {
    let subject = &alert.subject;
    let (host, port) = match subject.device.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (&*subject.device, None),
    };
    let login = subject.user.to_string();
    let name = display_name(&subject.user);
    let (id, ..) = alert.kind.event();
    // The user's id, which nothing else of the mock shows: the same for the same user.
    let user_id = 100 + subject.user.bytes().map(u32::from).sum::<u32>();

    let mut fields = vec![("msg", message(alert, profile, host, &name))];
    let mut push = |key, value: String| fields.push((key, value));
    match alert.kind {
        AlertKind::UnusualAccess => {
            // None beyond the keys that every message has.
            push("act", "UNUSUAL_ACCESS".to_owned());
            push("sname", name);
            push("suid", user_id.to_string());
            push("suser", login);
        }
        AlertKind::CommandLow | AlertKind::CommandMedium | AlertKind::CommandHigh => {
            // `spid`, `dst`, `dpt` and `duser` are "not applicable".
            push("suid", user_id.to_string());
            push("sname", name);
            push("suser", login);
        }
        AlertKind::SessionStarted | AlertKind::SessionEnded | AlertKind::BlockAndInterrupt => {
            // In session messages `suid` is the type of message, 153, and not a user.
            let suid = match alert.kind {
                AlertKind::BlockAndInterrupt => user_id,
                _ => 153,
            };
            push("suid", suid.to_string());
            push("sname", name);
            push("suser", login);
            push("spid", id.to_string());
            let is_address = host.parse::<std::net::IpAddr>().is_ok();
            push(if is_address { "dst" } else { "dhost" }, host.to_owned());
            if let Some(port) = port {
                // The tables print the typo for the end of a session.
                let key = match alert.kind {
                    AlertKind::SessionEnded => "dposrt",
                    _ => "dpt",
                };
                push(key, port.to_owned());
            }
            push("duser", subject.credential.to_string());
        }
    }
    fields
}

/// The text of the vendor's samples, wrong in the places where they are: 4.0 tells of a start in
/// the words of an end.
fn message(alert: &Alert, profile: Profile, host: &str, name: &str) -> String {
    let subject = &alert.subject;
    let (user, credential) = (&subject.user, &subject.credential);
    let target = format!("for {host} ({host}) - Privileged User - {credential}");
    let is_old = matches!(profile, Profile::V3_32 | Profile::V3_33);
    match alert.kind {
        AlertKind::SessionStarted if is_old => {
            format!("Session started {target} by the user {name} ({user})")
        }
        AlertKind::SessionEnded if is_old => {
            format!("Session terminated {target} by the user {name} ({user})")
        }
        AlertKind::SessionStarted | AlertKind::SessionEnded => {
            format!("Session ended {target} by user {name} ({user})")
        }
        AlertKind::CommandLow | AlertKind::CommandMedium | AlertKind::CommandHigh => {
            let command = &alert.command;
            format!("An audited command has been detected! Action: notified ({command})")
        }
        AlertKind::BlockAndInterrupt => {
            let command = &alert.command;
            format!(
                "An audited command has been detected! Action: blocked the command and terminated \
                 the session ({command})"
            )
        }
        AlertKind::UnusualAccess => {
            format!("Unusual number of accesses by the user {name} ({user})")
        }
    }
}

/// `ana.souza` is shown as Ana Souza.
fn display_name(login: &str) -> String {
    let words = login.split(['.', '-', '_']).filter(|word| !word.is_empty());
    let words = words.map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(char::to_uppercase);
        first
            .into_iter()
            .flatten()
            .chain(letters)
            .collect::<String>()
    });
    words.collect::<Vec<_>>().join(" ")
}
