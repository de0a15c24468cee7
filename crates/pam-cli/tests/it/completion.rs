//! Completion scripts and manual pages: made by the binary, held by real shells and `man`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use pam_mock::FaultKind;

use crate::fixture::{Mock, Run, pamctl};

struct Assets {
    folder: tempfile::TempDir,
}

impl Assets {
    fn written() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let run = Run::of(pamctl().arg("__assets").arg(folder.path())).ended(0);
        assert!(run.stdout.lines().all(|path| Path::new(path).is_file()));
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }
}

/// Whether a program is installed; says so when it is not.
fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        eprintln!("skipped: {program} is not installed");
    }
    found
}

/// What `pamctl __complete` prints for this line, with a cache folder of the mock's.
fn completed(mock: &Mock, line: &str) -> Vec<String> {
    let mut command = mock.pamctl();
    command
        .env("XDG_CACHE_HOME", mock.file("cache"))
        .args(["__complete", "--"])
        .args(line.split(' '));
    let run = Run::of(&mut command).ended(0);
    assert_eq!(run.stderr, "", "a shell would print it");
    run.stdout.lines().map(str::to_owned).collect()
}

fn ids(lines: &[String]) -> Vec<String> {
    let mut ids: Vec<String> = lines
        .iter()
        .map(|line| line.split('\t').next().unwrap().to_owned())
        .collect();
    ids.sort();
    ids
}

fn running(mock: &Mock) -> Vec<String> {
    let mut running = mock.running();
    running.sort();
    running
}

#[test]
fn sessions_that_run_are_offered_where_one_is_named_and_kept_for_some_seconds() {
    let mock = Mock::populated();
    let offered = completed(&mock, "pamctl session terminate ");
    assert_eq!(ids(&offered), running(&mock));
    assert!(offered[0].contains(" on "), "{offered:?}");
    let asked = mock.appliance.requests().len();
    let victim = running(&mock).remove(0);
    let others = completed(&mock, &format!("pamctl session terminate {victim} "));
    assert_eq!(others.len(), offered.len() - 1);
    let one = completed(&mock, &format!("pamctl session get {}", &victim[..12]));
    assert_eq!(ids(&one), [victim]);
    assert_eq!(completed(&mock, "pamctl session list "), [""; 0]);
    assert_eq!(mock.appliance.requests().len(), asked, "from the cache");

    let folder = mock.file("cache").join("pamctl");
    let cache: Vec<_> = fs::read_dir(&folder).unwrap().map(Result::unwrap).collect();
    assert_eq!(cache.len(), 1);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&cache[0].path()), 0o600);
    assert_eq!(mode(&folder), 0o700);
    let text = fs::read_to_string(cache[0].path()).unwrap();
    assert!(!text.contains("planted"), "{text}");
}

#[test]
fn another_authorization_and_a_cache_that_others_can_write_are_not_believed() {
    let mock = Mock::populated();
    completed(&mock, "pamctl session get ");
    let asked = mock.appliance.requests().len();
    let mut second = mock.pamctl_oauth2();
    second.env("XDG_CACHE_HOME", mock.file("cache")).args([
        "__complete",
        "--",
        "pamctl",
        "session",
        "get",
        "",
    ]);
    assert_eq!(Run::of(&mut second).ended(0).stdout.lines().count(), 6);
    assert!(mock.appliance.requests().len() > asked);

    for entry in fs::read_dir(mock.file("cache").join("pamctl")).unwrap() {
        let path = entry.unwrap().path();
        let forged = fs::read_to_string(&path)
            .unwrap()
            .replace("\"id\":\"", "\"id\":\"66");
        fs::write(&path, forged).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    }
    assert_eq!(completed(&mock, "pamctl session get 66"), [""; 0]);
}

#[test]
fn whatever_goes_wrong_it_is_quick_and_silent() {
    let mock = Mock::populated();
    mock.appliance
        .set_fault(FaultKind::SlowList(Duration::from_secs(30)));
    assert_eq!(completed(&mock, "pamctl session terminate "), [""; 0]);
    let asked = mock.appliance.requests().len();
    assert_eq!(completed(&mock, "pamctl session terminate "), [""; 0]);
    assert_eq!(
        mock.appliance.requests().len(),
        asked,
        "a failure is not repeated at once"
    );
    for arguments in [
        &["__complete"][..],
        &["__complete", "--"],
        &["__complete", "--", "pamctl", "--url"],
        &["__complete", "--", "pamctl", "session", "terminate", ""],
        &[
            "__complete",
            "--",
            "pamctl",
            "--url",
            "nonsense",
            "session",
            "get",
            "",
        ],
    ] {
        let run = Run::of(pamctl().args(arguments)).ended(0);
        assert_eq!(
            (run.stdout.as_str(), run.stderr.as_str()),
            ("", ""),
            "{arguments:?}"
        );
    }
}

