//! Calls whose cost is known.

use crate::price_formulas::{
    CLAUDE, GPT, GPT_AUDIO, Prices, Usage, anthropic, bedrock, google, openai, plain,
};

pub(crate) const APART: &[u8] = br#"{"usage":{"input_tokens":40,"cache_read_input_tokens":60000,"cache_creation_input_tokens":2000,"output_tokens":300}}"#;
pub(crate) const CONVERSE: &[u8] = br#"{"usage":{"inputTokens":40,"cacheReadInputTokens":60000,"cacheWriteInputTokens":2000,"outputTokens":300,"totalTokens":62340}}"#;
pub(crate) const CHAT_BODY: &[u8] = br#"{"usage":{"prompt_tokens":5000,"completion_tokens":100,"total_tokens":5100,"prompt_tokens_details":{"cached_tokens":4000}}}"#;
pub(crate) const RESPONSES_BODY: &[u8] = br#"{"usage":{"input_tokens":5000,"output_tokens":100,"total_tokens":5100,"input_tokens_details":{"cached_tokens":4000}}}"#;
pub(crate) const GEMINI_BODY: &[u8] = br#"{"usageMetadata":{"promptTokenCount":5000,"candidatesTokenCount":100,"totalTokenCount":5100,"cachedContentTokenCount":4000}}"#;

/// Thoughts that stand beside the output, and are paid like it: xAI's, Gemini's, and Gemini's in OpenAI's shape, which does
/// not name them.
pub(crate) const XAI_THOUGHT: &[u8] = br#"{"usage":{"prompt_tokens":5000,"completion_tokens":40,"total_tokens":5100,"prompt_tokens_details":{"cached_tokens":4000},"completion_tokens_details":{"reasoning_tokens":60}}}"#;
pub(crate) const GEMINI_THOUGHT: &[u8] = br#"{"usageMetadata":{"promptTokenCount":5000,"candidatesTokenCount":40,"thoughtsTokenCount":60,"totalTokenCount":5100,"cachedContentTokenCount":4000}}"#;
pub(crate) const UNNAMED_THOUGHT: &[u8] = br#"{"usage":{"prompt_tokens":5000,"completion_tokens":40,"total_tokens":5100,"prompt_tokens_details":{"cached_tokens":4000}}}"#;
/// And among it, as everybody else counts them.
pub(crate) const THOUGHT: &[u8] = br#"{"usage":{"prompt_tokens":5000,"completion_tokens":100,"total_tokens":5100,"prompt_tokens_details":{"cached_tokens":4000},"completion_tokens_details":{"reasoning_tokens":60}}}"#;

/// The same counts as DeepSeek and Moonshot name them; Moonshot's stream has them in its last choice.
pub(crate) const DEEPSEEK: &[u8] = br#"{"usage":{"prompt_tokens":5000,"completion_tokens":100,"total_tokens":5100,"prompt_cache_hit_tokens":4000,"prompt_cache_miss_tokens":1000}}"#;
pub(crate) const MOONSHOT: &[u8] = br#"{"usage":{"prompt_tokens":5000,"completion_tokens":100,"total_tokens":5100,"cached_tokens":4000}}"#;
/// With what tools used beside the prompt.
pub(crate) const GEMINI_TOOLS: &[u8] = br#"{"usageMetadata":{"promptTokenCount":5000,"toolUsePromptTokenCount":700,"candidatesTokenCount":100,"totalTokenCount":5800,"cachedContentTokenCount":4000}}"#;
/// 1,000 tokens of the input are audio, and 80 of the output.
pub(crate) const AUDIO: &[u8] = br#"{"usage":{"prompt_tokens":5000,"completion_tokens":100,"total_tokens":5100,"prompt_tokens_details":{"cached_tokens":2000,"audio_tokens":1000},"completion_tokens_details":{"audio_tokens":80,"reasoning_tokens":0}}}"#;

