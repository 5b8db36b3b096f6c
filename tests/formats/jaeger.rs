//! `uber-trace-id`, and the headers beside it.

use super::{Reading, Writing, read_all, write_all};

#[test]
fn reads() {
    read_all("jaeger", READ);
}

#[test]
fn writes() {
    write_all("jaeger", WRITE);
}

#[rustfmt::skip] // one row a line
const READ: &[Reading] = &[
    ["uber-trace-id: {T}:{S}:0:01", "{T}/{S} accept canonical", "sampled, as we spell it"],
    ["uber-trace-id: {T}:{S}:0:00", "{T}/{S} deny canonical", "not sampled"],
    ["uber-trace-id: {T}:{S}:0:03", "{T}/{S} debug canonical", "debug"],
    ["uber-trace-id: {T}:{S}:0:1", "{T}/{S} accept", "one digit of flags, as Jaeger's own clients write it"],
    ["uber-trace-id: {T}:{S}:0:2", "{T}/{S} debug", "debug is sampled, whatever bit 0 says; Python says no"],
    ["uber-trace-id: {T}:{S}:0:09", "{T}/{S} accept", "firehose is ignored"],
    ["uber-trace-id: {T}:{S}:0:fe", "{T}/{S} debug", "unknown bits are ignored"],
    ["uber-trace-id: {T}:f067aa0ba902b7:0:01", "{T}/{S} accept", "leading zeros may be left out"],
    ["uber-trace-id: 1:2:0:1", "{0*31}1/{0*15}2 accept", "down to one digit"],
    ["uber-trace-id: 4BF92F3577B34DA6A3CE929D0E0E4736:00F067AA0BA902B7:0:01", "{T}/{S} accept", "upper case is read, and written lower; JS keeps it"],
    ["uber-trace-id: {T}:{S}::01", "{T}/{S} accept", "the parent may be empty"],
    ["uber-trace-id: {T}:{S}:{N}:01", "{T}/{S} accept", "or an id, which is ignored"],
    ["uber-trace-id: {T}%3A{S}%3A0%3A01", "{T}/{S} accept", "colons as in a URL; OpenTelemetry does not read them"],
    ["uber-trace-id: {T}%3a{S}:0:01", "{T}/{S} accept", "in either case, and mixed"],
    ["uber-trace-id: {T}%253A{S}%253A0%253A01", "uber-trace-id does not have the fields its format demands", "decoded once, not twice"],
    ["uber-trace-id: {T}:{S}:0:0%31", "{T}/{S} accept", "the value is URL-encoded as a whole, so every escape is decoded"],
    ["uber-trace-id: %34bf92f3577b34da6a3ce929d0e0e4736%3A{S}%3A%30%3A%30%31", "{T}/{S} accept", "digits of ids too"],
    ["uber-trace-id: %34%62f92f3577b34da6a3ce929d0e0e4736%3a%30%30f067aa0ba902b7:%3a1", "{T}/{S} accept", "in either case, with an empty parent"],
    ["uber-trace-id: {T}%3A{S}%3A0%3A0%2531", "uber-trace-id holds flags that are not hex", "no escape is decoded twice"],
    ["uber-trace-id: {T}%0A{S}%3A0%3A01", "uber-trace-id holds a control character", "no control character comes out of decoding"],
    ["uber-trace-id: {T}:{S}:0:01%0d", "uber-trace-id holds a control character", "nor at the end"],
    ["uber-trace-id: {T}:{S}:0:01%09", "uber-trace-id holds a control character", "a decoded tab is no white space around the value"],
    ["uber-trace-id: {T}:{S}:0:01%20", "uber-trace-id holds flags that are not hex", "nor is a decoded blank"],
    ["uber-trace-id: {T}:{S}:0:01%7F", "uber-trace-id holds a control character", "DEL"],
    ["uber-trace-id: {T}:{S}:0:01%00", "uber-trace-id holds a control character", "a zero byte"],
    ["uber-trace-id: {T}:{S}:0:%D9%A1", "uber-trace-id holds flags that are not hex", "an escaped Arabic digit one"],
    ["uber-trace-id: {T}:{S}:0:1%", "uber-trace-id holds a malformed percent-escape", "no digits"],
    ["uber-trace-id: {T}:{S}:0:1%3", "uber-trace-id holds a malformed percent-escape", "one digit"],
    ["uber-trace-id: {T}%3G{S}:0:1", "uber-trace-id holds a malformed percent-escape", "not hex"],
    ["uber-trace-id: {T}%+3{S}:0:1", "uber-trace-id holds a malformed percent-escape", "a sign; number parsers take it"],
    ["uber-trace-id: {T}%%3A{S}:0:1", "uber-trace-id holds a malformed percent-escape", "a percent sign of its own"],
    ["uber-trace-id: {T}:{S}:0:", "uber-trace-id holds flags that are not hex", "no flags"],
    ["uber-trace-id: {T}:{S}:0:001", "uber-trace-id holds flags that are not hex", "three digits"],
    ["uber-trace-id: {T}:{S}:0:+1", "uber-trace-id holds flags that are not hex", "a sign; number parsers take it"],
    ["uber-trace-id: {T}:{S}:0:-1", "uber-trace-id holds flags that are not hex", "a sign"],
    ["uber-trace-id: {T}:{S}:0:0g", "uber-trace-id holds flags that are not hex", "not hex"],
    ["uber-trace-id: {T}:{S}:0", "uber-trace-id does not have the fields its format demands", "three fields"],
    ["uber-trace-id: {T}:{S}:0:1:2", "uber-trace-id does not have the fields its format demands", "five"],
    ["uber-trace-id:", "uber-trace-id does not have the fields its format demands", "empty is not absent"],
    ["uber-trace-id: 0:{S}:0:1", "uber-trace-id holds an id that is all zero", "no trace"],
    ["uber-trace-id: {T}:{0*16}:0:1", "uber-trace-id holds an id that is all zero", "no span"],
    ["uber-trace-id: :{S}:0:1", "uber-trace-id holds an id that is not hex of the demanded length and case", "an empty id is none"],
    ["uber-trace-id: {T}::0:1", "uber-trace-id holds an id that is not hex of the demanded length and case", "an empty span"],
    ["uber-trace-id: 0{T}:{S}:0:1", "uber-trace-id holds an id that is not hex of the demanded length and case", "33 digits; Python takes any number"],
    ["uber-trace-id: {T}:0{S}:0:1", "uber-trace-id holds an id that is not hex of the demanded length and case", "17 digits"],
    ["uber-trace-id: 0x1:{S}:0:1", "uber-trace-id holds an id that is not hex of the demanded length and case", "a prefix; Python takes it and sends it on"],
    ["uber-trace-id: +1:{S}:0:1", "uber-trace-id holds an id that is not hex of the demanded length and case", "a sign; Python takes it and sends it on"],
    ["uber-trace-id: 1_2:{S}:0:1", "uber-trace-id holds an id that is not hex of the demanded length and case", "a digit separator; Python takes it and sends it on"],
    ["uber-trace-id: 1 :{S}:0:1", "uber-trace-id holds an id that is not hex of the demanded length and case", "a blank; Python takes it and sends it on"],
    ["uber-trace-id: {xd9}{xa1}:{S}:0:1", "uber-trace-id holds an id that is not hex of the demanded length and case", "an Arabic digit one; Python takes it"],
    ["uber-trace-id: {T}:{S}:0{N}:1", "uber-trace-id holds an id that is not hex of the demanded length and case", "a parent of 17 digits"],
    ["uber-trace-id: {T}:{S}:x:1", "uber-trace-id holds an id that is not hex of the demanded length and case", "a parent that is not hex"],
    ["uber-trace-id: {T}:{S}:0:01{x0d}", "uber-trace-id holds a control character", "half a line break"],
    ["uber-trace-id: {T}:{S}:0:01{xff}", "uber-trace-id holds flags that are not hex", "not UTF-8"],
    ["uber-trace-id: { *256}{T}:{S}:0:01", "uber-trace-id is longer than allowed", "256 bytes are examined at most"],
    ["uber-trace-id:  {T}:{S}:0:01{x09}", "{T}/{S} accept", "white space around it is cut; without it, it would be canonical"],
    ["uber-trace-id: {T}:{S}:0:01,{T}:{S}:0:01", "uber-trace-id does not have the fields its format demands", "joined by a comma it is malformed"],
    ["uber-trace-id: {T}:{S}:0:01\nuber-trace-id: {T}:{S}:0:01", "{T}/{S} accept", "the first counts; two are not as we would write"],
    ["Uber-Trace-Id: {T}:{S}:0:01\nuber-trace-id: {M}:{N}:0:00", "{T}/{S} accept differs", "the first counts, and the other is a conflict"],
    // The headers beside it.
    ["jaeger-debug-id: find-me", "- debug canonical", "at a root it forces sampling"],
    ["jaeger-debug-id:", "absent", "empty, it finds nothing"],
    ["jaeger-debug-id: a{x0a}b", "jaeger-debug-id holds a control character", "never sent on"],
    ["jaeger-debug-id: {a*257}", "jaeger-debug-id is longer than allowed", "no header of the family is longer"],
    ["uber-trace-id: {T}:{S}:0:00\njaeger-debug-id: find-me", "{T}/{S} deny", "beside ids it means nothing, and goes"],
    ["uber-trace-id: {T}:{S}:0:00\njaeger-debug-id: {x01}", "jaeger-debug-id holds a control character", "but it may not be malformed"],
    ["uberctx-user: b\njaeger-baggage: a=1", "absent", "baggage says no ids"],
    ["uber-trace-id: {T}:{S}:0:01\nuberctx-user: b", "{T}/{S} accept canonical", "baggage is passed on"],
    ["uber-trace-id: {T}:{S}:0:01\nuberctx-user: {b*8192}", "{T}/{S} accept", "over its bounds it is not"],
    ["uber-trace-id: {T}:{S}:0:01\nuberctx-user: {x00}", "{T}/{S} accept", "nor with a control character"],
];

