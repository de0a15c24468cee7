//! The line of a syslog message: a header like that of RFC 5424 without its MSGID or its
//! STRUCTURED-DATA (A2A API specification, "Syslog line").

use super::{Alert, AlertFormat, Syslog, cef, fields};
use crate::dialect::Dialect;

/// The facility of user messages.
const USER: u8 = 1;

/// A message as it is sent, cut off at the limit.
pub(crate) fn write(alert: &Alert, dialect: &Dialect, syslog: &Syslog) -> Vec<u8> {
    let (_, _, severity, _) = alert.kind.event();
    let text = match syslog.format {
        AlertFormat::Cef => cef::write(alert, dialect),
        AlertFormat::Line => pairs(alert, dialect),
    };
    let line = format!(
        "<{}>1 {} {} {} {} - {text}",
        USER * 8 + severity,
        alert.at.rfc3339(dialect.zone),
        syslog.hostname,
        dialect.profile.product(),
        std::process::id(),
    );
    let mut bytes = line.into_bytes();
    bytes.truncate(syslog.limit);
    bytes
}

/// `key=value` pairs with CEF's names. Nothing escapes or quotes a value.
fn pairs(alert: &Alert, dialect: &Dialect) -> String {
    let pairs = fields::fields(alert, dialect.profile).into_iter();
    let pairs: Vec<String> = pairs
        // A line feed would be the end of the line.
        .map(|(key, value)| format!("{key}={}", value.replace(['\r', '\n'], " ")))
        .collect();
    pairs.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::AlertKind;
    use crate::clock::Moment;
    use crate::profile::Profile;
    use crate::switches::Switches;

    fn alert(kind: AlertKind, command: &str) -> Alert {
        let mut subject = crate::population::running(
            crate::random::Seeded::nth(1, 1),
            540,
            Moment(1_700_000_000_000),
        );
        subject.user = "stephen.lee".into();
        subject.credential = "EXAMPLE\\root=1".into();
        subject.device = "192.0.2.20:22".into();
        Alert {
            at: Moment(1_700_000_000_000),
            kind,
            subject,
            command: command.to_owned(),
        }
    }

    fn dialect(profile: Profile) -> Dialect {
        Dialect {
            profile,
            switches: Switches::default(),
            zone: jiff::tz::Offset::from_hours(-3).unwrap(),
            tenant: "acme".into(),
        }
    }

    fn written(kind: AlertKind, profile: Profile, format: AlertFormat) -> String {
        let mut syslog = Syslog::new("127.0.0.1:514").unwrap();
        syslog.format = format;
        let bytes = write(&alert(kind, "rm -rf /"), &dialect(profile), &syslog);
        let text = String::from_utf8(bytes).unwrap();
        text.replace(&format!(" {} ", std::process::id()), " 1426 ")
    }

    #[test]
    fn a_start_in_3_32_as_cef() {
        assert_eq!(
            written(AlertKind::SessionStarted, Profile::V3_32, AlertFormat::Cef),
            r"<13>1 2023-11-14T19:13:20-03:00 vault.example.com senhasegura 1426 - CEF:0|MT4|senhasegura|3.32.0-1|16|Session started|3|msg=Session started for 192.0.2.20 (192.0.2.20) - Privileged User - EXAMPLE\\root\=1 by the user Stephen Lee (stephen.lee) suid=153 sname=Stephen Lee suser=stephen.lee spid=16 dst=192.0.2.20 dpt=22 duser=EXAMPLE\\root\=1"
        );
    }

    #[test]
    fn an_end_in_4_0_as_the_line() {
        assert_eq!(
            written(AlertKind::SessionEnded, Profile::V4_0, AlertFormat::Line),
            r"<13>1 2023-11-14T19:13:20-03:00 vault.example.com Segura 1426 - msg=Session ended for 192.0.2.20 (192.0.2.20) - Privileged User - EXAMPLE\root=1 by user Stephen Lee (stephen.lee) suid=153 sname=Stephen Lee suser=stephen.lee spid=17 dst=192.0.2.20 dposrt=22 duser=EXAMPLE\root=1"
        );
    }

    #[test]
    fn a_command_has_no_target_and_the_severity_of_its_urgency() {
        for (kind, priority, id) in [
            (AlertKind::CommandLow, "<12>1 ", "|10|"),
            (AlertKind::CommandMedium, "<11>1 ", "|11|"),
            (AlertKind::CommandHigh, "<10>1 ", "|12|"),
        ] {
            let text = written(kind, Profile::V4_0, AlertFormat::Cef);
            assert!(text.starts_with(priority), "{text}");
            assert!(text.contains(id), "{text}");
            assert!(text.contains("(rm -rf /)"), "{text}");
            for key in ["dst=", "dpt=", "duser=", "spid="] {
                assert!(!text.contains(key), "{text}");
            }
        }
    }

    #[test]
    fn no_alert_carries_the_session_id() {
        for kind in AlertKind::ALL {
            for format in [AlertFormat::Cef, AlertFormat::Line] {
                let text = written(kind, Profile::V4_0, format);
                let id = &alert(kind, "").subject.session_id;
                assert!(!text.contains(&**id), "{text}");
            }
        }
    }

    #[test]
    fn a_long_message_is_cut_at_the_limit_whatever_stands_there() {
        let syslog = Syslog::new("127.0.0.1:514").unwrap();
        for length in 900..904 {
            let command = format!("{}{}", "x".repeat(length), "é".repeat(200));
            let long = alert(AlertKind::CommandHigh, &command);
            let bytes = write(&long, &dialect(Profile::V4_0), &syslog);
            assert_eq!(bytes.len(), 1024);
        }
    }

    #[test]
    fn the_pipes_of_one_page_are_a_switch() {
        let mut dialect = dialect(Profile::V4_0);
        dialect.switches.set("cef-pipes=yes").unwrap();
        let text = cef::write(&alert(AlertKind::SessionEnded, ""), &dialect);
        assert!(text.starts_with("|CEF:0|") && text.ends_with('|'), "{text}");
    }
}
