//! A listing of any length: the shape of the vendor's rows, with what makes them hard to read.
//!
//! One row in a hundred is active. Three quarters of the rows write what is not ASCII as `\uXXXX`,
//! and every other row its slashes as `\/`; the rest is raw UTF-8. A fifth has escaped quotes in
//! its request, and some a request that looks like the very session that is asked for.

use std::io::{self, Write};

/// Whose active sessions are asked for.
pub(crate) const USER: &str = "José Müller";

const USERS: u64 = 3_001;

/// What is in a listing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Truth {
    /// The `session_id`s of the user's active sessions.
    pub(crate) ids: Vec<String>,
    pub(crate) bytes: u64,
}

/// Writes a listing of so many sessions. It is the same each time.
pub(crate) fn write(sessions: u64, out: &mut impl Write) -> io::Result<Truth> {
    let mut truth = Truth::default();
    let mut random = Random(sessions);
    let mut row = String::new();
    let head = r#"{"code":200,"response":{"status":200,"message":"","error":false,"error_code":0,"detail":"","mensagem":"","erro":false,"cod_erro":0},"tenant":"acme","remote_sessions":["#;
    out.write_all(head.as_bytes())?;
    truth.bytes += head.len() as u64;
    for index in 0..sessions {
        row.clear();
        if index > 0 {
            row.push(',');
        }
        let id = random.row(index, &mut row);
        truth.ids.extend(id);
        out.write_all(row.as_bytes())?;
        truth.bytes += row.len() as u64;
    }
    out.write_all(b"]}")?;
    truth.bytes += 2;
    Ok(truth)
}

/// Sebastiano Vigna's SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % below
    }

    fn pick<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len() as u64) as usize]
    }

    /// Writes a row; gives its `session_id` when it is one of those asked for.
    fn row(&mut self, index: u64, row: &mut String) -> Option<String> {
        let escapes = Escapes {
            wide: self.below(4) < 3,
            slash: self.below(2) == 0,
        };
        let active = index % 100 == 37;
        let wanted = self.below(100) == 0;
        let user = match self.below(USERS) {
            _ if wanted => USER.to_owned(),
            user if user % 3 == 0 => format!("Müller{user}"),
            user => format!("operator{user}"),
        };
        let second = |random: &mut Self| random.below(60);
        let session_id = format!(
            "{:016x}{:016x}{:08x}",
            self.below(u64::MAX),
            self.below(u64::MAX),
            self.below(1 << 32)
        );
        let (protocol, proxy, port) = [
            ("ssh", "Terminal Proxy", 22),
            ("rdp", "RDP Proxy", 3389),
            ("https", "Web Proxy", 443),
        ][self.below(3) as usize];
        let (month, day, hour) = (1 + self.below(12), 1 + self.below(28), self.below(23));
        let (from, to) = (second(self), second(self));
        let start = format!("2024-{month:02}-{day:02} {hour:02}:{from:02}:{to:02}");
        let end = (!active)
            .then(|| format!("2024-{month:02}-{day:02} {:02}:{to:02}:{from:02}", hour + 1));
        let request = match self.below(100) {
            0..20 => Some(format!(
                r#"Change {index}: "restart {}""#,
                self.pick(&["nginx", "the database", "it"])
            )),
            20 => Some(format!(
                r#"{{"user":"{USER}","end":null,"session_id":"{session_id}"}},{{"#
            )),
            21..60 => Some(format!("REQ/2024/{index:07}")),
            _ => None,
        };
        let fields = [
            ("id", Some((1_000_000 + index).to_string())),
            ("user", Some(user)),
            ("origin_ip", Some(format!("192.0.2.{}", self.below(256)))),
            (
                "credential",
                Some(
                    self.pick(&["root", "svc_backup", "administrator", "usrdomadm01"])
                        .to_owned(),
                ),
            ),
            (
                "device",
                Some(format!("198.51.100.{}:{port}", self.below(256))),
            ),
            ("protocol", Some(protocol.to_owned())),
            ("proxy", Some(proxy.to_owned())),
            ("session_id", Some(session_id.clone())),
            ("start", Some(start)),
            ("end", end),
            ("time", Some(format!("00:{from:02}:{to:02}"))),
            ("prevent_purge", Some(self.pick(&["Não", "Sim"]).to_owned())),
            ("request", request),
            (
                "ITSM",
                (self.below(4) == 0).then(|| "CHG/governance code".to_owned()),
            ),
        ];
        row.push('{');
        for (index, (key, value)) in fields.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            row.push_str(&format!("{comma}\"{key}\":"));
            match value {
                Some(text) => escapes.text(text, row),
                None => row.push_str("null"),
            }
        }
        row.push('}');
        (active && wanted).then_some(session_id)
    }
}

/// How a row writes its texts.
struct Escapes {
    wide: bool,
    slash: bool,
}

impl Escapes {
    fn text(&self, text: &str, row: &mut String) {
        row.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => row.extend(['\\', c]),
                '/' if self.slash => row.push_str("\\/"),
                c if self.wide && !c.is_ascii() => row.push_str(&format!("\\u{:04x}", c as u32)),
                c => row.push(c),
            }
        }
        row.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_listing_is_what_it_says() {
        let mut body = Vec::new();
        let truth = write(20_000, &mut body).unwrap();
        assert_eq!(truth.bytes, body.len() as u64);
        let answer: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let sessions = answer["remote_sessions"].as_array().unwrap();
        assert_eq!(sessions.len(), 20_000);
        let active = sessions.iter().filter(|session| session["end"].is_null());
        assert_eq!(active.clone().count(), 200);
        let ids: Vec<_> = active
            .filter(|session| session["user"] == USER)
            .map(|session| session["session_id"].as_str().unwrap())
            .collect();
        assert!(!ids.is_empty());
        assert_eq!(ids, truth.ids);
    }
}
