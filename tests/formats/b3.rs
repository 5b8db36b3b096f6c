//! B3 in one header and in several. The multi-to-single example of the README of B3 is no row here: it swaps span and
//! parent.

use super::{Reading, Writing, laws, read_all, text, write_all};
use gatespan::{Availability, Headers, Request};

#[test]
fn reads_one_header() {
    read_all("b3", SINGLE);
}

#[test]
fn reads_several_headers() {
    read_all("b3multi", MULTI);
}

#[test]
fn writes_one_header() {
    write_all("b3", WRITE_SINGLE);
}

#[test]
fn writes_several_headers() {
    write_all("b3multi", WRITE_MULTI);
}

/// Both encodings are one family: which of them speaks for it is seen only in a whole gate.
#[test]
fn one_family() {
    super::compare(
        FAMILY
            .iter()
            .map(|[headers, wanted, why]| (*headers, continued(headers), *wanted, *why)),
    );
}

/// The `traceparent` that a gateway makes of these headers when it forwards only and writes `w3c` as well.
fn continued(headers: &str) -> String {
    let came = super::request(headers);
    let pairs = laws::pairs(&came);
    let gate = laws::forwarding();
    let request = Request {
        method: b"GET",
        scheme: b"https",
        path: b"/",
        host: b"gateway.test",
        headers: Headers::new(&pairs),
        peer: gatespan::Peer::default(),
        route: None,
        rule: None,
        continues: None,
        has_body: false,
    };
    let Ok(pass) = gate.decide(&request, None, Availability::Stopped, laws::NOW, || {
        Some([7; 20])
    }) else {
        return "refused".into();
    };
    let left = laws::apply(&came, &pass.edits);
    let mut lines: Vec<String> = left
        .iter()
        .map(|(name, value)| format!("{}: {}", text(name).to_lowercase(), text(value)))
        .collect();
    lines.sort();
    lines.join("; ")
}

