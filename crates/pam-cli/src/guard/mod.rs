//! A termination under guard: the policy decides, the audit file has the decision before each drop
//! is sent, and the outcome after.
//!
//! [`Guard::permit`] decides over sessions whose records were seen. [`Guard::terminate`] ends
//! them: right before each drop it looks at the rules once more and waits until the drop's line is
//! on the disk.

use std::collections::BTreeSet;
use std::path::PathBuf;

use base16ct::lower;
use pam_audit::{Actor, AuditFile, Context, Entry, PolicyNote, Purpose};
use pam_client::Client;
use pam_guard::Policy;
use pam_guard::policy::{Attempt, Decision, Refusal};
use pam_proto::termination::{Limits, Report, Target};
use pam_proto::{Session, SessionId, SessionNumber};

use crate::appliance_time::Clock;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::online::Online;
use crate::output::stderr;

mod journal;
mod options;
mod policy_file;
mod watch;

pub(crate) use options::{AuditOption, GuardOptions, Justification};
pub(crate) use policy_file::PolicyFile;
use watch::Watch;

/// What stands between a command and the sessions that it ends.
#[derive(Debug)]
pub(crate) struct Guard {
    rules: Option<Rules>,
    /// None when it can't be written and need not be.
    audit: Option<AuditFile>,
    optional: bool,
    context: Context,
    purpose: Purpose,
}

/// The policy, and the clock by which its windows open.
#[derive(Debug, Clone)]
struct Rules {
    file: PolicyFile,
    clock: Clock,
}

/// Sessions that the policy lets end.
#[derive(Debug)]
pub(crate) struct Permit {
    targets: Vec<Target>,
    lifted: Vec<Refusal>,
}

/// That the policy lets nothing of this end.
#[derive(Debug)]
pub(crate) struct Refused {
    policy: PolicyNote,
    refusals: Vec<Refusal>,
}

/// What became of the sessions.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) reports: Vec<Report>,
    /// Those of which a rule or the audit file kept a drop back.
    pub(crate) refused: BTreeSet<SessionId>,
}

impl Guard {
    /// Reads the policy and opens the audit file. `program` is the command, as it is recorded.
    ///
    /// # Errors
    /// A policy that can't be read, or an audit file that can't be written although it must.
    pub(crate) fn open(
        options: &GuardOptions,
        program: &str,
        online: &Online,
    ) -> Result<Self, Failure> {
        let file = options
            .audit
            .file(&Environment::of_process(), online.profile());
        let file = file.and_then(|file| {
            let locked = file.lock().map(drop);
            locked.map(|()| file).map_err(|error| error.to_string())
        });
        let audit = match file {
            Ok(file) => Some(file),
            Err(line) if options.audit_optional => {
                stderr::warning(format!("{line}; nothing is recorded"));
                None
            }
            Err(line) => return Err(unrecorded(&line)),
        };
        Self::with(audit, options, program, online)
    }

    /// The same for a dry run, which records nothing.
    ///
    /// # Errors
    /// A policy that can't be read.
    pub(crate) fn rehearse(
        options: &GuardOptions,
        program: &str,
        online: &Online,
    ) -> Result<Self, Failure> {
        let file = options
            .audit
            .file(&Environment::of_process(), online.profile());
        Self::with(file.ok(), options, program, online)
    }

    fn with(
        audit: Option<AuditFile>,
        options: &GuardOptions,
        program: &str,
        online: &Online,
    ) -> Result<Self, Failure> {
        let justification = &options.justification;
        let policy = options.policy_file(&Environment::of_process(), online.profile());
        let rules = |path: PathBuf| {
            Ok::<_, Failure>(Rules {
                file: PolicyFile::read(&path)?,
                clock: online.clock()?,
            })
        };
        let rules = policy.map(rules).transpose()?;
        Ok(Self {
            context: Context {
                who: Actor::of_process(),
                host: Actor::host(),
                program: format!("{program} {}", env!("CARGO_PKG_VERSION")),
                run: run_id(),
                appliance: online.settings()?.base.to_string(),
                profile: online.profile_name().map(ToOwned::to_owned),
                policy: rules.as_ref().map(|rules| rules.file.note.clone()),
            },
            purpose: Purpose {
                trigger: None,
                why: justification.reason.clone(),
                ticket: justification.ticket.clone(),
                break_glass: justification.break_glass.clone(),
            },
            optional: options.audit_optional,
            rules,
            audit,
        })
    }

