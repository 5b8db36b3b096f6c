//! Token counts, normalised as OpenTelemetry's conventions have them: the input includes what was read from a cache and written to it, the
//! output includes reasoning. Providers count differently.

use super::api::{Counts, GOOGLE};
use super::findings::Findings;
use super::json::Count;

/// A number that follows from what was counted.
#[derive(Clone, Copy)]
pub(crate) enum Quantity {
    /// As the provider counts it.
    Counted(Count),
    /// The whole input.
    Input,
    /// The whole output.
    Output,
    Total,
    /// The input that was not read from a cache.
    Uncached,
}

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
        let is_googles = GOOGLE.contains(&self.dialect.provider.named);
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

    #[inline(never)]
    pub(crate) fn quantity(&self, quantity: Quantity) -> Option<u64> {
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
