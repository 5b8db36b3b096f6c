//! Bodies that come compressed.

use std::io::Write;

use flate2::Compression;
use flate2::GzBuilder;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use gatespan::Word;

use crate::play::{CHAT, Play, events, pieces};

fn level(level: u32) -> Compression {
    Compression::new(level)
}

fn gzip(body: &[u8], with: Compression) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), with);
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn zlib(body: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), level(6));
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn raw(body: &[u8], with: Compression) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), with);
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// A stream as a server flushes it: each event can be read when it came.
fn flushed(data: &[Vec<u8>]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), level(6));
    for event in data {
        encoder.write_all(event).unwrap();
        encoder.flush().unwrap();
    }
    encoder.finish().unwrap()
}

const BODY: &[u8] = br#"{"id":"chatcmpl-1","choices":[{"message":{"content":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbb"},"finish_reason":"stop"}],"usage":{"prompt_tokens":12,"completion_tokens":3}}"#;

fn encoded<'p>(encoding: &'p str, body: &'p [u8]) -> Play<'p> {
    Play {
        encoding,
        ..CHAT.json(body)
    }
}

#[test]
fn what_is_folded_says_the_same() {
    let expected = CHAT.json(BODY).found();
    for depth in [0, 1, 6, 9] {
        assert_eq!(
            encoded("gzip", &gzip(BODY, level(depth))).found(),
            expected,
            "gzip {depth}"
        );
        assert_eq!(
            encoded("deflate", &raw(BODY, level(depth))).found(),
            expected,
            "raw {depth}"
        );
    }
    assert_eq!(encoded("deflate", &zlib(BODY)).found(), expected);
    assert_eq!(encoded(" X-GZip", &gzip(BODY, level(6))).found(), expected);
    assert_eq!(encoded("Identity", BODY).found(), expected);
    assert_eq!(encoded("", BODY).found(), expected);
}

#[test]
fn a_head_may_have_everything_and_members_follow_each_other() {
    let expected = CHAT.json(BODY).found();
    let (one, other) = BODY.split_at(70);
    let mut encoder = GzBuilder::new()
        .filename("a name")
        .comment("and more")
        .extra(vec![0; 300])
        .write(Vec::new(), level(6));
    encoder.write_all(one).unwrap();
    let mut body = encoder.finish().unwrap();
    body.extend(gzip(other, level(1)));
    assert_eq!(encoded("gzip", &body).found(), expected);
    body.extend([0; 20]);
    assert_eq!(encoded("gzip", &body).found(), expected);
    // A checksum of the head.
    let plain = gzip(BODY, level(6));
    let mut body = plain[..10].to_vec();
    body[3] = 2;
    body.extend([1, 2]);
    body.extend(&plain[10..]);
    assert_eq!(encoded("gzip", &body).found(), expected);
}

#[test]
fn an_event_is_read_when_it_came() {
    let text = r#"{"choices":[{"index":0,"delta":{"content":"x"}}]}"#;
    let usage = r#"{"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":3}}"#;
    let stream = [events(&[text]), events(&[usage]), events(&["[DONE]"])];
    let body = flushed(&stream);
    let play = Play {
        encoding: "gzip",
        ..CHAT.sse(&body)
    };
    play.tells(&[
        "gatespan.usage.status = reported",
        "usage.input_tokens = 12",
        "response.time_to_first_chunk = 0.25 s",
    ]);
    let two = flushed(&stream[..2]);
    // Without the end that gzip puts behind it.
    Play {
        encoding: "gzip",
        ..CHAT.sse(&two[..two.len() - 10])
    }
    .cut()
    .tells(&["gatespan.usage.status = partial", "usage.input_tokens = 12"]);
}

#[test]
fn long_bodies_come_out_whole() {
    let mut state = 7u32;
    let mut noise = |count: usize| -> String {
        (0..count)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                char::from(b' ' + (state >> 24) as u8 % 90).max('#')
            })
            .filter(|letter| *letter != '\\')
            .collect()
    };
    let text = format!("{}{}", noise(90_000), "and again, ".repeat(9_000));
    let body = format!(
        r#"{{"a":"{text}","usage":{{"prompt_tokens":12}},"b":"{}"}}"#,
        noise(40_000)
    );
    let expected = CHAT
        .json(body.as_bytes())
        .run([CHAT.request], [body.as_bytes()]);
    assert_eq!(expected.input_tokens(), Some(12));
    for depth in [0, 1, 6, 9] {
        let folded = gzip(body.as_bytes(), level(depth));
        for seed in 1..4 {
            let play = encoded("gzip", &folded);
            let found = play.run([play.request], pieces(play.body, seed));
            assert_eq!(
                crate::play::shown(&found),
                crate::play::shown(&expected),
                "{depth}"
            );
        }
    }
}

