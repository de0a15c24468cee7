//! Where in a document a value is: RFC 6901, with what webhooks need beyond it.

use serde::Deserialize;
use serde_json::Value;

/// Where in a document a value is, as RFC 6901 writes it: `/labels/user`.
///
/// Beyond the RFC:
///
/// - `/user/name` also finds the key `user.name`, since Elasticsearch writes both.
/// - `*` stands for every element of an array, `[kind=Account]` for those whose `kind` is `Account`.
/// - `$/sid` begins at the document where others begin at the alert within it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Pointer {
    of_document: bool,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Every,
    Where { key: String, value: String },
}

/// A text that is no pointer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a pointer: {0:?}; write it like /labels/user, or like $/sid from the document")]
pub struct PointerError(String);

impl TryFrom<String> for Pointer {
    type Error = PointerError;

    fn try_from(text: String) -> Result<Self, PointerError> {
        match Self::parse(&text) {
            Some(pointer) => Ok(pointer),
            None => Err(PointerError(text)),
        }
    }
}

impl Pointer {
    fn parse(text: &str) -> Option<Self> {
        let (of_document, path) = match text.strip_prefix('$') {
            Some(path) => (true, path),
            None => (false, text),
        };
        if path.is_empty() {
            let steps = Vec::new();
            return Some(Self { of_document, steps });
        }
        let steps = path
            .strip_prefix('/')?
            .split('/')
            .map(step)
            .collect::<Option<_>>()?;
        Some(Self { of_document, steps })
    }

    /// Everything that it finds, from the alert or from the document around it.
    pub(crate) fn find<'a>(&self, alert: &'a Value, document: &'a Value) -> Vec<&'a Value> {
        let mut found = Vec::new();
        let start = if self.of_document { document } else { alert };
        follow(start, &self.steps, &mut found);
        found
    }
}

fn step(text: &str) -> Option<Step> {
    if text == "*" {
        return Some(Step::Every);
    }
    if let Some(condition) = text.strip_prefix('[') {
        let (key, value) = condition.strip_suffix(']')?.split_once('=')?;
        let (key, value) = (key.to_owned(), value.to_owned());
        return Some(Step::Where { key, value });
    }
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once('~') {
        if !behind.starts_with(['0', '1']) {
            return None;
        }
        rest = behind;
    }
    Some(Step::Key(text.replace("~1", "/").replace("~0", "~")))
}

fn follow<'a>(value: &'a Value, steps: &[Step], found: &mut Vec<&'a Value>) {
    let Some((first, rest)) = steps.split_first() else {
        found.push(value);
        return;
    };
    match (first, value) {
        (Step::Key(key), Value::Object(object)) => {
            let mut name = key.clone();
            let mut rest = rest;
            let before = found.len();
            loop {
                if let Some(below) = object.get(&name) {
                    follow(below, rest, found);
                    if found.len() > before {
                        return;
                    }
                }
                let Some((Step::Key(next), behind)) = rest.split_first() else {
                    return;
                };
                name = format!("{name}.{next}");
                rest = behind;
            }
        }
        (Step::Key(key), Value::Array(array)) => {
            let element = key.parse::<usize>().ok().and_then(|at| array.get(at));
            if let Some(element) = element {
                follow(element, rest, found);
            }
        }
        (Step::Every, Value::Array(array)) => {
            for element in array {
                follow(element, rest, found);
            }
        }
        (Step::Where { key, value }, Value::Array(array)) => {
            let is_meant = |element: &&Value| {
                let said = element.get(key).and_then(Value::as_str);
                said.is_some_and(|said| said.eq_ignore_ascii_case(value))
            };
            for element in array.iter().filter(is_meant) {
                follow(element, rest, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_find_what_they_say() {
        let document = serde_json::json!({
            "sid": "s1",
            "alert": {
                "user": {"name": "nested"},
                "host.name": "dotted",
                "a/b": {"~": 1},
                "list": [{"kind": "Ip", "v": 1}, {"kind": "account", "v": 2}],
                "kibana.alert": {"rule.uuid": "half"},
            },
        });
        let find = |text: &str| -> Vec<String> {
            let pointer = Pointer::parse(text).unwrap();
            let found = pointer.find(&document["alert"], &document);
            found.iter().map(|value| value.to_string()).collect()
        };
        assert_eq!(find("/user/name"), [r#""nested""#]);
        assert_eq!(find("/host/name"), [r#""dotted""#]);
        assert_eq!(find("/kibana/alert/rule/uuid"), [r#""half""#]);
        assert_eq!(find("/a~1b/~0"), ["1"]);
        assert_eq!(find("/list/0/v"), ["1"]);
        assert_eq!(find("/list/*/v"), ["1", "2"]);
        assert_eq!(find("/list/[kind=Account]/v"), ["2"]);
        assert_eq!(find("$/sid"), [r#""s1""#]);
        assert_eq!(find("").len(), 1);
        assert!(find("/user/name/more").is_empty() && find("/none").is_empty());
        for wrong in ["user", "$sid", "/a~2", "/[kind]", "/[kind=a"] {
            assert_eq!(Pointer::parse(wrong), None, "{wrong}");
        }
    }
}