#[rustfmt::skip] // one row a line
const SINGLE: &[Reading] = &[
    ["b3: {T}-{S}-1", "{T}/{S} accept canonical", "sampled"],
    ["b3: {T}-{S}-0", "{T}/{S} deny canonical", "not sampled"],
    ["b3: {T}-{S}-d", "{T}/{S} debug canonical", "debug; OpenTelemetry Python makes a 1 of it"],
    ["b3: {T}-{S}", "{T}/{S} defer canonical", "no state leaves it open; Python says yes, JS says no"],
    ["b3: {T}-{S}-1-{N}", "{T}/{S} accept canonical", "the parent is checked and ignored"],
    ["b3: {T}-{S}-1-{0*16}", "{T}/{S} accept canonical", "a parent of zeros is tolerated"],
    ["b3: a3ce929d0e0e4736-{S}-1", "{0*16}a3ce929d0e0e4736/{S} accept", "a 64-bit trace id is padded; it goes out in 128"],
    ["b3: 0", "- deny canonical", "the deny is kept; OpenTelemetry Python samples here"],
    ["b3: 1", "- accept canonical", "a decision without ids"],
    ["b3: d", "- debug canonical", "a decision without ids"],
    ["b3:  0 ", "- deny", "white space around it is cut"],
    ["b3: {T}-{S}-1 ", "{T}/{S} accept", "Python reads an unknown state here"],
    ["b3:", "b3 holds an unknown sampling state", "empty is not absent"],
    ["b3: true", "b3 holds an unknown sampling state", "a word of the other encoding"],
    ["b3: D", "b3 holds an unknown sampling state", "upper case"],
    ["b3: 2", "b3 holds an unknown sampling state", "no such state"],
    ["b3: {T}", "b3 holds an unknown sampling state", "a trace id without its span id"],
    ["b3: {T}-{S}-", "b3 holds an unknown sampling state", "empty is not absent"],
    ["b3: {T}-{S}-true", "b3 holds an unknown sampling state", "junk is unsampled to Python"],
    ["b3: {T}-{S}-D", "b3 holds an unknown sampling state", "upper case"],
    ["b3: {T}-{S}-{N}", "b3 holds an unknown sampling state", "the state may not be left out before a parent"],
    ["b3: {T}-{S}-1-{N}-0", "b3 does not have the fields its format demands", "a fifth field; OpenTelemetry JS takes it"],
    ["b3: {T}-{S}-1-05e3", "b3 holds an id that is not hex of the demanded length and case", "a bad parent makes the whole bad"],
    ["b3: {T}-{S}-1-{g*16}", "b3 holds an id that is not hex of the demanded length and case", "a parent that is not hex"],
    ["b3: {T}-{S}-1-", "b3 holds an id that is not hex of the demanded length and case", "an empty parent"],
    ["b3: {T}-{a*15}-1", "b3 holds an id that is not hex of the demanded length and case", "a short span id; JS pads it"],
    ["b3: {a*24}-{S}-1", "b3 holds an id that is not hex of the demanded length and case", "24 digits; JS pads them"],
    ["b3: {a*33}-{S}-1", "b3 holds an id that is not hex of the demanded length and case", "33 digits; JS cuts them"],
    ["b3: -{S}-1", "b3 holds an id that is not hex of the demanded length and case", "no trace id"],
    ["b3: 4BF92F3577B34DA6A3CE929D0E0E4736-{S}-1", "b3 holds an id that is not hex of the demanded length and case", "upper case; Python takes it"],
    ["b3: A3CE929D0E0E4736-{S}-1", "b3 holds an id that is not hex of the demanded length and case", "upper case in the short form"],
    ["b3: {T}-00F067AA0BA902B7-1", "b3 holds an id that is not hex of the demanded length and case", "upper case"],
    ["b3: {0*32}-{S}-1", "b3 holds an id that is all zero", "Python sends zeros on"],
    ["b3: {0*16}-{S}-1", "b3 holds an id that is all zero", "also in the short form"],
    ["b3: {T}-{0*16}-1", "b3 holds an id that is all zero", "no span"],
    ["b3: {T}-{S}-1{x0a}", "b3 holds a control character", "a line break"],
    ["b3: {T}-{S}-1{x09}-{N}", "b3 holds a control character", "a tab is white space around the value, not in it"],
    ["b3: {T}-{S}-{x80}", "b3 holds an unknown sampling state", "not UTF-8"],
    ["b3: { *300}{T}-{S}-1", "b3 is longer than allowed", "256 bytes are examined at most"],
    ["b3: {T}-{S}-1,{T}-{S}-1", "b3 does not have the fields its format demands", "joined by a comma it is malformed"],
    ["b3: 0,1", "b3 holds an unknown sampling state", "so are states"],
    ["b3: {T}-{S}-1\nb3: {T}-{S}-1", "{T}/{S} accept", "the first counts; two are not as we would write"],
    ["b3: {T}-{S}-1\nB3: {M}-{N}-0", "{T}/{S} accept differs", "the first counts, and the other is a conflict"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}", "absent", "the other encoding"],
    ["b3x: 1", "absent", "another name"],
];

