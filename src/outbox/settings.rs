//! What the configuration says of batches and queues.

/// How spans are batched and sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Spans in a batch at most.
    pub batch_spans: u32,
    /// Bytes in a batch at most.
    pub batch_bytes: u32,
    /// How old the oldest span of a batch may grow.
    pub interval_ms: u32,
    /// Bytes in all batches together at most.
    pub queue_bytes: u32,
    /// How long a call may take.
    pub timeout_ms: u32,
    /// How often a batch is tried.
    pub attempts: u32,
    /// The first pause between tries.
    pub backoff_ms: u32,
    /// The longest.
    pub backoff_max_ms: u32,
}