pub(crate) const LLAMA: &[u8] = br#"{"generation":"x","prompt_token_count":4000,"generation_token_count":100,"stop_reason":"stop"}"#;
pub(crate) const TITAN: &[u8] = br#"{"inputTextTokenCount":4000,"results":[{"tokenCount":100,"outputText":"x","completionReason":"FINISH"}]}"#;
pub(crate) const JAMBA: &[u8] = br#"{"choices":[{"index":0,"finish_reason":"stop"}],"usage":{"prompt_tokens":4000,"completion_tokens":100,"total_tokens":4100}}"#;
pub(crate) const NOVA: &[u8] = br#"{"stopReason":"end_turn","usage":{"inputTokens":40,"outputTokens":300,"totalTokens":62340,"cacheReadInputTokenCount":60000,"cacheWriteInputTokenCount":2000}}"#;
pub(crate) const MISTRAL: &[u8] = br#"{"outputs":[{"text":"x","stop_reason":"stop"}]}"#;
pub(crate) const SUMMED_UP: &[u8] = br#"{"usage":{"input_tokens":40,"cache_read_input_tokens":60000,"cache_creation_input_tokens":2000,"output_tokens":300,"iterations":[{"type":"compaction","input_tokens":180000,"output_tokens":3500,"cache_read_input_tokens":1000,"cache_creation_input_tokens":500},{"type":"message","input_tokens":40,"cache_read_input_tokens":60000,"cache_creation_input_tokens":2000,"output_tokens":300}]}}"#;
/// Beside a body that counts they count nothing.
pub(crate) const HEADERS: &[(&str, &str)] = &[
    ("x-amzn-bedrock-input-token-count", "40"),
    ("x-amzn-bedrock-output-token-count", "300"),
    ("x-amzn-bedrock-cache-read-input-token-count", "60000"),
    ("x-amzn-bedrock-cache-write-input-token-count", "2000"),
];

pub(crate) const AZURE: &str = "/openai/deployments/d/chat/completions";
pub(crate) const VERTEX: &str = "/v1/projects/p/publishers/anthropic/models/m:rawPredict";
pub(crate) const GEMINI: &str = "/v1beta/models/m:generateContent";

/// A provider's cached call: path, host, body, Opik's formula and prices, and the cost in millionths by hand.
pub(crate) type Case = (
    &'static str,
    &'static str,
    &'static [u8],
    fn(&Usage, &Prices) -> f64,
    &'static Prices,
    f64,
);

// 40 * 3 + 60,000 * 0.3 + 2,000 * 3.75 + 300 * 15 = 30,120; 1,000 * 2.5 + 4,000 * 1.25 + 100 * 10 = 8,500.

