//! `cargo xtask release VERSION --dry-run|--execute`: one version for all crates, from a clean tree
//! to a tag.
//!
//! Everything is done in a clone below the target folder. A dry run stops there and has changed
//! nothing; an execution then takes over the clone's commit and tag, so that a release that fails
//! halfway has changed nothing either.

mod archives;
mod changelog;
mod version;

use std::path::{Path, PathBuf};

use semver::Version;
use xshell::{Shell, cmd};

use crate::error::Error;
use crate::gate::has;
use crate::steps::{Outcome, Steps};
use crate::tidy;
use crate::tidy::workspace::Package;

/// What to release, and whether to do it.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("mode").required(true).args(["dry_run", "execute"])))]
pub(crate) struct Options {
    /// The version of all crates, such as 0.2.0
    version: String,
    /// Do everything but change nothing here
    #[arg(long)]
    dry_run: bool,
    /// Commit and tag
    #[arg(long)]
    execute: bool,
}

/// Whether the release stays in its clone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    DryRun,
    Execute,
}

pub(crate) fn run(sh: &Shell, options: &Options) -> Result<(), Error> {
    let mode = if options.execute {
        Mode::Execute
    } else {
        Mode::DryRun
    };
    let mut steps = Steps::new("release");
    release(sh, &mut steps, &options.version, mode, |clone, steps| {
        steps.run("documents", || {
            tidy::write_facts(clone)?;
            tidy::check(clone)
        });
    });
    steps.finish()
}

/// Runs the steps, each only when those before it held. `check` holds the clone's documents against
/// the new version.
fn release(
    sh: &Shell,
    steps: &mut Steps,
    wanted: &str,
    mode: Mode,
    check: impl Fn(&Shell, &mut Steps),
) {
    let mut prepared = None;
    steps.run("version", || {
        clean(sh)?;
        let current = workspace_version(sh)?;
        let tags = cmd!(sh, "git tag --list v*").quiet().read()?;
        let version = version::checked(wanted, &current, &tags).map_err(Error::new)?;
        let clone = cloned(sh)?;
        rewrite(&clone, &current, &version)?;
        prepared = Some((clone, version.clone()));
        Ok(Outcome::Ok(format!("{current} becomes {version}")))
    });
    let Some((clone, version)) = prepared else {
        return;
    };
    check(&clone, steps);
    if steps.failed() {
        return;
    }
    let tag = format!("v{version}");
    steps.run("commit", || commit(&clone, &tag));
    if steps.failed() {
        return;
    }
    steps.run("semver", || semver(&clone, &version));
    steps.run("package", || package(&clone));
    if steps.failed() {
        return;
    }
    steps.run("tag", || {
        if mode == Mode::DryRun {
            return Ok(Outcome::Ok(format!("{tag} would be set; nothing changed")));
        }
        take_over(sh, clone.current_dir().as_path(), &tag)
    });
}

fn clean(sh: &Shell) -> Result<(), Error> {
    let status = cmd!(sh, "git status --porcelain").quiet().read()?;
    match status.lines().next() {
        None => Ok(()),
        Some(first) => Err(Error::new(format!(
            "the tree is not clean ({}); commit or remove it first",
            first.trim()
        ))),
    }
}

fn workspace_version(sh: &Shell) -> Result<String, Error> {
    let packages = tidy::workspace::packages(sh)?;
    let first = packages.first().map(|package| package.version.clone());
    first.ok_or_else(|| Error::new("the workspace has no package"))
}

/// A clone of what is committed, and a shell in it.
fn cloned(sh: &Shell) -> Result<Shell, Error> {
    let here = sh.current_dir();
    let folder: PathBuf = here.join("target/release-checkout");
    sh.remove_path(&folder)?;
    cmd!(sh, "git clone --quiet --no-hardlinks {here} {folder}")
        .quiet()
        .run()?;
    let clone = sh.clone();
    clone.change_dir(&folder);
    // Who releases is who works here; a clone does not inherit it.
    for key in ["user.name", "user.email"] {
        if let Ok(value) = cmd!(sh, "git config {key}").quiet().ignore_stderr().read() {
            cmd!(clone, "git config {key} {value}").quiet().run()?;
        }
    }
    Ok(clone)
}

