//! The names of APIs and providers in a configuration.

use crate::words::words;

words! {
    /// A name for a route to say which API its requests speak, or whose they are.
    ApiName {
        /// OpenAI's chat completions, and everything of that shape.
        OpenAiChat = "openai_chat",
        /// OpenAI's responses.
        OpenAiResponses = "openai_responses",
        /// OpenAI's older completions.
        OpenAiCompletions = "openai_completions",
        /// OpenAI's embeddings.
        OpenAiEmbeddings = "openai_embeddings",
        /// Anthropic's messages.
        AnthropicMessages = "anthropic_messages",
        /// Gemini's `generateContent`, also at Vertex AI.
        GeminiGenerateContent = "gemini_generate_content",
        /// Ollama's chat.
        OllamaChat = "ollama_chat",
        /// Ollama's completions.
        OllamaGenerate = "ollama_generate",
        /// Ollama's embeddings.
        OllamaEmbed = "ollama_embed",
        /// Cohere's chat.
        CohereChat = "cohere_chat",
        /// Bedrock's converse.
        BedrockConverse = "bedrock_converse",
        /// Bedrock's invoke.
        BedrockInvoke = "bedrock_invoke",
        /// The Model Context Protocol.
        Mcp = "mcp",
        /// OpenAI, whichever API the path tells; and so on.
        OpenAi = "openai",
        /// Azure OpenAI.
        Azure = "azure",
        /// Azure AI inference.
        AzureInference = "azure_inference",
        /// Anthropic.
        Anthropic = "anthropic",
        /// Google's AI.
        Gemini = "gemini",
        /// Vertex AI.
        Vertex = "vertex",
        /// Anthropic's models at Vertex AI.
        VertexAnthropic = "vertex_anthropic",
        /// Amazon Bedrock.
        Bedrock = "bedrock",
        /// Groq.
        Groq = "groq",
        /// Mistral.
        Mistral = "mistral",
        /// xAI.
        Xai = "xai",
        /// DeepSeek.
        DeepSeek = "deepseek",
        /// OpenRouter.
        OpenRouter = "openrouter",
        /// Cohere.
        Cohere = "cohere",
        /// Ollama.
        Ollama = "ollama",
        /// Perplexity.
        Perplexity = "perplexity",
        /// Moonshot.
        Moonshot = "moonshot",
    }
}
