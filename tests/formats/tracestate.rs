//! What goes on of a `tracestate`. The `traceparent` beside it is the same in every row.

use super::{Writing, compare, passed_on, text};

#[test]
fn lists() {
    all(LISTS);
}

#[test]
fn the_ot_member() {
    all(OT);
}

fn all(rows: &[Writing]) {
    compare(rows.iter().map(|[headers, outgoing, wanted, why]| {
        let request = format!("traceparent: 00-{{T}}-{{S}}-01\n{headers}");
        let found = passed_on(
            "w3c",
            &request,
            &format!("{{T}}/{{N}} accept {outgoing}"),
            "tracestate",
        );
        (*headers, found, *wanted, *why)
    }));
}

/// The words behind the headers are those of the wish: nothing of the `ot` member is touched.
const KEEP: &str = "";

#[rustfmt::skip] // one row a line
const LISTS: &[Writing] = &[
    ["tracestate: congo=t61rcWkgMzE,rojo=00f067aa0ba902b7", KEEP, "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7 (untouched)", "the specification's own example"],
    ["tracestate: a=1\nTraceState: b=2\ntracestate: c=3", KEEP, "a=1,b=2,c=3", "several headers are joined in order"],
    ["tracestate: a=1 ,{x09}b=2", KEEP, "a=1,b=2", "white space around members"],
    ["tracestate: ,a=1,, ,b=2,", KEEP, "a=1,b=2", "empty members"],
    ["tracestate:", KEEP, "gone", "an empty header"],
    ["tracestate: ,  ,", KEEP, "gone", "nothing but empty members"],
    ["tracestate: {members 32}", KEEP, "{members 32} (untouched)", "32 members"],
    ["tracestate: {members 33}", KEEP, "gone", "33 members; Envoy's Zipkin tracer passes them"],
    ["tracestate: {members 16}\ntracestate: {members 16}", KEEP, "{members 16}", "32 in two headers, half of them again"],
    ["tracestate: ,{members 32},,", KEEP, "{members 32}", "empty members do not count"],
    ["tracestate: {,*32765}a=1", KEEP, "a=1", "32,768 bytes, nearly all of them commas"],
    ["tracestate: {,*32766}a=1", KEEP, "gone", "and one more, which is not read"],
    ["tracestate: {,*20000}\ntracestate: {,*20000}a=1", KEEP, "gone", "in all headers together"],
    ["tracestate: foo=1,bar=2,foo=3", KEEP, "foo=1,bar=2", "of two with one key the first; Python drops all"],
    ["tracestate: foo@=1,a@@b=2,1=1,t-1_2*3/4@sys=5", KEEP, "foo@=1,a@@b=2,1=1,t-1_2*3/4@sys=5 (untouched)", "keys of Level 2; Python wants Level 1"],
    ["tracestate: {k*256}=v", KEEP, "{k*256}=v (untouched)", "a key of 256 characters"],
    ["tracestate: {k*257}=v", KEEP, "gone", "and of one more"],
    ["tracestate: a={v*256}", KEEP, "a={v*256} (untouched)", "a value of 256 characters"],
    ["tracestate: a={v*257}", KEEP, "gone", "and of one more"],
    ["tracestate: good=1,Bad=2", KEEP, "gone", "a key in capitals spoils all; JS keeps the rest"],
    ["tracestate: good=1,_bad=2", KEEP, "gone", "a key begins with a letter or a digit"],
    ["tracestate: good=1,bad.key=2", KEEP, "gone", "no such character in keys"],
    ["tracestate: good=1,bad", KEEP, "gone", "no value"],
    ["tracestate: good=1,=2", KEEP, "gone", "no key"],
    ["tracestate: good=1,bad=", KEEP, "gone", "an empty value"],
    ["tracestate: good=1,bad=   ", KEEP, "gone", "a value that ends in a space is cut, and this one to nothing"],
    ["tracestate: good=1,bad =2", KEEP, "gone", "a blank before the sign of equality"],
    ["tracestate: good=1,bad=2=3", KEEP, "gone", "a second sign of equality"],
    ["tracestate: a=  leading and inner 	,b=2", KEEP, "a=  leading and inner,b=2", "leading spaces are part of a value, trailing ones are not"],
    ["tracestate: a=1{x09}2", KEEP, "gone", "a tab inside a value"],
    ["tracestate: a={x7f}", KEEP, "gone", "DEL"],
    ["tracestate: a={xc3}{xa9}", KEEP, "gone", "not ASCII"],
    ["tracestate: a=~!\"$%&'()*+-./:;<>?@[]^_`{x7b}|{x7d}", KEEP, "a=~!\"$%&'()*+-./:;<>?@[]^_`{x7b}|{x7d} (untouched)", "every other character"],
];

