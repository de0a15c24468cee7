//! The workspace as `cargo metadata` tells it.

use std::path::Path;

use serde_json::Value;
use xshell::{Shell, cmd};

use crate::error::Error;

/// One member of the workspace.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) rust_version: Option<String>,
    /// Its manifest, relative to the top level.
    pub(crate) manifest: String,
    /// Whether it goes to the crate index.
    pub(crate) publish: bool,
    /// Whether it has a library that others can use.
    pub(crate) library: bool,
    pub(crate) dependencies: Vec<Dependency>,
}

/// A dependency as a manifest states it.
#[derive(Debug, Clone)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// Whether it is for tests, examples and benchmarks only.
    pub(crate) dev: bool,
    /// Whether it is a member of this workspace.
    pub(crate) ours: bool,
}

impl Package {
    /// The package's folder, relative to the top level.
    pub(crate) fn folder(&self) -> &str {
        self.manifest
            .trim_end_matches("Cargo.toml")
            .trim_end_matches('/')
    }
}

/// Reads the members of the workspace around `sh`'s folder.
pub(crate) fn packages(sh: &Shell) -> Result<Vec<Package>, Error> {
    let json = cmd!(sh, "cargo metadata --format-version 1 --no-deps --locked")
        .quiet()
        .read()?;
    parse(&json, &sh.current_dir())
}

fn parse(json: &str, root: &Path) -> Result<Vec<Package>, Error> {
    let metadata: Value = serde_json::from_str(json).map_err(|source| Error::Json {
        what: "cargo metadata".into(),
        source,
    })?;
    let mut packages = Vec::new();
    for package in array(&metadata["packages"]) {
        let manifest = Path::new(text(&package["manifest_path"]));
        let manifest = manifest.strip_prefix(root).unwrap_or(manifest);
        packages.push(Package {
            name: text(&package["name"]).to_owned(),
            version: text(&package["version"]).to_owned(),
            rust_version: package["rust_version"].as_str().map(str::to_owned),
            manifest: manifest.to_string_lossy().into_owned(),
            // An empty list of indexes is what `publish = false` becomes.
            publish: !package["publish"].is_array(),
            library: array(&package["targets"])
                .iter()
                .any(|target| array(&target["kind"]).contains(&"lib".into())),
            dependencies: array(&package["dependencies"])
                .iter()
                .map(|dependency| Dependency {
                    name: text(&dependency["name"]).to_owned(),
                    dev: dependency["kind"] == "dev",
                    ours: dependency["path"].is_string(),
                })
                .collect(),
        });
    }
    if packages.is_empty() {
        return Err(Error::new(
            "cargo metadata names no package of this workspace",
        ));
    }
    Ok(packages)
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_their_dependencies_are_read() {
        let json = r#"{"packages":[{"name":"pam-client","version":"0.1.0","rust_version":"1.89",
            "manifest_path":"/top/crates/pam-client/Cargo.toml","dependencies":[
            {"name":"pam-proto","kind":null,"path":"/top/crates/pam-proto"},
            {"name":"proptest","kind":"dev"}]}]}"#;
        let packages = parse(json, Path::new("/top")).unwrap();
        assert_eq!(packages[0].manifest, "crates/pam-client/Cargo.toml");
        assert_eq!(packages[0].folder(), "crates/pam-client");
        let [proto, proptest] = packages[0].dependencies.as_slice() else {
            panic!()
        };
        assert!(proto.ours && !proto.dev);
        assert!(!proptest.ours && proptest.dev);
    }

    #[test]
    fn an_empty_answer_is_an_error() {
        assert!(parse("{}", Path::new("/")).is_err());
        assert!(parse("not json", Path::new("/")).is_err());
    }
}
