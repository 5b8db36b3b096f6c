//! Opik's price calculations as far as they are known: each reads the provider's own counts first, and the common ones where
//! those are missing. Which one it is depends on the provider, and on whether the model has a price of the cache.

use std::collections::BTreeMap;

/// Prices of a million tokens. Audio and thoughts that have no price of their own are paid like the rest.
pub(crate) struct Prices {
    pub(crate) input: f64,
    pub(crate) output: f64,
    pub(crate) read: f64,
    pub(crate) write: f64,
    pub(crate) audio_input: f64,
    pub(crate) audio_output: f64,
    pub(crate) thought: f64,
}

pub(crate) type Usage = BTreeMap<String, f64>;

/// The first of these that is there.
pub(crate) fn first(usage: &Usage, names: &[&str]) -> f64 {
    names
        .iter()
        .find_map(|name| usage.get(*name).copied())
        .unwrap_or(0.0)
}

/// The tokens of a detail that has a price of its own.
pub(crate) fn detail(usage: &Usage, name: &str, price: f64) -> f64 {
    let name = format!("original_usage.{name}");
    if price > 0.0 {
        first(usage, &[&name])
    } else {
        0.0
    }
}

/// Audio in the input and in the output.
pub(crate) fn audio(usage: &Usage, prices: &Prices) -> [f64; 2] {
    [
        ("prompt_tokens_details.audio_tokens", prices.audio_input),
        (
            "completion_tokens_details.audio_tokens",
            prices.audio_output,
        ),
    ]
    .map(|(name, price)| detail(usage, name, price))
}

pub(crate) fn openai(usage: &Usage, prices: &Prices) -> f64 {
    let input = first(usage, &["original_usage.prompt_tokens", "prompt_tokens"]);
    let output = first(
        usage,
        &["original_usage.completion_tokens", "completion_tokens"],
    );
    let [heard, spoken] = audio(usage, prices);
    let cached = first(
        usage,
        &[
            "original_usage.prompt_tokens_details.cached_tokens",
            "original_usage.input_tokens_details.cached_tokens",
            "cache_read_input_tokens",
        ],
    );
    (input - cached - heard) * prices.input
        + cached * prices.read
        + heard * prices.audio_input
        + (output - spoken) * prices.output
        + spoken * prices.audio_output
}

/// Anthropic's and Bedrock's: the input is taken for the part without the cache.
pub(crate) fn apart(usage: &Usage, prices: &Prices, names: [&str; 4]) -> f64 {
    let [input, output, read, write] = names.map(|name| format!("original_usage.{name}"));
    let input = first(usage, &[&input, "prompt_tokens"]);
    let output = first(usage, &[&output, "completion_tokens"]);
    let read = first(usage, &[&read, "cache_read_input_tokens"]);
    let write = first(usage, &[&write, "cache_creation_input_tokens"]);
    input * prices.input + output * prices.output + read * prices.read + write * prices.write
}

pub(crate) fn anthropic(usage: &Usage, prices: &Prices) -> f64 {
    apart(
        usage,
        prices,
        [
            "input_tokens",
            "output_tokens",
            "cache_read_input_tokens",
            "cache_creation_input_tokens",
        ],
    )
}

pub(crate) fn bedrock(usage: &Usage, prices: &Prices) -> f64 {
    apart(
        usage,
        prices,
        [
            "inputTokens",
            "outputTokens",
            "cacheReadInputTokens",
            "cacheWriteInputTokens",
        ],
    )
}

/// Google's. Newer servers read the common count of the output first: both must say the same. They add what tools used to
/// Google's own count of the input, and to no other.
pub(crate) fn google(usage: &Usage, prices: &Prices) -> f64 {
    let own = usage.get("original_usage.prompt_token_count");
    let tools = first(usage, &["original_usage.tool_use_prompt_token_count"]);
    let input = own.map_or_else(|| first(usage, &["prompt_tokens"]), |own| own + tools);
    let output = first(
        usage,
        &["original_usage.candidates_token_count", "completion_tokens"],
    );
    let cached = first(
        usage,
        &[
            "original_usage.cached_content_token_count",
            "cache_read_input_tokens",
        ],
    );
    (input - cached) * prices.input + cached * prices.read + output * prices.output
}

/// Models whose prices know no cache, whoever's they are.
pub(crate) fn plain(usage: &Usage, prices: &Prices) -> f64 {
    let [heard, spoken] = audio(usage, prices);
    let thought = detail(
        usage,
        "completion_tokens_details.reasoning_tokens",
        prices.thought,
    );
    (first(usage, &["prompt_tokens"]) - heard) * prices.input
        + heard * prices.audio_input
        + (first(usage, &["completion_tokens"]) - spoken - thought) * prices.output
        + spoken * prices.audio_output
        + thought * prices.thought
}

pub(crate) const CLAUDE: Prices = Prices {
    input: 3.0,
    output: 15.0,
    read: 0.3,
    write: 3.75,
    ..NOTHING
};
pub(crate) const GPT: Prices = Prices {
    input: 2.5,
    output: 10.0,
    read: 1.25,
    ..NOTHING
};
/// The same where audio and thoughts have prices of their own.
pub(crate) const GPT_AUDIO: Prices = Prices {
    audio_input: 40.0,
    audio_output: 80.0,
    thought: 20.0,
    ..GPT
};
pub(crate) const NOTHING: Prices = Prices {
    input: 0.0,
    output: 0.0,
    read: 0.0,
    write: 0.0,
    audio_input: 0.0,
    audio_output: 0.0,
    thought: 0.0,
};
