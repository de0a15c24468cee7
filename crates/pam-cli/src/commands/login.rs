//! `pamctl login`: the secrets of a profile are typed once and kept where the profile says.

use clap::Args;

use crate::config::Selection;
use crate::credentials::fetch;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::stderr;
use crate::secret::{Name, prompt};

/// Type the secrets of a profile, and keep them where it says
///
/// Asks without an echo for each secret that is not there yet, and keeps it in the keyring or
/// file that the profile names. Nothing is sent; `pamctl doctor` tries them.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pamctl login
  pamctl login --profile prod --again")]
pub(crate) struct Login {
    /// Ask for those that are there as well, and replace them
    #[arg(long)]
    again: bool,
}

impl Login {
    pub(crate) fn run(self, selection: &Selection) -> Result<Exit, Failure> {
        let environment = Environment::of_process();
        let selected = selection.select(&environment)?;
        let Some(name) = selected.name.as_deref() else {
            return Err(Failure::usage(
                "no profile is in use; name one with --profile, or add one with `pamctl profile \
                 add`",
            ));
        };
        let mut asked_for = Vec::new();
        let mut elsewhere = Vec::new();
        for (key, source) in selected.profile.secrets() {
            let there = || fetch(&environment, &selected, key, source);
            match source.takes_secrets() {
                true if self.again || there()?.is_none() => asked_for.push((key, source)),
                true => stderr::note(format!("{key} is there already ({source})")),
                false if there()?.is_some() => {
                    stderr::note(format!("{key} is there already ({source})"));
                }
                false => elsewhere.push(format!("{key} ({source})")),
            }
        }
        if selected.profile.secrets().next().is_none() {
            return Err(Failure::usage(format!(
                "the profile `{name}` names no place for a secret; give it consumer_secret and \
                 token_secret, or client_secret, such as \"keyring:\""
            )));
        }
        if !asked_for.is_empty() && !prompt::can_ask() {
            return Err(Failure::usage(
                "there is no terminal to ask on; run it on one, or let the profile name another \
                 place for its secrets",
            ));
        }
        let badge = selected.badge().unwrap_or_default();
        for (key, source) in asked_for {
            let secret = prompt::secret(&format!("{key} of {badge}: "))?;
            source.store(Name { profile: name, key }, &secret)?;
            stderr::note(format!("kept {key} ({source})"));
        }
        if elsewhere.is_empty() {
            return Ok(Exit::Done);
        }
        Err(Failure::usage(format!(
            "what is not there and can't be typed here: {}; put it there yourself",
            elsewhere.join(", ")
        )))
    }
}
