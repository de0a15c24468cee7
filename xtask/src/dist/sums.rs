//! `SHA256SUMS`, and its signature by whatever holds the key.

use std::path::Path;

use xshell::{Shell, cmd};

use super::Dist;
use crate::error::Error;
use crate::steps::Outcome;

const FILE: &str = "SHA256SUMS";

pub(super) fn write(dist: &Dist<'_>, sign_command: Option<&str>) -> Result<Outcome, Error> {
    let sh = dist.sh.clone();
    sh.change_dir(&dist.out);
    let mut files: Vec<String> = Vec::new();
    for path in sh.read_dir(".")? {
        if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
            files.push(name.to_owned());
        }
    }
    files.sort();
    let count = files.len();
    let sums = cmd!(sh, "sha256sum --binary {files...}").quiet().read()?;
    sh.write_file(FILE, format!("{sums}\n"))?;
    let Some(command) = sign_command else {
        return Ok(Outcome::Ok(format!("{count} files, not signed")));
    };
    let signature = sign(dist.sh, &dist.out, command)?;
    Ok(Outcome::Ok(format!("{count} files, {signature}")))
}

/// Runs the command in this folder, where what it names lies, with the file's path behind its own
/// arguments; and finds what it wrote beside the file.
fn sign(sh: &Shell, out: &Path, command: &str) -> Result<String, Error> {
    if command.trim().is_empty() {
        return Err(Error::new("--sign-command is empty; name a program"));
    }
    // The shell knows how the command's own arguments are quoted.
    let file = out.join(FILE);
    cmd!(sh, "sh -c")
        .arg(format!("{command} \"$0\""))
        .arg(file)
        .run()?;
    let written = ["sig", "minisig", "asc"]
        .map(|ending| format!("{FILE}.{ending}"))
        .into_iter()
        .find(|name| sh.path_exists(out.join(name)));
    written.ok_or_else(|| {
        Error::new(format!(
            "`{command}` wrote none of {FILE}.sig, {FILE}.minisig and {FILE}.asc"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with a key's place, and below it one with sums.
    fn folders() -> (tempfile::TempDir, Shell) {
        let folder = tempfile::tempdir().unwrap();
        let sh = Shell::new().unwrap();
        sh.change_dir(folder.path());
        sh.write_file(format!("out/{FILE}"), "0000 *a\n").unwrap();
        (folder, sh)
    }

    const GUIDE: &str = include_str!("../../../docs/releasing.md");

    /// The command by which the guide signs with this program.
    fn sign_command(program: &str) -> &'static str {
        let mut commands = GUIDE.split("--sign-command '").skip(1);
        let command = commands.find(|command| command.starts_with(program));
        command.unwrap().split('\'').next().unwrap()
    }

    /// How the guide checks the signature with this program.
    fn check_commands(program: &str) -> String {
        let (_, section) = GUIDE.split_once("## Check a release").unwrap();
        let block = section.split("```").nth(1).unwrap();
        let lines = block.lines().filter(|line| {
            line.starts_with(program) || (program == "ssh-keygen" && line.starts_with("echo"))
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_signature_is_made_and_checked_as_documented() {
        for (program, key, public, written) in [
            (
                "ssh-keygen",
                "ssh-keygen -q -t ed25519 -N '' -C release -f release-key",
                "release-key.pub",
                "SHA256SUMS.sig",
            ),
            (
                "minisign",
                "minisign -G -W -p release.pub -s release.key",
                "release.pub",
                "SHA256SUMS.minisig",
            ),
        ] {
            let (_folder, sh) = folders();
            let run = |lines: &str| {
                let command = cmd!(sh, "sh -e -c {lines}").quiet();
                command.ignore_stdout().ignore_stderr().run()
            };
            if run(&format!("command -v {program}")).is_err() {
                eprintln!("skipped: {program} not found");
                continue;
            }
            run(key).unwrap();
            let out = sh.current_dir().join("out");
            assert_eq!(sign(&sh, &out, sign_command(program)).unwrap(), written);
            sh.copy_file(public, &out).unwrap();
            let check = format!("cd out\n{}", check_commands(program));
            run(&check).unwrap();
            sh.write_file(out.join(FILE), "1111 *a\n").unwrap();
            assert!(run(&check).is_err(), "{check}");
        }
    }

    #[test]
    fn a_command_that_signs_nothing_is_an_error() {
        let (_folder, sh) = folders();
        let out = sh.current_dir().join("out");
        let error = sign(&sh, &out, "true").unwrap_err().to_string();
        assert!(error.contains("wrote none"), "{error}");
        assert!(sign(&sh, &out, " ").is_err());
    }
}