    /// The same for what is done because of something that no person asked for.
    pub(crate) fn triggered_by(mut self, trigger: serde_json::Value) -> Self {
        self.purpose.trigger = Some(trigger);
        self
    }

    /// Whether sessions must have been seen before they may be ended: without their records it
    /// is unknown whether a rule protects them.
    pub(crate) fn needs_records(&self) -> bool {
        let rules = self.rules.as_ref();
        rules.is_some_and(|rules| rules.file.policy.protects())
    }

    /// The name of the rule that protects a session now.
    pub(crate) fn protects(&self, session: &Session) -> Option<String> {
        let Rules { file, clock } = self.rules.as_ref()?;
        let mut rules = file.policy.protecting(session, clock.now());
        rules.next().map(|(name, _)| name.to_owned())
    }

    /// The most sessions that a command may end bit by bit: the policy's limit of one command.
    pub(crate) fn most(&self) -> Option<usize> {
        let broken = self.purpose.break_glass.is_some();
        let file = &self.rules.as_ref().filter(|_| !broken)?.file;
        file.policy.most_per_command()
    }

    /// Decides over sessions as one attempt: one rule against one of them refuses all. `unseen`
    /// are named without a record; where a record decides, they are looked at before anything is
    /// sent.
    ///
    /// # Errors
    /// What the rules refuse, or that the hour's sessions can't be counted.
    pub(crate) fn decide(
        &self,
        seen: Vec<Session>,
        unseen: Vec<Target>,
    ) -> Result<Result<Permit, Refused>, Failure> {
        let (seen, ended) = seen.into_iter().partition::<Vec<_>, _>(Session::is_active);
        // What has ended is not dropped; should it run after all, its record has the last word.
        let ended = ended.into_iter().map(Target::seen);
        let Some(rules) = &self.rules else {
            let seen = seen.into_iter().map(Target::seen);
            return Ok(Ok(Permit {
                targets: seen.chain(ended).chain(unseen).collect(),
                lifted: Vec::new(),
            }));
        };
        let Rules { file, .. } = rules;
        let attempt = Attempt {
            ended_last_hour: self.ended_last_hour(&file.policy)?,
            unseen: unseen.len(),
            ..rules.attempt(&self.purpose)
        };
        let Decision {
            refusals, lifted, ..
        } = file.policy.check(&seen, &attempt);
        if refusals.is_empty() {
            let unseen = unseen.into_iter();
            let unseen = unseen.map(|target| {
                if self.needs_records() {
                    target.look_first()
                } else {
                    target
                }
            });
            let targets = seen
                .into_iter()
                .map(Target::seen)
                .chain(ended)
                .chain(unseen)
                .collect();
            return Ok(Ok(Permit { targets, lifted }));
        }
        Ok(Err(Refused {
            policy: file.note.clone(),
            refusals,
        }))
    }

    /// How many sessions were ended, where that matters.
    fn ended_last_hour(&self, policy: &Policy) -> Result<usize, Failure> {
        if !policy.limits_the_hour() {
            return Ok(0);
        }
        let counted = match &self.audit {
            Some(audit) => journal::ended_last_hour(audit).map_err(|error| error.to_string()),
            None => Err("there is no audit file by which to count them".to_owned()),
        };
        counted.map_err(|line| {
            let line = format!(
                "the policy limits how many sessions end within an hour, and they can't be \
                 counted: {line}; nothing was terminated"
            );
            Failure::new(Exit::Policy, line)
        })
    }

    /// [`decide`](Self::decide)s, and records a refusal.
    pub(crate) fn permit(
        &self,
        seen: Vec<Session>,
        unseen: Vec<Target>,
    ) -> Result<Permit, Failure> {
        let sessions = seen.clone();
        match self.decide(seen, unseen)? {
            Ok(permit) => Ok(permit),
            Err(refused) => {
                self.record_refusal(&sessions, &refused);
                Err(refused.into())
            }
        }
    }
}

