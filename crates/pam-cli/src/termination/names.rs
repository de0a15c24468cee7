//! The sessions that were named, by arguments or on standard input.

use std::io::{self, BufRead, Read};
use std::str::FromStr;

use pam_proto::SessionRef;

use crate::failure::Failure;

/// The most that is read from standard input: more than a million session ids.
const STDIN_MAX: u64 = 64 << 20;

/// A session, or the standard input that names some.
#[derive(Debug, Clone)]
pub(crate) enum Name {
    One(SessionRef),
    Stdin,
}

impl FromStr for Name {
    type Err = pam_proto::InvalidSessionId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "-" => Ok(Self::Stdin),
            name => name.parse().map(Self::One),
        }
    }
}

/// Every session once, in the order in which they were named.
pub(crate) fn named(names: &[Name]) -> Result<Vec<SessionRef>, Failure> {
    let mut sessions = Vec::new();
    for name in names {
        match name {
            Name::One(session) => sessions.push(session.clone()),
            Name::Stdin => read_names(io::stdin().lock(), &mut sessions)?,
        }
    }
    let mut seen = std::collections::HashSet::new();
    sessions.retain(|session| seen.insert(session.clone()));
    Ok(sessions)
}

fn read_names(input: impl BufRead, sessions: &mut Vec<SessionRef>) -> Result<(), Failure> {
    let mut text = String::new();
    let unusable =
        |what: &str| Failure::usage(format!("standard input {what}; nothing was terminated"));
    input
        .take(STDIN_MAX + 1)
        .read_to_string(&mut text)
        .map_err(|error| unusable(&format!("can't be read: {error}")))?;
    if text.len() as u64 > STDIN_MAX {
        return Err(unusable(
            "is longer than 64 MiB, which no list of sessions is",
        ));
    }
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let session = line
            .parse()
            .map_err(|error| unusable(&format!("names no session in line {number}: {error}")))?;
        sessions.push(session);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn names_are_read_once_each_in_their_order() {
        let mut sessions = Vec::new();
        read_names(&b"540\r\n\n  ab12 \n540"[..], &mut sessions).unwrap();
        let text: Vec<String> = sessions.iter().map(ToString::to_string).collect();
        assert_eq!(text, ["540", "ab12", "540"]);
        let once = named(&sessions.into_iter().map(Name::One).collect::<Vec<_>>()).unwrap();
        assert_eq!(once.len(), 2);
    }

    #[test]
    fn a_line_that_names_no_session_is_told_by_its_number() {
        let table: [(&[u8], &str); 4] = [
            (b"540\ndf06***dc43\n", "line 2: the session_id is masked"),
            (b"a b", "line 1"),
            (b"\xff", "UTF-8"),
            (b"..", "line 1"),
        ];
        for (input, part) in table {
            let failure = read_names(input, &mut Vec::new()).unwrap_err();
            let line = failure.line().unwrap();
            assert!(
                line.contains(part) && line.contains("nothing was terminated"),
                "{line}"
            );
            assert_eq!(failure.exit(), Exit::Usage);
        }
    }
}
