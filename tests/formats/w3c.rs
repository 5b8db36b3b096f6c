//! `traceparent`, and what it means for the `tracestate` beside it.

use super::{Reading, Writing, read_all, write_all};

#[test]
fn reads() {
    read_all("w3c", READ);
}

#[test]
fn writes() {
    write_all("w3c", WRITE);
}

#[rustfmt::skip] // one row a line
const READ: &[Reading] = &[
    // Flags.
    ["traceparent: 00-{T}-{S}-01", "{T}/{S} accept canonical", "sampled"],
    ["traceparent: 00-{T}-{S}-00", "{T}/{S} deny canonical", "not sampled"],
    ["traceparent: 00-{T}-{S}-02", "{T}/{S} deny random canonical", "random says how the bits were made, sampled or not"],
    ["traceparent: 00-{T}-{S}-03", "{T}/{S} accept random canonical", "Level 2 knows both bits; Envoy drops the random one"],
    ["traceparent: 00-{T}-{S}-ff", "{T}/{S} accept random", "unknown bits are no fault, but go out as 0"],
    ["traceparent: 00-{T}-{S}-08", "{T}/{S} deny", "an unknown bit alone; OpenTelemetry Python hands it on"],
    ["traceparent: 00-{T}-{S}-0A", "traceparent holds flags that are not hex", "upper case is invalid anywhere"],
    ["traceparent: 00-{T}-{S}-.0", "traceparent holds flags that are not hex", "not hex"],
    ["traceparent: 00-{T}-{S}-+1", "traceparent holds flags that are not hex", "a number parser takes a sign"],
    // Versions.
    ["traceparent: 01-{T}-{S}-01", "{T}/{S} accept", "a later version without a tail; goes out as 00, so not canonical"],
    ["traceparent: cc-{T}-{S}-01-what-the-future-will-be", "{T}/{S} accept", "the tail is not interpreted; Envoy ignores such a header"],
    ["traceparent: cc-{T}-{S}-01-", "{T}/{S} accept", "an empty tail behind the dash"],
    ["traceparent: cc-{T}-{S}-01-{xe9}", "{T}/{S} accept", "a tail that is not UTF-8 is still not interpreted"],
    ["traceparent: fe-{T}-{S}-02", "{T}/{S} deny random", "the last version there can be; Level 2 knows both bits"],
    ["traceparent: 01-{T}-{S}-ff", "{T}/{S} accept random", "flags of a later version that Level 2 does not know are dropped"],
    ["traceparent: cc-{T}-{S}-01.what", "traceparent does not have the fields its format demands", "a tail begins with a dash"],
    ["traceparent: cc-{T}-{S}-0", "traceparent does not have the length its format demands", "a later version is never shorter"],
    ["traceparent: 01-{T}-{S}-01-{a*8136}", "{T}/{S} accept", "8,192 characters; OpenTelemetry Python refuses more than 512"],
    ["traceparent: 01-{T}-{S}-01-{a*8137}", "traceparent is longer than allowed", "8,193 characters"],
    ["traceparent: 01-{T}-{S}-01-a{x0b}", "traceparent holds a control character", "also in the tail"],
    ["traceparent: ff-{T}-{S}-01", "traceparent has an unusable version", "ff is forbidden; Envoy continues it"],
    ["traceparent: 0A-{T}-{S}-01", "traceparent has an unusable version", "upper case"],
    ["traceparent: .0-{T}-{S}-01", "traceparent has an unusable version", "not hex"],
    ["traceparent: 0-{T}-{S}-011", "traceparent does not have the fields its format demands", "one digit of version"],
    // Length and shape.
    ["traceparent: 00-{T}-{S}-01-", "traceparent does not have the length its format demands", "version 00 ends behind its flags"],
    ["traceparent: 00-{T}-{S}-01-extra", "traceparent does not have the length its format demands", "version 00 has no tail"],
    ["traceparent: 00-{T}-{S}-011", "traceparent does not have the fields its format demands", "three digits of flags"],
    ["traceparent: 00-{T}-{S}-1", "traceparent does not have the length its format demands", "one digit of flags"],
    ["traceparent: 00-{T}-{S}", "traceparent does not have the length its format demands", "no flags"],
    ["traceparent: 00-{S}-{S}-01", "traceparent does not have the length its format demands", "a 64-bit trace id is B3's"],
    ["traceparent:", "traceparent does not have the length its format demands", "empty is not absent"],
    ["traceparent:    {x09} ", "traceparent does not have the length its format demands", "white space alone is empty"],
    ["traceparent: 00-{T}{S}--01", "traceparent does not have the fields its format demands", "the right characters in the wrong places"],
    ["traceparent: 00_{T}_{S}_01", "traceparent does not have the fields its format demands", "another separator"],
    ["traceparent: 00-{T}{x09}{S}-01", "traceparent does not have the fields its format demands", "a tab is white space around the value, not in it"],
    // Ids.
    ["traceparent: 00-4BF92F3577B34DA6A3CE929D0E0E4736-{S}-01", "traceparent holds an id that is not hex of the demanded length and case", "upper case; Envoy lower-cases it"],
    ["traceparent: 00-{T}-00F067AA0BA902B7-01", "traceparent holds an id that is not hex of the demanded length and case", "upper case"],
    ["traceparent: 00-{0*32}-{S}-01", "traceparent holds an id that is all zero", "no trace"],
    ["traceparent: 00-{T}-{0*16}-01", "traceparent holds an id that is all zero", "no parent"],
    ["traceparent: 00-{g*32}-{S}-01", "traceparent holds an id that is not hex of the demanded length and case", "not hex"],
    ["traceparent: 00-{T}-+0f067aa0ba902b7-01", "traceparent holds an id that is not hex of the demanded length and case", "a sign; number parsers take it"],
    ["traceparent: 00-0x{a*30}-{S}-01", "traceparent holds an id that is not hex of the demanded length and case", "a prefix; number parsers take it"],
    ["traceparent: 00-{T}-00f0{xff}7aa0ba902b7-01", "traceparent holds an id that is not hex of the demanded length and case", "not UTF-8"],
    // White space and control characters.
    ["traceparent:  {x09} 00-{T}-{S}-01{x09} ", "{T}/{S} accept", "white space around the value is nobody's; without it, it would be canonical"],
    ["traceparent: { *1000}00-{T}-{S}-01", "{T}/{S} accept", "also much of it, which OpenTelemetry JS refuses"],
    ["traceparent: 00-{T}-{S}-01{xc2}{xa0}", "traceparent does not have the fields its format demands", "a no-break space is not white; OpenTelemetry JS trims it"],
    ["traceparent: 00-{T}-{S}-01{x0b}", "traceparent holds a control character", "a vertical tab is not white; OpenTelemetry JS trims it"],
    ["traceparent: {x0c}00-{T}-{S}-01", "traceparent holds a control character", "nor is a form feed"],
    ["traceparent: 00-{T}-{S}-01{x0d}{x0a}x: y", "traceparent holds a control character", "a header inside a header"],
    ["traceparent: 00-{T}-{S}-01{x00}", "traceparent holds a control character", "a zero byte"],
    ["traceparent: 00-{T}-{S}-01{x7f}", "traceparent holds a control character", "DEL"],
    // Duplicates (law 14) and names.
    ["traceparent: 00-{T}-{S}-01\ntraceparent: 00-{T}-{S}-01", "traceparent came more than once", "even equal ones; OpenTelemetry Python and Envoy take the first"],
    ["traceparent: 00-{T}-{S}-01\nTraceparent: 00-{M}-{N}-01", "traceparent came more than once", "names have no case"],
    ["traceparent:\ntraceparent: 00-{T}-{S}-01", "traceparent came more than once", "an empty one counts"],
    ["traceparent: 00-{T}-{S}-01,00-{T}-{S}-01", "traceparent does not have the fields its format demands", "a host that joins duplicates needs no case of its own"],
    ["traceparent: 01-{T}-{S}-01,01-{T}-{S}-01", "traceparent does not have the fields its format demands", "a later version's tail begins with a dash, not with a comma"],
    ["TraceParent: 00-{T}-{S}-01", "{T}/{S} accept canonical", "names have no case"],
    ["trace-parent: 00-{T}-{S}-01\nxtraceparent: 00-{T}-{S}-01", "absent", "other names"],
    // The tracestate beside it.
    ["traceparent: 00-{T}-{S}-01\ntracestate: congo=t61rcWkgMzE,rojo=00f067aa0ba902b7", "{T}/{S} accept tracestate canonical", "the specification's own example"],
    ["traceparent: 00-{T}-{S}-01\ntracestate: a=1\ntracestate: b=2", "{T}/{S} accept tracestate", "several are one list, which goes out as one header"],
    ["traceparent: 00-{T}-{S}-01\ntracestate:", "{T}/{S} accept tracestate", "an empty one is accepted and not sent on"],
    ["traceparent: 00-{T}-{S}-01\ntracestate: Congo=1", "{T}/{S} accept", "a bad list is dropped and leaves the ids alone"],
    ["traceparent: 00-{T}-{S}-01\ntracestate: {members 33}", "{T}/{S} accept", "33 members are a bad list"],
    ["traceparent: 00-{T}-{S}-01\ntracestate: a={x07}", "{T}/{S} accept", "a control character spoils the list only"],
    ["tracestate: a=1", "absent", "nothing without its traceparent"],
];

