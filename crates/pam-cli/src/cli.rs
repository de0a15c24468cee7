//! The command line: what can be typed.

use std::ffi::OsString;

use clap::{
    ArgAction, Args, Command as Clap, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum,
};

use pam_client::Notice;
use pam_proto::Notes;

use crate::commands::alert::Alert;
use crate::commands::api::Api;
use crate::commands::audit::Audit;
use crate::commands::auth::Auth;
use crate::commands::demo::Demo;
use crate::commands::doctor::Doctor;
use crate::commands::explain::Explain;
use crate::commands::hook::Hook;
use crate::commands::login::Login;
use crate::commands::mock::Mock;
use crate::commands::plan::{Apply, Plan};
use crate::commands::policy::Policy;
use crate::commands::profile::Profile;
use crate::commands::respond::Respond;
use crate::commands::session::Session;
use crate::commands::top::Top;
use crate::config::Selection;
use crate::exit::Exit;
use crate::language::Language;
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
  PAM_POLICY           the rules that protect sessions from being terminated
  PAM_AUDIT            the file in which every decision is recorded
  PAM_TOKEN_CACHE      a file that keeps the OAuth 2.0 access token for the next run
  PAM_TIME_ZONE        the zone of the appliance's clock
  PAMCTL_PROFILE, PAMCTL_CONFIG
                       the profile to use, and the file with the profiles
  NO_COLOR             no colours
  LC_ALL, LC_MESSAGES, LANG
                       errors are in Brazilian Portuguese where the first that is set says pt
A flag wins over its variable, and both win over the profile. Secrets have no flag: every user
of a machine can read its command lines.";

const EXAMPLES: &str = "\
Examples:
  pamctl demo                                   try everything without an appliance
  pamctl profile add prod --url https://vault.example.com --set consumer_key=… --set token=…
  pamctl login --profile prod                   type the secrets once, without an echo
  pamctl doctor                                 find out what is in the way, and the fix
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
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) telling: Telling,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How much is said and in which colours.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "General options")]
pub(crate) struct Telling {
    /// Say what is sent and received; twice: also what was tolerated in the answers
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Colour::Auto)]
    pub(crate) color: Colour,
    /// The language of errors [default: that of LC_ALL, LC_MESSAGES or LANG]
    #[arg(long, global = true, value_enum)]
    lang: Option<Language>,
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
    Top(Top),
    Plan(Plan),
    Apply(Apply),
    Policy(Policy),
    Audit(Audit),
    Auth(Auth),
    Profile(Profile),
    Login(Login),
    Alert(Alert),
    Respond(Respond),
    Hook(Hook),
    Doctor(Doctor),
    Api(Api),
    Explain(Explain),
    Mock(Mock),
    Demo(Demo),
}

/// Which of the global options mean something to a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Where the appliance is, and the profile.
    Appliance,
    /// The profile alone.
    Profile,
    /// Neither.
    Nothing,
}

impl Command {
    /// Which of the global options mean something to it.
    pub(crate) fn needs(&self) -> Needs {
        match self {
            Self::Session(_)
            | Self::Top(_)
            | Self::Plan(_)
            | Self::Apply(_)
            | Self::Doctor(_)
            | Self::Api(_) => Needs::Appliance,
            Self::Respond(command) if command.is_online() => Needs::Appliance,
            Self::Respond(_) => Needs::Nothing,
            Self::Profile(command) => command.needs(),
            Self::Hook(command) => command.needs(),
            // The mock's own `--profile` is another thing under the same name.
            Self::Auth(_) | Self::Login(_) | Self::Mock(_) | Self::Policy(_) | Self::Audit(_) => {
                Needs::Profile
            }
            Self::Alert(_) | Self::Explain(_) | Self::Demo(_) => Needs::Nothing,
        }
    }
}

/// The commands, by their path, that talk to no appliance, so that connection options mean
/// nothing to them.
const OFFLINE: [&[&str]; 19] = [
    &["alert"],
    &["audit"],
    &["policy"],
    &["auth"],
    &["login"],
    &["profile", "list"],
    &["profile", "use"],
    &["profile", "remove"],
    &["respond", "check"],
    &["respond", "status"],
    &["respond", "pending"],
    &["respond", "approve"],
    &["respond", "deny"],
    &["respond", "halt"],
    &["respond", "resume"],
    &["respond", "backtest"],
    &["explain"],
    &["mock"],
    &["demo"],
];

/// Those of them to which a profile means nothing either.
const ALONE: [&[&str]; 12] = [
    &["alert"],
    &["respond", "check"],
    &["respond", "status"],
    &["respond", "pending"],
    &["respond", "approve"],
    &["respond", "deny"],
    &["respond", "halt"],
    &["respond", "resume"],
    &["respond", "backtest"],
    &["explain"],
    &["mock"],
    &["demo"],
];

/// Puts a command's arguments together.
type Augment = fn(Clap) -> Clap;

/// The commands by their names.
const COMMANDS: [(&str, Augment); 17] = [
    ("session", Session::augment_args),
    ("top", Top::augment_args),
    ("plan", Plan::augment_args),
    ("apply", Apply::augment_args),
    ("policy", Policy::augment_args),
    ("audit", Audit::augment_args),
    ("auth", Auth::augment_args),
    ("profile", Profile::augment_args),
    ("login", Login::augment_args),
    ("alert", Alert::augment_args),
    ("respond", Respond::augment_args),
    ("hook", Hook::augment_args),
    ("doctor", Doctor::augment_args),
    ("api", Api::augment_args),
    ("explain", Explain::augment_args),
    ("mock", Mock::augment_args),
    ("demo", Demo::augment_args),
];

