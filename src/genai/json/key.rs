//! The language of the tables: which keys of a document lead to what is noted, and nothing else.

/// A key of an object, what its value means, and which keys count inside it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JsonKey {
    pub(crate) name: &'static str,
    pub(crate) means: Means,
    /// Whether the value is an array, in whose objects the keys below count.
    pub(crate) each: bool,
    /// The keys inside; of a [`Means::Word`] or [`Means::OneOf`], the words that count.
    pub(crate) then: &'static [Self],
}

/// What the value of a key is noted as. A value of another type than the one that is meant is absent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Means {
    /// Nothing: it leads to other keys.
    Nothing,
    /// A short text of any characters but control characters.
    Name(Text),
    /// A code: a word of few characters, or a number.
    Word(Text),
    /// A number, kept as its digits.
    Decimal(Text),
    /// A count.
    Count(Count),
    /// A text that is one of the words below, each with a meaning of its own.
    OneOf,
    /// A mark, set by anything but null, false and an empty text; that of an error not by 0 either.
    Mark(Mark),
    /// Whether the answer is asked for as a stream.
    Stream,
    /// A piece of the answer itself: that it came is noted, never what it says.
    Payload,
    /// One choice of several: ends what was noted of it.
    Choice,
    /// The parts of a call, each with counts of its own.
    Parts,
}

impl Means {
    /// A number of its own.
    pub(crate) const fn code(self) -> u16 {
        let (kind, what) = match self {
            Self::Nothing => (0, 0),
            Self::Name(text) => (1, text as u16),
            Self::Word(text) => (2, text as u16),
            Self::Decimal(text) => (3, text as u16),
            Self::Count(count) => (4, count as u16),
            Self::OneOf => (5, 0),
            Self::Mark(mark) => (6, mark as u16),
            Self::Stream => (7, 0),
            Self::Payload => (8, 0),
            Self::Choice => (9, 0),
            Self::Parts => (10, 0),
        };
        kind << 8 | what
    }
}

/// What is noted as a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Text {
    RequestModel,
    Temperature,
    TopP,
    Model,
    Id,
    /// The code of an error. It counts in a document that marks one, and nowhere else.
    ErrorCode,
    /// The name of an error that has no code. The same holds.
    ErrorType,
    /// The name of an error that nothing else marks.
    ErrorName,
    Cost,
    Method,
    Tool,
    Traceparent,
    /// The finish reason of the choice that is being read.
    Pending,
    /// That of the first choice; the others follow.
    Finish,
}

/// Of how many choices the finish reason is kept.
pub(crate) const CHOICES: u8 = 16;

/// What is noted as a number, as the provider counts; no text has such a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Count {
    Input = 0x40,
    Output,
    Total,
    Reasoning,
    CacheRead,
    CacheWrite,
    ToolUse,
    /// The input with everything that came from a cache or went into it, of an API that has it without as well.
    Prompt,
    MaxTokens,
    /// Which choice is being read.
    Index,
    /// The part of the input that is audio.
    InputAudio,
    /// The part of the output that is audio.
    OutputAudio,
    /// Those of the part that is being read: 0x20 above those of the whole.
    PartInput = 0x60,
    PartOutput,
    PartCacheRead = 0x64,
    PartCacheWrite,
}

/// What is noted as having been there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Mark {
    /// The end of the answer.
    Ended = 1,
    /// An error of the provider.
    Failed = 2,
    /// The request asks for a stream.
    Streaming = 4,
    /// The request asks for none.
    Unstreamed = 8,
    /// A tool that ran, and failed.
    ToolFailed = 16,
    /// The part that is being read is left out of the counts of the whole.
    Beside = 32,
    /// Something was counted in several places.
    Parted = 64,
}

const fn key(name: &'static str, means: Means) -> JsonKey {
    JsonKey {
        name,
        means,
        each: false,
        then: &[],
    }
}

pub(crate) const fn name(name: &'static str, text: Text) -> JsonKey {
    key(name, Means::Name(text))
}

pub(crate) const fn word(name: &'static str, text: Text) -> JsonKey {
    key(name, Means::Word(text))
}

pub(crate) const fn decimal(name: &'static str, text: Text) -> JsonKey {
    key(name, Means::Decimal(text))
}

pub(crate) const fn count(name: &'static str, count: Count) -> JsonKey {
    key(name, Means::Count(count))
}

pub(crate) const fn mark(name: &'static str, mark: Mark) -> JsonKey {
    key(name, Means::Mark(mark))
}

pub(crate) const fn payload(name: &'static str) -> JsonKey {
    key(name, Means::Payload)
}

pub(crate) const fn stream(name: &'static str) -> JsonKey {
    key(name, Means::Stream)
}

/// An object.
pub(crate) const fn object(name: &'static str, then: &'static [JsonKey]) -> JsonKey {
    JsonKey {
        then,
        ..key(name, Means::Nothing)
    }
}

/// A document.
pub(crate) const fn document(then: &'static [JsonKey]) -> JsonKey {
    object("", then)
}

/// An array of objects.
pub(crate) const fn each(name: &'static str, then: &'static [JsonKey]) -> JsonKey {
    JsonKey {
        each: true,
        ..object(name, then)
    }
}

/// An array of choices.
pub(crate) const fn choices(name: &'static str, then: &'static [JsonKey]) -> JsonKey {
    JsonKey {
        means: Means::Choice,
        ..each(name, then)
    }
}

/// An array of the parts of a call.
pub(crate) const fn parts(name: &'static str, then: &'static [JsonKey]) -> JsonKey {
    JsonKey {
        means: Means::Parts,
        ..each(name, then)
    }
}

/// An object that says that there was an error, and which.
pub(crate) const fn failure(name: &'static str, then: &'static [JsonKey]) -> JsonKey {
    JsonKey {
        means: Means::Mark(Mark::Failed),
        ..object(name, then)
    }
}

/// A text of which some words count.
pub(crate) const fn one_of(name: &'static str, words: &'static [JsonKey]) -> JsonKey {
    JsonKey {
        means: Means::OneOf,
        ..object(name, words)
    }
}

/// A code of which some words count.
pub(crate) const fn word_of(name: &'static str, text: Text, words: &'static [JsonKey]) -> JsonKey {
    JsonKey {
        means: Means::Word(text),
        ..object(name, words)
    }
}