#[rustfmt::skip]
pub(crate) const CASES: &[Case] = &[
    ("/v1/messages", "api.anthropic.com", APART, anthropic, &CLAUDE, 30_120.0),
    (VERTEX, "", APART, anthropic, &CLAUDE, 30_120.0),
    ("/model/m/converse", "", CONVERSE, bedrock, &CLAUDE, 30_120.0),
    ("/model/m/invoke", "", APART, bedrock, &CLAUDE, 30_120.0),
    ("/v1/chat/completions", "api.openai.com", CHAT_BODY, openai, &GPT, 8_500.0),
    (AZURE, "", CHAT_BODY, openai, &GPT, 8_500.0),
    ("/v1/chat/completions", "api.x.ai", CHAT_BODY, openai, &GPT, 8_500.0),
    ("/v1/responses", "api.openai.com", RESPONSES_BODY, openai, &GPT, 8_500.0),
    (GEMINI, "generativelanguage.googleapis.com", GEMINI_BODY, google, &GPT, 8_500.0),
    (GEMINI, "us-aiplatform.googleapis.com", GEMINI_BODY, google, &GPT, 8_500.0),
    ("/v1/chat/completions", "api.openai.com", THOUGHT, openai, &GPT, 8_500.0),
    ("/v1/chat/completions", "api.x.ai", XAI_THOUGHT, openai, &GPT, 8_500.0),
    (GEMINI, "generativelanguage.googleapis.com", GEMINI_THOUGHT, google, &GPT, 8_500.0),
    ("/v1beta/openai/chat/completions", "generativelanguage.googleapis.com", UNNAMED_THOUGHT, google, &GPT, 8_500.0),
    ("/chat/completions", "api.deepseek.com", DEEPSEEK, openai, &GPT, 8_500.0),
    ("/v1/chat/completions", "api.moonshot.ai", MOONSHOT, openai, &GPT, 8_500.0),
    ("/v1/chat/completions", "api.moonshot.cn", CHAT_BODY, openai, &GPT, 8_500.0),
    // With what tools used: 1,700 * 2.5 + 4,000 * 1.25 + 100 * 10.
    (GEMINI, "generativelanguage.googleapis.com", GEMINI_TOOLS, google, &GPT, 10_250.0),
    // Audio: 2,000 * 2.5 + 2,000 * 1.25 + 1,000 * 40 + 20 * 10 + 80 * 80.
    ("/v1/chat/completions", "api.openai.com", AUDIO, openai, &GPT_AUDIO, 54_100.0),
    // The same without a price of the cache: 4,000 * 2.5 + 1,000 * 40 + 20 * 10 + 80 * 80.
    ("/v1/chat/completions", "api.openai.com", AUDIO, plain, &GPT_AUDIO, 56_600.0),
    // Thoughts with a price of their own, of models without one of the cache: 5,000 * 2.5 + 40 * 10 + 60 * 20.
    ("/v1/chat/completions", "api.groq.com", THOUGHT, plain, &GPT_AUDIO, 14_100.0),
    ("/v1/chat/completions", "api.perplexity.ai", THOUGHT, plain, &GPT_AUDIO, 14_100.0),
    ("/v1/chat/completions", "api.x.ai", XAI_THOUGHT, plain, &GPT_AUDIO, 14_100.0),
    (GEMINI, "generativelanguage.googleapis.com", GEMINI_THOUGHT, plain, &GPT_AUDIO, 14_100.0),
    // Shapes at other providers' doors, whose formulas want other names.
    ("/v1/chat/completions", "bedrock-runtime.us-east-1.amazonaws.com", CHAT_BODY, bedrock, &GPT, 8_500.0),
    ("/v1/chat/completions", "api.anthropic.com", CHAT_BODY, anthropic, &GPT, 8_500.0),
    ("/v1beta/openai/chat/completions", "generativelanguage.googleapis.com", CHAT_BODY, google, &GPT, 8_500.0),
    // Vendors' bodies at Bedrock: whatever their names are, they are told by Bedrock's. 4,000 * 3 + 100 * 15.
    ("/model/m/invoke", "", LLAMA, bedrock, &CLAUDE, 13_500.0),
    ("/model/m/invoke", "", TITAN, bedrock, &CLAUDE, 13_500.0),
    ("/model/m/invoke", "", JAMBA, bedrock, &CLAUDE, 13_500.0),
    ("/model/m/invoke", "", NOVA, bedrock, &CLAUDE, 30_120.0),
    ("/model/m/invoke", "", CHAT_BODY, bedrock, &GPT, 8_500.0),
    // Headers alone count: the same as Anthropic's body.
    ("/model/m/invoke", "", MISTRAL, bedrock, &CLAUDE, 30_120.0),
    // With an iteration that summed up: 180,000 * 3 + 3,500 * 15 + 1,000 * 0.3 + 500 * 3.75 more.
    ("/v1/messages", "api.anthropic.com", SUMMED_UP, anthropic, &CLAUDE, 624_795.0),
    // No word for the cache: its part is charged in full, 5,000 * 2.5 + 100 * 10.
    ("/v1/chat/completions", "api.groq.com", CHAT_BODY, plain, &GPT, 13_500.0),
    ("/v1/chat/completions", "api.mistral.ai", CHAT_BODY, plain, &GPT, 13_500.0),
];
