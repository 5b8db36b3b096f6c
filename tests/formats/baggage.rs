//! W3C `baggage`: Opik's members in it, and everybody else's.

use super::{Reading, Writing, compare, passed_on, read_all};

#[test]
fn reads() {
    read_all("opik_baggage", READ);
}

#[test]
fn writes() {
    compare(WRITE.iter().map(|[headers, outgoing, wanted, why]| {
        let found = passed_on("opik_baggage", headers, outgoing, "baggage");
        (*headers, found, *wanted, *why)
    }));
}

#[rustfmt::skip] // one row a line
const READ: &[Reading] = &[
    ["baggage: opik.trace_id={U},opik.span_id={P}", "{U}/{P} defer canonical", "as we write it"],
    ["baggage: a=1,opik.trace_id={U},b=2,opik.span_id={P}", "{U}/{P} defer canonical", "members of others do not disturb"],
    ["baggage: a=1\nBaggage: opik.trace_id={U}", "{U}/- defer", "several headers are one list; OpenTelemetry Python reads the first only"],
    ["baggage: opik.trace_id = {U} , opik.span_id={P}", "{U}/{P} defer", "white space is allowed, and not how we write"],
    ["baggage: opik.trace_id={UU}", "{U}/- defer", "any spelling of a UUID"],
    ["baggage: opik.trace_id={U};p=1", "{U}/- defer", "a property is not part of the value"],
    ["baggage: opik.trace_id={U},opik.trace_id={UU}", "{U}/- defer", "twice the same"],
    ["baggage: opik.trace_id={U},opik.trace_id={V}", "opik.trace_id came twice with different values", "twice, and not the same"],
    ["baggage: opik.span_id={P}", "opik.span_id lacks the header it belongs with", "a parent without a trace"],
    ["baggage: opik.trace_id={U},opik.span_id=", "opik.span_id is not a UUID", "a bad parent spoils a good trace"],
    ["baggage: opik.trace_id=x", "opik.trace_id is not a UUID", "malformed"],
    ["baggage: opik.trace_id=019cae0b-ba4d-4c41-9a3e-5d0f6b72e814", "opik.trace_id is not a UUID of version 7", "version 4"],
    ["baggage: opik.trace_id=019cae0c-a4ae-7c41-9a3e-5d0f6b72e814", "opik.trace_id holds a time in the future", "60 seconds and a millisecond ahead"],
    ["baggage: Opik.Trace_Id={U}", "absent", "keys have a case"],
    ["baggage: opik.trace_id", "absent", "no member without a sign of equality"],
    ["baggage: a=1", "absent", "nothing of ours"],
    ["baggage:", "absent", "nothing at all"],
    ["baggage: {members 63},opik.trace_id={U}", "{U}/- defer canonical", "64 members"],
    ["baggage: {members 64},opik.trace_id={U}", "absent", "the 65th is over the bounds"],
    ["baggage: a={v*8140},opik.trace_id={U}", "absent", "as is what ends behind 8,192 bytes"],
    ["baggage: a={v*8139},opik.trace_id={U}", "{U}/- defer canonical", "exactly 8,192 bytes"],
    ["baggage: =1,b ad=2,c{x07}=3,opik.trace_id={U}", "{U}/- defer", "bad members are left out, the good ones stay"],
    ["baggage: opik.trace_id={U},opik.other=1", "{U}/- defer canonical", "other members with our beginning are other people's"],
];

#[rustfmt::skip] // one row a line
const WRITE: &[Writing] = &[
    ["accept: */*", "{U}/{P}", "opik.trace_id={U},opik.span_id={P}", "ours alone"],
    ["baggage: a=1;x, b = 2 ;y=z", "{U}/{P}", "a=1;x,b = 2 ;y=z,opik.trace_id={U},opik.span_id={P}", "members of others byte for byte, without the space between them"],
    ["baggage: opik.trace_id={V},a=1,opik.span_id={V}", "{U}/{P}", "a=1,opik.trace_id={U},opik.span_id={P}", "ours are replaced, never there twice"],
    ["baggage: a=1,opik.trace_id={U},opik.span_id={P}", "{U}/{P}", "a=1,opik.trace_id={U},opik.span_id={P} (untouched)", "it says so already"],
    ["baggage: opik.trace_id={V},opik.span_id={P},a=1", "{U}/-", "a=1,opik.trace_id={U}", "no parent of another trace stays"],
    ["baggage: a=%E2%82%AC,b=a+b,c=d=e", "{U}/-", "a=%E2%82%AC,b=a+b,c=d=e,opik.trace_id={U}", "nothing is decoded; a plus is a plus"],
    ["baggage: a=1\nbaggage: b=2", "{U}/-", "a=1,b=2,opik.trace_id={U}", "several become one"],
    ["baggage: a=1,a=2", "{U}/-", "a=1,a=2,opik.trace_id={U}", "duplicates of others are theirs"],
    ["baggage: {members 64}", "{U}/{P}", "{members 62},opik.trace_id={U},opik.span_id={P}", "room for ours, from the right"],
    ["baggage: opik.trace_id={V},opik.span_id={V},{members 62}", "{U}/{P}", "{members 62},opik.trace_id={U},opik.span_id={P}", "what is replaced takes no room"],
    ["baggage: a={v*8100},b=1,c={v*100}", "{U}/-", "a={v*8100},b=1,opik.trace_id={U}", "8,192 bytes, from the right"],
    ["baggage: a={v*8190}", "clear", "a={v*8190} (untouched)", "8,192 bytes must be passed on"],
    ["baggage: a={v*8191}", "clear", "gone", "a byte more need not"],
    ["baggage: {members 64}", "clear", "{members 64} (untouched)", "64 members must be passed on"],
    ["baggage: {members 65}", "clear", "{members 64}", "one more need not"],
    ["baggage: a={v*8000}\nbaggage: b={v*187}", "clear", "a={v*8000},b={v*187}", "joined, exactly 8,192 bytes"],
    ["baggage: a=1,opik.trace_id={U},opik.span_id={P}", "clear", "a=1", "only ours go"],
    ["baggage: opik.trace_id={U}", "clear", "gone", "never an empty header"],
    ["baggage: a=1, b=2", "clear", "a=1, b=2 (untouched)", "nothing of ours, nothing to change"],
    ["baggage: a=1,=2,b", "clear", "a=1", "bad members are left out"],
    ["baggage: a=1,b={x0d}{x0a}", "clear", "a=1", "and those with a control character"],
    ["baggage: a=1,opik.project=x", "clear strip", "gone", "stripped, nothing"],
    ["baggage: a=1,b=2,opik.project=x", "clear strip only=a+opik.project", "a=1", "stripped, what the rule allows; never a member with our beginning"],
    ["baggage: user=u,tenant=t,opik.trace_id={U}", "clear only=user+opik.trace_id", "user=u", "a stranger keeps what the rule allows, and ours never"],
    ["baggage: {members 64},user=u", "clear only=user", "user=u", "what may not pass takes no room"],
    ["baggage: tenant=t", "clear only=user", "gone", "nothing left"],
];
