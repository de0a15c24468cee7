//! `pamctl`: list, open and terminate privileged sessions of a senhasegura / Segura PAM Core
//! vault.
//!
//! What was typed ([`cli`]) becomes what is meant ([`settings`]); each command is a file under
//! `commands` and ends in an [`exit::Exit`] or a [`failure::Failure`].

mod appliance_time;
mod cli;
mod commands;
mod config;
mod credentials;
#[cfg(test)]
mod deployment_tests;
mod environment;
mod exit;
mod failure;
mod filter;
mod guard;
mod hardening;
mod internal;
mod interrupt;
mod language;
mod narrator;
mod online;
mod output;
mod pace;
mod post;
mod progress;
mod quantity;
mod refused_flags;
mod route_memory;
mod secret;
mod session_file;
mod settings;
mod termination;
mod text_file;

use std::io::{self, Write};
use std::process::ExitCode;

use crate::cli::{Cli, Command, Needs};
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::language::Language;
use crate::online::Online;
use crate::output::stderr;

fn main() -> ExitCode {
    hardening::apply();
    // Before anything is said, even about the command line.
    Language::asked_for(std::env::args_os().skip(1))
        .unwrap_or_else(|| Language::of(&Environment::of_process()))
        .apply();
    if asks_for_the_version() {
        // Whether it can be printed changes nothing: a pager may have been closed.
        let _ = writeln!(io::stdout(), "pamctl {}", env!("CARGO_PKG_VERSION"));
        return Exit::Done.into();
    }
    if internal::is_meant(std::env::args_os()) {
        return concluded(internal::run());
    }
    let cli = match cli::parse() {
        Ok(cli) => cli,
        Err(error) => return not_understood(&error),
    };
    cli.telling.color.apply();
    concluded(run(cli))
}

/// Whether that is all: then no command need be put together.
fn asks_for_the_version() -> bool {
    let mut arguments = std::env::args_os().skip(1);
    let only = arguments.next().filter(|_| arguments.next().is_none());
    only.is_some_and(|only| only == "--version" || only == "-V")
}

fn concluded(result: Result<Exit, Failure>) -> ExitCode {
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            if let Some(line) = failure.line() {
                stderr::error(line);
            }
            failure.exit().into()
        }
    }
}

/// Help and version are asked for and go to standard output; the rest is wrong usage.
fn not_understood(error: &clap::Error) -> ExitCode {
    if let Some(line) = refused_flags::answer(error) {
        stderr::error(line);
        return Exit::Usage.into();
    }
    if error.use_stderr() {
        stderr::misunderstood(error);
        return Exit::Usage.into();
    }
    // Whether it can be printed changes nothing: a pager may have been closed.
    let _ = error.print();
    Exit::Done.into()
}

fn run(cli: Cli) -> Result<Exit, Failure> {
    let Cli {
        connection,
        selection,
        telling,
        command,
    } = cli;
    // A responder's `--config` is its own, not that of the profiles.
    let selection = match &command {
        Command::Respond(_) => selection.without_file(),
        _ => selection,
    };
    let ignored = match command.needs() {
        Needs::Appliance => None,
        Needs::Profile => connection.first_given(),
        Needs::Nothing => connection.first_given().or(selection.first_given()),
    };
    if let Some(flag) = ignored {
        return Err(Failure::usage(format!(
            "{flag} means nothing to this command, which asks no appliance; leave it out"
        )));
    }
    let online = || Online::new(connection.clone(), &selection, telling);
    match command {
        Command::Session(command) => command.run(&online()?),
        Command::Top(command) => command.run(&online()?),
        Command::Plan(command) => command.run(&online()?),
        Command::Apply(command) => command.run(&online()?),
        Command::Policy(command) => command.run(&selection),
        Command::Audit(command) => command.run(&selection),
        Command::Auth(command) => command.run(&selection),
        Command::Profile(command) => command.run(&connection, &selection),
        Command::Login(command) => command.run(&selection),
        Command::Alert(command) => command.run(),
        Command::Respond(command) => command.run(online),
        Command::Hook(command) => command.run(online),
        Command::Doctor(command) => command.run(&online()?),
        Command::Api(command) => command.run(&online()?),
        Command::Explain(command) => command.run(),
        Command::Mock(command) => command.run(telling),
        Command::Demo(command) => command.run(telling),
    }
}
