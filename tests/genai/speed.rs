//! How fast bodies are read. A time fails nothing: it is for people, by
//! `cargo test --release --test genai -- --ignored --nocapture`.

use std::hint::black_box;
use std::time::Instant;

use gatespan::genai::{Exchange, ModelApi};

use crate::play::{CHAT, FRAMES, JSON, NOW, SSE};

#[test]
#[ignore = "a measurement"]
fn speed() {
    let long = format!(
        r#"{{"id":"x","choices":[{{"message":{{"content":"{}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":1}}}}"#,
        "All that glitters is not gold; \u{e9} often have you heard that told.\\n".repeat(60_000)
    );
    let numbers = format!(
        r#"{{"data":[{{"embedding":[{}-0.5]}}],"usage":{{"prompt_tokens":1}}}}"#,
        "-0.012345678,0.9876543,".repeat(150_000)
    );
    let event = r#"data: {"id":"chatcmpl-ABCDEFGHIJKLMNOPQRSTUVWXYZ012","object":"chat.completion.chunk","created":1772446530,"model":"gpt-5-mini-2025-08-07","service_tier":"default","system_fingerprint":"fp_0123456789","choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}],"usage":null}"#;
    let events = format!("{event}\n\n").repeat(15_000);
    println!("an event of {} bytes", event.len() + 2);
    let payload =
        "{\"delta\":{\"text\":\" word\"},\"contentBlockIndex\":0,\"p\":\"abcdefghijklmnop\"}";
    let frame = crate::bedrock::frame(&[(":event-type", "contentBlockDelta")], payload.as_bytes());
    let frames = frame.repeat(15_000);
    for (name, kind, body, chunk) in [
        ("long text, 16 kB chunks", JSON, long.as_bytes(), 16_384),
        ("long text, 1 kB chunks", JSON, long.as_bytes(), 1_024),
        ("numbers, 16 kB chunks", JSON, numbers.as_bytes(), 16_384),
        ("events, 16 kB chunks", SSE, events.as_bytes(), 16_384),
        (
            "events, one a chunk",
            SSE,
            events.as_bytes(),
            event.len() + 2,
        ),
        ("frames, 16 kB chunks", FRAMES, &frames, 16_384),
    ] {
        let rate = best(body, |body| {
            let dialect = ModelApi::find(None, b"POST", CHAT.path.as_bytes(), b"").unwrap();
            let mut exchange = Box::new(Exchange::new(dialect, b"/v1/chat/completions"));
            exchange.response_headers(200, [kind]);
            for chunk in body.chunks(chunk) {
                exchange.response_chunk(chunk, NOW);
            }
            u64::from(black_box(exchange.end(true)).streamed())
        });
        println!("{name:26} {rate:8.0} MB/s");
    }
    let rate = best(long.as_bytes(), |body| {
        body.iter().filter(|byte| **byte == b'\n').count() as u64
    });
    println!("{:26} {rate:8.0} MB/s", "counting a byte (SIMD)");
    let mut copy = vec![0; long.len()];
    let rate = best(long.as_bytes(), |body| {
        copy.copy_from_slice(body);
        u64::from(black_box(&copy)[7])
    });
    println!("{:26} {rate:8.0} MB/s", "copying");
}

/// The best of some runs, in MB a second.
fn best(body: &[u8], mut run: impl FnMut(&[u8]) -> u64) -> f64 {
    (0..7)
        .map(|_| {
            let start = Instant::now();
            black_box(run(black_box(body)));
            body.len() as f64 / start.elapsed().as_secs_f64() / 1e6
        })
        .fold(0.0, f64::max)
}
