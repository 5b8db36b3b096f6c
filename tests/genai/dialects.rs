//! Which API a request speaks, and whose it is.

use gatespan::Word;
use gatespan::genai::{ApiName, ModelApi};

fn found(named: Option<&str>, path: &str, host: &str) -> String {
    let named = named.map(|word| ApiName::meant_by(word).expect("a word"));
    match ModelApi::find(named, b"POST", path.as_bytes(), host.as_bytes()) {
        Some(dialect) => format!(
            "{} {} {}",
            dialect.operation(),
            dialect.provider(),
            gatespan::backend::opik_usage::opik_provider(dialect)
        ),
        None => "nothing".into(),
    }
}

const PATHS: &[(&str, &str)] = &[
    ("/v1/chat/completions", "chat openai openai"),
    ("/proxy/openai/v1/chat/completions/", "chat openai openai"),
    (
        "/v1/chat/completions?x=/v1/embeddings",
        "chat openai openai",
    ),
    (
        "http://api.openai.com/v1/chat/completions",
        "chat openai openai",
    ),
    ("/v1/completions", "text_completion openai openai"),
    ("/v1/embeddings", "embeddings openai openai"),
    ("/v1/responses", "chat openai openai"),
    (
        "/openai/deployments/gpt/chat/completions?api-version=1",
        "chat azure.ai.openai azure",
    ),
    (
        "/openai/deployments/gpt/embeddings",
        "embeddings azure.ai.openai azure",
    ),
    (
        "/openai/deployments/gpt/completions",
        "text_completion azure.ai.openai azure",
    ),
    (
        "/openai/deployments//chat/completions",
        "chat openai openai",
    ),
    ("/v1/messages", "chat anthropic anthropic"),
    ("/v1/messages/count_tokens", "nothing"),
    ("/v1/threads/t/messages", "nothing"),
    (
        "/v1beta/models/gemini-pro:generateContent?key=k",
        "generate_content gcp.gemini google_ai",
    ),
    (
        "/v1beta/models/gemini-pro:streamGenerateContent",
        "generate_content gcp.gemini google_ai",
    ),
    ("/v1beta/models/:generateContent", "nothing"),
    ("/v1beta/models/gemini-pro:countTokens", "nothing"),
    (
        "/v1/projects/p/locations/l/endpoints/7:generateContent",
        "generate_content gcp.gemini google_ai",
    ),
    (
        "/v1/projects/p/publishers/anthropic/models/c:rawPredict",
        "chat gcp.vertex_ai anthropic_vertexai",
    ),
    (
        "/model/amazon.nova-pro-v1%3A0/converse",
        "chat aws.bedrock bedrock",
    ),
    ("/model/m/converse-stream", "chat aws.bedrock bedrock"),
    ("/model/m/invoke", "chat aws.bedrock bedrock"),
    (
        "/model/m/invoke-with-response-stream",
        "chat aws.bedrock bedrock",
    ),
    ("/api/chat", "chat ollama ollama"),
    ("/api/generate", "text_completion ollama ollama"),
    ("/api/embed", "embeddings ollama ollama"),
    ("/api/embeddings", "embeddings ollama ollama"),
    ("/ollama/api/embed", "embeddings ollama ollama"),
    ("/v2/chat", "chat cohere cohere"),
    // Gateways' prefixes.
    ("/openai/v1/chat/completions", "chat openai openai"),
    ("/groq/openai/v1/chat/completions", "chat openai openai"),
    ("/groq/openai/v1/responses", "chat openai openai"),
    ("/api/v1/chat/completions", "chat openai openai"),
    ("/deepseek/chat/completions", "chat openai openai"),
    ("/v1/account/gateway/openai/responses", "chat openai openai"),
    ("/openai/responses?api-version=1", "chat openai openai"),
    ("/v1beta/openai/embeddings", "embeddings openai openai"),
    ("/openai/completions", "text_completion openai openai"),
    ("/anthropic/v1/messages", "chat anthropic anthropic"),
    ("/llm/v1/messages", "chat anthropic anthropic"),
    // Other applications'.
    ("/api/surveys/7/responses", "nothing"),
    ("/responses", "nothing"),
    ("/api/v1/messages", "nothing"),
    ("/chat/api/v1/messages/", "nothing"),
    ("/api/messages", "nothing"),
    ("/courses/3/completions", "nothing"),
    ("/api/completions", "nothing"),
    ("/search/embeddings", "nothing"),
    ("/v1/models", "nothing"),
    ("/v1/chat/completions/x", "nothing"),
    ("/", "nothing"),
    ("", "nothing"),
];

#[test]
fn paths_tell_the_api() {
    for (path, expected) in PATHS {
        assert_eq!(
            found(None, path, "gateway.internal:8080"),
            *expected,
            "{path}"
        );
    }
}

