//! The language in which errors are told: English, or Brazilian Portuguese.
//!
//! Every line is made in English, where what it tells of happens, be that here or in a library
//! below. On its way to the user it is looked up in the catalogue of the language: a list of
//! pairs, one for each message, with the variable parts as `{name}`. What stands in their place
//! is looked up in turn, because a message often carries another one. A part that the catalogue
//! does not have, such as the appliance's own words or those of the operating system, stays as
//! it is. A test holds the catalogue against every message in the source.

use std::borrow::Cow;
use std::ffi::OsString;
use std::sync::OnceLock;

use clap::ValueEnum;

use crate::environment::Environment;

mod catalogue;
mod portuguese;

use catalogue::Catalogue;

/// A language of the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// English
    #[value(name = "en")]
    English,
    /// Brazilian Portuguese
    #[value(name = "pt-BR", aliases = ["pt-br", "pt_BR", "pt"])]
    Portuguese,
}

/// The choice of the whole process; English until it is made.
static CHOSEN: OnceLock<Language> = OnceLock::new();

impl Language {
    /// Makes it the choice of the whole process.
    pub(crate) fn apply(self) {
        // It is made once, before anything is said.
        let _ = CHOSEN.set(self);
    }

    /// The language of the environment: that of the first of `LC_ALL`, `LC_MESSAGES` and `LANG`
    /// that is set (POSIX.1-2017, section 8.2).
    pub(crate) fn of(environment: &Environment<'_>) -> Self {
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .find_map(|name| environment.bytes(name));
        let language = locale.unwrap_or_default().to_ascii_lowercase();
        match language.split(|byte| b"_-.@".contains(byte)).next() {
            Some(b"pt") => Self::Portuguese,
            _ => Self::English,
        }
    }

    /// The language that the arguments ask for, for the case that they can't be read otherwise.
    pub(crate) fn asked_for(arguments: impl IntoIterator<Item = OsString>) -> Option<Self> {
        const FLAG: &str = "--lang";
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let argument = argument.to_string_lossy();
            let name = match argument.strip_prefix(FLAG) {
                Some("") => arguments.next()?.to_string_lossy().into_owned(),
                Some(rest) => rest.strip_prefix('=')?.to_owned(),
                None if argument == "--" => return None,
                None => continue,
            };
            return Self::from_str(&name, true).ok();
        }
        None
    }
}

/// A line in the language that was chosen.
pub(crate) fn told(line: &str) -> Cow<'_, str> {
    match CHOSEN.get() {
        Some(Language::Portuguese) => portuguese(line),
        Some(Language::English) | None => Cow::Borrowed(line),
    }
}

fn portuguese(line: &str) -> Cow<'_, str> {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    let catalogue = CATALOGUE.get_or_init(|| Catalogue::new(portuguese::LINES));
    match catalogue.translate(line) {
        Some(translated) => Cow::Owned(translated),
        None => Cow::Borrowed(line),
    }
}

#[cfg(test)]
mod tests;
