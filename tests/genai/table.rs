//! The table of calls, driven in process: a row that fails here is a fault of the core, and not of a host.

use core::fmt;

use gatespan::Peer;
use gatespan::config::Host;
use gatespan::genai::Findings;
use gatespan::span::AttributeValue as Told;
use gatespan::{Availability, Config, End, EndKind, Gate, Headers, Pair, Request, Span, Time};
use serde_json::{Map, Value, json};

use crate::play::{STARTED, pieces};
use crate::rows::{Row, rows, text};

/// A piece of an answer comes so much later than the one before.
const APART: u64 = 1_000_000_000;
const FIRST: &str = "gen_ai.response.time_to_first_chunk";

#[test]
fn every_row_holds() {
    let mut failures = Vec::new();
    for (name, row) in rows() {
        let answer = row.pieces();
        failures.extend(check(&row, &answer, EndKind::Complete, &name).err());
        if let Some((cut, count)) = row.cut() {
            for end in [EndKind::DownstreamReset, EndKind::UpstreamReset] {
                let name = format!("{name}, cut, {end:?}");
                failures.extend(check(&cut, &answer[..count], end, &name).err());
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// Everything that is told of a call, by the names of the table.
#[derive(PartialEq)]
struct Said {
    told: Value,
    opik: Value,
    /// The same by OTLP towards Opik, without what stands in fields of its own.
    opik_by_otlp: Value,
    error: Option<String>,
    thread: String,
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            told,
            opik,
            opik_by_otlp,
            error,
            thread,
        } = self;
        write!(
            f,
            "told {told}\n  opik {opik}\n  by OTLP {opik_by_otlp}\n  {error:?} {thread}"
        )
    }
}

fn check(row: &Row, answer: &[Vec<u8>], kind: EndKind, name: &str) -> Result<(), String> {
    let wanted = wanted(row, kind);
    let said = drive(row, answer.iter().enumerate(), kind);
    if said != wanted {
        return Err(format!("{name}\nfound  {said:?}\nwanted {wanted:?}"));
    }
    let whole = answer.concat();
    let sizes = [1, 3, whole.len().max(1)];
    let odd = [pieces(&whole, 7), pieces(&whole, 11)];
    let cuts = sizes.map(|size| whole.chunks(size).collect());
    for pieces in cuts.iter().chain(&odd) {
        let said = drive(row, pieces.iter().map(|piece| (0, *piece)), kind);
        if untimed(&said) != untimed(&wanted) {
            return Err(format!("{name}, in {} pieces: {said:?}", pieces.len()));
        }
    }
    Ok(())
}

/// What is the same in whatever pieces an answer comes.
fn untimed(said: &Said) -> Value {
    let mut told = said.told.clone();
    let first = told[FIRST].take();
    json!([told, first.is_null(), said.opik, said.error])
}

/// What a row wants, of which `kind` is the end.
fn wanted(row: &Row, kind: EndKind) -> Said {
    let row = &row.0;
    let mut told = row["told"].as_object().cloned().expect("told");
    let mut error = row["error"].as_str().map(str::to_owned);
    if kind == EndKind::UpstreamReset {
        told.insert("error.type".into(), "upstream_reset".into());
        error = Some("upstream_reset".into());
    }
    if let Some(first) = row["first"].as_f64() {
        told.insert(FIRST.into(), first.into());
    }
    // Opik's receiver has fields for these; a cost that is told stands in one.
    let mut of_opik = told.clone();
    of_opik.retain(|name, _| name != "gen_ai.request.model" && name != "gatespan.usage.cost");
    told.extend(row["otlp"].as_object().cloned().expect("otlp"));
    Said {
        told: normal(told.into()),
        opik: normal(row["opik"].clone()),
        opik_by_otlp: normal(of_opik.into()),
        error,
        thread: text(&row["thread"]).to_owned(),
    }
}

/// Numbers are compared by what they mean.
fn normal(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().into(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, normal(value)))
            .collect(),
        other => other,
    }
}

/// A call with this answer; each piece has its number, by which it is timed.
fn drive<'a, P: AsRef<[u8]> + 'a>(
    row: &'a Row,
    answer: impl Iterator<Item = (usize, P)>,
    kind: EndKind,
) -> Said {
    let gate = gate(row);
    let headers = row.headers();
    let pairs: Vec<Pair<'_>> = headers
        .iter()
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
        .collect();
    let request = Request {
        method: b"POST",
        scheme: b"https",
        path: row.text("path").as_bytes(),
        host: row.text("host").as_bytes(),
        headers: Headers::new(&pairs),
        peer: Peer::default(),
        route: None,
        rule: None,
        continues: None,
        has_body: false,
    };
    let export = Availability::Accepting(gate.config().receives());
    let Ok(pass) = gate.decide(&request, None, export, STARTED, || Some([7; 20])) else {
        panic!("it was refused")
    };
    let mut span = pass.span.expect("a span");
    assert!(span.is_read(), "{}", row.text("path"));
    pieces(&row.asked(), 3)
        .into_iter()
        .for_each(|piece| span.observe_request(piece));
    let status = row.0["status"].as_u64().unwrap_or(200) as u16;
    let header = |name| match name {
        "content-type" => row.text("type"),
        "content-encoding" => row.text("encoding"),
        _ => "",
    };
    span.observe_answer(status, span.wanted().map(header));
    for (number, piece) in answer {
        span.observe(
            piece.as_ref(),
            Time(STARTED.0 + (number as u64 + 1) * APART),
        );
    }
    let end = End {
        status: Some(status),
        grpc_status: None,
        kind,
        request_bytes: None,
        response_bytes: None,
    };
    said(&gate.close(span, end, Time(STARTED.0 + 60 * APART)))
}

