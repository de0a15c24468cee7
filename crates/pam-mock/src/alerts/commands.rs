//! What people type that gets audited.

use super::AlertKind;
use crate::random::Seeded;

const LOW: &[&str] = &["sudo -l", "cat /etc/hosts", "net user", "SELECT @@version"];
const MEDIUM: &[&str] = &[
    "sudo su -",
    "crontab -e",
    "net localgroup administrators /add eve",
];
const HIGH: &[&str] = &[
    "rm -rf /var/lib/postgresql",
    "vssadmin delete shadows /all",
    "DROP TABLE customers",
];

/// A command that would cause such an alert. Some are longer than a message may be.
pub(crate) fn pick(fate: &mut Seeded, kind: AlertKind) -> String {
    let of = match kind {
        AlertKind::CommandLow => LOW,
        AlertKind::CommandMedium => MEDIUM,
        AlertKind::CommandHigh | AlertKind::BlockAndInterrupt => HIGH,
        AlertKind::SessionStarted | AlertKind::SessionEnded | AlertKind::UnusualAccess => {
            return String::new();
        }
    };
    let command = fate.pick(of).copied().unwrap_or_default();
    match fate.below(8) {
        0 => format!("{command}; echo {}", "aWdub3JlLW1l".repeat(100)),
        _ => command.to_owned(),
    }
}