/// Writes the version and the change log.
fn rewrite(clone: &Shell, from: &str, to: &Version) -> Result<(), Error> {
    let (manifest, log) = ("Cargo.toml", "CHANGELOG.md");
    let to = to.to_string();
    let text = version::manifest(&clone.read_file(manifest)?, from, &to).map_err(Error::new)?;
    clone.write_file(manifest, text)?;
    let date = cmd!(clone, "date -u +%F").quiet().read()?;
    let text = changelog::released(&clone.read_file(log)?, &to, &date).map_err(Error::new)?;
    clone.write_file(log, text)?;
    // Only our own entries of the lock file change.
    cmd!(clone, "cargo update --workspace --offline --quiet").run()?;
    Ok(())
}

fn commit(clone: &Shell, tag: &str) -> Result<Outcome, Error> {
    cmd!(clone, "git commit --quiet --all --message")
        .arg(format!("Release {tag}"))
        .run()?;
    cmd!(clone, "git tag --annotate {tag} --message {tag}").run()?;
    Ok(Outcome::ok())
}

/// Whether the version says what changed for users of the crates, by the tag before.
fn semver(clone: &Shell, version: &Version) -> Result<Outcome, Error> {
    let tags = cmd!(clone, "git tag --list v*").quiet().read()?;
    let earlier = tags.lines().filter_map(version::tagged);
    let Some(last) = earlier.filter(|tag| tag < version).max() else {
        return Ok(Outcome::Skipped("nothing is released yet".into()));
    };
    if !has(clone, "cargo-semver-checks") {
        return Ok(Outcome::Skipped(
            "cargo-semver-checks not found (cargo install cargo-semver-checks --locked)".into(),
        ));
    }
    let baseline = format!("v{last}");
    let libraries: Vec<String> = tidy::workspace::packages(clone)?
        .into_iter()
        .filter(|package| package.publish && package.library)
        .flat_map(|package| ["--package".to_owned(), package.name])
        .collect();
    cmd!(
        clone,
        "cargo semver-checks --baseline-rev {baseline} {libraries...}"
    )
    .run()?;
    Ok(Outcome::Ok(format!("since {baseline}")))
}

/// Packs every crate that is published, each after those that it depends on, and builds each from
/// its archive.
///
/// Cargo puts the archives in front of the crate index, so that crates which require each other can
/// be built before the first of them is published.
fn package(clone: &Shell) -> Result<Outcome, Error> {
    let packages = tidy::workspace::packages(clone)?;
    let published: Vec<&Package> = packages.iter().filter(|package| package.publish).collect();
    let flags = published
        .iter()
        .flat_map(|package| ["--package", package.name.as_str()]);
    // One folder for all: what they have in common is built once.
    cmd!(
        clone,
        "cargo package --locked --quiet --target-dir target {flags...}"
    )
    .env("CARGO_PROFILE_DEV_DEBUG", "0")
    .run()?;
    archives::only_ours(clone, &published)?;
    Ok(Outcome::Ok(format!(
        "{} crates built from their archives",
        published.len()
    )))
}