fn gate(row: &Row) -> Gate {
    let path = row.text("path").split('?').next();
    let mut rule = row.0["rule"].as_object().cloned().unwrap_or_default();
    rule.insert("match".into(), json!({ "path": path }));
    let document = json!({
        "rule": { "genai": "metadata" },
        "routes": [rule],
        "backend": { "kind": "opik", "url": "http://opik.test/api", "cluster": "opik" },
    });
    let config = Config::parse(&document.to_string(), Host::Envoy, &|_| None);
    Gate::new(config.unwrap_or_else(|faults| panic!("{faults:?}")))
}

fn said(span: &Span<'_>) -> Said {
    let found = span.findings().expect("findings");
    let error = span.error().map(|error| error.to_string());
    let (fields, mut metadata) = by_otlp(found);
    assert_eq!(fields, by_rest(found));
    let mut told = Map::new();
    gatespan::backend::genai::attributes(found, STARTED, &mut |name, value| {
        let name = [name.prefix, name.rest].concat();
        assert_eq!(told.insert(name, spelt(value)), None);
    });
    span.attributes(&mut |one| {
        if one.key.to_string() == "error.type" {
            told.insert("error.type".into(), one.value.to_string().into());
            metadata.insert("error.type".into(), one.value.to_string().into());
        }
    });
    Said {
        told: normal(told.into()),
        opik: normal(fields.into()),
        opik_by_otlp: normal(metadata.into()),
        error,
        thread: String::from_utf8_lossy(span.thread().unwrap_or_default()).into_owned(),
    }
}

/// The fields of Opik's span.
fn by_rest(found: &Findings) -> Map<String, Value> {
    let text = |text: &[u8]| Value::from(String::from_utf8_lossy(text));
    let mut usage = Map::new();
    gatespan::backend::opik_usage::opik_usage(found, &mut |name, count| {
        drop(usage.insert(name.into(), count.into()));
    });
    let kind = match (found.is_protocol(), found.is_tool_call()) {
        (false, _) => "llm",
        (true, true) => "tool",
        (true, false) => "general",
    };
    let provider = gatespan::backend::opik_usage::opik_provider(found.dialect());
    let cost = found.cost().map(|cost| spelt(Told::Decimal(cost)));
    let fields = [
        ("type", Some(kind.into())),
        (
            "model",
            gatespan::backend::opik_usage::opik_model(found).map(text),
        ),
        ("provider", (!provider.is_empty()).then(|| provider.into())),
        ("usage", (!usage.is_empty()).then(|| usage.into())),
        ("total_estimated_cost", cost),
    ];
    let fields = fields.into_iter();
    fields
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

/// The same as Opik's receiver of OTLP reads it, and what it takes for metadata.
fn by_otlp(found: &Findings) -> (Map<String, Value>, Map<String, Value>) {
    let (mut fields, mut metadata, mut usage) = (Map::new(), Map::new(), Map::new());
    fields.insert("type".into(), "tool".into());
    gatespan::backend::genai::opik_attributes(found, STARTED, &mut |name, value| {
        let (name, value) = ([name.prefix, name.rest].concat(), spelt(value));
        if name.starts_with("gen_ai.") {
            fields.insert("type".into(), "llm".into());
        }
        let field = match name.as_str() {
            "gen_ai.usage.cost" => "total_estimated_cost",
            "gen_ai.system" => "provider",
            "gen_ai.request.model" | "gen_ai.response.model" => "model",
            name => {
                let (into, name) = match name.strip_prefix("gen_ai.usage.") {
                    Some(name) => (&mut usage, name),
                    None => (
                        &mut metadata,
                        name.strip_prefix("opik.metadata.").unwrap_or(name),
                    ),
                };
                into.insert(name.into(), value);
                return;
            }
        };
        fields.insert(field.into(), value);
    });
    if !usage.is_empty() {
        fields.insert("usage".into(), usage.into());
    }
    (fields, metadata)
}

fn spelt(value: Told<'_>) -> Value {
    let text = |text: &[u8]| String::from_utf8(text.to_vec()).expect("UTF-8");
    match value {
        Told::Text(value) => text(value).into(),
        Told::Decimal(number) => serde_json::from_slice(number).expect("a number of JSON"),
        Told::Whole(number) => number.into(),
        Told::Seconds(nanos) => (nanos as f64 / 1e9).into(),
        Told::True => true.into(),
        Told::FinishReasons(words) => words.iter().map(text).collect(),
        other => panic!("{other:?} is no value of a call"),
    }
}
