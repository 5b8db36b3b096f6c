//! Who answers: the words for a provider, and the hosts by which it is known.

use super::dialect::Named;

/// A provider.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) named: Option<Named>,
    /// `gen_ai.provider.name`.
    pub(crate) name: &'static str,
    /// The word by which Opik looks prices up.
    pub(crate) opik: &'static str,
    /// What Opik's price calculation reads for this word.
    pub(crate) formula: Formula,
    /// Ends of its hosts.
    pub(crate) hosts: &'static [&'static str],
}

/// The counts that a price calculation of Opik's reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Formula {
    /// Prompt and completion, without a word for the cache.
    Plain,
    OpenAi,
    Anthropic,
    Bedrock,
    Google,
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
    named: Some(Named::OpenAi),
    name: "openai",
    opik: "openai",
    formula: Formula::OpenAi,
    hosts: &["api.openai.com"],
};

pub(crate) static AZURE: Provider = Provider {
    named: Some(Named::Azure),
    name: "azure.ai.openai",
    opik: "azure",
    formula: Formula::OpenAi,
    hosts: &["openai.azure.com", "cognitiveservices.azure.com"],
};

static AZURE_INFERENCE: Provider = Provider {
    named: Some(Named::AzureInference),
    name: "azure.ai.inference",
    opik: "azure.ai.inference",
    formula: Formula::Plain,
    hosts: &["models.ai.azure.com", "services.ai.azure.com"],
};

pub(crate) static ANTHROPIC: Provider = Provider {
    named: Some(Named::Anthropic),
    name: "anthropic",
    opik: "anthropic",
    formula: Formula::Anthropic,
    hosts: &["api.anthropic.com"],
};

pub(crate) static GEMINI: Provider = Provider {
    named: Some(Named::Gemini),
    name: "gcp.gemini",
    opik: "google_ai",
    formula: Formula::Google,
    hosts: &["generativelanguage.googleapis.com"],
};

static VERTEX: Provider = Provider {
    named: Some(Named::Vertex),
    name: "gcp.vertex_ai",
    opik: "google_vertexai",
    formula: Formula::Google,
    hosts: &["aiplatform.googleapis.com"],
};

/// Anthropic's models at Vertex AI: their paths tell.
pub(crate) static VERTEX_ANTHROPIC: Provider = Provider {
    named: Some(Named::VertexAnthropic),
    name: "gcp.vertex_ai",
    opik: "anthropic_vertexai",
    formula: Formula::Anthropic,
    hosts: &[],
};

pub(crate) static BEDROCK: Provider = Provider {
    named: Some(Named::Bedrock),
    name: "aws.bedrock",
    opik: "bedrock",
    formula: Formula::Bedrock,
    hosts: &["amazonaws.com", "amazonaws.com.cn"],
};

static GROQ: Provider = plain(Named::Groq, "groq", "groq", &["api.groq.com"]);
static MISTRAL: Provider = plain(Named::Mistral, "mistral_ai", "mistral", &["mistral.ai"]);
static XAI: Provider = Provider {
    formula: Formula::OpenAi,
    ..plain(Named::Xai, "x_ai", "xai", &["x.ai"])
};
static DEEPSEEK: Provider = Provider {
    formula: Formula::OpenAi,
    ..plain(Named::DeepSeek, "deepseek", "deepseek", &["deepseek.com"])
};
static OPENROUTER: Provider = plain(
    Named::OpenRouter,
    "openrouter",
    "openrouter",
    &["openrouter.ai"],
);
pub(crate) static COHERE: Provider = plain(
    Named::Cohere,
    "cohere",
    "cohere",
    &["cohere.com", "cohere.ai"],
);
pub(crate) static OLLAMA: Provider = plain(Named::Ollama, "ollama", "ollama", &[]);
static PERPLEXITY: Provider = plain(
    Named::Perplexity,
    "perplexity",
    "perplexity",
    &["perplexity.ai"],
);
static MOONSHOT: Provider = Provider {
    formula: Formula::OpenAi,
    ..plain(
        Named::Moonshot,
        "moonshot_ai",
        "moonshot",
        &["moonshot.ai", "moonshot.cn"],
    )
};

/// Of tools.
pub(crate) static NOBODY: Provider = Provider {
    named: None,
    name: "",
    opik: "",
    formula: Formula::Plain,
    hosts: &[],
};

const fn plain(
    named: Named,
    name: &'static str,
    opik: &'static str,
    hosts: &'static [&'static str],
) -> Provider {
    Provider {
        named: Some(named),
        name,
        opik,
        formula: Formula::Plain,
        hosts,
    }
}
