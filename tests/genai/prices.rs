//! What a call costs in Opik by the counts that it is told, beside what it truly costs.
//!
//! The formulas are those of Opik's price calculation as far as they are known: each reads the provider's own counts first,
//! and the common ones where those are missing.

use std::collections::BTreeMap;

use crate::play::{CHAT, Play};

/// Prices of a million tokens.
struct Prices {
    input: f64,
    output: f64,
    read: f64,
    write: f64,
}

type Usage = BTreeMap<String, f64>;

fn usage(play: &Play<'_>) -> Usage {
    let found = play.run([play.request], [play.body]);
    let mut usage = Usage::new();
    found.opik_usage(&mut |name, count| {
        usage.insert(name.into(), count.into());
    });
    usage
}

/// The first of these that is there.
fn first(usage: &Usage, names: &[&str]) -> f64 {
    names
        .iter()
        .find_map(|name| usage.get(*name).copied())
        .unwrap_or(0.0)
}

fn openai(usage: &Usage, prices: &Prices) -> f64 {
    let input = first(usage, &["original_usage.prompt_tokens", "prompt_tokens"]);
    let output = first(
        usage,
        &["original_usage.completion_tokens", "completion_tokens"],
    );
    let cached = first(
        usage,
        &[
            "original_usage.prompt_tokens_details.cached_tokens",
            "original_usage.input_tokens_details.cached_tokens",
            "cache_read_input_tokens",
        ],
    );
    (input - cached) * prices.input + cached * prices.read + output * prices.output
}

/// Anthropic's and Bedrock's: the input is taken for the part without the cache.
fn apart(usage: &Usage, prices: &Prices, names: [&str; 4]) -> f64 {
    let [input, output, read, write] = names.map(|name| format!("original_usage.{name}"));
    let input = first(usage, &[&input, "prompt_tokens"]);
    let output = first(usage, &[&output, "completion_tokens"]);
    let read = first(usage, &[&read, "cache_read_input_tokens"]);
    let write = first(usage, &[&write, "cache_creation_input_tokens"]);
    input * prices.input + output * prices.output + read * prices.read + write * prices.write
}

