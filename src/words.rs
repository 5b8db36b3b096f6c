//! Settings that are one word out of a few: the enum and its words in one table.

/// A setting with a fixed set of words.
pub trait Word: Copy + PartialEq + 'static {
    /// Every word.
    const WORDS: &'static [&'static str];
    /// What each of them means.
    const MEANINGS: &'static [Self];

    /// The meaning of a word.
    #[must_use]
    fn meant_by(word: &str) -> Option<Self> {
        let place = place(Self::WORDS, word)?;
        Self::MEANINGS.get(place).copied()
    }

    /// The word for this meaning.
    #[must_use]
    fn word(self) -> &'static str {
        let place = Self::MEANINGS.iter().position(|known| *known == self);
        place
            .and_then(|place| Self::WORDS.get(place))
            .unwrap_or(&"")
    }
}

#[inline(never)]
fn place(words: &[&str], word: &str) -> Option<usize> {
    words.iter().position(|known| *known == word)
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $crate::words::Word for $name {
            const WORDS: &'static [&'static str] = &[$($word),+];
            const MEANINGS: &'static [Self] = &[$(Self::$variant),+];
        }
    };
}

pub(crate) use words;
