//! `cargo xtask interop`: what we believe about OAuth 1.0, HTTP and TLS, held
//! against programs that this project did not write.
//!
//! Every proof is a step: it holds, it fails, or it says what is missing here.

mod curl;
mod line_programs;
mod mock;
mod nginx;
mod node;
mod openssl;
mod php;
mod python;
mod requests;
mod respond;
mod running;

use std::path::PathBuf;

use xshell::{Shell, cmd};

use crate::error::Error;
use crate::steps::{Outcome, Steps};

pub(crate) use python::{Environment, requests_oauthlib};

/// What to prove.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only the proofs whose name contains this
    #[arg(long)]
    only: Option<String>,
}

/// What every proof needs.
pub(crate) struct Bench<'s> {
    sh: &'s Shell,
    /// Where cargo puts what it builds.
    target: PathBuf,
}

type Proof = fn(&Bench<'_>) -> Result<Outcome, Error>;

const PROOFS: &[(&str, Proof)] = &[
    ("oauthlib", python::oauthlib),
    ("oauth-1.0a", node::oauth1a),
    ("OAuthProvider", php::oauth_provider),
    ("requests", python::vendor_style),
    ("senhasegura", python::senhasegura),
    ("curl", curl::header),
    ("jsonschema", python::json_schemas),
    ("openssl client", openssl::client),
    ("openssl server", openssl::server),
    ("nginx", nginx::reverse_proxy),
    ("logger", respond::logger),
    ("rsyslog", respond::rsyslog),
    ("syslog-ng", respond::syslog_ng),
    ("alertmanager", respond::alertmanager),
    ("signed webhooks", respond::webhooks),
];

pub(crate) fn run(sh: &Shell, options: &Options) -> Result<(), Error> {
    let mut steps = Steps::new("interop");
    check(sh, &mut steps, options.only.as_deref());
    steps.finish()
}

/// Runs the proofs as steps of a task.
pub(crate) fn check(sh: &Shell, steps: &mut Steps, only: Option<&str>) {
    let mut bench = None;
    steps.run("build for interop", || {
        bench = Some(Bench::build(sh)?);
        Ok(Outcome::ok())
    });
    let Some(bench) = bench else { return };
    for (name, proof) in PROOFS
        .iter()
        .filter(|(name, _)| only.is_none_or(|only| name.contains(only)))
    {
        steps.run(name, || proof(&bench));
    }
}

/// A port that is free now, for programs that can't be told to take any.
fn free_port() -> std::io::Result<u16> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?.port())
}

impl<'s> Bench<'s> {
    /// Builds `pamctl` and the examples as the tests did, so that nothing is
    /// built twice.
    pub(crate) fn build(sh: &'s Shell) -> Result<Bench<'s>, Error> {
        cmd!(sh, "cargo build --workspace --bins --examples --locked").run()?;
        let target = target(sh)?;
        Ok(Bench { sh, target })
    }

    /// One of the examples of `pam-proto`.
    fn example(&self, name: &str) -> PathBuf {
        self.target.join("debug/examples").join(name)
    }

    pub(crate) fn pamctl(&self) -> PathBuf {
        self.target.join("debug/pamctl")
    }

    /// A folder below the target folder for what a proof writes.
    fn folder(&self, proof: &str) -> Result<PathBuf, Error> {
        Ok(self
            .sh
            .create_dir(self.target.join("interop").join(proof))?)
    }
}

/// Where cargo puts what it builds.
pub(crate) fn target(sh: &Shell) -> Result<PathBuf, Error> {
    let json = cmd!(sh, "cargo metadata --format-version 1 --no-deps --locked")
        .quiet()
        .read()?;
    let metadata: serde_json::Value =
        serde_json::from_str(&json).map_err(|source| Error::Json {
            what: "cargo metadata".into(),
            source,
        })?;
    let target = metadata["target_directory"]
        .as_str()
        .ok_or_else(|| Error::new("cargo metadata names no target directory"))?;
    Ok(PathBuf::from(target))
}
