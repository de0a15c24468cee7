//! `SHA256SUMS`, and its signature by whatever holds the key.

use std::path::Path;

use xshell::cmd;

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
    let signature = sign(&sh, command)?;
    Ok(Outcome::Ok(format!("{count} files, {signature}")))
}

/// Runs the command with the file's path behind its own arguments, and finds what it wrote.
fn sign(sh: &xshell::Shell, command: &str) -> Result<String, Error> {
    let mut words = command.split_whitespace();
    let program = words
        .next()
        .ok_or_else(|| Error::new("--sign-command is empty; name a program"))?;
    let arguments: Vec<&str> = words.collect();
    cmd!(sh, "{program} {arguments...} {FILE}").run()?;
    let written = ["sig", "minisig", "asc"]
        .map(|ending| format!("{FILE}.{ending}"))
        .into_iter()
        .find(|name| sh.path_exists(Path::new(name)));
    written.ok_or_else(|| {
        Error::new(format!(
            "{program} wrote none of {FILE}.sig, {FILE}.minisig and {FILE}.asc"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use xshell::Shell;

    #[test]
    fn a_signature_is_made_by_ssh_keygen_and_checked_as_documented() {
        let folder = tempfile::tempdir().unwrap();
        let sh = Shell::new().unwrap();
        if std::process::Command::new("ssh-keygen")
            .arg("-?")
            .output()
            .is_err()
        {
            eprintln!("skipped: ssh-keygen not found");
            return;
        }
        sh.change_dir(folder.path());
        cmd!(sh, "ssh-keygen -q -t ed25519 -N '' -C release -f key")
            .run()
            .unwrap();
        sh.write_file(FILE, "0000 *a\n").unwrap();
        let written = sign(&sh, "ssh-keygen -q -Y sign -f key -n pamctl").unwrap();
        assert_eq!(written, "SHA256SUMS.sig");
        let key = sh.read_file("key.pub").unwrap();
        sh.write_file("signers", format!("release {key}")).unwrap();
        let check = || {
            let sums = sh.read_file(FILE).unwrap();
            cmd!(
                sh,
                "ssh-keygen -Y verify -f signers -I release -n pamctl -s SHA256SUMS.sig"
            )
            .stdin(sums)
            .ignore_stdout()
            .ignore_stderr()
            .run()
        };
        assert!(check().is_ok());
        sh.write_file(FILE, "1111 *a\n").unwrap();
        assert!(check().is_err());
    }

    #[test]
    fn a_command_that_signs_nothing_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let sh = Shell::new().unwrap();
        sh.change_dir(folder.path());
        sh.write_file(FILE, "").unwrap();
        let error = sign(&sh, "true").unwrap_err().to_string();
        assert!(error.contains("wrote none"), "{error}");
        assert!(sign(&sh, "").is_err());
    }
}
