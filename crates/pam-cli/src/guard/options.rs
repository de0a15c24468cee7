//! The options of every command that ends sessions.

use std::path::PathBuf;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use pam_audit::AuditFile;

use super::policy_file::PolicyFile;
use crate::config::Profile;
use crate::environment::{self, Environment};

/// Why sessions are to end, and what watches over it.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Guard options")]
pub(crate) struct GuardOptions {
    #[command(flatten)]
    pub(crate) justification: Justification,
    /// The rules that protect sessions [env: PAM_POLICY]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    #[command(flatten)]
    pub(super) audit: AuditOption,
    /// Terminate even when the audit file can't be written
    #[arg(long)]
    pub(super) audit_optional: bool,
}

/// Why sessions are to end.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Justification {
    /// Why; recorded, and kept in the output
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// The ticket or incident it belongs to; recorded, and kept in the output
    #[arg(long, value_name = "ID")]
    pub(crate) ticket: Option<String>,
    /// Lift the policy's limits and its rules that are not absolute, where it allows that, and
    /// record this reason for it
    #[arg(long, value_name = "REASON", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) break_glass: Option<String>,
}

/// Where decisions are recorded.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct AuditOption {
    /// Record every decision in this file [env: PAM_AUDIT] [default: pamctl/audit.jsonl in
    /// XDG_STATE_HOME or ~/.local/state]
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,
}

impl GuardOptions {
    /// The policy's file, when there is one.
    pub(super) fn policy_file(
        &self,
        environment: &Environment<'_>,
        profile: &Profile,
    ) -> Option<PathBuf> {
        let given = self.policy.clone();
        given.or_else(|| PolicyFile::in_force(environment, profile))
    }
}

impl AuditOption {
    /// The audit file, by flag, variable, profile or custom.
    ///
    /// # Errors
    /// One line when there is no place for it.
    pub(crate) fn file(
        &self,
        environment: &Environment<'_>,
        profile: &Profile,
    ) -> Result<AuditFile, String> {
        let given = self.audit.clone();
        let given = given.or_else(|| environment.path(environment::AUDIT));
        let given = given.or_else(|| profile.audit.clone());
        let state = || environment.xdg("XDG_STATE_HOME", ".local/state");
        let customary = || Some(state()?.join("pamctl/audit.jsonl"));
        given.or_else(customary).map(AuditFile::new).ok_or_else(|| {
            "there is no place for the audit file: neither PAM_AUDIT nor HOME is set; name a \
             file with --audit"
                .to_owned()
        })
    }
}