/// What was typed.
pub(crate) fn parse() -> Result<Cli, clap::Error> {
    let words: Vec<OsString> = std::env::args_os().collect();
    let quick = quick_command(&words).try_get_matches_from(&words);
    // A page of help or an error shows the whole command line.
    let matches = quick.or_else(|_| command().try_get_matches_from(&words));
    Cli::from_arg_matches_mut(&mut matches?)
}

/// The command line as far as these words can mean it: to put every command together takes longer
/// than a call to the appliance.
fn quick_command(words: &[OsString]) -> Clap {
    let globals = Connection::augment_args(Clap::new("pamctl"));
    let globals = Telling::augment_args(Selection::augment_args(globals));
    let is_named = |name: &str| words.iter().any(|word| word == name);
    let named = COMMANDS.into_iter().filter(|(name, _)| is_named(name));
    let named = named.map(|(name, augment)| augment(Clap::new(name)));
    globals.subcommands(named).subcommand_required(true)
}

/// The whole command line, with the global options hidden where they mean nothing.
pub(crate) fn command() -> Clap {
    let ids = |group: Clap| -> Vec<clap::Id> {
        let ids = group.get_arguments().map(|arg| arg.get_id().clone());
        ids.collect()
    };
    let connection = ids(Connection::augment_args(Clap::new("connection")));
    let selection = ids(Selection::augment_args(Clap::new("selection")));
    let mut command = Cli::command()
        .after_help(format!("{EXAMPLES}\n\n{}", Exit::table()))
        .after_long_help(format!("{ENVIRONMENT}\n\n{EXAMPLES}\n\n{}", Exit::table()));
    command.build();
    for path in OFFLINE {
        command = at(command, path, &|offline| hide(offline, &connection));
    }
    for path in ALONE {
        command = at(command, path, &|alone| hide(alone, &selection));
    }
    command
}

/// Changes the command at a path.
fn at(command: Clap, path: &[&str], change: &dyn Fn(Clap) -> Clap) -> Clap {
    match path {
        [] => change(command),
        [name, rest @ ..] => command.mut_subcommand(name, |below| at(below, rest, change)),
    }
}

fn hide(command: Clap, ids: &[clap::Id]) -> Clap {
    let command = command.mut_args(|arg| {
        // An option of the command's own can have the id of a global one.
        if arg.is_global_set() && ids.contains(arg.get_id()) {
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

    #[test]
    fn each_command_can_be_put_together_alone() {
        let whole = Cli::command();
        let whole: Vec<&Clap> = whole.get_subcommands().collect();
        assert_eq!(whole.len(), COMMANDS.len());
        for ((name, augment), command) in COMMANDS.into_iter().zip(whole) {
            assert_eq!(command.get_name(), name);
            assert_eq!(command.get_all_aliases().count(), 0, "{name}");
            let options = |command: &Clap| {
                let ids = command.get_arguments().map(|arg| arg.get_id().clone());
                ids.collect::<Vec<_>>()
            };
            assert_eq!(options(&augment(Clap::new(name))), options(command));
        }
        let words = ["pamctl", "--url", "mock", "session", "list"].map(OsString::from);
        quick_command(&words).debug_assert();
        let matches = quick_command(&words).try_get_matches_from(&words).unwrap();
        assert_eq!(matches.subcommand_name(), Some("session"));
    }

    /// A global option is silently replaced by an argument of a command that has its id. The one
    /// exception is the mock's own `--profile`, which is a text as well.
    #[test]
    fn no_command_takes_the_name_of_a_global_option() {
        fn check(command: &Clap, globals: &[clap::Id]) {
            for below in command.get_subcommands() {
                for arg in below.get_arguments() {
                    let (id, name) = (arg.get_id(), below.get_name());
                    // So is the responder's own `--config`.
                    let excepted = name == "mock" && id == "profile"
                        || command.get_name() == "respond" && id == "config";
                    assert!(!globals.contains(id) || excepted, "{name}: {id}");
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
    fn options_are_offered_where_they_mean_something() {
        fn page(path: &[&str]) -> String {
            let mut command = command();
            let mut found = &mut command;
            for name in path {
                found = found.find_subcommand_mut(name).unwrap();
            }
            found.render_long_help().to_string()
        }
        for path in OFFLINE {
            assert!(!page(path).contains("--url"), "{path:?}");
        }
        for path in ALONE {
            // A responder has a `--config` of its own, and the mock a `--profile`.
            let hidden = match path {
                ["respond", ..] => "--profile",
                _ => "--config",
            };
            assert!(!page(path).contains(hidden), "{path:?}");
        }
        for path in [&["session"][..], &["profile", "add"], &["profile", "show"]] {
            let page = page(path);
            assert!(
                page.contains("--url") && page.contains("--config"),
                "{path:?}"
            );
        }
        assert!(page(&["mock"]).contains("--profile") && page(&["auth"]).contains("--profile"));
    }
}
