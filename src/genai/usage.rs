//! What was counted, as the conventions want it and as Opik's prices do.
//!
//! The conventions count everything in: what came from the cache, what went into it, thoughts. Opik's price calculation for
//! Anthropic and Bedrock wants the input without the cache, under the provider's own names, or it charges the cached part
//! at the full price as well.

use core::hint::black_box;

use super::api::{Counts, NEWER_NAMES};
use super::findings::Findings;
use super::key::Count;
use super::provider::Formula;

/// A number that follows from what was counted.
#[derive(Clone, Copy)]
pub(super) enum Quantity {
    /// As the provider counts it.
    Counted(Count),
    /// The whole input.
    Input,
    /// The whole output.
    Output,
    Total,
    /// The input that did not come from the cache.
    Uncached,
}

/// For whose price calculation a name is; each is a bit.
const OPENAI: u8 = 1;
const OPENAI_NEWER: u8 = 2;
const ANTHROPIC: u8 = 4;
const BEDROCK: u8 = 8;
const GOOGLE: u8 = 16;
const ALL: u8 = !0;

type Row = (&'static str, u8, Quantity);

/// Opik's names.
const ROWS: &[Row] = &[
    ("prompt_tokens", ALL, Quantity::Input),
    ("completion_tokens", ALL, Quantity::Output),
    ("total_tokens", ALL, Quantity::Total),
    ("original_usage.prompt_tokens", OPENAI, Quantity::Input),
    ("original_usage.completion_tokens", OPENAI, Quantity::Output),
    (
        "original_usage.prompt_tokens_details.cached_tokens",
        OPENAI,
        CACHE_READ,
    ),
    (
        "original_usage.input_tokens_details.cached_tokens",
        OPENAI_NEWER,
        CACHE_READ,
    ),
    ("original_usage.input_tokens", ANTHROPIC, Quantity::Uncached),
    ("original_usage.output_tokens", ANTHROPIC, Quantity::Output),
    (
        "original_usage.cache_read_input_tokens",
        ANTHROPIC,
        CACHE_READ,
    ),
    (
        "original_usage.cache_creation_input_tokens",
        ANTHROPIC,
        CACHE_WRITE,
    ),
    ("original_usage.inputTokens", BEDROCK, Quantity::Uncached),
    ("original_usage.outputTokens", BEDROCK, Quantity::Output),
    ("original_usage.cacheReadInputTokens", BEDROCK, CACHE_READ),
    ("original_usage.cacheWriteInputTokens", BEDROCK, CACHE_WRITE),
    (
        "original_usage.prompt_token_count",
        GOOGLE,
        Quantity::Counted(Count::Input),
    ),
    (
        "original_usage.tool_use_prompt_token_count",
        GOOGLE,
        Quantity::Counted(Count::ToolUse),
    ),
    (
        "original_usage.cached_content_token_count",
        GOOGLE,
        CACHE_READ,
    ),
    (
        "original_usage.candidates_token_count",
        GOOGLE,
        // Thoughts are paid like the rest, and it depends on the server whether it looks elsewhere.
        Quantity::Output,
    ),
    // For models without a price of the cache, whoever's they are, and for OpenAI's formula. A detail without a price of its
    // own is paid like the rest.
    (
        "original_usage.prompt_tokens_details.audio_tokens",
        ALL,
        Quantity::Counted(Count::InputAudio),
    ),
    (
        "original_usage.completion_tokens_details.audio_tokens",
        ALL,
        Quantity::Counted(Count::OutputAudio),
    ),
    (
        "original_usage.completion_tokens_details.reasoning_tokens",
        ALL,
        Quantity::Counted(Count::Reasoning),
    ),
];
const CACHE_READ: Quantity = Quantity::Counted(Count::CacheRead);
const CACHE_WRITE: Quantity = Quantity::Counted(Count::CacheWrite);

impl Findings {
    /// The input with everything that came from a cache or went into it.
    #[must_use]
    #[inline(never)]
    pub fn input_tokens(&self) -> Option<u64> {
        let count = |count| self.notes.count(count);
        let beside = match self.dialect.api.counts {
            Counts::Inclusive => 0,
            Counts::CacheApart if let Some(prompt) = count(Count::Prompt) => return Some(prompt),
            Counts::CacheApart => self.cached(),
            Counts::ThoughtsApart => count(Count::ToolUse).unwrap_or_default(),
        };
        Some(count(Count::Input)? + beside)
    }

    /// The output with everything that was thought.
    #[must_use]
    #[inline(never)]
    pub fn output_tokens(&self) -> Option<u64> {
        let output = self.notes.count(Count::Output);
        let thoughts = match self.dialect.api.counts {
            Counts::ThoughtsApart => self.reasoning_tokens(),
            Counts::Inclusive => self.unnamed_thoughts(output),
            Counts::CacheApart => None,
        };
        let (Some(output), Some(thoughts)) = (output, thoughts) else {
            return output.or(thoughts);
        };
        // Some models count thoughts among the candidates: the total tells.
        let is_among = self.beside(output) == Some(0);
        Some(if is_among { output } else { output + thoughts })
    }

    /// The thoughts that an API's providers leave out of its output after all, as the total tells: xAI, and Google, who names
    /// them nowhere else.
    fn unnamed_thoughts(&self, output: Option<u64>) -> Option<u64> {
        let beside = self.beside(output?)?;
        let is_googles = self.dialect.provider.formula == Formula::Google;
        (is_googles || self.reasoning_tokens() == Some(beside)).then_some(beside)
    }

    /// What the total has besides the input and this output.
    fn beside(&self, output: u64) -> Option<u64> {
        let known = self.input_tokens()? + output;
        self.notes.count(Count::Total)?.checked_sub(known)
    }

    /// Both together.
    #[must_use]
    pub fn total_tokens(&self) -> Option<u64> {
        match (self.input_tokens(), self.output_tokens()) {
            (Some(input), Some(output)) => Some(input + output),
            _ => self.notes.count(Count::Total),
        }
    }

    /// The part of the output that was thought.
    #[must_use]
    pub fn reasoning_tokens(&self) -> Option<u64> {
        self.notes.count(Count::Reasoning)
    }

    /// The part of the input that came from a cache.
    #[must_use]
    pub fn cache_read_tokens(&self) -> Option<u64> {
        self.notes.count(Count::CacheRead)
    }

    /// The part of the input that went into a cache.
    #[must_use]
    pub fn cache_write_tokens(&self) -> Option<u64> {
        self.notes.count(Count::CacheWrite)
    }

    /// Tells the counts by the names of Opik's REST API. A number that its schema has no room for would cost the whole batch.
    pub fn opik_usage(&self, tell: &mut dyn FnMut(&'static str, i32)) {
        let whose = match self.dialect.provider.formula {
            Formula::Plain => 0,
            Formula::OpenAi if self.dialect.api.traits & NEWER_NAMES != 0 => OPENAI_NEWER,
            Formula::OpenAi => OPENAI,
            Formula::Anthropic => ANTHROPIC,
            Formula::Bedrock => BEDROCK,
            Formula::Google => GOOGLE,
        };
        // With the rows in view the compiler would write the loop out, row by row.
        for (name, of, quantity) in black_box(ROWS) {
            let is_told = *of == ALL || of & whose != 0;
            if is_told && let Some(Ok(count)) = self.quantity(*quantity).map(i32::try_from) {
                tell(name, count);
            }
        }
    }

    #[inline(never)]
    pub(super) fn quantity(&self, quantity: Quantity) -> Option<u64> {
        match quantity {
            Quantity::Counted(count) => self.notes.count(count),
            Quantity::Input => self.input_tokens(),
            Quantity::Output => self.output_tokens(),
            Quantity::Total => self.total_tokens(),
            Quantity::Uncached => self.uncached(),
        }
    }

    fn uncached(&self) -> Option<u64> {
        Some(self.input_tokens()?.saturating_sub(self.cached()))
    }

    /// What came from a cache and what went into it.
    fn cached(&self) -> u64 {
        let count = |count| self.notes.count(count).unwrap_or_default();
        count(Count::CacheRead) + count(Count::CacheWrite)
    }
}
