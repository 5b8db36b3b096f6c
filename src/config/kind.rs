//! What a table of keys consists of.

/// A key of an object.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// What it is for.
    #[cfg(feature = "schema")]
    pub(super) about: &'static str,
    pub(super) preset: Preset,
    pub(super) is_required: bool,
}

/// What a value may be.
pub(super) enum Kind {
    Flag,
    /// A text that passes the check.
    Text(Check),
    /// A text that passes the check and is never repeated in a message.
    Secret(Check),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A number within these bounds.
    Number(u32, u32),
    /// A whole number within these bounds.
    Whole(u32, u32),
    /// A time within these bounds: milliseconds, or a text like `5s`.
    Millis(u32, u32),
    /// A list of at most so many.
    List(&'static Self, usize),
    /// An object with the keys of these groups.
    Object(&'static [&'static [Key]]),
    /// An object whose keys are names that pass the check.
    Map(Check, &'static Self),
}

/// Returns what is wrong with a text.
pub(super) type Check = fn(&str) -> Result<(), &'static str>;

/// The default of an absent value.
#[derive(Clone, Copy)]
pub(super) enum Preset {
    None,
    Flag(bool),
    Whole(u32),
    Text(&'static str),
    Texts(&'static [&'static str]),
}

impl Kind {
    /// What it is, in one or two words.
    pub(super) const fn noun(&self) -> &'static str {
        match self {
            Self::Flag => "true or false",
            Self::Text(_) | Self::Secret(_) | Self::Word(_) => "text",
            Self::Number(..) => "a number",
            Self::Whole(..) => "a whole number",
            Self::Millis(..) => "milliseconds or a duration",
            Self::List(..) => "a list",
            Self::Object(_) | Self::Map(..) => "an object",
        }
    }

    /// The key of this name, if this is an object.
    pub(super) fn key(&self, name: &str) -> Option<&Key> {
        let Self::Object(groups) = self else {
            return None;
        };
        groups
            .iter()
            .copied()
            .flatten()
            .find(|key| key.name == name)
    }
}

impl Key {
    pub(super) const fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    pub(super) const fn or(mut self, preset: Preset) -> Self {
        self.preset = preset;
        self
    }
}

#[cfg_attr(
    not(feature = "schema"),
    allow(unused_variables, reason = "only the schema says it")
)]
pub(super) const fn key(name: &'static str, kind: Kind, about: &'static str) -> Key {
    Key {
        name,
        kind,
        #[cfg(feature = "schema")]
        about,
        preset: Preset::None,
        is_required: false,
    }
}
