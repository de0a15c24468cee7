//! `cargo xtask dist`: what a release hands out, in `target/dist`: the archive, the Debian package,
//! the bill of materials, the licences of everything inside, their checksums and a signature.

mod archive;
mod debian;
mod reproducible;
mod sums;

use std::path::{Path, PathBuf};

use xshell::{Shell, cmd};

use crate::error::Error;
use crate::licenses;
use crate::quick;
use crate::sbom;
use crate::steps::{Outcome, Steps};
use crate::tidy;
use crate::tools::{CARGO_AUDITABLE, CARGO_CYCLONEDX, CARGO_DEB};

/// What to make, and how to sign it.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Build a second time in another folder and compare the hashes
    #[arg(long)]
    check_reproducible: bool,
    /// Install the Debian package, run the demonstration from it, and remove it; needs root
    #[arg(long)]
    try_package: bool,
    /// Sign SHA256SUMS with this command, such as 'minisign -S -s KEY -m' or
    /// 'ssh-keygen -Y sign -f KEY -n pamctl'; the file's path is appended
    #[arg(long, value_name = "COMMAND")]
    sign_command: Option<String>,
}

/// Which binary is packed.
#[derive(Debug, Clone, Copy)]
enum Build {
    /// The one that is handed out.
    Release,
    /// The one that the gate has built already: only the packing is tried.
    Quick,
}

/// Everything that the steps share.
#[derive(Debug, Clone)]
struct Dist<'s> {
    sh: &'s Shell,
    build: Build,
    /// The top level.
    root: PathBuf,
    /// `target/dist`
    out: PathBuf,
    version: String,
    /// The target triple.
    target: String,
    /// The time of the commit, in seconds since 1970: the only time in what is made.
    epoch: String,
}

pub(crate) fn run(sh: &Shell, options: &Options) -> Result<(), Error> {
    let mut steps = Steps::new("dist");
    make(sh, &mut steps, Build::Release, options);
    steps.finish()
}

/// The same as steps of the gate: in continuous integration, which may install packages, and where
/// the programs are that make them.
pub(crate) fn check(sh: &Shell, steps: &mut Steps) {
    let tools = [CARGO_AUDITABLE, CARGO_DEB, CARGO_CYCLONEDX];
    let missing = tools.into_iter().find(|tool| !tool.is_installed(sh));
    let skipped = match missing {
        _ if sh.var_os("CI").is_none() => Some("cargo xtask dist (only CI runs it)".to_owned()),
        Some(tool) => Some(format!("{} (cargo xtask dist brings it)", tool.name)),
        None => None,
    };
    if let Some(skipped) = skipped {
        steps.run("dist", || Ok(Outcome::Skipped(skipped)));
        return;
    }
    let options = Options {
        check_reproducible: false,
        try_package: true,
        sign_command: None,
    };
    make(sh, steps, Build::Quick, &options);
}

/// Runs the steps, each only when what it needs was made.
fn make(sh: &Shell, steps: &mut Steps, build: Build, options: &Options) {
    let mut made = None;
    steps.run("binary", || {
        let dist = Dist::prepare(sh, build)?;
        let binary = match build {
            Build::Release => dist.build(&dist.root.join("target"))?,
            Build::Quick => quick::build(sh)?.join("pamctl"),
        };
        let content = sh.read_binary_file(&binary)?;
        if !contains(&content, AUDITABLE) {
            return Err(Error::new(format!(
                "{} holds no list of its dependencies",
                binary.display()
            )));
        }
        made = Some((dist, binary));
        let size = content.len() as f64 / 1_048_576.0;
        Ok(Outcome::Ok(format!("{size:.1} MiB")))
    });
    let Some((dist, binary)) = made else { return };
    steps.run("assets", || {
        let assets = dist.assets();
        sh.remove_path(&assets)?;
        cmd!(sh, "{binary} __assets {assets}").run()?;
        licenses::write(sh, &dist.out.join(licenses::FILE))?;
        Ok(Outcome::ok())
    });
    if steps.failed() {
        return;
    }
    steps.run("archive", || archive::write(&dist, &binary));
    steps.run("debian package", || debian::write(&dist));
    if options.try_package && !steps.failed() {
        steps.run("package installed", || debian::try_it(&dist));
    }
    steps.run("sbom", || sbom::write(sh, &dist.out));
    if options.check_reproducible {
        steps.run("reproducible", || reproducible::check(&dist, &binary));
    }
    if steps.failed() {
        return;
    }
    steps.run("sums", || {
        sums::write(&dist, options.sign_command.as_deref())
    });
}

