//! The envelope around an answer, in the variants that occur (A2A API specification, "Variants
//! that occur"), each with its keys in the documented order.

use serde_json::Value;

/// Which keys an envelope has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `code` and an eight-key `response`.
    Full,
    /// The same without `code`.
    NoCode,
    /// `response` with status, message and error flag alone.
    Min,
    /// [`Shape::Min`] with the error codes.
    Codes,
}

/// An envelope with its payload.
#[derive(Debug, Clone)]
pub(crate) struct Envelope<'a> {
    pub(crate) shape: Shape,
    pub(crate) status: u16,
    pub(crate) message: &'a str,
    /// The Portuguese text, where it differs.
    pub(crate) mensagem: Option<&'a str>,
    pub(crate) error: bool,
    pub(crate) error_code: u32,
    pub(crate) tenant: Option<&'a str>,
    pub(crate) exception: Option<u32>,
    /// `mensagem` and `erro` translated, so that their keys occur twice.
    pub(crate) duplicate_keys: bool,
}

impl<'a> Envelope<'a> {
    /// The envelope of a success.
    pub(crate) fn success(shape: Shape, message: &'a str) -> Self {
        Self {
            shape,
            status: 200,
            message,
            mensagem: None,
            error: false,
            error_code: 0,
            tenant: None,
            exception: None,
            duplicate_keys: false,
        }
    }

    /// The envelope of a failure.
    pub(crate) fn failure(shape: Shape, status: u16, error_code: u32, message: &'a str) -> Self {
        Self {
            status,
            error: true,
            error_code,
            ..Self::success(shape, message)
        }
    }

    pub(crate) fn tenant(self, tenant: Option<&'a str>) -> Self {
        Self { tenant, ..self }
    }

    pub(crate) fn exception(self, code: u32) -> Self {
        Self {
            exception: Some(code),
            ..self
        }
    }

