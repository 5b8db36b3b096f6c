//! What the configuration says of batches and queues.

/// The keys of `export`, one row each: `name: kind(least, most) = default, "help";`. [`Settings`], the reading of a document and the JSON Schema
/// come from these rows. `whole` is a number; `millis` is a number of milliseconds, or a text like `5s`.
macro_rules! export_keys {
    ($rows:ident) => {
        $rows! {
            batch_spans: Whole(1, 1_000) = 200, "spans in a batch at most";
            batch_bytes: Whole(1_024, 50_000_000) = 1_000_000, "bytes in a batch at most";
            interval_ms: Millis(10, 600_000) = 1_000, "how long a batch fills at most";
            queue_bytes: Whole(1_024, 268_435_456) = 4_194_304, "bytes in all batches of a backend at most";
            timeout_ms: Millis(10, 600_000) = 5_000, "how long a call may take";
            attempts: Whole(1, 100) = 6, "how often a batch is sent at most";
            backoff_ms: Millis(1, 600_000) = 500, "the first pause between attempts";
            backoff_max_ms: Millis(1, 3_600_000) = 30_000, "the longest pause between attempts";
        }
    };
}

pub(crate) use export_keys;

macro_rules! define {
    ($($name:ident: $kind:ident($least:literal, $most:literal) = $default:literal, $help:literal;)*) => {
        /// How spans are batched and sent.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub struct Settings {
            $(#[doc = $help] pub $name: u32,)*
        }
    };
}

export_keys!(define);
