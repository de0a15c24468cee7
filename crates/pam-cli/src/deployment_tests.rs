//! What is deployed is what there is: every command line of a file that ships is one of the command
//! line, and what it names lies where a package puts it.

use std::fs;
use std::path::{Path, PathBuf};

use clap::FromArgMatches as _;

use crate::cli::{self, Cli};

/// A file of the repository.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(file(name)).unwrap()
}

/// Asserts that these words, the program's name first, are a command line.
#[track_caller]
fn parses(words: &[String]) {
    let parsed = cli::command()
        .try_get_matches_from(words)
        .and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches));
    assert!(parsed.is_ok(), "{words:?}: {}", parsed.err().unwrap());
}

/// The Debian package's files: where each comes from, and where it lies.
fn packaged() -> Vec<(String, String)> {
    let manifest: toml::Table = include_str!("../Cargo.toml").parse().unwrap();
    let assets = &manifest["package"]["metadata"]["deb"]["assets"];
    let assets = assets.as_array().unwrap().iter().map(|asset| {
        let (from, to) = (asset[0].as_str().unwrap(), asset[1].as_str().unwrap());
        let name = from.rsplit('/').next().unwrap();
        match to.ends_with('/') {
            true => (from.to_owned(), format!("/{to}{name}")),
            false => (from.to_owned(), format!("/{to}")),
        }
    });
    assets.collect()
}

fn values<'u>(unit: &'u str, key: &str) -> Vec<&'u str> {
    let lines = unit.lines().filter_map(|line| line.split_once('='));
    let values = lines.filter(|(name, _)| *name == key);
    values.map(|(_, value)| value).collect()
}

#[test]
fn the_unit_runs_what_the_package_installs() {
    let unit = text("docs/deploy/pamctl-responder.service");
    let packaged = packaged();
    let lies_at = |path: &str| packaged.iter().any(|(_, to)| to == path);
    assert!(lies_at("/usr/lib/systemd/system/pamctl-responder.service"));
    let mut lines = 0;
    for key in ["ExecStartPre", "ExecStart", "ExecReload"] {
        for line in values(&unit, key) {
            let words = shlex::split(line).unwrap();
            if words[0].ends_with("/kill") {
                continue;
            }
            assert!(lies_at(&words[0]), "{} is not packaged", words[0]);
            parses(&words);
            lines += 1;
        }
    }
    println!("{lines} command lines of the unit parse");
    assert_eq!(lines, 3);
    for page in values(&unit, "Documentation")[0].split(' ') {
        match page.strip_prefix("file://") {
            Some(path) => assert!(lies_at(path), "{path} is not packaged"),
            None => assert_eq!(page, "man:pamctl-respond-run(1)"),
        }
    }
}

#[test]
fn the_unit_its_user_and_the_examples_agree() {
    let unit = text("docs/deploy/pamctl-responder.service");
    let state = values(&unit, "StateDirectory")[0];
    let user = values(&unit, "User")[0];
    let users = include_str!("../debian/sysusers.d/pamctl-responder.conf");
    assert!(users.contains(&format!("\nu {user} ")), "{users}");
    assert!(users.contains(&format!("/var/lib/{state}\n")), "{users}");
    let folders = include_str!("../debian/tmpfiles.d/pamctl-responder.conf");
    let folder = format!("d /var/lib/{state} 0700 {user} {user} ");
    assert!(folders.contains(&folder), "{folders}");

    // What the example writes, the unit lets it write.
    let example: toml::Table = text("docs/deploy/responder.toml").parse().unwrap();
    let place = |key: &str| example[key].as_str().unwrap().to_owned();
    for key in ["journal", "audit"] {
        assert!(place(key).starts_with(&format!("/var/lib/{state}/")));
    }
    let runtime = values(&unit, "RuntimeDirectory")[0];
    assert!(place("socket").starts_with(&format!("/run/{runtime}/")));

    // Each secret that the examples name is a credential of the unit, and no other is loaded.
    let credentials: Vec<_> = values(&unit, "LoadCredential")
        .into_iter()
        .map(|value| value.split_once(':').unwrap())
        .collect();
    let profiles = text("docs/deploy/config.toml");
    let profile: toml::Table = profiles.parse().unwrap();
    let profile = &profile["profiles"]["responder"];
    for (name, path) in credentials {
        assert_eq!(path, format!("/etc/pamctl/secrets/{name}"));
        let is_profiles = profile
            .get(name)
            .is_some_and(|place| place.as_str() == Some(&format!("systemd:{name}")));
        let bearer = example["webhook"][0]["bearer_file"].as_str().unwrap();
        let is_webhooks = bearer == format!("secrets/{name}");
        assert!(is_profiles || is_webhooks, "nothing reads {name}");
    }
    let environment = values(&unit, "Environment");
    assert_eq!(environment, ["PAMCTL_CONFIG=/etc/pamctl/config.toml"]);
}

