//! The table of calls that both gateways are driven by (tests/scenarios/genai.json says what is in a row), as bytes.

use std::collections::BTreeMap;
use std::path::Path;

use flate2::{Compression, Crc, Decompress, FlushDecompress, GzBuilder};
use serde_json::{Map, Value, json};
use std::io::Write;

use crate::play::{FRAMES, JSON, SSE};

/// A row, with what it takes over from another one.
pub struct Row(pub Value);

/// The table's own part.
pub fn head() -> Value {
    parsed("genai.json")
}

/// Every row, by its name.
pub fn rows() -> BTreeMap<String, Row> {
    let mut rows = BTreeMap::<String, Row>::new();
    for family in head()["families"].as_array().expect("families") {
        let file = parsed(&format!("genai/{}.json", text(family)));
        for row in file["rows"].as_array().expect("rows") {
            let row = match row["like"].as_str() {
                Some(like) => over(&rows[like].0, row),
                None => row.clone(),
            };
            let name = text(&row["name"]).to_owned();
            assert!(
                rows.insert(name.clone(), Row(row)).is_none(),
                "two rows are called {name}"
            );
        }
    }
    rows
}

/// A row, with what it takes over from another one. What breaks off is its own.
fn over(like: &Value, row: &Value) -> Value {
    let mut change = row.clone();
    let own = change["cut"].take();
    let mut made = changed(like.clone(), &change);
    made["cut"] = own;
    made
}

