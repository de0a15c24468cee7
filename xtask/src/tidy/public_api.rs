//! What `pam-proto` promises to its users, as a list that is checked in: a change of it shows in
//! review, and the changelog tells of it.
//!
//! The list is read from the source. That is all of it and nothing else, because the lint
//! `unreachable_pub` lets no item be `pub` that a user can't reach.

use std::collections::BTreeSet;

use xshell::Shell;

use super::rust_source::{Token, tokens};
use super::{Finding, Text};
use crate::error::Error;

const SOURCES: &str = "crates/pam-proto/src/";
const LIST: &str = "crates/pam-proto/public-api.txt";

pub(super) fn check(texts: &[Text]) -> Vec<Finding> {
    let Some(stated) = texts.iter().find(|text| text.path == LIST) else {
        return vec![Finding::file(
            LIST,
            "is missing; cargo xtask tidy --bless writes it".into(),
        )];
    };
    let stated: BTreeSet<&str> = stated.content.lines().collect();
    let api = listing(texts);
    let actual: BTreeSet<&str> = api.lines().collect();
    let gone = stated.difference(&actual).map(|line| ("no more", line));
    let new = actual.difference(&stated).map(|line| ("new", line));
    gone.chain(new)
        .map(|(what, line)| {
            let remedy = "cargo xtask tidy --bless writes it; tell of it in the changelog";
            Finding::file(LIST, format!("{what}: {line} ({remedy})"))
        })
        .collect()
}

pub(super) fn bless(sh: &Shell, texts: &[Text]) -> Result<(), Error> {
    let stated = texts.iter().find(|text| text.path == LIST);
    let actual = listing(texts);
    if stated.is_none_or(|stated| stated.content != actual) {
        sh.write_file(LIST, actual)?;
        println!("{LIST}: written");
    }
    Ok(())
}

fn listing(texts: &[Text]) -> String {
    let mut api = Api::default();
    for text in texts {
        let Some(path) = text.path.strip_prefix(SOURCES) else {
            continue;
        };
        let is_test = path
            .split('/')
            .any(|part| ["tests", "tests.rs"].contains(&part));
        if path.ends_with(".rs") && !is_test {
            let tokens = tokens(&text.content);
            let module = module(path);
            api.items(&tokens, &module, Members::OfModule);
        }
    }
    api.listing()
}

/// `oauth1::signer` for `oauth1/signer.rs`.
fn module(path: &str) -> String {
    let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
    match path {
        "lib" => "pam_proto".to_owned(),
        path => format!("pam_proto::{}", path.replace('/', "::")),
    }
}

#[derive(Default)]
struct Api {
    lines: BTreeSet<String>,
    /// Implementations of traits, each with the type's name: of a private type it is nobody's
    /// business.
    implementations: BTreeSet<(String, String)>,
    types: BTreeSet<String>,
}

/// Whose members are read, and so which of them are public.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Members {
    OfModule,
    OfTrait,
}

impl Api {
    fn listing(&self) -> String {
        let implementations = self
            .implementations
            .iter()
            .filter(|(name, _)| self.types.contains(name))
            .map(|(_, line)| line);
        let lines: BTreeSet<&String> = self.lines.iter().chain(implementations).collect();
        lines.into_iter().map(|line| format!("{line}\n")).collect()
    }

    fn items(&mut self, tokens: &[Token], scope: &str, members: Members) {
        let mut at = 0;
        while at < tokens.len() {
            at = self.item(tokens, at, scope, members);
        }
    }

