//! `cargo xtask features`: every feature of a library builds alone, none does, and all do.

use serde_json::Value;
use xshell::{Shell, cmd};

use crate::error::Error;
use crate::steps::{Outcome, Steps};

pub(crate) fn run(sh: &Shell) -> Result<(), Error> {
    let mut steps = Steps::new("features");
    steps.run("features", || check(sh));
    steps.finish()
}

/// Clippy, because what one feature alone leaves unused is a warning and not an error.
pub(crate) fn check(sh: &Shell) -> Result<Outcome, Error> {
    let json = cmd!(sh, "cargo metadata --format-version 1 --no-deps --locked")
        .quiet()
        .read()?;
    let sets = feature_sets(&json)?;
    for (package, features) in &sets {
        cmd!(
            sh,
            "cargo clippy --quiet --package {package} --no-default-features --features {features}
                --locked -- -D warnings"
        )
        .run()
        .map_err(|_| {
            let features = if features.is_empty() {
                "none"
            } else {
                features
            };
            Error::new(format!(
                "{package} does not build with features: {features}"
            ))
        })?;
    }
    Ok(Outcome::Ok(format!("{} sets", sets.len())))
}

/// For every library of ours with features: none of them, each alone, and all of them.
fn feature_sets(json: &str) -> Result<Vec<(String, String)>, Error> {
    let metadata: Value = serde_json::from_str(json).map_err(|source| Error::Json {
        what: "cargo metadata".into(),
        source,
    })?;
    let mut sets = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let Some(features) = package["features"].as_object() else {
            continue;
        };
        let names: Vec<&str> = features
            .keys()
            .map(String::as_str)
            .filter(|name| *name != "default")
            .collect();
        let (Some(package), false) = (package["name"].as_str(), names.is_empty()) else {
            continue;
        };
        sets.push((package.to_owned(), String::new()));
        sets.extend(
            names
                .iter()
                .map(|name| (package.to_owned(), (*name).to_owned())),
        );
        if names.len() > 1 {
            sets.push((package.to_owned(), names.join(",")));
        }
    }
    Ok(sets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_alone_none_and_all() {
        let json = r#"{"packages":[
            {"name":"pam-proto","features":{"default":["a"],"a":[],"b":[]}},
            {"name":"pam-mock","features":{}}]}"#;
        let sets = feature_sets(json).unwrap();
        let sets: Vec<(&str, &str)> = sets.iter().map(|(p, f)| (p.as_str(), f.as_str())).collect();
        let expected = ["", "a", "b", "a,b"].map(|features| ("pam-proto", features));
        assert_eq!(sets, expected);
    }
}