#[rustfmt::skip] // one row a line
const WRITE: &[Writing] = &[
    ["accept: */*", "{M}/{N} accept", "uber-trace-id: {M}:{N}:0:01", "sampled"],
    ["accept: */*", "{M}/{N} deny", "uber-trace-id: {M}:{N}:0:00", "not sampled; Python always writes 03"],
    ["accept: */*", "{M}/{N} debug", "uber-trace-id: {M}:{N}:0:03", "debug is sampled"],
    ["accept: */*", "{M}/{N} defer", "uber-trace-id: {M}:{N}:0:00", "there is no word for an open decision"],
    ["uber-trace-id: {T}:{S}:0:01", "{T}/{S} accept", "untouched", "it says so already"],
    ["uber-trace-id: {T}%3A{S}%3A0%3A1", "{T}/{S} accept", "uber-trace-id: {T}:{S}:0:01", "plain colons go out"],
    ["uber-trace-id: {T}:{S}:0:0%31", "{T}/{S} accept", "uber-trace-id: {T}:{S}:0:01", "no escape goes out"],
    ["uber-trace-id: {T}:{S}:{N}:01", "{T}/{S} accept", "uber-trace-id: {T}:{S}:0:01", "no parent goes out"],
    ["jaeger-debug-id: find-me", "{M}/{N} debug", "-jaeger-debug-id; uber-trace-id: {M}:{N}:0:03", "beside ids it means nothing"],
    ["uber-trace-id: x\njaeger-debug-id: find-me\njaeger-baggage: a=1\nuberctx-user: b", "clear", "-uber-trace-id; -jaeger-debug-id", "a trusted caller keeps its baggage"],
    ["jaeger-baggage: a=1\nuberctx-user: b\nuberctx-tenant: t", "clear only=user", "-jaeger-baggage; -uberctx-tenant", "a stranger keeps what the rule allows"],
    ["jaeger-baggage: a=1\nuberctx-user: b\nUberctx-Tenant: t", "clear strip", "-jaeger-baggage; -uberctx-user; -Uberctx-Tenant", "stripped, nothing"],
    ["jaeger-baggage: a=1\nuberctx-user: b\nUberctx-Tenant: t", "clear strip only=user", "-jaeger-baggage; -Uberctx-Tenant", "stripped, what the rule allows"],
    ["uberctx-a: {a*8000}\nuberctx-b: {b*191}", "clear", "-uberctx-b", "8,192 bytes of keys and values, from the left"],
    ["uberctx-a: {a*8000}\nuberctx-b: {b*190}", "clear", "untouched", "exactly 8,192"],
    ["uberctx-other: {a*8192}\nuberctx-user: b", "clear only=user", "-uberctx-other", "what may not pass takes no room"],
    ["uberctx-user: b{x0a}", "clear", "-uberctx-user", "a control character is never sent on"],
];

#[test]
fn at_most_64_headers_of_baggage() {
    let headers: Vec<String> = (0..66).map(|n| format!("uberctx-k{n}: v")).collect();
    let found = super::written(
        "jaeger",
        &headers.join("\n"),
        "{M}/{N} accept",
        gatespan::format::Spelling::Both,
    );
    let wanted = super::text(&super::expand(
        "-uberctx-k64; -uberctx-k65; uber-trace-id: {M}:{N}:0:01",
    ));
    assert_eq!(found, wanted, "64 from the left");
}
