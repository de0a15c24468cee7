//! The sentence in `msg`, the last resort: who, with which credential, on which device.
//!
//! The appliance writes it in the language that it is set to, and some of its sentences say the
//! opposite of their event (A2A API specification, "Keys"). So nothing is read from it but names,
//! each marked as [inferred](crate::Alert::inferred).

use std::net::IpAddr;

use crate::alert::{Alert, Field};

/// What a sentence names.
#[derive(Debug, Default, PartialEq, Eq)]
struct Named<'a> {
    host: Option<&'a str>,
    ip: Option<IpAddr>,
    credential: Option<&'a str>,
    user: Option<&'a str>,
}

/// What stands before the device.
const BEFORE_DEVICE: [&str; 2] = [" for ", " para "];

/// What stands before the user.
const BEFORE_USER: [&str; 5] = [
    " by the user ",
    " by user ",
    " pelo usuário ",
    " pelo usuario ",
    " pelo utilizador ",
];

/// Fills what is still unknown of an alert from its sentence.
pub(crate) fn enrich(alert: &mut Alert, sentence: &str) {
    let named = read(sentence);
    if alert.user.is_none() && !alert.conflicting.contains(&Field::User) {
        alert.user = named.user.map(str::to_owned);
        alert.infer(Field::User, named.user.is_some());
    }
    if alert.credential.is_none() && !alert.conflicting.contains(&Field::Credential) {
        alert.credential = named.credential.map(str::to_owned);
        alert.infer(Field::Credential, named.credential.is_some());
    }
    // a sentence about another device says nothing of this one
    let device = &alert.device;
    let is_other = device
        .ip
        .is_some_and(|ip| named.ip.is_some_and(|said| said != ip))
        || device.host.as_deref().is_some_and(|host| {
            named
                .host
                .is_some_and(|said| !said.eq_ignore_ascii_case(host))
        });
    if is_other {
        return;
    }
    if device.ip.is_none() && !alert.conflicting.contains(&Field::DeviceIp) {
        alert.device.ip = named.ip;
        alert.infer(Field::DeviceIp, named.ip.is_some());
    }
    if alert.device.host.is_none() && !alert.conflicting.contains(&Field::DeviceHost) {
        alert.device.host = named.host.map(str::to_owned);
        alert.infer(Field::DeviceHost, named.host.is_some());
    }
}

impl Alert {
    fn infer(&mut self, field: Field, is_so: bool) {
        if is_so {
            self.inferred.insert(field);
        }
    }
}

/// `… for HOST (IP) - TYPE - CREDENTIAL by the user NAME (LOGIN)`, or a part of it.
fn read(sentence: &str) -> Named<'_> {
    let mut named = Named::default();
    let (about, by) = first_of(&BEFORE_USER, sentence)
        .map_or((sentence, None), |(about, user)| (about, Some(user)));
    named.user = by.and_then(in_final_parentheses);
    let Some((_, about)) = first_of(&BEFORE_DEVICE, about) else {
        return named;
    };
    let mut parts = about.split(" - ");
    let Some((host, ip)) = parts.next().and_then(host_and_ip) else {
        return named;
    };
    (named.host, named.ip) = (host, Some(ip));
    // with another number of parts it is open which of them is the credential, and without the
    // user behind it, whether the credential is whole
    if let (Some(_), Some(credential), None) = (parts.next(), parts.next(), parts.next())
        && by.is_some()
    {
        let credential = credential.trim();
        named.credential = (!credential.is_empty()).then_some(credential);
    }
    named
}

/// What stands before and behind the first of the marks.
fn first_of<'a>(marks: &[&str], text: &'a str) -> Option<(&'a str, &'a str)> {
    let found = marks
        .iter()
        .filter_map(|mark| Some((text.find(mark)?, mark.len())));
    let (at, length) = found.min()?;
    Some((text.get(..at)?, text.get(at + length..)?))
}

/// `Stephen Lee (stlee)`, perhaps with a full stop.
fn in_final_parentheses(text: &str) -> Option<&str> {
    let text = text.trim_end().trim_end_matches('.');
    let (_, login) = text.strip_suffix(')')?.rsplit_once('(')?;
    let is_login = !login.is_empty() && !login.contains(char::is_whitespace);
    is_login.then_some(login)
}

/// `localhost (127.0.0.1)`
fn host_and_ip(text: &str) -> Option<(Option<&str>, IpAddr)> {
    let (host, ip) = text.trim().strip_suffix(')')?.rsplit_once('(')?;
    let (host, ip) = (host.trim(), ip.trim().parse().ok()?);
    let is_name = !host.is_empty() && !host.contains(char::is_whitespace);
    Some((is_name.then_some(host), ip))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentences_of_the_documentation_name_everything() {
        for (sentence, credential) in [
            (
                "Session started for localhost (127.0.0.1) - Privileged Domain User - root by the \
                 user Stephen Lee (stlee)",
                "root",
            ),
            (
                "Session terminated for localhost (127.0.0.1) - Privileged Domain User - srv_admin \
                 by the user Stephen Lee (stlee).",
                "srv_admin",
            ),
            (
                "Session ended for localhost (127.0.0.1) - Domain User - root by user Stephen Lee \
                 (stlee)",
                "root",
            ),
            (
                "Sessão finalizada para localhost (127.0.0.1) - Usuário de domínio - root pelo \
                 usuário Stephen Lee (stlee)",
                "root",
            ),
        ] {
            let expected = Named {
                host: Some("localhost"),
                ip: Some("127.0.0.1".parse().unwrap()),
                credential: Some(credential),
                user: Some("stlee"),
            };
            assert_eq!(read(sentence), expected, "{sentence}");
        }
    }

    #[test]
    fn what_is_cut_or_open_names_less() {
        let device_only = Named {
            host: Some("web-1"),
            ip: Some("192.0.2.7".parse().unwrap()),
            ..Named::default()
        };
        for sentence in [
            "Session started for web-1 (192.0.2.7) - root",
            "Session started for web-1 (192.0.2.7) - Privileged - ro",
            "Session started for web-1 (192.0.2.7) - Local - User - root by the user Stephen L",
        ] {
            assert_eq!(read(sentence), device_only, "{sentence}");
        }
        for sentence in [
            "Successfully authenticated.",
            "A session file has been modified!",
            "An audited command has been detected! Action: blocked the command",
            "",
            "for (",
            " by user )",
        ] {
            assert_eq!(read(sentence), Named::default(), "{sentence}");
        }
    }
}