#[rustfmt::skip] // one row a line
const WRITE: &[Writing] = &[
    ["accept: */*", "{M}/{N} accept random", "traceparent: 00-{M}-{N}-03", "a new trace of random bits"],
    ["accept: */*", "{M}/{N} deny random", "traceparent: 00-{M}-{N}-02", "unsampled, and still random"],
    ["accept: */*", "{M}/{N} accept", "traceparent: 00-{M}-{N}-01", "bits that nobody vouches for"],
    ["accept: */*", "{M}/{N} debug", "traceparent: 00-{M}-{N}-01", "debug is sampled"],
    ["accept: */*", "{M}/{N} defer", "traceparent: 00-{M}-{N}-00", "there is no word for an open decision"],
    ["traceparent: 00-{T}-{S}-01", "{T}/{S} accept", "untouched", "it says so already"],
    ["traceparent: 00-{T}-{S}-01", "{T}/{N} accept", "traceparent: 00-{T}-{N}-01", "a new parent"],
    ["traceparent:  00-{T}-{S}-01", "{T}/{S} accept", "traceparent: 00-{T}-{S}-01", "white space goes"],
    ["traceparent: 00-{T}-{S}-ff", "{T}/{S} accept random", "traceparent: 00-{T}-{S}-03", "unknown bits go out as 0"],
    ["traceparent: cc-{T}-{S}-01-tail", "{T}/{S} accept", "traceparent: 00-{T}-{S}-01", "we speak version 00"],
    ["traceparent: 00-{T}-{S}-01\ntraceparent: 00-{T}-{S}-01", "{T}/{S} accept", "traceparent: 00-{T}-{S}-01", "two become one, though the first would do"],
    ["traceparent: 00-{T}-{S}-01\ntracestate: a=1,b=2", "{T}/{S} accept", "untouched", "an unchanged traceparent keeps its tracestate to the byte"],
    ["traceparent: 00-{T}-{S}-01\ntracestate: a=1,b=2", "{T}/{N} accept", "traceparent: 00-{T}-{N}-01", "a list of others stays as it is"],
    ["traceparent: 00-{T}-{S}-01\ntracestate: a=1\ntracestate: b=2", "{T}/{S} accept", "tracestate: a=1,b=2", "several are joined"],
    ["traceparent: 00-{T}-{S}-01\ntracestate: Congo=1", "{T}/{S} accept", "-tracestate", "a bad list is dropped"],
    ["traceparent: 00-{T}-{S}-01\ntracestate:", "{T}/{S} accept", "-tracestate", "never an empty header; Envoy sends one"],
    ["traceparent: 00-{T}-{S}-1\ntracestate: a=1", "{M}/{N} accept", "-tracestate; traceparent: 00-{M}-{N}-01", "a list without valid ids is discarded unread"],
    ["tracestate: a=1", "{M}/{N} accept", "-tracestate; traceparent: 00-{M}-{N}-01", "as is one that came alone"],
    ["traceparent: 00-{T}-{S}-01\nTraceState: a=1", "clear", "-traceparent; -tracestate", "both, whatever their case"],
    ["tracestate: a=1", "clear", "-tracestate", "never a tracestate alone; Envoy sends one"],
    ["accept: */*", "clear", "untouched", "nothing to take away"],
];