impl Guard {
    /// Ends what was permitted, a drop only once its line is in the audit file. Tells each report
    /// as soon as it is known; stops cleanly when `stop` resolves.
    pub(crate) async fn terminate(
        &self,
        client: &Client,
        permit: Permit,
        limits: Limits,
        told: impl Fn(&Report) + Sync,
        stop: impl Future<Output = ()>,
    ) -> Done {
        let watch = Watch::new(self, permit.lifted, told);
        let reports = client.terminate(permit.targets, limits, &watch, stop).await;
        let refused = watch.finish();
        Done { reports, refused }
    }

    /// Writes down that nothing is done: a line for each session that a rule protects, and one for
    /// the rules about the attempt as a whole.
    pub(crate) fn record_refusal(&self, sessions: &[Session], refused: &Refused) {
        let about = |number| {
            let refusals = refused.refusals.iter();
            let refusals = refusals.filter(move |refusal| refusal.session == number);
            refusals.cloned().collect::<Vec<_>>()
        };
        let entry = |session: Option<&Session>, refusals: Vec<Refusal>| {
            let message = refusals.first().map(ToString::to_string)?;
            let (context, purpose) = (&self.context, &self.purpose);
            Some(Entry::refused(context, purpose, session, refusals, message))
        };
        let whole = entry(None, about(None));
        let each = sessions
            .iter()
            .filter_map(|session| entry(Some(session), about(Some(session.id))));
        let entries: Vec<Entry> = whole.into_iter().chain(each).collect();
        self.record_refused(&entries);
    }

    /// Writes down that nothing is done because of a brake that is no rule of the policy.
    pub(crate) fn record_brake(&self, line: &str) {
        let entry = Entry::refused(&self.context, &self.purpose, None, Vec::new(), line);
        self.record_refused(&[entry]);
    }

    fn record_refused(&self, entries: &[Entry]) {
        let recorded = self.audit.as_ref().map(|audit| audit.append(entries));
        if let Some(Err(error)) = recorded {
            stderr::warning(format!("{error}; the refusal is not recorded"));
        }
    }
}

impl Refused {
    /// What stands in the way of one session: a rule that protects it, else one about the whole.
    pub(crate) fn of(&self, session: SessionNumber) -> String {
        let of_it = self.refusals.iter();
        let mut of_it = of_it.filter(|refusal| refusal.session == Some(session));
        let first = of_it.next().or(self.refusals.first());
        first.map(|refusal| self.line(refusal)).unwrap_or_default()
    }

    fn line(&self, refusal: &Refusal) -> String {
        refused_line(&self.policy, refusal)
    }
}

/// What a rule refuses, with the policy's file.
pub(crate) fn refused_line(policy: &PolicyNote, refusal: &Refusal) -> String {
    format!(
        "refused by policy rule `{}` ({}, line {}): {}",
        refusal.rule, policy.file, refusal.line, refusal.why
    )
}

impl From<Refused> for Failure {
    /// Of several refusals all but the last are told here.
    fn from(refused: Refused) -> Self {
        let lines = refused.refusals.iter();
        let mut lines: Vec<String> = lines.map(|refusal| refused.line(refusal)).collect();
        let last = lines.pop().unwrap_or_default();
        lines.iter().for_each(stderr::note);
        Self::new(Exit::Policy, format!("{last}; nothing was terminated"))
    }
}

fn unrecorded(line: &str) -> Failure {
    let line = format!(
        "{line}; nothing was terminated, as it would not be recorded (--audit-optional allows that)"
    );
    Failure::new(Exit::Policy, line)
}

impl Rules {
    /// An attempt for this purpose, now.
    fn attempt<'a>(&self, purpose: &'a Purpose) -> Attempt<'a> {
        Attempt {
            reason: purpose.why.as_deref(),
            ticket: purpose.ticket.as_deref(),
            now: self.clock.now(),
            ended_last_hour: 0,
            unseen: 0,
            break_glass: purpose.break_glass.is_some(),
        }
    }
}

/// A value that tells the records of one run from those of others.
fn run_id() -> String {
    let mut bytes = [0; 8];
    // Without randomness the time in each record still tells runs apart.
    let _ = getrandom::fill(&mut bytes);
    lower::encode_string(&bytes)
}