#[test]
fn requests_may_be_folded_too() {
    let request = gzip(br#"{"messages":[],"stream":true,"model":"m-1"}"#, level(6));
    Play {
        request: &request,
        request_encoding: "gzip",
        ..CHAT.json(BODY)
    }
    .tells(&[
        "request.model = m-1",
        "request.stream = true",
        "usage.input_tokens = 12",
    ]);
    Play {
        request_encoding: "br",
        ..CHAT.json(BODY)
    }
    .tells(&["!request.model", "usage.input_tokens = 12"]);
}

#[test]
fn what_is_not_unfolded_is_called_encoded() {
    for encoding in ["br", "zstd", "compress", "gzip, br", "unknown"] {
        encoded(encoding, BODY).tells(&[
            "gatespan.usage.status = encoded",
            "!usage",
            "!response.id",
        ]);
    }
    encoded("br", b"").tells(&["gatespan.usage.status = absent"]);
    encoded("br", BODY)
        .failed(500)
        .tells(&["gatespan.usage.status = error"]);
}

#[test]
fn what_is_not_what_it_says_is_an_error() {
    let good = gzip(BODY, level(6));
    for (encoding, body) in [
        ("gzip", BODY.to_vec()),
        ("gzip", zlib(BODY)),
        ("deflate", BODY.to_vec()),
        ("gzip", [&good[..10], &[0x07]].concat()),
        // Lengths of a stored block that do not agree; a distance before the start; too many codes.
        ("deflate", vec![0x01, 0x05, 0x00, 0x00, 0x00]),
        ("deflate", vec![0x4b, 0x04, 0x62, 0x00]),
        (
            "deflate",
            vec![0x05, 0xe0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ),
    ] {
        encoded(encoding, &body).tells(&["gatespan.usage.status = error", "!usage"]);
    }
    // What was read before it went wrong is not taken for whole.
    let mut broken = good.clone();
    let middle = broken.len() / 2;
    broken[middle..].fill(0xff);
    encoded("gzip", &broken).tells(&["!usage"]);
}

#[test]
fn what_unfolds_without_end_is_left_alone() {
    let event = b"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":12}}\n\n";
    let mut encoder = GzEncoder::new(Vec::new(), level(9));
    encoder.write_all(event).unwrap();
    for _ in 0..64 {
        encoder.write_all(&[b' '; 65_536]).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 8_000);
    let play = Play {
        encoding: "gzip",
        ..CHAT.sse(&bomb)
    };
    let found = play.run([play.request], [play.body]);
    assert_eq!(
        (found.status(), found.input_tokens()),
        (gatespan::genai::Status::Capped, Some(12))
    );
    let zeros = raw(&vec![b' '; 9 << 20], level(9));
    let play = encoded("deflate", &zeros);
    assert_eq!(
        play.run([play.request], [play.body]).status(),
        gatespan::genai::Status::Capped
    );
}

/// What would come out behind the cap is not looked at, be it in the same piece: else this would be no more than broken.
#[test]
fn a_piece_is_unfolded_up_to_the_cap_and_no_further() {
    // Blocks as they are stored, and behind them one of a kind that there is not.
    let status = |blocks: usize| {
        let mut block = br#"{"usage":{"prompt_tokens":12}}"#.to_vec();
        let mut folded = Vec::new();
        for _ in 0..blocks {
            block.resize(0xffff, b' ');
            folded.extend([0, 0xff, 0xff, 0, 0]);
            folded.append(&mut block);
        }
        folded.push(7);
        let play = encoded("deflate", &folded);
        let found = play.run([play.request], [play.body]);
        (found.status().word(), found.input_tokens())
    };
    assert_eq!(status(130), ("capped", Some(12)));
    assert_eq!(status(120).0, "error");
}

/// Bits as deflate packs them: the first one lowest, given as numbers and how many bits they have.
fn packed(numbers: impl IntoIterator<Item = (u32, u32)>) -> Vec<u8> {
    let mut bits = Vec::new();
    for (number, count) in numbers {
        bits.extend((0..count).map(|place| number >> place & 1));
    }
    let byte = |bits: &[u32]| {
        bits.iter()
            .rev()
            .fold(0, |byte, bit| byte << 1 | *bit as u8)
    };
    bits.chunks(8).map(byte).collect()
}

/// Blocks that say nothing are short, and their codes are work: so many of them as fit are not to be had.
#[test]
fn blocks_that_say_nothing_are_not_read_without_end() {
    // A code of two symbols brings along one for the end of the block, and one for distances.
    let head = [(4, 3), (0, 5), (0, 5), (14, 4)];
    let lengths = (0..18).map(|place| (u32::from(place == 2 || place == 17), 3));
    let codes = [(1, 1), (127, 7), (1, 1), (107, 7), (0, 1), (0, 1), (0, 1)];
    let block: Vec<_> = head.into_iter().chain(lengths).chain(codes).collect();
    // As many as a stream that is flushed may have, and then what it has to say.
    let said = raw(BODY, level(6));
    let status = |empties: Vec<(u32, u32)>, count: usize| {
        let times = empties.len() * count;
        let bits = empties.into_iter().cycle().take(times);
        let said = said.iter().map(|byte| (u32::from(*byte), 8));
        let body = packed(bits.chain(said));
        let play = encoded("deflate", &body);
        play.run([play.request], [play.body]).status().word()
    };
    assert_eq!(status(block.clone(), 1_000), "reported");
    assert_eq!(status(block, 10_000), "capped");
    // Without a code of its own a block is no work.
    assert_eq!(status(vec![(2, 3), (0, 7)], 100_000), "reported");
}
