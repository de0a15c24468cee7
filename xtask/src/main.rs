//! What a developer and a release run: `cargo xtask help`.
//!
//! One file a command. A command is the same on a laptop and in continuous
//! integration, and says how long each of its steps took.

mod assets;
mod bench;
mod book;
mod ci;
mod demo;
mod dist;
mod error;
mod features;
mod fuzz;
mod gate;
mod interop;
mod licenses;
mod msrv;
mod mutants;
mod python;
mod quick;
mod release;
mod sbom;
mod steps;
mod test;
mod tidy;
mod tools;
mod unit;
mod wasm;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xshell::Shell;

use crate::error::Error;

/// Tasks of this workspace.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    disable_version_flag = true
)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// The checks of a change that need Rust alone: format, tidy, clippy, tests, docs, deny
    Ci,
    /// Everything that a change must pass: `ci`, then `mutants --changed`, then `interop`
    Test,
    /// Run `pamctl demo`: start the mock appliance, terminate a session, show each request
    Demo,
    /// Check what no compiler checks: dependency direction, sans-IO crates, facts in the docs
    Tidy(tidy::Options),
    /// Write completion scripts for bash, zsh and fish, and manual pages
    Assets(assets::Options),
    /// Run one benchmark of the workspace
    Bench(bench::Options),
    /// Hold the signer, the mock and pamctl against programs that this project did not write
    Interop(interop::Options),
    /// Run the fuzz targets, each for a bounded time
    Fuzz(fuzz::Options),
    /// Change the signing and termination modules in every way and expect a test to notice
    Mutants(mutants::Options),
    /// Release all crates under one version: change log, documents, packages, tag
    Release(release::Options),
    /// Build every feature of the libraries alone
    Features,
    /// Build the protocol core for WebAssembly and show that it imports nothing
    Wasm,
    /// Build everything with the oldest Rust that is promised
    Msrv,
    /// Build the Python wheel, install it in a fresh environment, and test it against the mock
    Python(python::Options),
    /// Make what a release hands out: archive, Debian package, bill of materials, checksums
    Dist(dist::Options),
    /// Build the documents into one book below target/book, with mdBook
    Book,
    /// Check licences, bans and sources of dependencies with cargo-deny
    Deny,
    /// Write the licence texts of everything inside pamctl to target/dist
    Licenses,
    /// Write the CycloneDX bill of materials of pamctl to target/dist
    Sbom,
}

fn main() -> ExitCode {
    match run(&Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: &Task) -> Result<(), Error> {
    let sh = Shell::new()?;
    sh.change_dir(root()?);
    match task {
        Task::Ci => ci::run(&sh),
        Task::Test => test::run(&sh),
        Task::Demo => demo::run(&sh),
        Task::Tidy(options) => tidy::run(&sh, options),
        Task::Assets(options) => assets::run(&sh, options),
        Task::Bench(options) => bench::run(&sh, options),
        Task::Interop(options) => interop::run(&sh, options),
        Task::Fuzz(options) => fuzz::run(&sh, options),
        Task::Mutants(options) => mutants::run(&sh, options),
        Task::Release(options) => release::run(&sh, options),
        Task::Features => features::run(&sh),
        Task::Wasm => wasm::run(&sh),
        Task::Msrv => msrv::run(&sh),
        Task::Python(options) => python::run(&sh, options),
        Task::Dist(options) => dist::run(&sh, options),
        Task::Book => book::run(&sh),
        Task::Deny => gate::run_deny(&sh),
        Task::Licenses => licenses::run(&sh),
        Task::Sbom => sbom::run(&sh),
    }
}

/// The workspace's top level, wherever in it the task was called from.
fn root() -> Result<&'static Path, Error> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .ok_or_else(|| Error::new("the xtask crate lies outside a workspace"))
}
