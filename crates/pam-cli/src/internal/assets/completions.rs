//! Completion scripts for bash, zsh and fish that know the sessions that run.
//!
//! The static part is clap's. Where a session is named, each script asks `pamctl __complete`,
//! which knows whether the cursor stands there.

use clap::{Command, ValueHint};
use clap_complete::{Shell, generate};

use crate::internal::position::names_a_session;

/// Stands in the static scripts where a session is named: nothing else in the command line has it.
const MARK: ValueHint = ValueHint::Username;

const BASH: &str = r#"
# The sessions that run, from a cache that pamctl keeps for some seconds.
_pamctl_live() {
    _pamctl "$@"
    local IFS=$' \t\n'
    [[ " ${COMP_WORDS[*]} " == *\ session\ * ]] || return 0
    local id rest
    local -a live=()
    while IFS=$'\t' read -r id rest; do
        live+=("$id")
    done < <("${COMP_WORDS[0]/#\~/$HOME}" __complete -- "${COMP_WORDS[@]:0:COMP_CWORD+1}" </dev/null 2>/dev/null)
    if ((${#live[@]})); then
        COMPREPLY=("${live[@]}")
    fi
    return 0
}

complete -F _pamctl_live -o bashdefault -o default pamctl
"#;

const ZSH: &str = r#"
# The sessions that run, from a cache that pamctl keeps for some seconds.
_pamctl_sessions() {
    local -a live
    local line
    for line in ${(f)"$(${~_pamctl_words[1]} __complete -- "${(@)_pamctl_words}" </dev/null 2>/dev/null)"}; do
        live+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done
    _describe -V 'session' live
}
"#;

const FISH: &str = r#"
# The sessions that run, from a cache that pamctl keeps for some seconds.
function __pamctl_sessions
    set -l words (commandline -opc) (commandline -ct)
    command $words[1] __complete -- $words </dev/null 2>/dev/null
end

complete -c pamctl -n "__fish_seen_subcommand_from session" -f -a "(__pamctl_sessions)"
"#;

/// Each script by its path: where a package puts it, below its folder for the shell.
pub(super) fn scripts(command: &Command) -> Vec<(String, Vec<u8>)> {
    let bash = script(command, Shell::Bash) + BASH;
    let zsh = script(command, Shell::Zsh)
        .replace(":_users'", ":_pamctl_sessions'")
        .replacen(
            "_pamctl() {\n",
            "_pamctl() {\n    local -a _pamctl_words=(\"${(@Q)words[1,CURRENT]}\")\n",
            1,
        );
    let zsh = match zsh.rsplit_once("\nif [ \"$funcstack[1]\"") {
        Some((functions, call)) => {
            format!("{functions}{ZSH}\nif [ \"$funcstack[1]\"{call}")
        }
        None => zsh + ZSH,
    };
    let fish = script(command, Shell::Fish) + FISH;
    [
        ("completions/pamctl.bash", bash),
        ("completions/_pamctl", zsh),
        ("completions/pamctl.fish", fish),
    ]
    .map(|(path, text)| (path.to_owned(), text.into_bytes()))
    .into()
}

fn script(command: &Command, shell: Shell) -> String {
    let mut marked = command.clone().mut_subcommands(mark);
    let mut script = Vec::new();
    generate(shell, &mut marked, "pamctl", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// Marks every argument that names sessions.
fn mark(command: Command) -> Command {
    command.mut_subcommands(mark).mut_args(|arg| {
        if names_a_session(&arg) {
            arg.value_hint(MARK)
        } else {
            arg
        }
    })
}
