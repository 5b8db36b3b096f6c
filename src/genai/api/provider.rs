//! The providers: their names, and the hosts by which they are known.

use super::name::ApiName;

/// A provider.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) named: Option<ApiName>,
    /// `gen_ai.provider.name`.
    pub(crate) name: &'static str,
    /// Ends of its hosts.
    pub(crate) hosts: &'static [&'static str],
}

/// Every provider that is known by a host or a name.
pub(crate) static PROVIDERS: &[&Provider] = &[
    &OPENAI,
    &AZURE,
    &AZURE_INFERENCE,
    &ANTHROPIC,
    &GEMINI,
    &VERTEX,
    &VERTEX_ANTHROPIC,
    &BEDROCK,
    &GROQ,
    &MISTRAL,
    &XAI,
    &DEEPSEEK,
    &OPENROUTER,
    &COHERE,
    &OLLAMA,
    &PERPLEXITY,
    &MOONSHOT,
];

pub(crate) static OPENAI: Provider = Provider {
    named: Some(ApiName::OpenAi),
    name: "openai",
    hosts: &["api.openai.com"],
};

pub(crate) static AZURE: Provider = Provider {
    named: Some(ApiName::Azure),
    name: "azure.ai.openai",
    hosts: &["openai.azure.com", "cognitiveservices.azure.com"],
};

static AZURE_INFERENCE: Provider = Provider {
    named: Some(ApiName::AzureInference),
    name: "azure.ai.inference",
    hosts: &["models.ai.azure.com", "services.ai.azure.com"],
};

pub(crate) static ANTHROPIC: Provider = Provider {
    named: Some(ApiName::Anthropic),
    name: "anthropic",
    hosts: &["api.anthropic.com"],
};

pub(crate) static GEMINI: Provider = Provider {
    named: Some(ApiName::Gemini),
    name: "gcp.gemini",
    hosts: &["generativelanguage.googleapis.com"],
};

static VERTEX: Provider = Provider {
    named: Some(ApiName::Vertex),
    name: "gcp.vertex_ai",
    hosts: &["aiplatform.googleapis.com"],
};

/// Anthropic's models at Vertex AI. Their paths tell.
pub(crate) static VERTEX_ANTHROPIC: Provider = Provider {
    named: Some(ApiName::VertexAnthropic),
    name: "gcp.vertex_ai",
    hosts: &[],
};

pub(crate) static BEDROCK: Provider = Provider {
    named: Some(ApiName::Bedrock),
    name: "aws.bedrock",
    hosts: &["amazonaws.com", "amazonaws.com.cn"],
};

static GROQ: Provider = plain(ApiName::Groq, "groq", &["api.groq.com"]);
static MISTRAL: Provider = plain(ApiName::Mistral, "mistral_ai", &["mistral.ai"]);
static XAI: Provider = plain(ApiName::Xai, "x_ai", &["x.ai"]);
static DEEPSEEK: Provider = plain(ApiName::DeepSeek, "deepseek", &["deepseek.com"]);
static OPENROUTER: Provider = plain(ApiName::OpenRouter, "openrouter", &["openrouter.ai"]);
pub(crate) static COHERE: Provider = plain(ApiName::Cohere, "cohere", &["cohere.com", "cohere.ai"]);
pub(crate) static OLLAMA: Provider = plain(ApiName::Ollama, "ollama", &[]);
static PERPLEXITY: Provider = plain(ApiName::Perplexity, "perplexity", &["perplexity.ai"]);
static MOONSHOT: Provider = plain(
    ApiName::Moonshot,
    "moonshot_ai",
    &["moonshot.ai", "moonshot.cn"],
);

/// The provider of tools.
pub(crate) static NO_PROVIDER: Provider = Provider {
    named: None,
    name: "",
    hosts: &[],
};

const fn plain(named: ApiName, name: &'static str, hosts: &'static [&'static str]) -> Provider {
    Provider {
        named: Some(named),
        name,
        hosts,
    }
}

/// Providers whose totals count thoughts that have no name.
pub(crate) const GOOGLE: [Option<ApiName>; 2] = [Some(ApiName::Gemini), Some(ApiName::Vertex)];