/// The section in which cargo-auditable puts the list of dependencies.
const AUDITABLE: &[u8] = b".dep-v0";

fn contains(content: &[u8], part: &[u8]) -> bool {
    content.windows(part.len()).any(|window| window == part)
}

/// The time of the commit, in seconds since 1970: all that is made says it was made then.
pub(crate) fn commit_time(sh: &Shell) -> Result<String, Error> {
    Ok(cmd!(sh, "git log -1 --format=%ct").quiet().read()?)
}

impl Build {
    /// The profile's name.
    fn profile(self) -> &'static str {
        match self {
            Build::Release => "release",
            Build::Quick => quick::PROFILE,
        }
    }
}

impl<'s> Dist<'s> {
    fn prepare(sh: &'s Shell, build: Build) -> Result<Dist<'s>, Error> {
        CARGO_AUDITABLE.ensure(sh)?;
        CARGO_DEB.ensure(sh)?;
        let root = sh.current_dir();
        let out = root.join("target/dist");
        sh.remove_path(&out)?;
        sh.create_dir(&out)?;
        let packages = tidy::workspace::packages(sh)?;
        let version = packages.first().map(|package| package.version.clone());
        let verbose = cmd!(sh, "rustc --version --verbose").quiet().read()?;
        let host = verbose
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .ok_or_else(|| Error::new("rustc --version --verbose names no host"))?;
        Ok(Dist {
            sh,
            build,
            out,
            version: version.ok_or_else(|| Error::new("the workspace has no package"))?,
            target: host.to_owned(),
            epoch: commit_time(sh)?,
            root,
        })
    }

    /// `pamctl-VERSION-TARGET`: what the archive and the folder in it are called.
    fn name(&self) -> String {
        format!("pamctl-{}-{}", self.version, self.target)
    }

    /// Where man pages and completions lie.
    fn assets(&self) -> PathBuf {
        self.root.join("target/assets")
    }

    /// Builds the binary below this target folder, with the list of its dependencies inside and
    /// without a path of this machine.
    fn build(&self, target: &Path) -> Result<PathBuf, Error> {
        let sh = self.sh;
        let remap = remapped(&self.root, target, sh);
        let flags: Vec<String> = remap
            .iter()
            .map(|(from, to)| format!("--remap-path-prefix={from}={to}"))
            .collect();
        let c_flags: Vec<String> = remap
            .iter()
            .map(|(from, to)| format!("-ffile-prefix-map={from}={to}"))
            .collect();
        cmd!(
            sh,
            "cargo auditable build --release --locked --package pam-cli --bin pamctl --target-dir {target}"
        )
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .env("CFLAGS", c_flags.join(" "))
        .env("SOURCE_DATE_EPOCH", &self.epoch)
        .run()?;
        Ok(target.join("release/pamctl"))
    }
}

/// Folders of this machine, and what stands in the binary in their place. The innermost last, since
/// the last that fits is taken.
fn remapped(root: &Path, target: &Path, sh: &Shell) -> Vec<(String, &'static str)> {
    let home = sh.var("HOME").unwrap_or_default();
    let cargo = sh
        .var("CARGO_HOME")
        .unwrap_or_else(|_| format!("{home}/.cargo"));
    let mut folders = vec![
        (cargo, "/cargo"),
        (root.display().to_string(), "/pamctl"),
        (target.display().to_string(), "/target"),
    ];
    folders.retain(|(folder, _)| !folder.is_empty());
    folders
}