    /// The whole envelope without a payload.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(320);
        self.open(&mut out);
        self.close(&mut out);
        out
    }

    /// The whole envelope around a payload of JSON.
    pub(crate) fn around(&self, key: &str, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(320 + payload.len());
        self.open(&mut out);
        self.key(&mut out, key);
        out.extend_from_slice(payload);
        self.close(&mut out);
        out
    }

    /// Everything before the payload.
    pub(crate) fn open(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        if self.shape == Shape::Full {
            push(out, "\"code\":");
            push_number(out, self.status);
            out.push(b',');
        }
        push(out, "\"response\":{\"status\":");
        push_number(out, self.status);
        self.texts(out);
        out.push(b'}');
        if let Some(tenant) = self.tenant {
            push(out, ",\"tenant\":");
            push_text(out, tenant);
        }
    }

    /// The key of a payload that follows.
    pub(crate) fn key(&self, out: &mut Vec<u8>, key: &str) {
        out.push(b',');
        push_text(out, key);
        out.push(b':');
    }

    /// Everything after the payload.
    pub(crate) fn close(&self, out: &mut Vec<u8>) {
        if let Some(code) = self.exception {
            push(out, ",\"exception\":{\"code\":");
            push_number(out, code);
            push(out, ",\"message\":");
            push_text(out, self.exception_message());
            push(out, ",\"detail\":null}");
        }
        out.push(b'}');
    }

    /// `exception.message` repeats `response.message`, except in a 500.
    fn exception_message(&self) -> &str {
        match self.status {
            500 => "Check the index log system error for more details",
            _ => self.message,
        }
    }

    /// The messages, error flags and error codes, in the order of the shape.
    fn texts(&self, out: &mut Vec<u8>) {
        let message = ("message", Part::Text(self.message));
        let mensagem = (
            "mensagem",
            Part::Text(self.mensagem.unwrap_or(self.message)),
        );
        let error = ("error", Part::Flag(self.error));
        let erro = ("erro", Part::Flag(self.error));
        let error_code = ("error_code", Part::Number(self.error_code));
        let cod_erro = ("cod_erro", Part::Number(self.error_code));
        let detail = ("detail", Part::Text(""));
        match self.shape {
            Shape::Full | Shape::NoCode => self.parts(
                out,
                &[message, error, error_code, detail, mensagem, erro, cod_erro],
            ),
            Shape::Min => self.parts(out, &[mensagem, erro, message, error]),
            Shape::Codes => {
                self.parts(out, &[mensagem, erro, cod_erro, message, error, error_code])
            }
        }
    }

    fn parts(&self, out: &mut Vec<u8>, parts: &[(&str, Part<'_>)]) {
        for (key, part) in parts {
            out.push(b',');
            push_text(
                out,
                match *key {
                    "mensagem" if self.duplicate_keys => "message",
                    "erro" if self.duplicate_keys => "error",
                    key => key,
                },
            );
            out.push(b':');
            match part {
                Part::Text(text) => push_text(out, text),
                Part::Flag(flag) => push(out, if *flag { "true" } else { "false" }),
                Part::Number(number) => push_number(out, *number),
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Part<'a> {
    Text(&'a str),
    Flag(bool),
    Number(u32),
}

pub(crate) fn push(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

pub(crate) fn push_number(out: &mut Vec<u8>, number: impl Into<u64>) {
    push(out, &number.into().to_string());
}

/// A text as a JSON string.
pub(crate) fn push_text(out: &mut Vec<u8>, text: &str) {
    let plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if text.bytes().all(plain) {
        out.push(b'"');
        push(out, text);
        out.push(b'"');
    } else {
        push(out, &Value::from(text).to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(envelope: &Envelope<'_>) -> String {
        String::from_utf8(envelope.bytes()).unwrap()
    }

    #[test]
    fn the_shapes_have_their_keys_in_the_documented_order() {
        let table = [
            (
                Envelope::success(Shape::NoCode, "é \"x\"\n"),
                r#"{"response":{"status":200,"message":"é \"x\"\n","error":false,"error_code":0,"detail":"","mensagem":"é \"x\"\n","erro":false,"cod_erro":0}}"#,
            ),
            (
                Envelope::success(Shape::Min, "M").tenant(Some("acme")),
                r#"{"response":{"status":200,"mensagem":"M","erro":false,"message":"M","error":false},"tenant":"acme"}"#,
            ),
            (
                Envelope::failure(Shape::Codes, 400, 0, "M"),
                r#"{"response":{"status":400,"mensagem":"M","erro":true,"cod_erro":0,"message":"M","error":true,"error_code":0}}"#,
            ),
            (
                Envelope::failure(Shape::Full, 400, 1, "1002: Session not found").exception(1002),
                r#"{"code":400,"response":{"status":400,"message":"1002: Session not found","error":true,"error_code":1,"detail":"","mensagem":"1002: Session not found","erro":true,"cod_erro":1},"exception":{"code":1002,"message":"1002: Session not found","detail":null}}"#,
            ),
        ];
        for (envelope, expected) in table {
            assert_eq!(text(&envelope), expected);
        }
    }

    #[test]
    fn duplicate_keys_are_the_translated_ones() {
        let envelope = Envelope {
            duplicate_keys: true,
            ..Envelope::success(Shape::Full, "M")
        };
        let text = text(&envelope);
        assert_eq!(text.matches("\"message\":").count(), 2, "{text}");
        assert_eq!(text.matches("\"error\":").count(), 2, "{text}");
        assert!(!text.contains("mensagem"), "{text}");
    }

    #[test]
    fn a_payload_stands_after_the_tenant() {
        let envelope = Envelope::success(Shape::Full, "").tenant(Some("acme"));
        let text = String::from_utf8(envelope.around("remote_session", b"[]")).unwrap();
        assert!(
            text.ends_with(r#""tenant":"acme","remote_session":[]}"#),
            "{text}"
        );
    }
}