/// `ot` erases the threshold, `ot=0.5` announces that probability.
#[rustfmt::skip] // one row a line
const OT: &[Writing] = &[
    ["tracestate: ot=th:8;rv:c0000000000000,a=1", KEEP, "ot=th:8;rv:c0000000000000,a=1 (untouched)", "ids that are not ours to speak for"],
    ["accept: */*", "ot=0.5", "ot=th:8", "a threshold of ours alone"],
    ["accept: */*", "ot=0.25", "ot=th:c", "25 %"],
    ["accept: */*", "ot=0.01", "ot=th:fd70a4", "1 %"],
    ["accept: */*", "ot", "gone (untouched)", "nothing to announce, no header"],
    ["tracestate: a=1,b=2", "ot=0.5", "ot=th:8,a=1,b=2", "an own member goes first"],
    ["tracestate: a=1,ot=rv:c0000000000000,b=2", "ot=0.5", "ot=th:8;rv:c0000000000000,a=1,b=2", "an updated one goes first, and `rv` is never changed"],
    ["tracestate: a=1,ot=th:8;rv:c0000000000000", "ot=0.5", "a=1,ot=th:8;rv:c0000000000000 (untouched)", "it says so already"],
    ["tracestate: ot=th:4;x:y,a=1", "ot=0.5", "ot=th:8;x:y,a=1", "a threshold is replaced, unknown sub-members are kept"],
    ["tracestate: a=1,ot=th:8;rv:c0000000000000;x:y", "ot", "ot=rv:c0000000000000;x:y,a=1", "a threshold that contradicts the flag is erased"],
    ["tracestate: ot=th:8", "ot", "gone", "and nothing is left of the member"],
    ["tracestate: ot=th:8,a=1", "ot", "a=1", "nor of the member, if others are there"],
    ["tracestate: a=1,ot=x:y", "ot", "a=1,ot=x:y (untouched)", "nothing to erase"],
    ["tracestate: ot=rv:C0000000000000;x:y", "ot=0.5", "ot=th:8;x:y", "an `rv` in capitals is none"],
    ["tracestate: ot=rv:c000000000000;x:y", "ot=0.5", "ot=th:8;x:y", "nor is one of 13 digits"],
    ["tracestate: ot=rv:c00000000000000;x:y", "ot=0.5", "ot=th:8;x:y", "nor of 15"],
    ["tracestate: ot=rv:c0000000000000;rv:d0000000000000", "ot=0.5", "ot=th:8;rv:c0000000000000", "keys are unique: the first counts"],
    ["tracestate: ot=th:4;th:c;x:y", "ot=0.5", "ot=th:8;x:y", "every threshold is replaced"],
    ["tracestate: ot=x:1 ;th:8", "ot", "ot=x:1", "no value ends in a space"],
    ["tracestate: ot= ;th:8,a=1", "ot", "a=1", "a space alone is no sub-member"],
    ["tracestate: ot=;;th:8;;x:y", "ot=0.5", "ot=th:8;x:y", "empty sub-members"],
    ["tracestate: ot=x:{y*254}", "ot=0.01", "ot=th:fd70a4", "256 characters at most: ours before others'"],
    ["tracestate: ot=x:{y*234};rv:c0000000000000", "ot=0.01", "ot=th:fd70a4;rv:c0000000000000", "and `rv` before others', for it is never changed"],
    ["tracestate: ot=x:{y*200};rv:c0000000000000", "ot=0.01", "ot=th:fd70a4;x:{y*200};rv:c0000000000000", "in their order, if there is room"],
    ["tracestate: {members 32}", "ot=0.5", "ot=th:8,{members 31}", "at 32 members the right-most makes room"],
    ["tracestate: {members 31},ot=th:4", "ot=0.5", "ot=th:8,{members 31}", "not where ours was there already"],
];

/// Lists of long members; spelt by hand because a row would be as long.
#[test]
fn over_8192_characters_whole_members_go() {
    let member = |key: &str, length: usize| format!("{key}={}", "v".repeat(length - key.len() - 1));
    let found = |members: &[String]| {
        let request = format!(
            "traceparent: 00-{{T}}-{{S}}-01\ntracestate: {}",
            members.join(",")
        );
        passed_on("w3c", &request, "{T}/{N} accept", "tracestate")
    };
    let wanted = |members: &[String]| text(members.join(",").as_bytes());

    // 19 members of 400 to 418 characters, with the commas between them, are 7,789.
    let long_key = |key: &str| format!("{key}-{}", "x".repeat(200));
    let long = |n: usize| member(&long_key(&format!("k{n}")), 400 + n);
    let members: Vec<String> = (0..19).map(long).collect();
    let and = |last: &[String]| [&members, last].concat();

    let within = and(&[member(&long_key("b"), 402)]);
    assert_eq!(within.join(",").len(), 8192);
    let untouched = wanted(&within) + " (untouched)";
    assert_eq!(
        found(&within),
        untouched,
        "8,192 characters are within the bounds"
    );
    let over = and(&[member(&long_key("b"), 403)]);
    assert_eq!(
        found(&over),
        wanted(&members),
        "8,193 are not, and the right-most goes"
    );

    let short = [member(&long_key("b"), 400), member("a", 128)];
    let kept = and(&short[1..]);
    assert_eq!(
        found(&and(&short)),
        wanted(&kept),
        "128 characters are not long: the long one to the left goes"
    );
    let both_long = [member(&long_key("b"), 400), member("a", 129)];
    assert_eq!(
        found(&and(&both_long)),
        wanted(&and(&both_long[..1])),
        "129 are: the right-most of the long ones goes"
    );
}
