//! Ollama.

use crate::play::{CHAT, LINES, Play};

const OLLAMA: Play<'_> = Play {
    path: "/api/chat",
    host: "localhost:11434",
    request: br#"{"model":"llama3.2","messages":[{"role":"user","content":"hi"}],"options":{"num_predict":64,"temperature":0.8,"top_p":0.95}}"#,
    kind: LINES,
    ..CHAT
};

const LINE: &str = r#"{"model":"llama3.2","created_at":"2024-07-22T20:33:28.1Z","message":{"role":"assistant","content":"Hé\u00e9\n{\"done\":true}"},"done":false}"#;
const LAST: &str = r#"{"model":"llama3.2","created_at":"2024-07-22T20:33:28.2Z","message":{"role":"assistant","content":""},"done_reason":"stop","done":true,"total_duration":4883583458,"load_duration":1334875,"prompt_eval_count":26,"prompt_eval_duration":342546000,"eval_count":282,"eval_duration":4535599000}"#;

const FOUND: &str = r#"operation.name = chat
    provider.name = ollama
    request.model = llama3.2
    request.stream = true
    request.max_tokens = 64
    request.temperature = 0.8
    request.top_p = 0.95
    response.finish_reasons = ["stop"]
    response.time_to_first_chunk = 0.25 s
    gatespan.usage.status = reported
    usage.input_tokens = 26
    usage.output_tokens = 282
    response.model = llama3.2
    ollama = prompt_tokens 26, completion_tokens 282, total_tokens 308"#;

#[test]
fn lines_say_all_of_it() {
    for ends in ["\n", "\r\n", "\n\n \n"] {
        let body = [LINE, LINE, LAST, ""].join(ends);
        Play {
            body: body.as_bytes(),
            ..OLLAMA
        }
        .finds(FOUND);
    }
    let body = format!("\u{feff}{LINE}\n{LAST}");
    Play {
        body: body.as_bytes(),
        ..OLLAMA
    }
    .finds(FOUND);
}

#[test]
fn an_answer_is_asked_for() {
    let found = FOUND.replace("    request.stream = true\n", "").replace("    request.max_tokens = 64\n    request.temperature = 0.8\n    request.top_p = 0.95\n", "").replace("    response.time_to_first_chunk = 0.25 s\n", "");
    Play {
        request: br#"{"model":"llama3.2","messages":[],"stream":false}"#,
        ..OLLAMA
    }
    .json(LAST.as_bytes())
    .finds(&found);
}

#[test]
fn one_bad_line_is_lost_alone() {
    let body = [LINE, r#"{"prompt_eval_count":9"#, "x", LAST].join("\n");
    Play {
        body: body.as_bytes(),
        ..OLLAMA
    }
    .finds(FOUND);
}

#[test]
fn lines_that_break_off() {
    let body = [LINE, &LAST[..LAST.len() - 1]].join("\n");
    Play {
        body: body.as_bytes(),
        ..OLLAMA
    }
    .cut()
    .tells(&[
        "gatespan.usage.status = partial",
        "!usage",
        "response.model = llama3.2",
    ]);
    Play {
        body: LINE.as_bytes(),
        ..OLLAMA
    }
    .tells(&["gatespan.usage.status = partial", "!usage"]);
    let body = br#"{"model":"m","done":true,"done_reason":"load"}"#;
    Play { body, ..OLLAMA }.tells(&["gatespan.usage.status = absent", "!usage"]);
}

#[test]
fn an_error_is_a_text_and_not_read() {
    let body = [LINE, r#"{"error":"model runner has unexpectedly stopped"}"#].join("\n");
    Play {
        body: body.as_bytes(),
        ..OLLAMA
    }
    .tells(&["gatespan.usage.status = error", "!error"]);
    OLLAMA
        .failed(404)
        .json(br#"{"error":"model \"x\" not found"}"#)
        .tells(&["gatespan.usage.status = error", "!error"]);
}

#[test]
fn completions_and_embeddings() {
    let body = [r#"{"model":"m","response":"x","done":false}"#, r#"{"model":"m","response":"","done":true,"done_reason":"length","context":[1,2,3],"prompt_eval_count":1,"eval_count":2}"#].join("\n");
    Play {
        path: "/api/generate",
        body: body.as_bytes(),
        ..OLLAMA
    }
    .tells(&[
        "operation.name = text_completion",
        "response.time_to_first_chunk = 0.25 s",
        "usage.output_tokens = 2",
        r#"response.finish_reasons = ["length"]"#,
    ]);
    let body = br#"{"model":"all-minilm","embeddings":[[0.010071029,-0.0017594862,5e-2]],"total_duration":14143917,"prompt_eval_count":8}"#;
    Play {
        path: "/api/embed",
        request: br#"{"model":"all-minilm","input":"x"}"#,
        ..OLLAMA
    }
    .json(body)
    .finds(
        "operation.name = embeddings
        provider.name = ollama
        request.model = all-minilm
        gatespan.usage.status = reported
        usage.input_tokens = 8
        response.model = all-minilm
        ollama = prompt_tokens 8",
    );
}
