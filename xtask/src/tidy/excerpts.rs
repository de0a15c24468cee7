//! Code in documents that is a file of this repository: a mark names the file, and the block behind
//! it shows what is in there.
//!
//! An example has a module where this repository keeps it, and a reader's own crate beside the file
//! that it is shown in: the attributes that say so are left out.

use xshell::Shell;

use super::{Finding, Text};
use crate::error::Error;

const MARK: &str = "<!-- code: ";
const FENCE: &str = "```rust\n";
const END: &str = "```\n";

pub(super) fn check(texts: &[Text]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for text in texts.iter().filter(|text| text.path.ends_with(".md")) {
        match written(&text.content, texts) {
            Ok(content) if content == text.content => {}
            Ok(_) => findings.push(Finding::file(
                &text.path,
                "its code differs from the files that it names; cargo xtask tidy --bless writes it"
                    .into(),
            )),
            Err(what) => findings.push(Finding::file(&text.path, what)),
        }
    }
    findings
}

pub(super) fn bless(sh: &Shell, texts: &[Text]) -> Result<(), Error> {
    for text in texts.iter().filter(|text| text.path.ends_with(".md")) {
        if let Ok(content) = written(&text.content, texts)
            && content != text.content
        {
            sh.write_file(&text.path, content)?;
            println!("{}: code written", text.path);
        }
    }
    Ok(())
}

/// The document with the files that it names.
fn written(document: &str, texts: &[Text]) -> Result<String, String> {
    let mut written = String::with_capacity(document.len());
    let mut rest = document;
    while let Some((before, marked)) = rest.split_once(MARK) {
        let block = marked.split_once(" -->\n").and_then(|(path, after)| {
            let (_, after) = after.strip_prefix(FENCE)?.split_once(END)?;
            Some((path, after))
        });
        let Some((path, after)) = block else {
            return Err(format!("{MARK}… --> without a block of Rust behind it"));
        };
        let Some(source) = texts.iter().find(|text| text.path == path) else {
            return Err(format!("it shows {path}, which is not there"));
        };
        let code = in_a_crate_of_its_own(&source.content)?;
        written.push_str(&format!("{before}{MARK}{path} -->\n{FENCE}{code}{END}"));
        rest = after;
    }
    written.push_str(rest);
    Ok(written)
}

/// Without the attributes of a module that lies elsewhere.
fn in_a_crate_of_its_own(source: &str) -> Result<String, String> {
    let Some((before, module)) = source.split_once("#[path = ") else {
        return Ok(source.to_owned());
    };
    match module.find("\nmod ") {
        Some(at) => Ok(format!("{before}{}", &module[at + 1..])),
        None => Err("an attribute `path` without a module behind it".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &str, content: &str) -> Text {
        Text {
            path: path.into(),
            content: content.into(),
        }
    }

    #[test]
    fn a_block_that_differs_is_found_and_written() {
        let source = text(
            "a.rs",
            "//! A.\n\n#[path = \"../src/b.rs\"]\n#[expect(dead_code)]\nmod b;\n\nfn main() {}\n",
        );
        let document = "one\n<!-- code: a.rs -->\n```rust\nold\n```\ntwo\n";
        let texts = [source, text("b.md", document)];
        assert_eq!(check(&texts).len(), 1);
        let written = written(document, &texts).unwrap();
        assert_eq!(
            written,
            "one\n<!-- code: a.rs -->\n```rust\n//! A.\n\nmod b;\n\nfn main() {}\n```\ntwo\n"
        );
        let [source, _] = texts;
        assert_eq!(check(&[source, text("b.md", &written)]), []);
    }

    #[test]
    fn a_mark_that_leads_nowhere_is_found() {
        let nowhere = text("b.md", "<!-- code: c.rs -->\n```rust\n```\n");
        assert_eq!(check(&[nowhere]).len(), 1);
        let bare = text("b.md", "<!-- code: c.rs -->\n\ntext\n");
        assert_eq!(check(&[bare]).len(), 1);
        let file = text("d.md", "<!-- code: c.rs\n");
        assert_eq!(check(&[file]).len(), 1);
    }
}
