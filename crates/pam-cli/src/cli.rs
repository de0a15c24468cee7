//! The command line: what can be typed.

use clap::{ArgAction, Args, Command as Clap, CommandFactory, Parser, Subcommand, ValueEnum};

use pam_client::Notice;
use pam_proto::Notes;

use crate::commands::auth::Auth;
use crate::commands::demo::Demo;
use crate::commands::explain::Explain;
use crate::commands::mock::Mock;
use crate::commands::session::Session;
use crate::exit::Exit;
use crate::output::stderr;
use crate::settings::Connection;

const ENVIRONMENT: &str = "\
Environment:
  PAM_URL              the appliance's address
  PAM_CA_FILE          the only certificates to trust, a PEM file
  PAM_CONSUMER_KEY, PAM_CONSUMER_SECRET, PAM_TOKEN, PAM_TOKEN_SECRET
                       the four values of an OAuth 1.0 authorization
  PAM_CLIENT_ID, PAM_CLIENT_SECRET, PAM_TENANT
                       an OAuth 2.0 authorization, and its tenant where there are several
  PAM_TOKEN_CACHE      a file that keeps the OAuth 2.0 access token for the next run
  NO_COLOR             no colours
A flag wins over its variable. Secrets have no flag: every user of a machine can read its
command lines.";

const EXAMPLES: &str = "\
Examples:
  pamctl demo                                   try everything without an appliance
  pamctl session list --active --user alice
  pamctl session terminate 3fcf1e4a16104e328d6794e1b9693cfc457871d2
  pamctl session list --active --device 192.0.2.20 -o ids | pamctl session terminate - --yes";

/// The kill switch for privileged sessions of a senhasegura / Segura PAM Core vault
///
/// Data goes to standard output, everything else to standard error. Only exit code 0 says that
/// what stands on standard output is complete.
#[derive(Debug, Parser)]
#[command(name = "pamctl", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(flatten)]
    pub(crate) telling: Telling,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How much is said and in which colours.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Telling {
    /// Say what is sent and received; twice: also what was tolerated in the answers
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Colour::Auto)]
    pub(crate) color: Colour,
}

impl Telling {
    /// Tells what was forgiven while an answer was read, when that was asked for.
    pub(crate) fn tolerated(self, notes: Notes) {
        if self.verbose > 1 && !notes.is_empty() {
            stderr::detail(Notice::Tolerated(notes));
        }
    }
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

impl Colour {
    /// Makes it the choice of the whole process.
    pub(crate) fn apply(self) {
        match self {
            Self::Auto => {}
            Self::Always => anstream::ColorChoice::Always.write_global(),
            Self::Never => anstream::ColorChoice::Never.write_global(),
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Session(Session),
    Auth(Auth),
    Explain(Explain),
    Mock(Mock),
    Demo(Demo),
}

/// The commands that talk to no appliance, so that connection options mean nothing to them.
pub(crate) const OFFLINE: [&str; 4] = ["auth", "explain", "mock", "demo"];

/// The whole command line, with the connection options hidden where they mean nothing.
pub(crate) fn command() -> Clap {
    let connection = Connection::augment_args(Clap::new("connection"));
    let connection: Vec<_> = connection
        .get_arguments()
        .map(|arg| arg.get_id().clone())
        .collect();
    let mut command = Cli::command()
        .after_help(format!("{EXAMPLES}\n\n{}", Exit::table()))
        .after_long_help(format!("{ENVIRONMENT}\n\n{EXAMPLES}\n\n{}", Exit::table()));
    command.build();
    for name in OFFLINE {
        command = command.mut_subcommand(name, |offline| hide(offline, &connection));
    }
    command
}

fn hide(command: Clap, ids: &[clap::Id]) -> Clap {
    let command = command.mut_args(|arg| {
        if ids.contains(arg.get_id()) {
            arg.hide(true)
        } else {
            arg
        }
    });
    command.mut_subcommands(|below| hide(below, ids))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    /// A global option is silently replaced by an argument of a command that has its id.
    #[test]
    fn no_command_takes_the_name_of_a_global_option() {
        fn check(command: &Clap, globals: &[clap::Id]) {
            for below in command.get_subcommands() {
                for arg in below.get_arguments() {
                    let (id, name) = (arg.get_id(), below.get_name());
                    assert!(!globals.contains(id), "{name}: {id}");
                }
                check(below, globals);
            }
        }
        let command = Cli::command();
        let globals = command.get_arguments().filter(|arg| arg.is_global_set());
        let globals: Vec<_> = globals.map(|arg| arg.get_id().clone()).collect();
        assert!(globals.len() > 10);
        check(&command, &globals);
    }

    #[test]
    fn offline_commands_do_not_offer_connection_options() {
        let command = command();
        for name in OFFLINE {
            let mut offline = command.find_subcommand(name).unwrap().clone();
            assert!(
                !offline.render_long_help().to_string().contains("--url"),
                "{name}"
            );
        }
        let mut session = command.find_subcommand("session").unwrap().clone();
        assert!(session.render_long_help().to_string().contains("--url"));
    }
}
