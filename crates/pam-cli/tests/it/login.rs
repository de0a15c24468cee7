//! `pamctl login`: secrets that are typed, seen by nobody and kept where the profile says.

use std::fs;
use std::os::unix::fs::MetadataExt;

use assert_cmd::Command;

use crate::fixture::{CONSUMER_SECRET, Mock, Run, TOKEN_SECRET, pamctl};
use crate::person::Person;

fn in_home(folder: &tempfile::TempDir, arguments: &[&str]) -> Command {
    let mut command = pamctl();
    command.env("HOME", folder.path()).args(arguments);
    command
}

fn with_profile(mock: &Mock, more: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join(".config/pamctl/config.toml");
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    let text = format!(
        "default_profile = \"mock\"\n[profiles.mock]\nurl = \"{}\"\nca_file = \"{}\"\n\
         consumer_key = \"ck-planted\"\ntoken = \"tk-planted\"\n{more}\n",
        mock.appliance.base_url(),
        mock.file("mock.ca.pem").display()
    );
    fs::write(&config, text).unwrap();
    home
}

const FILES: &str = "consumer_secret = \"file:~/kept/consumer\"\n\
                     token_secret = \"file:~/kept/token\"\nproduction = true";

#[test]
fn secrets_are_typed_unseen_and_work() {
    let mock = Mock::populated();
    let home = with_profile(&mock, FILES);
    let mut person = Person::runs(&in_home(&home, &["login"]), 120);
    person
        .sees("consumer_secret of ")
        .types(&format!("{CONSUMER_SECRET}\n"))
        .sees("token_secret of ")
        // With a mistake that is taken back.
        .types(&format!("{TOKEN_SECRET}é\u{7f}\r"));
    let (seen, code) = person.ends();
    assert_eq!(code, Some(0), "{seen}");
    assert!(!seen.contains("pl4nted"), "{seen}");
    assert!(
        seen.contains("\u{1b}[") && seen.contains("mock (production)"),
        "{seen}"
    );
    for name in ["consumer", "token"] {
        let kept = fs::metadata(home.path().join("kept").join(name)).unwrap();
        assert_eq!(kept.mode() & 0o777, 0o600);
    }
    Run::of(&mut in_home(&home, &["session", "list"])).ended(0);
    let again = Run::of(&mut in_home(&home, &["login"])).ended(0);
    assert_eq!(again.stderr.matches("there already").count(), 2);
    Run::of(&mut in_home(&home, &["login", "--again"])).failed(2, &["no terminal"]);
}

#[test]
fn ctrl_c_and_nothing_at_all_end_it_and_keep_nothing() {
    let mock = Mock::populated();
    let home = with_profile(&mock, FILES);
    for (keys, expected) in [("abc\u{3}", 130), ("\u{4}", 2), ("\n", 2)] {
        let mut person = Person::runs(&in_home(&home, &["login"]), 120);
        person.sees("consumer_secret of ").types(keys);
        let (seen, code) = person.ends();
        assert_eq!(code, Some(expected), "{seen}");
        assert!(!seen.contains("abc"), "{seen}");
        assert!(!home.path().join("kept/consumer").exists());
    }
}

#[test]
fn what_can_not_be_typed_here_is_named() {
    let mock = Mock::populated();
    let places = "consumer_secret = \"env:SOMEWHERE\"\ntoken_secret = \"env:NOWHERE\"";
    let home = with_profile(&mock, places);
    let mut login = in_home(&home, &["login"]);
    let run = Run::of(login.env("SOMEWHERE", "s")).ended(2);
    assert!(
        run.stderr.contains("token_secret (env:NOWHERE)"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("consumer_secret is there already"),
        "{}",
        run.stderr
    );
    let bare = with_profile(&mock, "");
    Run::of(&mut in_home(&bare, &["login"])).failed(2, &["keyring:"]);
    Run::of(pamctl().arg("login")).failed(2, &["--profile"]);
}

/// The keyring of the kernel, where there is one; elsewhere what to do without it.
#[test]
#[cfg(target_os = "linux")]
fn the_keyring_keeps_a_secret_or_says_what_does() {
    let mock = Mock::populated();
    let name = format!("test-{}", std::process::id());
    let places = format!(
        "consumer_secret = \"keyring:pamctl-{name}-consumer\"\n\
         token_secret = \"keyring:pamctl-{name}-token\""
    );
    let home = with_profile(&mock, &places);
    let list = Run::of(&mut in_home(&home, &["session", "list"]));
    if list.stderr.contains("can't be used here") {
        list.failed(2, &["file:PATH", "cmd:COMMAND", "systemd:NAME"]);
        return;
    }
    list.failed(2, &["pamctl login --profile mock"]);
    let mut person = Person::runs(&in_home(&home, &["login"]), 120);
    person
        .sees("consumer_secret of ")
        .types(&format!("{CONSUMER_SECRET}\n"))
        .sees("token_secret of ")
        .types(&format!("{TOKEN_SECRET}\n"));
    let (seen, code) = person.ends();
    assert_eq!(code, Some(0), "{seen}");
    Run::of(&mut in_home(&home, &["session", "list"])).ended(0);
    let removed = Run::of(&mut in_home(&home, &["profile", "remove", "mock"])).ended(0);
    assert_eq!(removed.stderr.matches("from the keyring").count(), 2);
}
