//! Secret text: keys, passwords, tokens. It is not encrypted, only never shown.

use std::fmt;

use zeroize::Zeroizing;

/// A secret text. It has no `Display` and no `Serialize`; `Debug` hides it and its length; its
/// memory is wiped on drop.
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
    /// Keeps the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: Zeroizing::new(text.into()) }
    }

    /// The text itself. Only `sign.rs`, `session.rs` and `config.rs` of a provider crate call this
    /// (`cargo xtask tidy` checks it).
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// Whether the text is empty, which no issued secret is.
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