/// Takes over the commit and the tag.
fn take_over(sh: &Shell, clone: &Path, tag: &str) -> Result<Outcome, Error> {
    let tag_ref = format!("refs/tags/{tag}:refs/tags/{tag}");
    cmd!(sh, "git fetch --quiet {clone} HEAD").run()?;
    cmd!(sh, "git merge --quiet --ff-only FETCH_HEAD").run()?;
    cmd!(sh, "git fetch --quiet {clone} {tag_ref}").run()?;
    Ok(Outcome::Ok(format!(
        "{tag} is set; push it, then run `cargo publish --workspace --locked` in \
         target/release-checkout (docs/releasing.md)"
    )))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use super::*;

    const ROOT: &str = "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n\n[workspace.package]\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace.dependencies]\nrelease-test-lower = { path = \"crates/lower\", version = \"=0.1.0\" }\n";
    const LOG: &str = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- Everything.\n";

    /// A workspace of two crates, committed.
    fn workspace() -> (tempfile::TempDir, Shell) {
        let folder = tempfile::tempdir().unwrap();
        let sh = Shell::new().unwrap();
        sh.change_dir(folder.path());
        sh.set_var("CARGO_NET_OFFLINE", "true");
        sh.write_file("Cargo.toml", ROOT).unwrap();
        sh.write_file("CHANGELOG.md", LOG).unwrap();
        sh.write_file(".gitignore", "/target\n").unwrap();
        for (name, dependencies) in [
            ("lower", ""),
            (
                "upper",
                "\n[dependencies]\nrelease-test-lower.workspace = true\n",
            ),
        ] {
            let manifest = format!(
                "[package]\nname = \"release-test-{name}\"\ndescription = \"d\"\nlicense = \"MIT\"\nversion.workspace = true\nedition.workspace = true\n{dependencies}"
            );
            sh.write_file(format!("crates/{name}/Cargo.toml"), manifest)
                .unwrap();
            sh.write_file(format!("crates/{name}/src/lib.rs"), "//! A crate.\n")
                .unwrap();
        }
        cmd!(sh, "cargo generate-lockfile --offline --quiet")
            .run()
            .unwrap();
        cmd!(sh, "git init --quiet --initial-branch main")
            .run()
            .unwrap();
        for (key, value) in [("user.name", "A"), ("user.email", "a@example.com")] {
            cmd!(sh, "git config {key} {value}").quiet().run().unwrap();
        }
        cmd!(sh, "git add --all").run().unwrap();
        cmd!(sh, "git commit --quiet --message first")
            .run()
            .unwrap();
        (folder, sh)
    }

    /// Every file outside the target folder with its content, and every ref.
    fn snapshot(sh: &Shell) -> (BTreeMap<PathBuf, Vec<u8>>, String) {
        let mut files = BTreeMap::new();
        let mut folders = vec![sh.current_dir()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap();
                if path.is_file() {
                    files.insert(path.clone(), fs::read(&path).unwrap());
                } else if name != "target" && name != ".git" {
                    folders.push(path);
                }
            }
        }
        let refs = cmd!(sh, "git show-ref --head").quiet().read().unwrap();
        (files, refs)
    }

    fn try_release(sh: &Shell, version: &str, mode: Mode) -> Result<(), Error> {
        let mut steps = Steps::new("release");
        release(sh, &mut steps, version, mode, |_, _| {});
        steps.finish()
    }

    #[test]
    fn a_dry_run_goes_all_the_way_and_changes_nothing() {
        let (_folder, sh) = workspace();
        let before = snapshot(&sh);
        try_release(&sh, "0.2.0", Mode::DryRun).unwrap();
        assert_eq!(snapshot(&sh), before);
        // It did go all the way.
        let packed = sh.current_dir().join("target/release-checkout/target");
        assert!(
            packed
                .join("package/release-test-upper-0.2.0.crate")
                .is_file()
        );
    }

    #[test]
    fn an_execution_commits_and_tags() {
        let (_folder, sh) = workspace();
        try_release(&sh, "0.2.0", Mode::Execute).unwrap();
        let head = cmd!(sh, "git describe --exact-match").read().unwrap();
        assert_eq!(head, "v0.2.0");
        assert_eq!(cmd!(sh, "git status --porcelain").read().unwrap(), "");
        let manifest = sh.read_file("Cargo.toml").unwrap();
        assert_eq!(manifest.matches("0.2.0").count(), 2, "{manifest}");
        assert!(
            sh.read_file("CHANGELOG.md")
                .unwrap()
                .contains("## [0.2.0] - ")
        );
        let again = try_release(&sh, "0.2.0", Mode::Execute).unwrap_err();
        assert!(again.to_string().contains("version"), "{again}");
    }

    #[test]
    fn a_release_that_fails_halfway_changes_nothing() {
        let (_folder, sh) = workspace();
        sh.write_file("crates/upper/src/lib.rs", "//! A crate.\nbroken\n")
            .unwrap();
        cmd!(sh, "git commit --quiet --all --message broken")
            .run()
            .unwrap();
        let before = snapshot(&sh);
        let error = try_release(&sh, "0.2.0", Mode::Execute).unwrap_err();
        assert!(error.to_string().contains("package"), "{error}");
        assert_eq!(snapshot(&sh), before);
    }

    #[test]
    fn a_tree_that_is_not_clean_is_refused() {
        let (_folder, sh) = workspace();
        sh.write_file("stray", "").unwrap();
        let error = clean(&sh).unwrap_err().to_string();
        assert!(error.contains("stray"), "{error}");
    }
}
