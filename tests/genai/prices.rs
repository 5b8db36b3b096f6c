//! What a call costs in Opik by the counts that it is told, beside what it truly costs.

use crate::play::{CHAT, Play};
use crate::price_cases::{CASES, GEMINI, HEADERS};
use crate::price_formulas::{CLAUDE, GPT, Usage, anthropic, bedrock, google, openai};

fn usage(play: &Play<'_>) -> Usage {
    let found = play.run([play.request], [play.body]);
    let mut usage = Usage::new();
    gatespan::backend::opik_usage::opik_usage(&found, &mut |name, count| {
        usage.insert(name.into(), count.into());
    });
    usage
}

#[test]
fn a_cached_call_costs_what_it_costs() {
    for (path, host, body, formula, prices, cost) in CASES {
        let usage = usage(&Play {
            path,
            host,
            headers: HEADERS,
            ..CHAT.json(body)
        });
        let found = formula(&usage, prices);
        assert!(
            (found - cost).abs() < 1e-6,
            "{path} at {host}: {found} and not {cost}: {usage:?}"
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
        gatespan::backend::genai::opik_attributes(&found, gatespan::Time(0), &mut |name, value| {
            last = format!("{}{}", name.prefix, name.rest);
            if let gatespan::span::AttributeValue::Whole(count) = value
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
    gatespan::backend::genai::opik_attributes(&found, gatespan::Time(0), &mut |name, _| {
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
        assert_eq!(
            gatespan::backend::opik_usage::opik_model(&found),
            Some(model.as_bytes()),
            "{path}"
        );
        // Of two models Opik's receiver takes the later one.
        let mut last = Vec::new();
        gatespan::backend::genai::opik_attributes(&found, gatespan::Time(0), &mut |name, value| {
            if let gatespan::span::AttributeValue::Text(value) = value
                && name.rest.ends_with(".model")
            {
                last = value.to_vec();
            }
        });
        assert_eq!(last, model.as_bytes(), "{path}");
    }
}
