//! `cargo xtask tidy`: what no compiler checks.

mod dependencies;
mod direction;
mod documents;
mod excerpts;
mod facts;
mod modules;
mod public_api;
mod rust_source;
mod sans_io;
mod sources;
pub(crate) mod workspace;

use std::fmt;

use xshell::{Shell, cmd};

use crate::error::Error;
use crate::steps::Outcome;

/// How to treat facts in the documents that disagree with their source.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Write what is checked in and follows from its source: facts and code in the documents, the
    /// list of the public API; then check
    #[arg(long)]
    bless: bool,
}

/// A rule that a file breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    path: String,
    line: Option<usize>,
    what: String,
}

impl Finding {
    fn file(path: &str, what: String) -> Finding {
        Finding {
            path: path.to_owned(),
            line: None,
            what,
        }
    }

    fn line(path: &str, line: usize, what: String) -> Finding {
        Finding {
            path: path.to_owned(),
            line: Some(line),
            what,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path, self.what),
            None => write!(f, "{}: {}", self.path, self.what),
        }
    }
}

/// A text file of the checkout, under its path from the top level.
#[derive(Debug, Clone)]
struct Text {
    path: String,
    content: String,
}

pub(crate) fn run(sh: &Shell, options: &Options) -> Result<(), Error> {
    if options.bless {
        write_facts(sh)?;
        let texts = texts(sh)?;
        public_api::bless(sh, &texts)?;
        excerpts::bless(sh, &texts)?;
    }
    if let Outcome::Ok(summary) = check(sh)? {
        println!("tidy: {summary}");
    }
    Ok(())
}

/// Writes the facts that the documents state from their source.
pub(crate) fn write_facts(sh: &Shell) -> Result<(), Error> {
    facts::bless(sh, &workspace::packages(sh)?, &texts(sh)?)
}

/// The oldest Rust that the workspace's manifest promises to build with.
pub(crate) fn minimum_rust(sh: &Shell) -> Result<String, Error> {
    let packages = workspace::packages(sh)?;
    let stated = packages
        .into_iter()
        .find_map(|package| package.rust_version);
    stated.ok_or_else(|| Error::new("no crate states its minimum Rust version"))
}

/// Runs every rule over the checkout and prints what it finds.
pub(crate) fn check(sh: &Shell) -> Result<Outcome, Error> {
    let packages = workspace::packages(sh)?;
    let texts = texts(sh)?;

    let mut findings = direction::check(&packages);
    findings.extend(sources::check_manifests(&packages, &texts));
    findings.extend(sans_io::check_trees(sh, &packages)?);
    for package in packages
        .iter()
        .filter(|package| sans_io::is_sans_io(package))
    {
        findings.extend(sans_io::check_dependencies(package));
        let folder = format!("{}/src/", package.folder());
        for text in texts.iter().filter(|text| text.path.starts_with(&folder)) {
            findings.extend(sans_io::check_source(&text.path, &text.content));
        }
    }
    for text in &texts {
        findings.extend(sources::check(&text.path, &text.content));
        findings.extend(dependencies::check(&text.path, &text.content));
    }
    findings.extend(modules::check(&texts));
    findings.extend(facts::check(&packages, &texts));
    findings.extend(public_api::check(&texts));
    findings.extend(excerpts::check(&texts));
    findings.extend(documents::check(&packages, &texts, |path| {
        sh.path_exists(path)
    }));

    for finding in &findings {
        eprintln!("{finding}");
    }
    match findings.len() {
        0 => Ok(Outcome::Ok(format!(
            "{} packages, {} files",
            packages.len(),
            texts.len()
        ))),
        1 => Err(Error::new("1 finding")),
        count => Err(Error::new(format!("{count} findings"))),
    }
}

/// Every text file that is or would be tracked.
fn texts(sh: &Shell) -> Result<Vec<Text>, Error> {
    let listed = cmd!(
        sh,
        "git ls-files -z --cached --others --exclude-standard --deduplicate"
    )
    .quiet()
    .read()?;
    let mut texts = Vec::new();
    for path in listed.split_terminator('\0') {
        // A tracked file that was deleted is still listed.
        if !sh.path_exists(path) {
            continue;
        }
        if let Ok(content) = String::from_utf8(sh.read_binary_file(path)?) {
            texts.push(Text {
                path: path.to_owned(),
                content,
            });
        }
    }
    Ok(texts)
}
