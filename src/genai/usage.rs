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
enum Quantity {
    /// The whole input.
    Prompt,
    /// The whole output.
    Completion,
    Total,
    /// The input that did not come from the cache.
    Uncached,
    /// The input as the provider counts it.
    PromptAlone,
    /// The output as the provider counts it.
    OutputAlone,
    CacheRead,
    CacheWrite,
}

/// The names that every provider has.
const EVERY: &[(&str, Quantity)] = &[
    ("prompt_tokens", Quantity::Prompt),
    ("completion_tokens", Quantity::Completion),
    ("total_tokens", Quantity::Total),
];

const OPENAI: &[(&str, Quantity)] = &[
    ("original_usage.prompt_tokens", Quantity::Prompt),
    ("original_usage.completion_tokens", Quantity::Completion),
    (
        "original_usage.prompt_tokens_details.cached_tokens",
        Quantity::CacheRead,
    ),
];

const OPENAI_NEWER: &[(&str, Quantity)] = &[(
    "original_usage.input_tokens_details.cached_tokens",
    Quantity::CacheRead,
)];

const ANTHROPIC: &[(&str, Quantity)] = &[
    ("original_usage.input_tokens", Quantity::Uncached),
    ("original_usage.output_tokens", Quantity::Completion),
    (
        "original_usage.cache_read_input_tokens",
        Quantity::CacheRead,
    ),
    (
        "original_usage.cache_creation_input_tokens",
        Quantity::CacheWrite,
    ),
];

const BEDROCK: &[(&str, Quantity)] = &[
    ("original_usage.inputTokens", Quantity::Uncached),
    ("original_usage.outputTokens", Quantity::Completion),
    ("original_usage.cacheReadInputTokens", Quantity::CacheRead),
    ("original_usage.cacheWriteInputTokens", Quantity::CacheWrite),
];

const GOOGLE: &[(&str, Quantity)] = &[
    ("original_usage.prompt_token_count", Quantity::PromptAlone),
    (
        "original_usage.cached_content_token_count",
        Quantity::CacheRead,
    ),
    (
        "original_usage.candidates_token_count",
        Quantity::OutputAlone,
    ),
];

impl Findings {
    /// The input with everything that came from a cache or went into it.
    #[must_use]
    pub fn input_tokens(&self) -> Option<u64> {
        let input = self.notes.count(Count::Input)?;
        let beside = |count| self.notes.count(count).unwrap_or_default();
        Some(match self.dialect.api.counts {
            Counts::Inclusive => input,
            Counts::CacheApart => input + beside(Count::CacheRead) + beside(Count::CacheWrite),
            Counts::ThoughtsApart => input + beside(Count::ToolUse),
        })
    }

    /// The output with everything that was thought.
    #[must_use]
    pub fn output_tokens(&self) -> Option<u64> {
        let output = self.notes.count(Count::Output);
        let thoughts = match self.dialect.api.counts {
            Counts::ThoughtsApart => self.reasoning_tokens(),
            Counts::Inclusive | Counts::CacheApart => None,
        };
        let (Some(output), Some(thoughts)) = (output, thoughts) else {
            return output.or(thoughts);
        };
        // Some models count thoughts among the candidates: the total tells.
        let without = self.input_tokens().map(|input| input + output);
        let is_among = without.is_some() && without == self.notes.count(Count::Total);
        Some(if is_among { output } else { output + thoughts })
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
        let original = match self.dialect.provider.formula {
            Formula::Plain => &[],
            Formula::OpenAi if self.dialect.api.traits & NEWER_NAMES != 0 => OPENAI_NEWER,
            Formula::OpenAi => OPENAI,
            Formula::Anthropic => ANTHROPIC,
            Formula::Bedrock => BEDROCK,
            Formula::Google => GOOGLE,
        };
        for (name, quantity) in black_box(EVERY).iter().chain(original) {
            if let Some(Ok(count)) = self.quantity(*quantity).map(i32::try_from) {
                tell(name, count);
            }
        }
    }

    fn quantity(&self, quantity: Quantity) -> Option<u64> {
        match quantity {
            Quantity::Prompt => self.input_tokens(),
            Quantity::Completion => self.output_tokens(),
            Quantity::Total => self.total_tokens(),
            Quantity::Uncached => self.uncached(),
            Quantity::PromptAlone => self.notes.count(Count::Input),
            Quantity::OutputAlone => self.notes.count(Count::Output),
            Quantity::CacheRead => self.cache_read_tokens(),
            Quantity::CacheWrite => self.cache_write_tokens(),
        }
    }

    fn uncached(&self) -> Option<u64> {
        let input = self.notes.count(Count::Input)?;
        if self.dialect.api.counts == Counts::CacheApart {
            return Some(input);
        }
        let cached = |count: Option<u64>| count.unwrap_or_default();
        let apart = cached(self.cache_read_tokens()) + cached(self.cache_write_tokens());
        Some(input.saturating_sub(apart))
    }
}
