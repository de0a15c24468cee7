//! What the packed crates were built from.
//!
//! The crate index may have another project's crate under a name of ours. Each archive holds the lock
//! file that it was built with, and that has the checksum of everything in the build.

use std::collections::BTreeMap;

use xshell::{Shell, cmd};

use crate::error::Error;
use crate::tidy::workspace::Package;

const FOLDER: &str = "target/package";

/// Holds the checksums of our crates in every lock file against the archives.
pub(super) fn only_ours(sh: &Shell, published: &[&Package]) -> Result<(), Error> {
    let mut sums = BTreeMap::new();
    for package in published {
        let archive = format!("{FOLDER}/{}.crate", stem(package));
        let sum = cmd!(sh, "sha256sum {archive}").quiet().read()?;
        let sum = sum.split_whitespace().next().unwrap_or_default();
        sums.insert(package.name.as_str(), sum.to_owned());
    }
    for package in published {
        let stem = stem(package);
        let (archive, file) = (
            format!("{FOLDER}/{stem}.crate"),
            format!("{stem}/Cargo.lock"),
        );
        let lock = cmd!(
            sh,
            "tar --extract --gzip --to-stdout --file {archive} {file}"
        );
        let lock = lock.quiet().read()?;
        if let Some(name) = foreign(&lock, &sums) {
            return Err(Error::new(format!(
                "{archive} was built with a foreign crate called {name}, from the crate index"
            )));
        }
    }
    Ok(())
}

/// `NAME-VERSION`, as archives and the folder in them are called.
fn stem(package: &Package) -> String {
    format!("{}-{}", package.name, package.version)
}

/// The first crate with one of our names and another checksum than ours.
fn foreign<'l>(lock: &'l str, ours: &BTreeMap<&str, String>) -> Option<&'l str> {
    lock.split("[[package]]").find_map(|package| {
        let value = |key: &str| {
            let mut lines = package.lines();
            lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(" = ")?.trim().get(1..))
        };
        let name = value("name")?.trim_end_matches('"');
        let sum = value("checksum")?.trim_end_matches('"');
        ours.get(name)
            .is_some_and(|ours| ours != sum)
            .then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_crate_of_our_name_is_found() {
        let lock = |sum: &str| {
            format!(
                "version = 4\n\n[[package]]\nname = \"pam-cli\"\nversion = \"0.1.0\"\n\n\
                 [[package]]\nname = \"pam-client\"\nversion = \"0.1.0\"\n\
                 source = \"registry\"\nchecksum = \"{sum}\"\n\n\
                 [[package]]\nname = \"serde\"\nchecksum = \"cc\"\n"
            )
        };
        let ours = BTreeMap::from([
            ("pam-cli", "00".to_owned()),
            ("pam-client", "aa".to_owned()),
        ]);
        assert_eq!(foreign(&lock("aa"), &ours), None);
        assert_eq!(foreign(&lock("bb"), &ours), Some("pam-client"));
    }
}