pub fn parsed(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let text = std::fs::read_to_string(folder.join(name)).expect("the table");
    serde_json::from_str(&text).unwrap_or_else(|fault| panic!("{name}: {fault}"))
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// RFC 7396.
fn changed(value: Value, change: &Value) -> Value {
    let Value::Object(change) = change else {
        return change.clone();
    };
    let mut value = match value {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    for (name, part) in change {
        let old = value.remove(name).unwrap_or_default();
        if !part.is_null() {
            value.insert(name.clone(), changed(old, part));
        }
    }
    value.into()
}

impl Row {
    /// The row, as it is when its answer breaks off; and behind how many pieces it does.
    pub fn cut(&self) -> Option<(Self, usize)> {
        let mut change = self.0["cut"].clone();
        let pieces = change.as_object_mut()?.remove("pieces")?.as_u64()?;
        Some((Self(changed(self.0.clone(), &change)), pieces as usize))
    }

    pub fn text(&self, name: &str) -> &str {
        text(&self.0[name])
    }

    /// Name and value of each header that the request has.
    pub fn headers(&self) -> Vec<(&str, &str)> {
        let own = self.0["headers"].as_array().into_iter().flatten();
        let pairs = own.map(|line| text(line).split_once(": ").expect("a header line"));
        let body = [
            ("content-type", JSON),
            ("content-encoding", self.text("asked_encoding")),
        ];
        pairs.chain(body).collect()
    }

    /// The body of the request.
    pub fn asked(&self) -> Vec<u8> {
        let body = self.0["asked"].to_string().into_bytes();
        if self.text("asked_encoding") != "gzip" {
            return body;
        }
        let mut packed = GzBuilder::new().write(Vec::new(), Compression::default());
        packed.write_all(&body).expect("room");
        packed.finish().expect("room")
    }

    /// The pieces of the answer before they are packed.
    pub fn plain(&self) -> Vec<Vec<u8>> {
        let pieces = self.0["pieces"].as_array().expect("pieces").iter();
        let pieces: Vec<Vec<u8>> = pieces.map(|piece| self.written(piece)).collect();
        let Some(places) = self.0["split"].as_array() else {
            return pieces;
        };
        let mut whole = pieces.concat();
        let mut parts: Vec<Vec<u8>> = places
            .iter()
            .rev()
            .map(|place| whole.split_off(place.as_u64().expect("a place") as usize))
            .collect();
        parts.push(whole);
        parts.reverse();
        parts
    }

    /// The pieces of the answer as they are sent.
    pub fn pieces(&self) -> Vec<Vec<u8>> {
        match self.0["base64"].as_array() {
            Some(packed) => packed.iter().map(|piece| unpacked(text(piece))).collect(),
            None => self.plain(),
        }
    }

    /// A piece, as the row's type wants it.
    fn written(&self, piece: &Value) -> Vec<u8> {
        let (kind, name, document) = match piece {
            Value::String(text) => return text.clone().into_bytes(),
            Value::Array(parts) => match parts.as_slice() {
                [name, document] => ("event", text(name), document),
                [kind, name, document] => (text(kind), text(name), document),
                _ => panic!("{piece}"),
            },
            document => ("event", "", document),
        };
        let mut content = document.to_string();
        if self.text("type") == FRAMES {
            if self.0["wrapped"] == true && kind == "event" {
                content = json!({ "bytes": base64(content.as_bytes()), "p": "abcd" }).to_string();
            }
            return framed(name, kind, content.as_bytes());
        }
        let end = self.0["line_end"].as_str().unwrap_or("\n");
        if self.text("type").starts_with(SSE) {
            let event = match name {
                "" => String::new(),
                name => format!("event: {name}{end}"),
            };
            return format!("{event}data: {content}{end}{end}").into_bytes();
        }
        if !self.text("type").starts_with(JSON) {
            content.push_str(end);
        }
        content.into_bytes()
    }
}

/// A frame of Amazon's event stream.
fn framed(name: &str, kind: &str, payload: &[u8]) -> Vec<u8> {
    let mut headers = Vec::new();
    for (key, value) in [
        (format!(":{kind}-type"), name),
        (":content-type".into(), JSON),
        (":message-type".into(), kind),
    ] {
        headers.push(key.len() as u8);
        headers.extend(key.as_bytes());
        headers.push(7);
        headers.extend((value.len() as u16).to_be_bytes());
        headers.extend(value.as_bytes());
    }
    let total = 16 + headers.len() + payload.len();
    let mut frame = (total as u32).to_be_bytes().to_vec();
    frame.extend((headers.len() as u32).to_be_bytes());
    frame.extend(sum(&frame));
    frame.extend(headers);
    frame.extend(payload);
    frame.extend(sum(&frame));
    frame
}

fn sum(bytes: &[u8]) -> [u8; 4] {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum().to_be_bytes()
}

const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(bytes: &[u8]) -> String {
    let digits = |three: &[u8]| -> String {
        let byte = |place| u32::from(three.get(place).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let digit = |shift: usize| &DIGITS[bits as usize >> shift & 63..][..1];
        let mut four = [18, 12, 6, 0].map(digit);
        four[three.len() + 1..].fill("=");
        four.concat()
    };
    bytes.chunks(3).map(digits).collect()
}

/// Takes base64 off.
fn unpacked(digits: &str) -> Vec<u8> {
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for digit in digits.trim_end_matches('=').chars() {
        bits = bits << 6 | DIGITS.find(digit).expect("base64") as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}

/// What is packed is what its row says, and can be unfolded as far as it came. `make edge` looks at `br`; nobody here reads
/// `zstd`.
#[test]
fn what_is_packed_is_what_the_row_says() {
    let mut seen = Vec::new();
    for (name, row) in rows() {
        // A gzip head without anything in it has ten bytes.
        let (head, mut inflater) = match row.text("encoding") {
            "gzip" => (10, Decompress::new(false)),
            "deflate" => (0, Decompress::new(true)),
            _ => continue,
        };
        let (packed, plain) = (row.pieces(), row.plain());
        let (mut came, mut wanted) = (Vec::with_capacity(1 << 16), Vec::new());
        for (number, piece) in packed.iter().enumerate() {
            let piece = &piece[if number == 0 { head } else { 0 }..];
            let flow = inflater.decompress_vec(piece, &mut came, FlushDecompress::Sync);
            assert!(flow.is_ok(), "{name}: {flow:?}");
            if packed.len() == plain.len() {
                wanted.extend_from_slice(&plain[number]);
                assert_eq!(sorted(&came), sorted(&wanted), "{name}: piece {number}");
            }
        }
        assert_eq!(sorted(&came), sorted(&plain.concat()), "{name}");
        seen.push(name);
    }
    assert_eq!(seen.len(), 3, "{seen:?}");
}

/// The members of a document that was read here stand in another order.
fn sorted(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes.sort_unstable();
    bytes
}

#[test]
fn every_planted_word_is_sent() {
    let head = head();
    let mut sent = String::new();
    for row in rows().values() {
        sent.push_str(&row.0.to_string());
    }
    for word in head["planted"].as_array().expect("planted") {
        assert!(sent.contains(text(word)) || text(&head["key"]).contains(text(word)));
    }
}
