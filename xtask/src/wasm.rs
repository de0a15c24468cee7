//! `cargo xtask wasm`: the protocol core as a WebAssembly module that asks its host for nothing.
//!
//! A module can do only what it computes and what it imports. One that imports no function has no
//! clock, no random source and no way out, whatever its source looks like.

use xshell::{Shell, cmd};

use crate::error::Error;
use crate::steps::{Outcome, Steps};

const TARGET: &str = "wasm32-unknown-unknown";
const PACKAGE: &str = "pam-wasm";

pub(crate) fn run(sh: &Shell) -> Result<(), Error> {
    let mut steps = Steps::new("wasm");
    steps.run("wasm", || check(sh));
    steps.finish()
}

pub(crate) fn check(sh: &Shell) -> Result<Outcome, Error> {
    if !has_target(sh) {
        return Ok(Outcome::Skipped(format!(
            "the target {TARGET} (rustup target add {TARGET})"
        )));
    }
    let (target, package) = (TARGET, PACKAGE);
    cmd!(
        sh,
        "cargo build --quiet --package {package} --target {target} --target-dir target/wasm --locked"
    )
    .run()?;
    let path = format!("target/wasm/{target}/debug/{package}.wasm");
    let module = sh.read_binary_file(&path)?;
    let imports = imports(&module).ok_or_else(|| {
        Error::new(format!(
            "{path} is not a WebAssembly module that can be read"
        ))
    })?;
    if !imports.is_empty() {
        return Err(Error::new(format!(
            "{path} imports from its host: {}",
            imports.join(", ")
        )));
    }
    Ok(Outcome::Ok(format!(
        "no imports in {} kB",
        module.len() / 1000
    )))
}

/// Whether the target is there, or could be installed.
fn has_target(sh: &Shell) -> bool {
    let sysroot = cmd!(sh, "rustc --print target-libdir --target {TARGET}")
        .quiet()
        .ignore_stderr()
        .read();
    sysroot.is_ok_and(|folder| sh.path_exists(folder))
        || cmd!(sh, "rustup target add {TARGET}")
            .quiet()
            .ignore_stdout()
            .ignore_stderr()
            .run()
            .is_ok()
}

/// What a module imports, each as `module.name`; `None` when it is no module.
fn imports(module: &[u8]) -> Option<Vec<String>> {
    const IMPORTS: u8 = 2;
    let mut reader = Reader(module.strip_prefix(b"\0asm\x01\0\0\0")?);
    let mut found = Vec::new();
    while let Some(section) = reader.byte() {
        let length = reader.number()?;
        let mut content = Reader(reader.take(length)?);
        if section != IMPORTS {
            continue;
        }
        for _ in 0..content.number()? {
            let (from, name) = (content.name()?, content.name()?);
            found.push(format!("{from}.{name}"));
            content.skip_description()?;
        }
    }
    Some(found)
}

/// The binary format of WebAssembly 1.0, section 5.
struct Reader<'m>(&'m [u8]);

impl<'m> Reader<'m> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn take(&mut self, length: usize) -> Option<&'m [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// LEB128.
    fn number(&mut self) -> Option<usize> {
        let mut number = 0_usize;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn name(&mut self) -> Option<String> {
        let length = self.number()?;
        self.take(length)
            .map(|name| String::from_utf8_lossy(name).into_owned())
    }

    /// A function's type, a table, a memory or a global.
    fn skip_description(&mut self) -> Option<()> {
        match self.byte()? {
            0 => drop(self.number()?),
            1 => {
                self.byte()?;
                self.skip_limits()?;
            }
            2 => self.skip_limits()?,
            3 => drop(self.take(2)?),
            _ => return None,
        }
        Some(())
    }

    fn skip_limits(&mut self) -> Option<()> {
        let has_most = self.byte()? & 1 == 1;
        self.number()?;
        if has_most {
            self.number()?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &[u8] = b"\0asm\x01\0\0\0";

    #[test]
    fn a_module_without_imports_has_none() {
        assert_eq!(imports(EMPTY), Some(Vec::new()));
        // A custom section, which says nothing of imports.
        let custom = [EMPTY, &[0, 3, 1, b'x', 7]].concat();
        assert_eq!(imports(&custom), Some(Vec::new()));
    }

    #[test]
    fn planted_imports_are_found() {
        let section = b"\x02\x1b\x02\x03env\x03now\x00\x01\x03env\x06memory\x02\x01\x01\x02xx";
        let mut module = [EMPTY, section].concat();
        module.truncate(EMPTY.len() + 2 + 0x1b);
        let found = imports(&module);
        assert_eq!(
            found.as_deref(),
            Some(&["env.now".to_owned(), "env.memory".to_owned()][..]),
            "{module:?}"
        );
    }

    #[test]
    fn what_is_no_module_or_is_cut_off_is_not_taken_for_one() {
        assert_eq!(imports(b"\x7fELF"), None);
        assert_eq!(imports(&[EMPTY, &[2, 9, 1]].concat()), None);
        assert_eq!(imports(&[EMPTY, &[2, 3, 1, 5, b'x']].concat()), None);
    }
}