/// The instructions of a Containerfile, each on one line.
fn instructions(text: &str) -> Vec<(String, String)> {
    let joined = text.replace("\\\n", " ");
    let lines = joined.lines().filter(|line| !line.starts_with('#'));
    let split = lines.filter_map(|line| line.split_once(' '));
    split
        .map(|(name, rest)| (name.to_owned(), rest.trim().to_owned()))
        .collect()
}

fn exec_form(text: &str) -> Vec<String> {
    serde_json::from_str(&text[text.find('[').unwrap()..]).unwrap()
}

#[test]
fn the_container_runs_as_nobody_and_holds_no_secret() {
    let all = instructions(&text("docs/deploy/Containerfile"));
    let ignored = text("docs/deploy/Containerfile.dockerignore");
    let last = all.iter().rposition(|(name, _)| name == "FROM").unwrap();
    let (build, image) = all.split_at(last);
    let copied = all.iter().filter(|(name, _)| name == "COPY");
    let mut from_here = 0;
    for (_, words) in copied {
        let mut words: Vec<_> = words.split_whitespace().collect();
        let to = words.pop().unwrap();
        if words[0].starts_with("--from=build") {
            assert!(words.last().unwrap().ends_with(to), "{words:?} {to}");
            continue;
        }
        for name in words {
            assert!(file(name).exists(), "{name} is not there");
            assert!(
                ignored.contains(&format!("\n!{name}\n")),
                "{name} is ignored"
            );
            from_here += 1;
        }
    }
    assert_eq!(ignored.matches("\n!").count(), from_here);
    // Members of the workspace are all that cargo needs of it.
    let workspace: toml::Table = text("Cargo.toml").parse().unwrap();
    for member in workspace["workspace"]["members"].as_array().unwrap() {
        let folder = member.as_str().unwrap().split('/').next().unwrap();
        let copied = build
            .iter()
            .any(|(name, words)| name == "COPY" && words.starts_with(folder));
        assert!(copied, "{folder} is not copied");
    }
    let value = |name: &str| {
        let mut found = image.iter().filter(|(instruction, _)| instruction == name);
        let value = found.next_back().map(|(_, value)| value.clone());
        value.unwrap_or_else(|| panic!("no {name}"))
    };
    assert_eq!(value("USER"), "65532:65532");
    assert!(
        !image
            .iter()
            .any(|(name, _)| matches!(name.as_str(), "RUN" | "ADD" | "ARG"))
    );
    let secret = ["SECRET=", "TOKEN=", "PASSWORD=", "KEY="];
    assert!(
        !all.iter()
            .any(|(_, value)| secret.iter().any(|word| value.contains(word)))
    );

    // What it runs is a command line, and what that writes lies where it may be written.
    let entry = exec_form(&value("ENTRYPOINT"));
    let run = [entry.clone(), exec_form(&value("CMD"))].concat();
    let health = exec_form(&value("HEALTHCHECK"));
    assert_eq!((&run[0], &health[0]), (&entry[0], &entry[0]));
    parses(&run);
    parses(&health);
    let example: toml::Table = text("docs/deploy/responder.toml").parse().unwrap();
    for key in ["journal", "audit", "socket"] {
        let path = Path::new(example[key].as_str().unwrap()).parent().unwrap();
        let place = format!("/out{}", path.display());
        let given = image.iter().any(|(name, words)| {
            name == "COPY" && words.contains("--chown=65532:65532") && words.contains(&place)
        });
        assert!(given, "{key} can't be written to {place}");
    }
    println!(
        "{} instructions, 2 command lines parse, {from_here} copied paths exist",
        all.len()
    );
}
