//! Laws for any bytes; those of the fuzz target, fed by proptest.

use proptest::prelude::*;

#[path = "../laws/bodies.rs"]
mod bodies;

/// Bytes that look like something: pieces of bodies, in any order.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "data: ",
        "data",
        "\n",
        "\r\n",
        "\r",
        "\n\n",
        ":",
        "event: x\n",
        "[DONE]",
        "{",
        "}",
        "[",
        "]",
        ",",
        "\"",
        "\\",
        "\\u00e9",
        "\\ud83d",
        "\"usage\":",
        "\"prompt_tokens\":12",
        "\"choices\":[",
        "\"finish_reason\":\"stop\"",
        "\"index\":1",
        "\"model\":\"m\"",
        "\"id\":\"i\"",
        "\"delta\":{\"content\":\"x\"}",
        "\"error\":{",
        "\"code\":\"c\"",
        "null",
        "true",
        "1e3",
        "-0.5",
        "é",
        "\u{feff}",
        "\"message\":{",
        "\"type\":\"message_stop\"",
        "\"response\":{",
        "{\"usage\":{\"prompt_tokens\":7}}",
        "\"iterations\":[",
        "{\"type\":\"compaction\",\"input_tokens\":7}",
        "{\"choices\":[{\"finish_reason\":\"stop\"}]}",
    ]);
    let piece = prop_oneof![
        8 => piece.prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..12),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_pieces_of_bodies(head: [u8; 4], soup in soup()) {
        bodies::hold(&[&head[..], &soup].concat());
    }

    /// What headers say stands in lines before the body, where Bedrock's invoke reads it.
    #[test]
    fn any_headers(
        kind: u8,
        sizes: u8,
        lines in prop::collection::vec("[0-9]{0,20}|[A-Za-z.:/ -]{0,70}|\\PC{0,9}", 0..7),
        soup in soup(),
    ) {
        let text = lines.join("\n");
        bodies::hold(&[&[bodies::INVOKE, kind, 0, sizes], text.as_bytes(), &soup].concat());
    }

    #[test]
    fn any_bytes(data in prop::collection::vec(any::<u8>(), 0..600)) {
        bodies::hold(&data);
    }
}
