//! The Debian package: made by cargo-deb, judged by lintian, tried by installing it.

use std::path::PathBuf;

use xshell::cmd;

use super::Dist;
use crate::error::Error;
use crate::gate::has;
use crate::steps::Outcome;

/// What must lie where, with these rights, after the package is installed.
const INSTALLED: [(&str, &str); 11] = [
    ("/usr/bin/pamctl", "755"),
    ("/usr/share/man/man1/pamctl.1.gz", "644"),
    ("/usr/share/man/man1/pamctl-session-terminate.1.gz", "644"),
    ("/usr/share/bash-completion/completions/pamctl", "644"),
    ("/usr/share/zsh/vendor-completions/_pamctl", "644"),
    ("/usr/share/fish/vendor_completions.d/pamctl.fish", "644"),
    ("/usr/share/doc/pamctl/examples/config.toml", "644"),
    (
        "/usr/share/doc/pamctl/examples/responder/responder.toml",
        "644",
    ),
    (UNIT, "644"),
    ("/etc/pamctl/secrets", "700"),
    (STATE, "700"),
];

/// The responder's unit, and where its journal and its audit are.
const UNIT: &str = "/usr/lib/systemd/system/pamctl-responder.service";
const STATE: &str = "/var/lib/pamctl-responder";

/// Makes the package, and has lintian look at it where that is installed.
pub(super) fn write(dist: &Dist<'_>) -> Result<Outcome, Error> {
    let sh = dist.sh;
    // Debian's change log has a form of its own, with the date of what is packed.
    let date = cmd!(sh, "date --rfc-email --utc --date")
        .arg(format!("@{}", dist.epoch))
        .quiet()
        .read()?;
    let version = &dist.version;
    sh.write_file(
        dist.root.join("target/dist-stage/changelog"),
        format!(
            "pamctl ({version}-1) unstable; urgency=medium\n\n  \
             * Version {version}; see CHANGELOG.md.\n\n \
             -- The pamctl maintainers <maintainers@pamctl.example>  {date}\n"
        ),
    )?;
    let (out, profile) = (&dist.out, dist.build.profile());
    cmd!(
        sh,
        "cargo deb --quiet --no-build --no-strip --package pam-cli --profile {profile} --output {out}"
    )
    .env("SOURCE_DATE_EPOCH", &dist.epoch)
    .run()?;
    let package = package(dist)?;
    if !has(sh, "lintian") {
        return Ok(Outcome::Ok("not judged: lintian not found".into()));
    }
    cmd!(
        sh,
        "lintian --fail-on error --no-tag-display-limit {package}"
    )
    .run()?;
    Ok(Outcome::Ok("lintian finds no error".into()))
}

/// Installs the package, looks at what it put where, runs the demonstration and removes it again.
pub(super) fn try_it(dist: &Dist<'_>) -> Result<Outcome, Error> {
    let sh = dist.sh;
    if cmd!(sh, "id --user").quiet().read()? != "0" || !has(sh, "dpkg") {
        return Ok(Outcome::Skipped(
            "only root installs packages, with dpkg".into(),
        ));
    }
    let package = package(dist)?;
    cmd!(sh, "dpkg --install {package}").ignore_stdout().run()?;
    let tried = installed(dist);
    cmd!(sh, "dpkg --purge pamctl").ignore_stdout().run()?;
    tried?;
    // Journal and audit are evidence: they outlive the package.
    if !sh.path_exists(STATE) {
        return Err(Error::new(format!("{STATE} went away with the package")));
    }
    Ok(Outcome::Ok(
        "installed, ran the demonstration, removed".into(),
    ))
}

fn installed(dist: &Dist<'_>) -> Result<(), Error> {
    let sh = dist.sh;
    // Where systemd runs, the package's script has done so already.
    cmd!(sh, "systemd-tmpfiles --create pamctl-responder.conf").run()?;
    for (path, mode) in INSTALLED {
        let actual = cmd!(sh, "stat --format %a {path}").quiet().read()?;
        if actual != mode {
            return Err(Error::new(format!("{path} has mode {actual}, not {mode}")));
        }
    }
    let owner = cmd!(sh, "stat --format %U {STATE}").quiet().read()?;
    if owner != "pamctl-responder" {
        return Err(Error::new(format!("{STATE} belongs to {owner}")));
    }
    cmd!(sh, "systemd-analyze verify {UNIT}").run()?;
    let wanted = "/etc/systemd/system/multi-user.target.wants/pamctl-responder.service";
    if sh.path_exists(wanted) {
        return Err(Error::new("installing the package enabled the responder"));
    }
    let demo = cmd!(sh, "/usr/bin/pamctl demo")
        .quiet()
        .ignore_stderr()
        .read()?;
    if !demo.contains("Proven:") {
        return Err(Error::new(
            "the installed pamctl proves nothing in its demo",
        ));
    }
    Ok(())
}

fn package(dist: &Dist<'_>) -> Result<PathBuf, Error> {
    let files = dist.sh.read_dir(&dist.out)?;
    let mut packages = files.into_iter();
    packages
        .find(|path| path.extension().is_some_and(|ending| ending == "deb"))
        .ok_or_else(|| Error::new("cargo-deb made no package"))
}