    /// Reads one item; gives what follows it.
    fn item(&mut self, tokens: &[Token], mut at: usize, scope: &str, members: Members) -> usize {
        let mut marks = String::new();
        let mut for_tests = false;
        let mut derived = Vec::new();
        while word(tokens, at) == "#" {
            let end = group_end(tokens, at + 1 + usize::from(word(tokens, at + 1) == "!"));
            let attribute = shown(&tokens[at..end]);
            for_tests |= attribute == "#[cfg(test)]" || attribute == "#[test]";
            if attribute == "#[non_exhaustive]" {
                marks.push_str("#[non_exhaustive] ");
            }
            if let Some(list) = attribute.strip_prefix("#[derive(") {
                derived.extend(list.trim_end_matches(")]").split(", ").map(str::to_owned));
            }
            at = end;
        }
        let mut public = members == Members::OfTrait;
        if word(tokens, at) == "pub" {
            at += 1;
            public = word(tokens, at) != "(";
            if !public {
                at = group_end(tokens, at);
            }
        }
        public &= !for_tests;
        let kind = kind(tokens, at);
        let head = head_end(tokens, at);
        let end = item_end(tokens, head, kind);
        let name = word(tokens, at + 1);
        match kind {
            "impl" if !for_tests => self.implementation(tokens, at, head, end, scope),
            "mod" if public && word(tokens, head) == "{" => {
                let scope = format!("{scope}::{name}");
                self.items(&tokens[head + 1..end - 1], &scope, Members::OfModule);
            }
            _ if !public => {}
            "struct" | "enum" | "trait" | "type" => {
                self.types.insert(name.to_owned());
                self.line(scope, &marks, &tokens[at..head]);
                for derived in derived {
                    self.lines
                        .insert(format!("{scope}: impl {derived} for {name}"));
                }
                let body = &tokens[head.min(end)..end];
                let owner = format!("{scope}::{name}");
                match kind {
                    "struct" => self.fields(body, &owner),
                    "enum" => self.variants(body, &owner),
                    "trait" if body.len() > 2 => {
                        self.items(&body[1..body.len() - 1], &owner, Members::OfTrait);
                    }
                    _ => {}
                }
            }
            "fn" | "use" | "mod" => self.line(scope, &marks, &tokens[at..head]),
            "const" | "static" => {
                // The type is promised, the value is not.
                let value = tokens[at..head].iter().position(|token| token.text == "=");
                self.line(
                    scope,
                    &marks,
                    &tokens[at..value.map_or(head, |value| at + value)],
                );
            }
            _ => {}
        }
        end.max(at + 1)
    }

    fn implementation(
        &mut self,
        tokens: &[Token],
        at: usize,
        head: usize,
        end: usize,
        scope: &str,
    ) {
        let header = &tokens[at..head];
        let of_trait = header.iter().enumerate().any(|(index, token)| {
            token.text == "for" && header.get(index + 1).is_some_and(|next| next.text != "<")
        });
        let after = header
            .iter()
            .rposition(|token| of_trait && token.text == "for");
        let mut of = after.map_or(1, |after| after + 1);
        if !of_trait && word(header, 1) == "<" {
            of = angle_end(header, 1);
        }
        let name = header[of..]
            .iter()
            .map(|token| token.text.as_str())
            .find(|text| text.starts_with(char::is_alphabetic) && !["dyn", "mut"].contains(text))
            .unwrap_or_default();
        if of_trait {
            let line = format!("{scope}: {}", shown(header));
            self.implementations.insert((name.to_owned(), line));
        } else if head < end {
            let owner = format!("{scope}::{name}");
            self.items(&tokens[head + 1..end - 1], &owner, Members::OfModule);
        }
    }

    /// Public fields of a struct, by name or by place.
    fn fields(&mut self, body: &[Token], owner: &str) {
        for field in parts(body) {
            let field = without_attributes(field);
            if word(field, 0) == "pub" && word(field, 1) != "(" {
                self.line(owner, "", field);
            }
        }
    }

    fn variants(&mut self, body: &[Token], owner: &str) {
        for variant in parts(body) {
            let marks = if shown(variant).starts_with("#[non_exhaustive]") {
                "#[non_exhaustive] "
            } else {
                ""
            };
            let plain = without_attributes(variant);
            let named = plain.first().map_or(&[][..], |_| &plain[..1]);
            self.line(owner, marks, named);
            if plain.len() > 1 {
                let owner = format!("{owner}::{}", word(plain, 0));
                for field in parts(&plain[1..]) {
                    self.line(&owner, "", without_attributes(field));
                }
            }
        }
    }

    fn line(&mut self, scope: &str, marks: &str, tokens: &[Token]) {
        if !tokens.is_empty() {
            self.lines
                .insert(format!("{scope}: {marks}{}", shown(tokens)));
        }
    }
}

