//! What may be taken for the id of a session.

/// Whether a text looks like the id of a session: 40 lower-case hex digits, as the appliance
/// writes it (A2A API specification, "Terminate a session"), or a UUID.
///
/// No alert of the appliance's own carries one (A2A API specification, "Does any alert carry the
/// session_id?"); a SIEM that looked the session up may add it.
pub fn is_session_id(text: &str) -> bool {
    is_hash(text) || is_uuid(text)
}

pub(crate) fn is_hash(text: &str) -> bool {
    text.len() == 40
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_hash_or_a_uuid_is_taken() {
        assert!(is_session_id("e7acacb6aedbab70073456da5744166939b77527"));
        assert!(is_session_id("0b8f8a3e-6f0e-4a53-9a0b-3f6b8de0f1c2"));
        for other in [
            "",
            "abc",
            "16",
            "e7acacb6aedbab70073456da5744166939b7752",
            "e7acacb6aedbab70073456da5744166939b775270",
            "E7ACACB6AEDBAB70073456DA5744166939B77527",
            "e7acacb6aedbab70073456da57441669********",
            "0b8f8a3e-6f0e-4a53-9a0b-3f6b8de0f1c",
            "0b8f8a3e+6f0e-4a53-9a0b-3f6b8de0f1c2",
            "0b8f8a3e-6f0e-4a53-9a0b-3f6b8de0f1çç",
        ] {
            assert!(!is_session_id(other), "{other}");
        }
    }
}
