//! Text that must not be seen.

use std::fmt;

use zeroize::Zeroizing;

/// A secret: wiped when dropped, printed by `Debug` as `Secret([redacted])`, read only through
/// [`Secret::expose`].
///
/// It has no `Display`, no `Serialize` and no `PartialEq`. Wiping is a best effort: moves and
/// reallocations before the value came here may have left copies.
///
/// ```
/// let secret = pam_proto::Secret::new("hunter2");
/// assert_eq!(format!("{secret:?}"), "Secret([redacted])");
/// assert_eq!(secret.expose(), "hunter2");
/// ```
///
/// ```compile_fail
/// println!("{}", pam_proto::Secret::new("hunter2"));
/// ```
///
/// ```compile_fail
/// assert!(pam_proto::Secret::new("a") == pam_proto::Secret::new("a"));
/// ```
#[derive(Clone)]
pub struct Secret(Zeroizing<Box<str>>);

impl Secret {
    /// Takes a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into().into_boxed_str()))
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}