fn word(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| token.text.as_str())
}

/// What kind of item begins there, whatever goes before `fn`.
fn kind(tokens: &[Token], at: usize) -> &str {
    let is_function = tokens[at.min(tokens.len())..]
        .iter()
        .take_while(|token| {
            ["const", "async", "unsafe", "extern", "\"", "fn"].contains(&token.text.as_str())
        })
        .any(|token| token.text == "fn");
    if is_function { "fn" } else { word(tokens, at) }
}

/// Where the head of an item ends: at its braces, its tuple, or its semicolon.
fn head_end(tokens: &[Token], at: usize) -> usize {
    let is_use = word(tokens, at) == "use";
    let is_tuple = word(tokens, at) == "struct";
    let mut end = at;
    while end < tokens.len() {
        match word(tokens, end) {
            ";" => return end,
            "{" if !is_use => return end,
            "(" if is_tuple => return end,
            "(" | "[" | "{" => end = group_end(tokens, end),
            _ => end += 1,
        }
    }
    end
}

/// What follows an item whose head ends there.
fn item_end(tokens: &[Token], head: usize, kind: &str) -> usize {
    let mut end = head;
    if ["{", "("].contains(&word(tokens, end)) {
        end = group_end(tokens, end);
    }
    // A tuple struct has a semicolon behind it, and a macro may have one.
    let has_more = kind == "struct" && word(tokens, head) == "(";
    while has_more && end < tokens.len() && word(tokens, end) != ";" {
        end += 1;
    }
    if has_more || word(tokens, head) == ";" {
        return (end + usize::from(word(tokens, end) == ";")).max(head);
    }
    end
}

/// What follows the group that opens there.
fn group_end(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(at) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" if depth <= 1 => return index + 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
    }
    tokens.len()
}

/// What follows the generic parameters that open there.
fn angle_end(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(at) {
        match token.text.as_str() {
            "<" => depth += 1,
            ">" if word(tokens, index.wrapping_sub(1)) == "-" => {}
            ">" if depth <= 1 => return index + 1,
            ">" => depth -= 1,
            _ => {}
        }
    }
    tokens.len()
}

