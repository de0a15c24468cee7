//! Every source file belongs to a crate. One that no `mod` declares is not compiled, and nobody
//! misses its tests.

use std::collections::BTreeSet;

use super::rust_source::tokens;
use super::{Finding, Text};

/// The folders in which every file is a crate of its own.
const CRATES: [&str; 5] = ["bin", "tests", "examples", "benches", "fuzz_targets"];

pub(super) fn check(texts: &[Text]) -> Vec<Finding> {
    let sources = || texts.iter().filter(|text| text.path.ends_with(".rs"));
    let declared: BTreeSet<String> = sources().flat_map(modules).collect();
    sources()
        .filter(|text| !is_root(&text.path) && !declared.contains(&text.path))
        .map(|text| Finding::file(&text.path, "no `mod` declares this file".to_owned()))
        .collect()
}

/// Whether Cargo compiles the file without being told by another.
fn is_root(path: &str) -> bool {
    let (folder, file) = split(path);
    ["lib.rs", "main.rs", "build.rs"].contains(&file) || CRATES.contains(&split(folder).1)
}

/// The files that a file may mean by the modules that it declares.
fn modules(text: &Text) -> Vec<String> {
    let (folder, file) = split(&text.path);
    let below = match file.strip_suffix(".rs") {
        Some(name) if name != "mod" && !is_root(&text.path) => join(folder, name),
        _ => folder.to_owned(),
    };
    let tokens = tokens(&text.content);
    let named = tokens.windows(3).filter_map(|three| match three {
        [keyword, name, end] if keyword.text == "mod" && end.text == ";" => Some(&name.text),
        _ => None,
    });
    let named = named.flat_map(|name| {
        let module = join(&below, name);
        [format!("{module}.rs"), format!("{module}/mod.rs")]
    });
    let paths = text.content.lines().filter_map(|line| {
        let path = line.trim().strip_prefix("#[path = \"")?;
        Some(join(folder, path.strip_suffix("\"]")?))
    });
    named.chain(paths).collect()
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

fn join(folder: &str, path: &str) -> String {
    match path.strip_prefix("../") {
        Some(path) => join(split(folder).0, path),
        None if folder.is_empty() => path.to_owned(),
        None => format!("{folder}/{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let texts = files.iter().map(|(path, content)| Text {
            path: (*path).to_owned(),
            content: (*content).to_owned(),
        });
        let texts: Vec<Text> = texts.collect();
        check(&texts).into_iter().map(|f| f.path).collect()
    }

    #[test]
    fn a_file_that_no_module_declares_is_found() {
        let files = [
            ("a/src/lib.rs", "mod one;\npub mod two;\n// mod four;\n"),
            ("a/src/one.rs", "#[cfg(test)]\nmod tests;\nmod inline { }\n"),
            ("a/src/one/tests.rs", ""),
            (
                "a/src/two/mod.rs",
                "mod three;\n#[path = \"../../odd.rs\"]\nmod odd;\n",
            ),
            ("a/src/two/three.rs", ""),
            ("a/odd.rs", ""),
            ("a/tests/it/main.rs", "mod case;"),
            ("a/tests/it/case.rs", ""),
            ("a/tests/alone.rs", "mod four;"),
            ("a/tests/four.rs", ""),
            ("a/src/bin/tool.rs", ""),
            ("a/notes.md", ""),
        ];
        assert_eq!(found(&files), Vec::<String>::new());
        for (path, content) in [
            ("a/src/four.rs", ""),
            ("a/src/tests.rs", ""),
            ("a/src/one/three.rs", ""),
            ("a/tests/it/four.rs", "mod four;"),
        ] {
            let mut files = files.to_vec();
            files.push((path, content));
            assert_eq!(found(&files), [path]);
        }
    }
}
