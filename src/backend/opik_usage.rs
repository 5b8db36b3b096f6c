//! How Opik names providers and counts. Its price calculations for Anthropic and Bedrock need the input without the cache, under the provider's
//! own names, or they charge the cached part at the full price as well.

use core::hint::black_box;

use crate::genai::{ApiName, Count, Findings, ModelApi, Quantity};

/// A price calculation of Opik's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Calculation {
    OpenAi,
    /// OpenAI's, of an API with the newer names.
    OpenAiNewer,
    Anthropic,
    Bedrock,
    Google,
}

/// A provider, its name in Opik, and the calculation that Opik has for it; none counts prompt and completion only.
type ProviderRow = (ApiName, &'static str, Option<Calculation>);

const PROVIDERS: &[ProviderRow] = &[
    (ApiName::OpenAi, "openai", Some(Calculation::OpenAi)),
    (ApiName::Azure, "azure", Some(Calculation::OpenAi)),
    (ApiName::AzureInference, "azure.ai.inference", None),
    (
        ApiName::Anthropic,
        "anthropic",
        Some(Calculation::Anthropic),
    ),
    (ApiName::Gemini, "google_ai", Some(Calculation::Google)),
    (
        ApiName::Vertex,
        "google_vertexai",
        Some(Calculation::Google),
    ),
    (
        ApiName::VertexAnthropic,
        "anthropic_vertexai",
        Some(Calculation::Anthropic),
    ),
    (ApiName::Bedrock, "bedrock", Some(Calculation::Bedrock)),
    (ApiName::Groq, "groq", None),
    (ApiName::Mistral, "mistral", None),
    (ApiName::Xai, "xai", Some(Calculation::OpenAi)),
    (ApiName::DeepSeek, "deepseek", Some(Calculation::OpenAi)),
    (ApiName::OpenRouter, "openrouter", None),
    (ApiName::Cohere, "cohere", None),
    (ApiName::Ollama, "ollama", None),
    (ApiName::Perplexity, "perplexity", None),
    (ApiName::Moonshot, "moonshot", Some(Calculation::OpenAi)),
];

fn provider(api: ModelApi) -> Option<&'static ProviderRow> {
    let named = api.provider_name()?;
    black_box(PROVIDERS)
        .iter()
        .find(|(known, ..)| *known == named)
}

/// The name by which Opik finds the prices of a provider.
#[must_use]
pub fn opik_provider(api: ModelApi) -> &'static str {
    provider(api).map_or("", |(_, name, _)| name)
}

/// The model by which Opik finds the price: the one of the response. At Bedrock, and of Anthropic's at Vertex AI, the one of the request,
/// because the response has a name without a price.
#[must_use]
pub fn opik_model(findings: &Findings) -> Option<&[u8]> {
    let (requested, responded) = (findings.request_model(), findings.response_model());
    match findings.dialect().provider_name() {
        Some(ApiName::Bedrock | ApiName::VertexAnthropic) => requested.or(responded),
        _ => responded.or(requested),
    }
}

/// Passes the counts by the names of Opik's REST API. A number that does not fit its schema would cost the whole batch.
pub fn opik_usage(findings: &Findings, tell: &mut dyn FnMut(&'static str, i32)) {
    let api = findings.dialect();
    let calculation = match provider(api).and_then(|(.., calculation)| *calculation) {
        Some(Calculation::OpenAi) if api.has_newer_names() => Some(Calculation::OpenAiNewer),
        calculation => calculation,
    };
    // Without `black_box` the compiler writes out the loop, row by row.
    for (name, of, quantity) in black_box(ROWS) {
        if (of.is_none() || *of == calculation)
            && let Some(Ok(count)) = findings.quantity(*quantity).map(i32::try_from)
        {
            tell(name, count);
        }
    }
}

/// A name of Opik's, the price calculation that reads it (all of them if there is none), and what it counts.
type Row = (&'static str, Option<Calculation>, Quantity);

/// Opik's names of counts.
const ROWS: &[Row] = &[
    ("prompt_tokens", None, Quantity::Input),
    ("completion_tokens", None, Quantity::Output),
    ("total_tokens", None, Quantity::Total),
    (
        "original_usage.prompt_tokens",
        Some(Calculation::OpenAi),
        Quantity::Input,
    ),
    (
        "original_usage.completion_tokens",
        Some(Calculation::OpenAi),
        Quantity::Output,
    ),
    (
        "original_usage.prompt_tokens_details.cached_tokens",
        Some(Calculation::OpenAi),
        CACHE_READ,
    ),
    (
        "original_usage.input_tokens_details.cached_tokens",
        Some(Calculation::OpenAiNewer),
        CACHE_READ,
    ),
    (
        "original_usage.input_tokens",
        Some(Calculation::Anthropic),
        Quantity::Uncached,
    ),
    (
        "original_usage.output_tokens",
        Some(Calculation::Anthropic),
        Quantity::Output,
    ),
    (
        "original_usage.cache_read_input_tokens",
        Some(Calculation::Anthropic),
        CACHE_READ,
    ),
    (
        "original_usage.cache_creation_input_tokens",
        Some(Calculation::Anthropic),
        CACHE_WRITE,
    ),
    (
        "original_usage.inputTokens",
        Some(Calculation::Bedrock),
        Quantity::Uncached,
    ),
    (
        "original_usage.outputTokens",
        Some(Calculation::Bedrock),
        Quantity::Output,
    ),
    (
        "original_usage.cacheReadInputTokens",
        Some(Calculation::Bedrock),
        CACHE_READ,
    ),
    (
        "original_usage.cacheWriteInputTokens",
        Some(Calculation::Bedrock),
        CACHE_WRITE,
    ),
    (
        "original_usage.prompt_token_count",
        Some(Calculation::Google),
        Quantity::Counted(Count::Input),
    ),
    (
        "original_usage.tool_use_prompt_token_count",
        Some(Calculation::Google),
        Quantity::Counted(Count::ToolUse),
    ),
    (
        "original_usage.cached_content_token_count",
        Some(Calculation::Google),
        CACHE_READ,
    ),
    (
        "original_usage.candidates_token_count",
        Some(Calculation::Google),
        // Reasoning is paid like the rest, and some servers do not look elsewhere.
        Quantity::Output,
    ),
    // For models without a price of the cache, and for OpenAI's calculation. A detail without a price is paid like the rest.
    (
        "original_usage.prompt_tokens_details.audio_tokens",
        None,
        Quantity::Counted(Count::InputAudio),
    ),
    (
        "original_usage.completion_tokens_details.audio_tokens",
        None,
        Quantity::Counted(Count::OutputAudio),
    ),
    (
        "original_usage.completion_tokens_details.reasoning_tokens",
        None,
        Quantity::Counted(Count::Reasoning),
    ),
];
const CACHE_READ: Quantity = Quantity::Counted(Count::CacheRead);
const CACHE_WRITE: Quantity = Quantity::Counted(Count::CacheWrite);
