//! A value that must not be seen: keys, passwords, tokens. Not encryption at rest.

use std::fmt;

use zeroize::Zeroizing;

/// A secret text. No `Display`, no `Serialize`; `Debug` shows nothing of it, not even its length;
/// the memory is wiped on drop.
///
/// ```
/// use pagos_core::Secret;
///
/// let key = Secret::new("sandbox-key-0123456789abcdef");
/// assert_eq!(format!("{key:?}"), "Secret(..)");
/// ```
#[derive(Clone)]
pub struct Secret {
    text: Zeroizing<String>,
}

impl Secret {
    /// Takes the text over.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: Zeroizing::new(text.into()) }
    }

    /// The text itself. Called only in `sign.rs`, `session.rs` and `config.rs` of a provider crate
    /// (`cargo xtask tidy` checks).
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// True for the empty text, which no provider issues.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_secret_is_shown() {
        let secret = Secret::new("canary");
        assert_eq!(format!("{secret:?} {secret:#?}"), "Secret(..) Secret(..)");
        assert_eq!(format!("{:?}", Some(Secret::new(""))), "Some(Secret(..))");
    }
}
