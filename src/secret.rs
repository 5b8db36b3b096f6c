//! Text that is never printed: API keys and shared secrets.

use alloc::string::String;
use core::fmt;
use core::hint::black_box;

/// Text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a secret.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the one header that it is sent in.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The same behind a word that says what it is.
    pub(crate) fn after(&self, word: &str) -> Self {
        Self(alloc::format!("{word}{}", self.0))
    }

    /// Compares in a time that depends on what was presented and not on how much of it is right.
    #[must_use]
    pub fn equals(&self, presented: &[u8]) -> bool {
        let same_length = self.0.len() == presented.len();
        let expected = self.0.as_bytes().iter().chain(core::iter::repeat(&0));
        let difference = presented
            .iter()
            .zip(expected)
            .fold(0, |difference, (a, b)| black_box(difference | (a ^ b)));
        same_length & (difference == 0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_equal_to_itself_alone_and_never_printed() {
        let secret = Secret::new("hunter2".into());
        assert!(secret.equals(b"hunter2"));
        for wrong in ["", "hunter", "hunter22", "Hunter2", "hunter2\0"] {
            assert!(!secret.equals(wrong.as_bytes()), "{wrong}");
        }
        assert!(!alloc::format!("{secret:?}").contains("hunter"));
    }
}