fn anthropic(usage: &Usage, prices: &Prices) -> f64 {
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

fn bedrock(usage: &Usage, prices: &Prices) -> f64 {
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

/// Google's. Newer servers read the common count of the output first: both must say the same.
fn google(usage: &Usage, prices: &Prices) -> f64 {
    let input = first(
        usage,
        &["original_usage.prompt_token_count", "prompt_tokens"],
    );
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

/// Providers whose prices know no cache.
fn plain(usage: &Usage, prices: &Prices) -> f64 {
    first(usage, &["prompt_tokens"]) * prices.input
        + first(usage, &["completion_tokens"]) * prices.output
}

const CLAUDE: Prices = Prices {
    input: 3.0,
    output: 15.0,
    read: 0.3,
    write: 3.75,
};
const GPT: Prices = Prices {
    input: 2.5,
    output: 10.0,
    read: 1.25,
    write: 0.0,
};

const APART: &[u8] = br#"{"usage":{"input_tokens":40,"cache_read_input_tokens":60000,"cache_creation_input_tokens":2000,"output_tokens":300}}"#;
const CONVERSE: &[u8] = br#"{"usage":{"inputTokens":40,"cacheReadInputTokens":60000,"cacheWriteInputTokens":2000,"outputTokens":300,"totalTokens":62340}}"#;
const CHAT_BODY: &[u8] = br#"{"usage":{"prompt_tokens":5000,"completion_tokens":100,"total_tokens":5100,"prompt_tokens_details":{"cached_tokens":4000}}}"#;
const RESPONSES_BODY: &[u8] = br#"{"usage":{"input_tokens":5000,"output_tokens":100,"total_tokens":5100,"input_tokens_details":{"cached_tokens":4000}}}"#;
const GEMINI_BODY: &[u8] = br#"{"usageMetadata":{"promptTokenCount":5000,"candidatesTokenCount":100,"totalTokenCount":5100,"cachedContentTokenCount":4000}}"#;

/// Thoughts that stand beside the output, and are paid like it: xAI's, Gemini's, and Gemini's in OpenAI's shape, which does
/// not name them.
const XAI_THOUGHT: &[u8] = br#"{"usage":{"prompt_tokens":5000,"completion_tokens":40,"total_tokens":5100,"prompt_tokens_details":{"cached_tokens":4000},"completion_tokens_details":{"reasoning_tokens":60}}}"#;
const GEMINI_THOUGHT: &[u8] = br#"{"usageMetadata":{"promptTokenCount":5000,"candidatesTokenCount":40,"thoughtsTokenCount":60,"totalTokenCount":5100,"cachedContentTokenCount":4000}}"#;
const UNNAMED_THOUGHT: &[u8] = br#"{"usage":{"prompt_tokens":5000,"completion_tokens":40,"total_tokens":5100,"prompt_tokens_details":{"cached_tokens":4000}}}"#;
/// And among it, as everybody else counts them.
const THOUGHT: &[u8] = br#"{"usage":{"prompt_tokens":5000,"completion_tokens":100,"total_tokens":5100,"prompt_tokens_details":{"cached_tokens":4000},"completion_tokens_details":{"reasoning_tokens":60}}}"#;

const LLAMA: &[u8] = br#"{"generation":"x","prompt_token_count":4000,"generation_token_count":100,"stop_reason":"stop"}"#;
const TITAN: &[u8] = br#"{"inputTextTokenCount":4000,"results":[{"tokenCount":100,"outputText":"x","completionReason":"FINISH"}]}"#;
const JAMBA: &[u8] = br#"{"choices":[{"index":0,"finish_reason":"stop"}],"usage":{"prompt_tokens":4000,"completion_tokens":100,"total_tokens":4100}}"#;
const NOVA: &[u8] = br#"{"stopReason":"end_turn","usage":{"inputTokens":40,"outputTokens":300,"totalTokens":62340,"cacheReadInputTokenCount":60000,"cacheWriteInputTokenCount":2000}}"#;
const MISTRAL: &[u8] = br#"{"outputs":[{"text":"x","stop_reason":"stop"}]}"#;
const SUMMED_UP: &[u8] = br#"{"usage":{"input_tokens":40,"cache_read_input_tokens":60000,"cache_creation_input_tokens":2000,"output_tokens":300,"iterations":[{"type":"compaction","input_tokens":180000,"output_tokens":3500,"cache_read_input_tokens":1000,"cache_creation_input_tokens":500},{"type":"message","input_tokens":40,"cache_read_input_tokens":60000,"cache_creation_input_tokens":2000,"output_tokens":300}]}}"#;
/// Beside a body that counts they count nothing.
const HEADERS: &[(&str, &str)] = &[
    ("x-amzn-bedrock-input-token-count", "40"),
    ("x-amzn-bedrock-output-token-count", "300"),
    ("x-amzn-bedrock-cache-read-input-token-count", "60000"),
    ("x-amzn-bedrock-cache-write-input-token-count", "2000"),
];

const AZURE: &str = "/openai/deployments/d/chat/completions";
const VERTEX: &str = "/v1/projects/p/publishers/anthropic/models/m:rawPredict";
const GEMINI: &str = "/v1beta/models/m:generateContent";

/// A provider's cached call: path, host, body, Opik's formula and prices, and the cost in millionths by hand.
type Case = (
    &'static str,
    &'static str,
    &'static [u8],
    fn(&Usage, &Prices) -> f64,
    &'static Prices,
    f64,
);

// 40 * 3 + 60,000 * 0.3 + 2,000 * 3.75 + 300 * 15 = 30,120; 1,000 * 2.5 + 4,000 * 1.25 + 100 * 10 = 8,500.
const CASES: &[Case] = &[
    (
        "/v1/messages",
        "api.anthropic.com",
        APART,
        anthropic,
        &CLAUDE,
        30_120.0,
    ),
    (VERTEX, "", APART, anthropic, &CLAUDE, 30_120.0),
    (
        "/model/m/converse",
        "",
        CONVERSE,
        bedrock,
        &CLAUDE,
        30_120.0,
    ),
    ("/model/m/invoke", "", APART, bedrock, &CLAUDE, 30_120.0),
    (
        "/v1/chat/completions",
        "api.openai.com",
        CHAT_BODY,
        openai,
        &GPT,
        8_500.0,
    ),
    (AZURE, "", CHAT_BODY, openai, &GPT, 8_500.0),
    (
        "/v1/chat/completions",
        "api.x.ai",
        CHAT_BODY,
        openai,
        &GPT,
        8_500.0,
    ),
    (
        "/v1/responses",
        "api.openai.com",
        RESPONSES_BODY,
        openai,
        &GPT,
        8_500.0,
    ),
    (
        GEMINI,
        "generativelanguage.googleapis.com",
        GEMINI_BODY,
        google,
        &GPT,
        8_500.0,
    ),
    (
        GEMINI,
        "us-aiplatform.googleapis.com",
        GEMINI_BODY,
        google,
        &GPT,
        8_500.0,
    ),
    (
        "/v1/chat/completions",
        "api.openai.com",
        THOUGHT,
        openai,
        &GPT,
        8_500.0,
    ),
    (
        "/v1/chat/completions",
        "api.x.ai",
        XAI_THOUGHT,
        openai,
        &GPT,
        8_500.0,
    ),
    (
        GEMINI,
        "generativelanguage.googleapis.com",
        GEMINI_THOUGHT,
        google,
        &GPT,
        8_500.0,
    ),
    (
        "/v1beta/openai/chat/completions",
        "generativelanguage.googleapis.com",
        UNNAMED_THOUGHT,
        google,
        &GPT,
        8_500.0,
    ),
    // Shapes at other providers' doors, whose formulas want other names.
    (
        "/v1/chat/completions",
        "bedrock-runtime.us-east-1.amazonaws.com",
        CHAT_BODY,
        bedrock,
        &GPT,
        8_500.0,
    ),
    (
        "/v1/chat/completions",
        "api.anthropic.com",
        CHAT_BODY,
        anthropic,
        &GPT,
        8_500.0,
    ),
    (
        "/v1beta/openai/chat/completions",
        "generativelanguage.googleapis.com",
        CHAT_BODY,
        google,
        &GPT,
        8_500.0,
    ),
    // Vendors' bodies at Bedrock: whatever their names are, they are told by Bedrock's. 4,000 * 3 + 100 * 15.
    ("/model/m/invoke", "", LLAMA, bedrock, &CLAUDE, 13_500.0),
    ("/model/m/invoke", "", TITAN, bedrock, &CLAUDE, 13_500.0),
    ("/model/m/invoke", "", JAMBA, bedrock, &CLAUDE, 13_500.0),
    ("/model/m/invoke", "", NOVA, bedrock, &CLAUDE, 30_120.0),
    ("/model/m/invoke", "", CHAT_BODY, bedrock, &GPT, 8_500.0),
    // Headers alone count: the same as Anthropic's body.
    ("/model/m/invoke", "", MISTRAL, bedrock, &CLAUDE, 30_120.0),
    // With an iteration that summed up: 180,000 * 3 + 3,500 * 15 + 1,000 * 0.3 + 500 * 3.75 more.
    (
        "/v1/messages",
        "api.anthropic.com",
        SUMMED_UP,
        anthropic,
        &CLAUDE,
        624_795.0,
    ),
    // No word for the cache: its part is charged in full, 5,000 * 2.5 + 100 * 10.
    (
        "/v1/chat/completions",
        "api.groq.com",
        CHAT_BODY,
        plain,
        &GPT,
        13_500.0,
    ),
    (
        "/v1/chat/completions",
        "api.mistral.ai",
        CHAT_BODY,
        plain,
        &GPT,
        13_500.0,
    ),
];

#[test]
fn a_cached_call_costs_what_it_costs() {
    for (path, host, body, formula, prices, cost) in CASES {
        let usage = usage(&Play {
            path,
            host,
            headers: HEADERS,
            ..CHAT.json(body)
        });
        let factor = formula(&usage, prices) / cost;
        assert_eq!(
            format!("{factor:.2}"),
            "1.00",
            "{path} at {host}: {usage:?}"
        );
    }
}

/// The mistakes that the counts above avoid, by the same formulas: had they been told so, this test's factors show.
#[test]
fn other_spellings_would_cost_more_or_less() {
    let of = |pairs: &[(&str, f64)]| -> Usage {
        pairs
            .iter()
            .map(|(name, count)| ((*name).into(), *count))
            .collect()
    };
    let inclusive = [("prompt_tokens", 62_040.0), ("completion_tokens", 300.0)];
    let dotted = [
        &inclusive[..],
        &[
            ("cache_read.input_tokens", 60_000.0),
            ("cache_creation.input_tokens", 2_000.0),
        ],
    ]
    .concat();
    let bare = [
        &inclusive[..],
        &[
            ("cache_read_input_tokens", 60_000.0),
            ("cache_creation_input_tokens", 2_000.0),
        ],
    ]
    .concat();
    let uncached = [("prompt_tokens", 40.0), ("completion_tokens", 300.0)];
    for formula in [anthropic, bedrock] {
        for (spelling, factor) in [
            (of(&dotted), "6.33"),
            (of(&bare), "7.18"),
            (of(&uncached), "0.15"),
        ] {
            assert_eq!(
                format!("{:.2}", formula(&spelling, &CLAUDE) / 30_120.0),
                factor
            );
        }
    }
    let dotted = of(&[
        ("prompt_tokens", 5_000.0),
        ("completion_tokens", 100.0),
        ("cache_read.input_tokens", 4_000.0),
    ]);
    assert_eq!(format!("{:.2}", openai(&dotted, &GPT) / 8_500.0), "1.59");
    // Gemini's own spelling of its counts is not read either.
    let camel = of(&[
        ("prompt_tokens", 5_000.0),
        ("completion_tokens", 100.0),
        ("original_usage.cachedContentTokenCount", 4_000.0),
    ]);
    assert_eq!(format!("{:.2}", google(&camel, &GPT) / 8_500.0), "1.59");
}

#[test]
fn opiks_endpoint_is_told_the_same_as_attributes() {
    for (path, host, body, ..) in CASES {
        let play = Play {
            path,
            host,
            headers: HEADERS,
            ..CHAT.json(body)
        };
        let found = play.run([play.request], [play.body]);
        let mut told = Usage::new();
        let mut last = String::new();
        let mut before = Vec::new();
        found.opik_attributes(gatespan::Time(0), &mut |name, value| {
            last = format!("{}{}", name.prefix, name.rest);
            if let gatespan::genai::Value::Whole(count) = value
                && name.prefix == "gen_ai.usage."
            {
                told.insert(name.rest.into(), count as f64);
            } else {
                // A text under this prefix is refused, and the whole request with it.
                assert!(!last.starts_with("gen_ai.usage.") || last == "gen_ai.usage.cost");
                before.push(last.clone());
            }
        });
        assert_eq!(told, usage(&play), "{path}");
        assert!(before.contains(&"gen_ai.system".to_owned()));
        assert!(!before.contains(&"gen_ai.provider.name".to_owned()));
        assert!(before.contains(&"opik.metadata.gatespan.usage.status".to_owned()));
    }
    // Of two models Opik takes the later one.
    let play = CHAT.json(br#"{"model":"answered","usage":{"prompt_tokens":1,"cost":0.5}}"#);
    let found = play.run([play.request], [play.body]);
    let mut names = Vec::new();
    found.opik_attributes(gatespan::Time(0), &mut |name, _| {
        names.push(format!("{}{}", name.prefix, name.rest));
    });
    assert_eq!(
        names.last().map(String::as_str),
        Some("gen_ai.response.model")
    );
    assert!(names.contains(&"gen_ai.usage.cost".to_owned()));
}

/// Which model's price it is: at Bedrock and Vertex AI that of the path, for what a vendor's body says there is in no table
/// of prices.
#[test]
fn a_model_is_one_that_has_a_price() {
    const INVOKE: &str = "/model/anthropic.claude-3-haiku-20240307-v1:0/invoke";
    const VERTEX: &str =
        "/v1/projects/p/publishers/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict";
    const DEPLOYMENT: &str = "/openai/deployments/ours/chat/completions";
    for (path, body, model) in [
        (
            INVOKE,
            "claude-3-haiku-20240307",
            "anthropic.claude-3-haiku-20240307-v1:0",
        ),
        // At Vertex AI a model of Anthropic's has an at sign, and in its answers a hyphen.
        (
            VERTEX,
            "claude-sonnet-4-5-20250929",
            "claude-sonnet-4-5@20250929",
        ),
        (DEPLOYMENT, "gpt-4o-2024-08-06", "gpt-4o-2024-08-06"),
        (GEMINI, "m-002", "m-002"),
    ] {
        let body = format!(r#"{{"model":"{body}","modelVersion":"{body}"}}"#);
        let play = Play {
            path,
            host: "",
            request: b"{}",
            ..CHAT.json(body.as_bytes())
        };
        let found = play.run([play.request], [play.body]);
        assert_eq!(found.opik_model(), Some(model.as_bytes()), "{path}");
        // Of two models Opik's receiver takes the later one.
        let mut last = Vec::new();
        found.opik_attributes(gatespan::Time(0), &mut |name, value| {
            if let gatespan::genai::Value::Text(value) = value
                && name.rest.ends_with(".model")
            {
                last = value.to_vec();
            }
        });
        assert_eq!(last, model.as_bytes(), "{path}");
    }
}