#[test]
fn hosts_tell_the_provider() {
    for (host, expected) in [
        ("api.openai.com", "chat openai openai"),
        ("api.groq.com", "chat groq groq"),
        ("API.Groq.com:443", "chat groq groq"),
        ("api.groq.com.", "chat groq groq"),
        ("api.groq.com.evil.example", "chat openai openai"),
        ("notx.ai", "chat openai openai"),
        ("api.mistral.ai", "chat mistral_ai mistral"),
        ("api.deepseek.com", "chat deepseek deepseek"),
        ("openrouter.ai", "chat openrouter openrouter"),
        ("api.x.ai", "chat x_ai xai"),
        ("acme.openai.azure.com", "chat azure.ai.openai azure"),
        (
            "acme.services.ai.azure.com",
            "chat azure.ai.inference azure.ai.inference",
        ),
        (
            "generativelanguage.googleapis.com",
            "chat gcp.gemini google_ai",
        ),
        (
            "us-central1-aiplatform.googleapis.com",
            "chat gcp.vertex_ai google_vertexai",
        ),
        (
            "bedrock-runtime.us-west-2.amazonaws.com",
            "chat aws.bedrock bedrock",
        ),
        (
            "vpce-1.bedrock-runtime-fips.us-west-2.vpce.AmazonAWS.com",
            "chat aws.bedrock bedrock",
        ),
        // A model server of one's own, at Amazon's.
        (
            "internal-llm-1.us-east-1.elb.amazonaws.com",
            "chat openai openai",
        ),
        (
            "abc.execute-api.us-east-1.amazonaws.com",
            "chat openai openai",
        ),
        ("api.perplexity.ai", "chat perplexity perplexity"),
        ("api.moonshot.cn", "chat moonshot_ai moonshot"),
        ("api.cohere.ai", "chat cohere cohere"),
        ("", "chat openai openai"),
    ] {
        assert_eq!(
            found(None, "/v1/chat/completions", host),
            expected,
            "{host}"
        );
    }
}

#[test]
fn a_route_has_the_first_word() {
    for (word, path, host, expected) in [
        // An API, wherever it is served.
        ("openai_chat", "/llm", "x", "chat openai openai"),
        ("openai_chat", "/llm", "api.groq.com", "chat groq groq"),
        (
            "openai_embeddings",
            "/v1/chat/completions",
            "x",
            "embeddings openai openai",
        ),
        ("anthropic_messages", "/", "", "chat anthropic anthropic"),
        (
            "gemini_generate_content",
            "/x",
            "",
            "generate_content gcp.gemini google_ai",
        ),
        ("bedrock_converse", "/x", "", "chat aws.bedrock bedrock"),
        (
            "mcp",
            "/v1/chat/completions",
            "api.openai.com",
            "execute_tool  ",
        ),
        // A provider, whose paths tell the API.
        (
            "groq",
            "/v1/chat/completions",
            "api.openai.com",
            "chat groq groq",
        ),
        ("azure", "/v1/responses", "x", "chat azure.ai.openai azure"),
        (
            "vertex",
            "/v1beta/models/m:generateContent",
            "x",
            "generate_content gcp.vertex_ai google_vertexai",
        ),
        (
            "deepseek",
            "/anthropic/v1/messages",
            "x",
            "chat deepseek deepseek",
        ),
        (
            "vertex_anthropic",
            "/v1/messages",
            "x",
            "chat gcp.vertex_ai anthropic_vertexai",
        ),
        ("openai", "/v1/audio/speech", "api.openai.com", "nothing"),
    ] {
        assert_eq!(
            found(Some(word), path, host),
            expected,
            "{word} {path} {host}"
        );
    }
}

#[test]
fn with_whose_they_are_said_shorter_paths_will_do() {
    for (word, path, host, expected) in [
        ("openai", "/llm/responses", "x", "chat openai openai"),
        (
            "mistral",
            "/llm/embeddings",
            "x",
            "embeddings mistral_ai mistral",
        ),
        (
            "deepseek",
            "/beta/completions",
            "x",
            "text_completion deepseek deepseek",
        ),
        (
            "openrouter",
            "/api/v1/messages",
            "x",
            "chat openrouter openrouter",
        ),
        ("ollama", "/api/embeddings", "x", "embeddings ollama ollama"),
    ] {
        assert_eq!(
            found(Some(word), path, host),
            expected,
            "{word} {path} {host}"
        );
    }
}

#[test]
fn every_word_names_an_api_or_a_provider() {
    for (word, named) in ApiName::WORDS.iter().zip(ApiName::MEANINGS) {
        let forced = ModelApi::find(Some(*named), b"POST", b"/nowhere", b"").is_some();
        let dialect = ModelApi::find(Some(*named), b"POST", b"/v1/chat/completions", b"").unwrap();
        let is_provider = dialect.provider() != "openai" || *word == "openai";
        assert!(forced || is_provider, "{word}");
    }
}

/// A host that is a provider's says whose they are as well.
#[test]
fn a_host_may_tell_that_a_path_is_one_of_models() {
    for (path, host, expected) in [
        (
            "/api/v1/messages",
            "openrouter.ai",
            "chat openrouter openrouter",
        ),
        (
            "/beta/completions",
            "api.deepseek.com",
            "text_completion deepseek deepseek",
        ),
        (
            "/models/embeddings",
            "acme.services.ai.azure.com",
            "embeddings azure.ai.inference azure.ai.inference",
        ),
        ("/api/v1/messages", "app.example", "nothing"),
        ("/beta/completions", "app.example", "nothing"),
    ] {
        assert_eq!(found(None, path, host), expected, "{host}{path}");
    }
}

#[test]
fn only_what_is_posted_is_looked_at() {
    for method in ["GET", "OPTIONS", "DELETE", "post", ""] {
        let dialect = ModelApi::find(
            Some(ApiName::OpenAiChat),
            method.as_bytes(),
            b"/v1/chat/completions",
            b"",
        );
        assert!(dialect.is_none(), "{method}");
    }
}