#[rustfmt::skip] // one row a line
const MULTI: &[Reading] = &[
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-sampled: 1", "{T}/{S} accept canonical", "sampled"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-sampled: 0", "{T}/{S} deny canonical", "not sampled"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}", "{T}/{S} defer canonical", "left open; OpenTelemetry Python says no"],
    ["X-B3-TraceId: {T}\nX-B3-SpanId: {S}\nX-B3-Sampled: 1", "{T}/{S} accept canonical", "names have no case"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-sampled: true", "{T}/{S} accept", "older senders' word, never written"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-sampled: false", "{T}/{S} deny", "older senders' word, never written"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-sampled: True", "x-b3-sampled holds an unknown sampling state", "but only in lower case"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-sampled: d", "x-b3-sampled holds an unknown sampling state", "a word of the other encoding"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-sampled:", "x-b3-sampled holds an unknown sampling state", "empty is not absent"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-flags: 1", "{T}/{S} debug canonical", "debug"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-sampled: 0\nx-b3-flags: 1", "{T}/{S} debug", "debug beats sampled, and stands alone when written"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-sampled: 1\nx-b3-flags: 0", "{T}/{S} accept", "no debug"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-flags: 2", "{T}/{S} defer", "the specification: any other value is ignored"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-sampled: 1\nx-b3-flags:", "{T}/{S} accept", "an empty value is ignored too"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-sampled: 1\nx-b3-flags: 01", "{T}/{S} accept", "01 is not 1"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-sampled: 0\nx-b3-flags: 0x1", "{T}/{S} deny", "0x1 is not 1"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-sampled: 1\nx-b3-flags: d", "{T}/{S} accept", "d is the single header's word for debug"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-flags:  1 ", "{T}/{S} debug", "white space around the value is cut"],
    ["x-b3-sampled: 0\nx-b3-flags: d", "- deny", "the deny is kept"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-flags: {x01}", "x-b3-flags holds a control character", "a header that must not be sent on is invalid, whatever it means"],
    ["x-b3-sampled: 0", "- deny canonical", "the deny is kept"],
    ["x-b3-sampled: 1", "- accept canonical", "a decision without ids"],
    ["x-b3-flags: 1", "- debug canonical", "a decision without ids"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-parentspanid: {N}\nx-b3-sampled: 1", "{T}/{S} accept canonical", "the parent is checked and ignored"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-parentspanid: {0*16}", "{T}/{S} defer canonical", "a parent of zeros is tolerated"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-parentspanid: {N}0", "x-b3-parentspanid holds an id that is not hex of the demanded length and case", "a bad parent makes the whole bad; Python does not look"],
    ["x-b3-traceid: {T}\nx-b3-sampled: 1", "x-b3-traceid lacks the header it belongs with", "a trace id without span id"],
    ["x-b3-spanid: {S}", "x-b3-spanid lacks the header it belongs with", "the reverse"],
    ["x-b3-parentspanid: {N}\nx-b3-sampled: 1", "x-b3-parentspanid lacks the header it belongs with", "a parent of nothing"],
    ["x-b3-traceid: a3ce929d0e0e4736\nx-b3-spanid: {S}", "{0*16}a3ce929d0e0e4736/{S} defer", "a 64-bit trace id is padded; it goes out in 128"],
    ["x-b3-traceid: { *16}a3ce929d0e0e4736\nx-b3-spanid: {S}", "{0*16}a3ce929d0e0e4736/{S} defer", "16 spaces are not half an id"],
    ["x-b3-traceid: {T} \nx-b3-spanid: {x09}{S}", "{T}/{S} defer", "white space around it is cut"],
    ["x-b3-traceid: {a*31}\nx-b3-spanid: {S}", "x-b3-traceid holds an id that is not hex of the demanded length and case", "31 digits"],
    ["x-b3-traceid: {0*32}\nx-b3-spanid: {S}", "x-b3-traceid holds an id that is all zero", "no trace"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {0*16}", "x-b3-spanid holds an id that is all zero", "no span"],
    ["x-b3-traceid: {T}\nx-b3-spanid: 00F067AA0BA902B7", "x-b3-spanid holds an id that is not hex of the demanded length and case", "upper case"],
    ["x-b3-traceid:\nx-b3-spanid: {S}", "x-b3-traceid holds an id that is not hex of the demanded length and case", "empty is not absent"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}{x00}", "x-b3-spanid holds a control character", "a zero byte"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-sampled: 1\nx-b3-parentspanid: { *257}", "x-b3-parentspanid is longer than allowed", "any header of the family"],
    ["x-b3-traceid: {T}, {T}\nx-b3-spanid: {S}", "x-b3-traceid holds an id that is not hex of the demanded length and case", "joined by a comma it is malformed"],
    ["x-b3-traceid: {T}\nx-b3-traceid: {T}\nx-b3-spanid: {S}", "{T}/{S} defer", "the first counts; two are not as we would write"],
    ["x-b3-traceid: {T}\nx-b3-traceid: {M}\nx-b3-spanid: {S}", "{T}/{S} defer differs", "the first counts, and the other is a conflict"],
    ["b3: {T}-{S}-1", "absent", "the other encoding"],
];

#[rustfmt::skip] // one row a line
const FAMILY: &[Reading] = &[
    ["b3: {T}-{S}-1\nx-b3-traceid: {M}\nx-b3-spanid: {N}\nx-b3-sampled: 0", "b3: {T}-{S}-1; traceparent: 00-{T}-{S}-01; x-b3-sampled: 1; x-b3-spanid: {S}; x-b3-traceid: {T}", "the single header wins, and the others say what it says"],
    ["b3: yes\nx-b3-traceid: {T}\nx-b3-spanid: {S}", "traceparent: 00-019cae0bba4d77078707070707070707-8707070707070707-03", "malformed, it spoils the family"],
    ["b3: {T}-{S}-1\nx-b3-traceid: {0*32}\nx-b3-spanid: {N}", "b3: {T}-{S}-1; traceparent: 00-{T}-{S}-01", "malformed others do not spoil it, and are removed"],
];

#[rustfmt::skip] // one row a line
const WRITE_SINGLE: &[Writing] = &[
    ["accept: */*", "{M}/{N} accept", "b3: {M}-{N}-1", "sampled"],
    ["accept: */*", "{M}/{N} deny", "b3: {M}-{N}-0", "not sampled"],
    ["accept: */*", "{M}/{N} debug", "b3: {M}-{N}-d", "debug"],
    ["accept: */*", "{M}/{N} defer", "b3: {M}-{N}", "left open"],
    ["b3: {T}-{S}-1", "{T}/{S} accept", "untouched", "it says so already"],
    ["b3: {T}-{S}-1-{N}", "{T}/{S} accept", "b3: {T}-{S}-1", "once written, no parent: OpenTelemetry forbids it"],
    ["b3: a3ce929d0e0e4736-{S}-1", "{0*16}a3ce929d0e0e4736/{S} accept", "b3: {0*16}a3ce929d0e0e4736-{S}-1", "128 bits go out"],
    ["b3: 0", "{M}/{N} deny", "b3: {M}-{N}-0", "a deny gets ids"],
    ["b3: {T}-{S}-1\nb3: {M}-{N}-1", "{T}/{S} accept", "b3: {T}-{S}-1", "two become one"],
    ["b3: 0\nb3: yes", "clear", "-b3", "both copies"],
];

#[rustfmt::skip] // one row a line
const WRITE_MULTI: &[Writing] = &[
    ["accept: */*", "{M}/{N} accept", "x-b3-traceid: {M}; x-b3-spanid: {N}; x-b3-sampled: 1", "sampled"],
    ["accept: */*", "{M}/{N} deny", "x-b3-traceid: {M}; x-b3-spanid: {N}; x-b3-sampled: 0", "not sampled"],
    ["accept: */*", "{M}/{N} debug", "x-b3-traceid: {M}; x-b3-spanid: {N}; x-b3-flags: 1", "debug is written without sampled"],
    ["accept: */*", "{M}/{N} defer", "x-b3-traceid: {M}; x-b3-spanid: {N}", "left open"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-sampled: 1", "{T}/{S} accept", "untouched", "it says so already"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-sampled: true", "{T}/{S} accept", "x-b3-sampled: 1", "only what differs"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-parentspanid: {N}", "{T}/{N} defer", "-x-b3-parentspanid; x-b3-spanid: {N}", "the parent of an id that no longer stands there"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-sampled: 1", "{T}/{S} debug", "-x-b3-sampled; x-b3-flags: 1", "debug stands alone"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-flags: 1", "{T}/{S} accept", "-x-b3-flags; x-b3-sampled: 1", "and goes with it"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-sampled: 1\nx-b3-flags: d", "{T}/{S} accept", "-x-b3-flags", "an ignored value is not sent on"],
    ["x-b3-traceid: {T}\nx-b3-spanid: {S}\nx-b3-parentspanid: {N}\nx-b3-sampled: 1\nx-b3-flags: 0", "clear", "-x-b3-traceid; -x-b3-spanid; -x-b3-parentspanid; -x-b3-sampled; -x-b3-flags", "all five"],
];