/// The parts of a group, which commas separate.
fn parts(group: &[Token]) -> Vec<&[Token]> {
    let inner = match group {
        [_, inner @ .., _] => inner,
        _ => return Vec::new(),
    };
    let (mut parts, mut start, mut at, mut angles) = (Vec::new(), 0, 0, 0_usize);
    while at < inner.len() {
        match word(inner, at) {
            "(" | "[" | "{" => {
                at = group_end(inner, at);
                continue;
            }
            "<" => angles += 1,
            ">" if word(inner, at.wrapping_sub(1)) != "-" => angles = angles.saturating_sub(1),
            "," if angles == 0 => {
                parts.push(&inner[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(&inner[start..]);
    parts.retain(|part| !part.is_empty());
    parts
}

fn without_attributes(mut tokens: &[Token]) -> &[Token] {
    while word(tokens, 0) == "#" {
        tokens = &tokens[group_end(tokens, 1)..];
    }
    tokens
}

/// The tokens as rustfmt would write them on one line, or near to it.
fn shown(tokens: &[Token]) -> String {
    let mut text = String::new();
    let in_word = |text: &str| {
        text.chars()
            .all(|letter| letter.is_alphanumeric() || letter == '_')
    };
    for (at, token) in tokens.iter().enumerate() {
        let (before, now) = (word(tokens, at.wrapping_sub(1)), token.text.as_str());
        let arrow = before == ">" && word(tokens, at.wrapping_sub(2)) == "-";
        let spaced = in_word(before) && in_word(now)
            || [",", ":", "=", "+", "|", ";"].contains(&before)
            || ["=", "+", "|", "-"].contains(&now)
            || arrow
            || [")", ">", "]"].contains(&before) && in_word(now)
            || in_word(before) && (now == "&" || now == "'") && is_operator(before)
            || now == "{" && before != "::";
        let closes_up = before.is_empty() || [",", ";", ":"].contains(&now) && !arrow;
        if spaced && !closes_up {
            text.push(' ');
        }
        text.push_str(now);
    }
    // Where rustfmt broke a list over lines, it left a comma behind its last part.
    text.replace(", )", ")")
        .replace(",)", ")")
        .replace(", >", ">")
        .replace(",}", "}")
}

/// Words after which a reference or a lifetime stands apart.
fn is_operator(text: &str) -> bool {
    ["for", "impl", "dyn", "as", "where", "in"].contains(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(source: &str) -> Vec<String> {
        let text = Text {
            path: format!("{SOURCES}a/b.rs"),
            content: source.into(),
        };
        listing(&[text]).lines().map(str::to_owned).collect()
    }

    #[test]
    fn only_what_users_see_is_listed() {
        let source = r#"
            //! pub fn in_a_comment() {}
            use std::fmt;
            pub(crate) fn ours() {}
            fn own() { pub fn inner() {} }
            pub use c::D;
            #[cfg(test)]
            mod tests { pub fn f() {} }
            pub fn theirs<T: Into<String>>(a: &str, b: impl Fn(u8) -> T,) -> Result<T, E> { x }
            pub const LIMIT: usize = 255;
            macro_rules! m { () => { pub fn no() {} } }
        "#;
        assert_eq!(
            api(source),
            [
                "pam_proto::a::b: const LIMIT: usize",
                "pam_proto::a::b: fn theirs<T: Into<String>>(a: &str, b: impl Fn(u8) -> T) -> Result<T, E>",
                "pam_proto::a::b: use c::D",
            ]
        );
    }

    #[test]
    fn types_show_their_fields_variants_and_traits() {
        let source = r#"
            /// Doc.
            #[derive(Debug, Clone)]
            #[non_exhaustive]
            pub struct S<'a> { /** d */ pub name: &'a str, own: u8 }
            pub struct Wrapped(pub u8, u8);
            pub enum E { One, Two { field: u8 }, Three(Vec<(u8, u8)>) }
            struct Private;
            impl fmt::Display for Private { fn fmt(&self) {} }
            impl<'a> fmt::Display for S<'a> { fn fmt(&self) {} }
            impl<'a> S<'a> {
                pub const fn name(&self) -> &'a str { self.name }
                pub(crate) fn ours(&self) {}
            }
            pub trait T { type Output; fn given(&self) -> u8 { 1 } }
        "#;
        assert_eq!(
            api(source),
            [
                "pam_proto::a::b: #[non_exhaustive] struct S<'a>",
                "pam_proto::a::b: enum E",
                "pam_proto::a::b: impl Clone for S",
                "pam_proto::a::b: impl Debug for S",
                "pam_proto::a::b: impl<'a> fmt::Display for S<'a>",
                "pam_proto::a::b: struct Wrapped",
                "pam_proto::a::b: trait T",
                "pam_proto::a::b::E: One",
                "pam_proto::a::b::E: Three",
                "pam_proto::a::b::E: Two",
                "pam_proto::a::b::E::Three: Vec<(u8, u8)>",
                "pam_proto::a::b::E::Two: field: u8",
                "pam_proto::a::b::S: const fn name(&self) -> &'a str",
                "pam_proto::a::b::S: pub name: &'a str",
                "pam_proto::a::b::T: fn given(&self) -> u8",
                "pam_proto::a::b::T: type Output",
                "pam_proto::a::b::Wrapped: pub u8",
            ]
        );
    }

    #[test]
    fn a_change_is_found_and_named() {
        let text = |path: &str, content: &str| Text {
            path: path.into(),
            content: content.into(),
        };
        let source = text(&format!("{SOURCES}lib.rs"), "pub fn f() {}\n");
        let stated = |content: &str| text(LIST, content);
        assert_eq!(check(&[source.clone(), stated("pam_proto: fn f()\n")]), []);
        let findings = check(&[source, stated("pam_proto: fn g()\n")]);
        assert_eq!(findings.len(), 2);
        assert!(findings[0].what.starts_with("no more: pam_proto: fn g()"));
        assert!(findings[1].what.starts_with("new: pam_proto: fn f()"));
    }
}
