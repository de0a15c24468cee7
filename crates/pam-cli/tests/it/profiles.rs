//! Profiles: what a file of them says, who wins, and what is said when it is wrong.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use assert_cmd::Command;
use pam_mock::MockAppliance;

use crate::fixture::{CONSUMER_SECRET, Mock, Run, TOKEN_SECRET, pamctl};

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A home directory with the secrets of the mock in files, and `pamctl` in it.
struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let home = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        for (name, secret) in [("consumer", CONSUMER_SECRET), ("token", TOKEN_SECRET)] {
            let path = home.folder.path().join(name);
            fs::write(&path, format!("{secret}\n")).unwrap();
            set_mode(&path, 0o600);
        }
        home
    }

    fn pamctl(&self, arguments: &[&str]) -> Command {
        let mut command = pamctl();
        command.env("HOME", self.folder.path()).args(arguments);
        command.current_dir(self.folder.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Run {
        Run::of(&mut self.pamctl(arguments))
    }

    fn config(&self) -> std::path::PathBuf {
        self.folder.path().join(".config/pamctl/config.toml")
    }

    fn write(&self, text: &str) {
        let path = self.config();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A profile `mock` that leads to the mock, with these lines beside.
    fn knows(&self, mock: &Mock, more: &str) {
        self.write(&format!(
            "default_profile = \"mock\"\n[profiles.mock]\nurl = \"{}\"\nca_file = \"{}\"\n\
             consumer_key = \"ck-planted\"\ntoken = \"tk-planted\"\n{more}\n",
            mock.appliance.base_url(),
            mock.file("mock.ca.pem").display()
        ));
    }
}

const FILES: &str = "consumer_secret = \"file:~/consumer\"\ntoken_secret = \"file:~/token\"";
const LIST: [&str; 4] = ["session", "list", "-o", "ids"];

#[test]
fn a_profile_is_added_used_shown_and_removed() {
    let mock = Mock::populated();
    let home = Home::new();
    let url = mock.appliance.base_url().to_string();
    let ca = mock.file("mock.ca.pem");
    let added = home.run(&[
        "profile",
        "add",
        "mock",
        "--url",
        &url,
        "--ca-file",
        ca.to_str().unwrap(),
        "--timeout",
        "1m",
        "--set",
        "time_zone=America/Sao_Paulo",
        "--set",
        "consumer_key=ck-planted",
        "--set",
        "token=tk-planted",
        "--set",
        "consumer_secret=file:~/consumer",
        "--set",
        "token_secret=cmd:cat token",
        "--production",
    ]);
    let added = added.ended(0);
    assert!(added.stderr.contains("config.toml"), "{}", added.stderr);
    assert_eq!(
        fs::metadata(home.config()).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(home.run(&LIST).ended(0).stdout.lines().count(), 20);

    let listed = home.run(&["profile", "list", "-o", "json"]).ended(0).json();
    let expected = serde_json::json!([
        {"name": "mock", "url": url, "default": true, "production": true}
    ]);
    assert_eq!(listed, expected);

    let shown = home.run(&["profile", "show", "-o", "json"]).ended(0).json();
    let value = |name: &str| {
        let settings = shown["settings"].as_array().unwrap();
        let setting = settings.iter().find(|setting| setting["name"] == name);
        let setting = setting.unwrap();
        (setting["value"].clone(), setting["from"].clone())
    };
    assert_eq!(value("timeout"), ("1m".into(), "profile".into()));
    assert_eq!(value("list_timeout"), ("10m".into(), "default".into()));
    assert_eq!(
        value("time_zone"),
        ("America/Sao_Paulo".into(), "profile".into())
    );
    assert_eq!(
        value("token_secret"),
        ("cmd:cat …".into(), "profile".into())
    );
    assert_eq!(
        value("client_id"),
        (serde_json::Value::Null, serde_json::Value::Null)
    );

    let again = home.run(&[
        "profile",
        "add",
        "mock",
        "--url",
        "https://vault.example.com",
    ]);
    again.failed(2, &["already", "profile remove mock"]);
    home.run(&[
        "profile",
        "add",
        "other",
        "--url",
        "https://vault.example.com",
    ])
    .ended(0);
    let table = home.run(&["profile", "list"]).ended(0).stdout;
    assert!(
        table.contains("other") && table.lines().count() == 3,
        "{table}"
    );
    home.run(&["profile", "use", "other"]).ended(0);
    home.run(&LIST).failed(2, &["PAM_CONSUMER_KEY", "`other`"]);
    home.run(&["--profile", "mock", "session", "list", "-o", "ids"])
        .ended(0);
    home.run(&["session", "list", "-o", "ids", "--profile", "mock"])
        .ended(0);
    home.run(&["profile", "remove", "other"]).ended(0);
    home.run(&LIST).failed(2, &["PAM_URL", "profile add"]);
    home.run(&["profile", "use", "other"])
        .failed(2, &["no profile `other`", "there are mock"]);
    home.run(&["profile", "remove", "mock"]).ended(0);
    assert!(home.folder.path().join("consumer").exists());
}

#[test]
fn the_flag_wins_over_the_variable_and_both_over_the_profile() {
    let mock = Mock::populated();
    let home = Home::new();
    home.knows(&mock, FILES);
    home.run(&LIST).ended(0);
    let mut elsewhere = home.pamctl(&LIST);
    elsewhere.env("PAM_URL", "http://127.0.0.1:1");
    Run::of(&mut elsewhere).failed(7, &["127.0.0.1:1"]);
    let url = mock.appliance.base_url().to_string();
    elsewhere.args(["--url", &url]);
    Run::of(&mut elsewhere).ended(0);

    let mut shown = home.pamctl(&["profile", "show"]);
    shown
        .env("PAM_URL", "http://127.0.0.1:1")
        .env("PAM_TOKEN_SECRET", TOKEN_SECRET)
        .args(["--routes", "iso"]);
    let shown = Run::of(&mut shown).ended(0).stdout;
    let line = |name: &str| {
        let line = shown.lines().find(|line| line.starts_with(name));
        line.unwrap()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(line("url"), "url http://127.0.0.1:1 PAM_URL");
    assert_eq!(line("routes"), "routes iso --routes");
    assert_eq!(
        line("token_secret"),
        "token_secret env:PAM_TOKEN_SECRET PAM_TOKEN_SECRET"
    );
    assert_eq!(line("timeout"), "timeout 30s default");
    assert!(!shown.contains("pl4nted"), "{shown}");
}

#[test]
fn the_profile_and_its_file_are_named_by_flag_or_variable() {
    let mock = Mock::populated();
    let home = Home::new();
    home.knows(&mock, FILES);
    let other = home.folder.path().join("other.toml");
    fs::write(&other, "[profiles.empty]\n").unwrap();
    let path = other.to_str().unwrap();
    home.run(&["--config", path, "--profile", "empty", "session", "list"])
        .failed(2, &["`empty`"]);
    home.run(&["--config", path, "session", "list"])
        .failed(2, &["PAM_URL"]);
    let mut named = home.pamctl(&LIST);
    Run::of(named.env("PAMCTL_CONFIG", path)).failed(2, &["PAM_URL"]);
    Run::of(named.env("PAMCTL_PROFILE", "nobody")).failed(2, &["`nobody`", "there are empty"]);
    Run::of(named.args([
        "--config",
        home.config().to_str().unwrap(),
        "--profile",
        "mock",
    ]))
    .ended(0);
    let mut xdg = home.pamctl(&["profile", "list"]);
    xdg.env("XDG_CONFIG_HOME", home.folder.path().join("xdg"));
    assert_eq!(Run::of(&mut xdg).ended(0).stdout.lines().count(), 1);
    home.run(&["--config", "/no/such.toml", "profile", "list"])
        .failed(2, &["/no/such.toml"]);
}

#[test]
fn a_file_that_can_not_be_used_says_where_and_what_to_do() {
    let home = Home::new();
    let table = [
        (
            "[profiles.p]\nurl = \"vault\"",
            &["line 2, column 7", "scheme"][..],
        ),
        (
            "[profiles.p]\nurls = \"x\"",
            &["line 2, column 1", "`urls`", "`url`"],
        ),
        (
            "[profiles.p]\ntoken_secret = \"hunter2\"",
            &["line 2, column 16", "keyring:"],
        ),
        ("[profiles.p]\nx = hunter2", &["line 2"]),
    ];
    for (text, words) in table {
        home.write(text);
        for command in [&LIST[..], &["profile", "list"], &["login"]] {
            let run = home.run(command).failed(2, words);
            assert!(run.stderr.contains("config.toml") && !run.stderr.contains("hunter2"));
        }
    }
    home.write("[profiles.p]\n");
    set_mode(&home.config(), 0o666);
    home.run(&LIST).failed(2, &["0666", "chmod go-w"]);
    fs::remove_file(home.config()).unwrap();
    fs::create_dir(home.config()).unwrap();
    home.run(&LIST).failed(2, &["regular file"]);
}

#[test]
fn a_secret_comes_from_each_place() {
    let mock = Mock::populated();
    let home = Home::new();
    let places = [
        "consumer_secret = \"file:~/consumer\"\ntoken_secret = \"file:../../token\"",
        "consumer_secret = \"env:SOMEWHERE\"\ntoken_secret = \"cmd:cat token\"",
        "consumer_secret = \"systemd:consumer\"\ntoken_secret = \"cmd:sh -c 'cat token'\"",
    ];
    for place in places {
        home.knows(&mock, place);
        let mut command = home.pamctl(&LIST);
        command
            .env("SOMEWHERE", CONSUMER_SECRET)
            .env("CREDENTIALS_DIRECTORY", home.folder.path())
            .env("PATH", "/usr/bin:/bin");
        Run::of(&mut command).ended(0);
    }
}

#[test]
fn a_command_for_a_secret_does_not_see_the_other_secrets() {
    let mock = Mock::populated();
    let home = Home::new();
    home.knows(
        &mock,
        "token_secret = \"cmd:sh -c 'env > seen; cat token'\"",
    );
    let mut command = home.pamctl(&LIST);
    command.env("PAM_CONSUMER_SECRET", CONSUMER_SECRET);
    Run::of(&mut command).ended(0);
    let seen = fs::read_to_string(home.folder.path().join("seen")).unwrap();
    assert!(
        seen.contains("HOME=") && !seen.contains("pl4nted"),
        "{seen}"
    );
}

#[test]
fn a_place_that_can_not_be_used_says_why_and_what_to_do() {
    let mock = Mock::populated();
    let home = Home::new();
    let folder = home.folder.path();
    fs::write(folder.join("open"), "hunter2").unwrap();
    set_mode(&folder.join("open"), 0o644);
    fs::write(folder.join("lines"), "hunter2\nhunter3\n").unwrap();
    set_mode(&folder.join("lines"), 0o600);
    fs::write(folder.join("empty"), "").unwrap();
    set_mode(&folder.join("empty"), 0o600);
    let shared = folder.join("shared");
    fs::create_dir(&shared).unwrap();
    symlink(folder.join("consumer"), shared.join("link")).unwrap();
    set_mode(&shared, 0o777);
    let table = [
        ("file:~/open", &["mode is 0644", "chmod 600"][..]),
        ("file:~/lines", &["more than one line"]),
        ("file:~/empty", &["empty"]),
        (
            "file:~/shared/link",
            &["symbolic link", "name the file itself"],
        ),
        (
            "file:~/nowhere",
            &["not where the profile says", "pamctl login --profile mock"],
        ),
        ("file:~/shared", &["regular file"]),
        ("env:NOWHERE", &["env:NOWHERE"]),
        ("systemd:x", &["CREDENTIALS_DIRECTORY", "LoadCredential"]),
        ("cmd:false", &["exit status: 1", "by hand"]),
        ("cmd:/no/such/program", &["no such command"]),
        ("cmd:yes", &["64 KiB"]),
        (
            "cmd:sleep 600",
            &["did not end within 500 ms", "secret_timeout"],
        ),
    ];
    for (place, words) in table {
        let timeout = if place.contains("sleep") {
            "500ms"
        } else {
            "30s"
        };
        home.knows(
            &mock,
            &format!(
                "secret_timeout = \"{timeout}\"\ntoken_secret = \"file:~/token\"\n\
                 consumer_secret = \"{place}\""
            ),
        );
        let run = home
            .run(&LIST)
            .failed(2, &[words, &["consumer_secret", "`mock`"]].concat());
        assert!(!run.stderr.contains("hunter"), "{}", run.stderr);
    }
    assert!(mock.appliance.requests().is_empty());
}

#[test]
fn a_profile_signs_and_can_be_of_oauth_2() {
    let mock = Mock::populated();
    let home = Home::new();
    home.knows(&mock, FILES);
    let header = home
        .run(&["auth", "header", "GET", "https://vault.example.com/x"])
        .ended(0);
    assert!(header.stdout.contains("oauth_consumer_key=\"ck-planted\""));
    let secret = crate::fixture::CLIENT_SECRET;
    home.write(&format!(
        "[profiles.two]\nurl = \"{}\"\nca_file = \"{}\"\nclient_id = \"client-planted\"\n\
         client_secret = \"env:SOMEWHERE\"\ntoken_cache = \"token-cache\"\n",
        mock.appliance.base_url(),
        mock.file("mock.ca.pem").display()
    ));
    let mut command = home.pamctl(&LIST);
    command.env("SOMEWHERE", secret).args(["--profile", "two"]);
    Run::of(&mut command).ended(0);
    assert!(home.config().with_file_name("token-cache").exists());
    let mut sign = home.pamctl(&[
        "auth",
        "header",
        "GET",
        "https://v.example.com",
        "--profile",
        "two",
    ]);
    Run::of(sign.env("SOMEWHERE", secret)).failed(2, &["OAuth 2.0"]);
}

#[test]
fn the_family_of_paths_is_remembered_for_a_profile() {
    let mock = Mock::start(
        MockAppliance::builder()
            .sessions(4, 2)
            .profile(pam_mock::Profile::V3_32),
    );
    let home = Home::new();
    home.knows(&mock, FILES);
    let paths = || -> Vec<String> {
        let requests = mock.appliance.requests().into_iter();
        requests.map(|request| request.path).collect()
    };
    let victim = mock.running().remove(0);
    let terminate = ["session", "terminate", "--yes", &victim];
    home.run(&terminate).ended(0);
    let probed = paths().len();
    let victim = mock.running().remove(0);
    home.run(&["session", "terminate", "--yes", &victim])
        .ended(0);
    let second = paths().split_off(probed);
    assert!(second[0].starts_with("/iso/session/drop/"), "{second:?}");
    let state = home.folder.path().join(".local/state/pamctl/routes/mock");
    let kept = fs::read_to_string(&state).unwrap();
    assert_eq!(kept, format!("{} iso\n", mock.appliance.base_url()));
    // What is damaged, or of another address, is worth nothing and does no harm.
    for text in ["\u{0}", "https://other.example.com iso\n", "x y z"] {
        fs::write(&state, text).unwrap();
        home.run(&LIST).ended(0);
    }
}

#[test]
fn without_a_profile_the_family_of_the_last_appliance_is_remembered() {
    let iso = Mock::start(
        MockAppliance::builder()
            .sessions(4, 4)
            .profile(pam_mock::Profile::V3_32),
    );
    let other = Mock::populated();
    let home = Home::new();
    let terminate = |mock: &Mock, arguments: &[&str]| -> Vec<String> {
        let victim = mock.running().remove(0);
        let before = mock.appliance.requests().len();
        let all = [&["session", "terminate", "--yes", &victim][..], arguments].concat();
        Run::of(mock.pamctl().env("HOME", home.folder.path()).args(all)).ended(0);
        let requests = mock.appliance.requests().split_off(before).into_iter();
        requests.map(|request| request.path).collect()
    };
    let drop_comes_first = |paths: Vec<String>| paths[0].contains("/session/drop/");
    assert!(!drop_comes_first(terminate(&iso, &[])));
    assert!(drop_comes_first(terminate(&iso, &[])));
    // Another address knows nothing of it, and is the one that is kept from then on.
    assert!(!drop_comes_first(terminate(&other, &[])));
    assert!(!drop_comes_first(terminate(&iso, &[])));
    // What was said is not looked up.
    assert!(drop_comes_first(terminate(
        &other,
        &["--routes", "api-pam"]
    )));
    assert!(drop_comes_first(terminate(&iso, &[])));
}

#[test]
fn times_are_by_the_clock_of_the_appliance() {
    let mock = Mock::populated();
    let home = Home::new();
    home.knows(
        &mock,
        &format!("{FILES}\ntime_zone = \"Pacific/Kiritimati\""),
    );
    let count = |when: &str, zone: &[&str]| {
        let list = ["session", "list", "-o", "ids", "--started-after", when];
        home.run(&[&list, zone].concat())
            .ended(0)
            .stdout
            .lines()
            .count()
    };
    // The mock's clock is UTC; a zone 14 hours ahead makes everything look older by as much.
    let utc = ["--time-zone", "Etc/UTC"];
    assert_eq!(count("9000w", &[]), 20);
    assert_eq!(count("0s", &[]), 0);
    let all: Vec<String> = mock
        .appliance
        .sessions()
        .into_iter()
        .map(|session| session.session_id)
        .collect();
    assert_eq!(all.len(), 20);
    for hours in [1, 5, 24] {
        let (there, here) = (format!("{}h", hours + 14), format!("{hours}h"));
        assert_eq!(count(&there, &[]), count(&here, &utc), "{hours}");
    }
    home.run(&["session", "list", "--time-zone", "Mars/Base"])
        .ended(2);
    let mut wrong = home.pamctl(&LIST);
    Run::of(wrong.env("PAM_TIME_ZONE", "Mars/Base")).failed(2, &["PAM_TIME_ZONE", "Sao_Paulo"]);
}

#[test]
fn a_literal_secret_on_the_command_line_is_refused_unseen() {
    let home = Home::new();
    let run = home.run(&["profile", "add", "p", "--set", "token_secret=hunter2"]);
    let run = run.failed(2, &["keyring:", "nothing was changed"]);
    assert!(!run.stderr.contains("hunter2") && !home.config().exists());
    home.run(&["profile", "add", "p", "--set", "hunter2"])
        .ended(2);
    for (set, word) in [
        ("tmeout=1s", "tmeout"),
        ("timeout=soon", "500ms"),
        ("production=yes", "boolean"),
    ] {
        home.run(&["profile", "add", "p", "--set", set])
            .failed(2, &[word]);
    }
    home.run(&["profile", "add", "a b"]).failed(2, &["`a b`"]);
}