/// Runs a script in a shell whose search path begins with this `pamctl`.
fn in_shell(mock: &Mock, shell: &mut Command) -> Vec<String> {
    let binary = Path::new(env!("CARGO_BIN_EXE_pamctl")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let command = mock.pamctl();
    let set = command
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    let output = shell
        .env_clear()
        .envs(set)
        .env("PATH", path)
        // A shell decodes its environment, and one of the secrets is not ASCII.
        .env("LC_ALL", "C.UTF-8")
        .env("HOME", mock.file("home"))
        .env("XDG_CACHE_HOME", mock.file("cache"))
        .output()
        .unwrap();
    let run = Run::from(output).ended(0);
    assert_eq!(run.stderr, "");
    run.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_options_and_sessions() {
    let (mock, assets) = (Mock::populated(), Assets::written());
    let press = |words: &str| {
        let script = format!(
            "source {}; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}}-1)); \
             $(complete -p pamctl | sed 's/.*-F \\([^ ]*\\).*/\\1/') pamctl \
             \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            assets.path("completions/pamctl.bash")
        );
        in_shell(&mock, Command::new("bash").args(["--norc", "-c", &script]))
    };
    assert!(press("pamctl sess").contains(&"session".to_owned()));
    assert!(press("pamctl session terminate --rea").contains(&"--reason".to_owned()));
    let mut offered = press("pamctl session terminate ''");
    offered.sort();
    assert_eq!(offered, running(&mock));
    let victim = running(&mock).remove(0);
    assert_eq!(
        press(&format!("pamctl session get {}", &victim[..10])),
        [victim]
    );
    assert!(!press("pamctl ''").iter().any(|word| word.starts_with("__")));
}

#[test]
fn fish_completes_sessions() {
    if !has("fish") {
        return;
    }
    let (mock, assets) = (Mock::populated(), Assets::written());
    let script = format!(
        "source {}; complete -C 'pamctl session terminate '",
        assets.path("completions/pamctl.fish")
    );
    let offered = in_shell(
        &mock,
        Command::new("fish").args(["--no-config", "-c", &script]),
    );
    for id in running(&mock) {
        assert!(
            offered.iter().any(|line| line.starts_with(&id)),
            "{offered:?}"
        );
    }
}

#[test]
fn zsh_completes_sessions() {
    if !has("zsh") {
        return;
    }
    let (mock, assets) = (Mock::populated(), Assets::written());
    // The completion system works on a line that is edited, so one is edited in a pseudo-terminal
    // of zsh's own; the candidates are caught where they are added. A slow machine may not have
    // them in the time that a completion takes at most; then Tab is pressed again.
    let script = format!(
        "zmodload zsh/zpty
         zpty z 'PS1=; unset zle_bracketed_paste; exec zsh -f -i'
         zpty -w z 'fpath=({0} $fpath); autoload -Uz compinit; compinit -u -D; \
            compadd() {{ local -a hits; builtin compadd -O hits \"$@\"; \
            print -rl -- HIT:${{^hits}}; builtin compadd \"$@\" }}; \
            bindkey \"^I\" complete-word; print REA''DY'
         zpty -r -m z line '*READY*'
         zpty -n -w z $'pamctl session terminate \\t'
         ( repeat 30; do sleep 2; zpty -n -w z $'\\t'; done ) >&- 2>&- &
         zpty -r -m z line '*HIT:{1}*' && print -r -- \"$line\"; kill $!",
        assets.path("completions"),
        running(&mock).remove(0),
    );
    let offered = in_shell(&mock, Command::new("zsh").args(["-f", "-c", &script])).join("\n");
    assert!(offered.contains("HIT:"), "{offered}");
}

#[test]
fn every_command_has_a_manual_page_that_formats_without_a_complaint() {
    let assets = Assets::written();
    let pages = fs::read_dir(assets.path("man")).unwrap();
    let mut names: Vec<String> = pages
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let help = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/help");
    let mut helped: Vec<String> = fs::read_dir(help)
        .unwrap()
        .map(|page| {
            page.unwrap()
                .file_name()
                .into_string()
                .unwrap()
                .replace(".txt", ".1")
        })
        .collect();
    helped.sort();
    assert_eq!(names, helped, "the pages are those of --help");
    for name in &names {
        let path = assets.path(&format!("man/{name}"));
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.contains(".SH NAME") && text.contains(".SH SYNOPSIS"),
            "{name}"
        );
        if has("man") {
            let output = Command::new("man")
                .args(["--warnings", "-l", &path])
                .env("MANWIDTH", "100")
                .env("LC_ALL", "C.UTF-8")
                .output()
                .unwrap();
            let run = Run::from(output).ended(0);
            assert_eq!(run.stderr, "", "{name}");
            assert!(run.stdout.contains("NAME"), "{name}");
        }
        if has("mandoc") {
            let output = Command::new("mandoc")
                .args(["-T", "lint", "-W", "error", &path])
                .output();
            let run = Run::from(output.unwrap()).ended(0);
            assert_eq!(run.stdout, "", "{name}");
        }
    }
    let page = fs::read_to_string(assets.path("man/pamctl-session-terminate.1")).unwrap();
    for section in ["EXAMPLES", "OUTCOMES", "\"CONNECTION OPTIONS\""] {
        assert!(
            page.contains(&format!(".SH {section}")),
            "{section}: {page}"
        );
    }
}
