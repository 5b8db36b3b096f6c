//! Opik's own headers, in both spellings of their names.

use super::{Reading, Writing, compare, read_all, write_all, written};
use gatespan::format::Spelling;

#[test]
fn reads() {
    read_all("opik", READ);
}

#[test]
fn writes() {
    write_all("opik", WRITE);
}

/// `opik_spelling` decides which names go out, whichever came in.
#[test]
fn writes_the_configured_spelling() {
    for (spelling, rows) in [(Spelling::Underscore, UNDERSCORE), (Spelling::Dash, DASH)] {
        compare(rows.iter().map(|[headers, outgoing, wanted, why]| {
            let found = written("opik", headers, outgoing, spelling);
            (*headers, found, *wanted, *why)
        }));
    }
}

const BOTH: &str =
    "opik_trace_id: {U}\nopik-trace-id: {U}\nopik_parent_span_id: {P}\nopik-parent-span-id: {P}";

#[rustfmt::skip] // one row a line
const READ: &[Reading] = &[
    [BOTH, "{U}/{P} defer canonical", "as we write it"],
    ["opik_trace_id: {U}\nopik_parent_span_id: {P}", "{U}/{P} defer", "as the SDKs write it; the other spelling is added"],
    ["opik-trace-id: {U}\nopik-parent-span-id: {P}", "{U}/{P} defer", "as it comes through a server that folds underscores"],
    ["opik_trace_id: {U}\nopik-parent-span-id: {P}", "{U}/{P} defer", "one name each"],
    ["Opik_Trace_Id: {U}\nOPIK_PARENT_SPAN_ID: {P}", "{U}/{P} defer", "names have no case; the SDK's reader has"],
    ["opik_trace_id: {U}", "{U}/- defer", "a trace alone is its top"],
    ["opik_trace_id: {UU}", "{U}/- defer", "undashed and in capitals; the backend cannot read that"],
    ["opik_trace_id: 019CAE0B-BA4D-7C41-9A3E-5D0F6B72E814", "{U}/- defer", "in capitals"],
    ["opik_trace_id:  {U}{x09}", "{U}/- defer", "white space around it"],
    ["opik_trace_id: {U}\nopik-trace-id: {UU}", "{U}/- defer", "two spellings of one id are one"],
    ["opik_trace_id: {U}\nopik_trace_id: {U}", "{U}/- defer", "as are two copies"],
    ["opik_trace_id: {U}\nopik-trace-id: {V}", "opik-trace-id came twice with different values", "two spellings, two ids"],
    ["opik_trace_id: {U}\nopik_trace_id: {V}", "opik_trace_id came twice with different values", "two copies, two ids"],
    ["opik_trace_id: {U}\nopik_parent_span_id: {P}\nopik-parent-span-id: {V}", "opik-parent-span-id came twice with different values", "of the parent too"],
    ["opik_trace_id: {U},{U}", "opik_trace_id is not a UUID", "joined, as gunicorn's `dangerous` does"],
    ["opik_parent_span_id: {P}", "opik_parent_span_id lacks the header it belongs with", "a parent without a trace"],
    ["opik-parent-span-id: {P}", "opik-parent-span-id lacks the header it belongs with", "in its own spelling"],
    ["opik_trace_id: {U}\nopik_parent_span_id:", "opik_parent_span_id is not a UUID", "an empty parent; the SDK sends it on"],
    ["opik_trace_id: {U}\nopik_parent_span_id: not-a-uuid", "opik_parent_span_id is not a UUID", "a bad parent spoils a good trace"],
    ["opik_trace_id: not-a-uuid\nopik_parent_span_id: {P}", "opik_trace_id is not a UUID", "it would spoil a whole batch of others' spans"],
    ["opik_trace_id:", "opik_trace_id is not a UUID", "empty is not absent"],
    ["opik_trace_id: None", "opik_trace_id is not a UUID", "what Python makes of nothing"],
    ["opik_trace_id: {x7b}{U}{x7d}", "opik_trace_id is not a UUID", "in braces"],
    ["opik_trace_id: urn:uuid:{U}", "opik_trace_id is not a UUID", "as a URN"],
    ["opik_trace_id: 019cae0bba4d-7c41-9a3e-5d0f6b72e8140", "opik_trace_id is not a UUID", "36 characters, the dashes elsewhere"],
    ["opik_trace_id: 019cae0b-ba4d-7c41-9a3e-5d0f6b72e81{xe9}", "opik_trace_id is not a UUID", "not UTF-8"],
    ["opik_trace_id: 019cae0b-ba4d-4c41-9a3e-5d0f6b72e814", "opik_trace_id is not a UUID of version 7", "version 4; the backend refuses the batch"],
    ["opik_trace_id: 019cae0b-ba4d-7c41-ca3e-5d0f6b72e814", "opik_trace_id is not a UUID of version 7", "another variant"],
    ["opik_trace_id: 00000000-0000-0000-0000-000000000000", "opik_trace_id is not a UUID of version 7", "the nil UUID"],
    ["opik_trace_id: 019cae0c-a4ad-7c41-9a3e-5d0f6b72e814", "019cae0c-a4ad-7c41-9a3e-5d0f6b72e814/- defer", "60 seconds ahead: clocks differ"],
    ["opik_trace_id: 019cae0c-a4ae-7c41-9a3e-5d0f6b72e814", "opik_trace_id holds a time in the future", "a millisecond more"],
    ["opik_trace_id: {U}\nopik_parent_span_id: ffffffff-ffff-7fff-bfff-ffffffffffff", "opik_parent_span_id holds a time in the future", "of the parent too"],
    ["opik_trace_id: 00000000-0000-7000-8000-000000000000", "00000000-0000-7000-8000-000000000000/- defer", "1970 is no fault: spans of long-lived jobs have old parents"],
    ["opik_trace_id: {U}{x0a}", "opik_trace_id holds a control character", "a line break"],
    ["opik_trace_id: { *221}{U}", "opik_trace_id is longer than allowed", "257 bytes"],
    ["opik_project_name: theirs\nopik_thread_id: t\nopik_tags: [\"a\"]", "absent", "read by applications, no ids"],
    ["opiktraceid: {U}\nx-opik-trace-id: {U}", "absent", "other names"],
];

#[rustfmt::skip] // one row a line
const WRITE: &[Writing] = &[
    ["accept: */*", "{U}/{P}", "opik_trace_id: {U}; opik-trace-id: {U}; opik_parent_span_id: {P}; opik-parent-span-id: {P}", "both spellings, both headers"],
    [BOTH, "{U}/{P}", "untouched", "it says so already"],
    [BOTH, "{U}/{V}", "opik_parent_span_id: {V}; opik-parent-span-id: {V}", "a new parent"],
    [BOTH, "{V}/-", "-opik_parent_span_id; -opik-parent-span-id; opik_trace_id: {V}; opik-trace-id: {V}", "no parent of another trace stays"],
    ["opik_trace_id: {UU}", "{U}/-", "opik_trace_id: {U}; opik-trace-id: {U}", "dashed, lower-case"],
    ["opik_trace_id: {U}\nopik_project_name: p", "{U}/{P}", "opik-trace-id: {U}; opik_parent_span_id: {P}; opik-parent-span-id: {P}", "a trusted caller's other headers pass"],
    ["opik_trace_id: {U}\nopik_project_name: p\nopik-tags: []", "{V}/{P} only=user", "-opik_project_name; -opik-tags; opik_trace_id: {V}; opik-trace-id: {V}; opik_parent_span_id: {P}; opik-parent-span-id: {P}", "a stranger's do not"],
    [BOTH, "clear", "-opik_trace_id; -opik-trace-id; -opik_parent_span_id; -opik-parent-span-id", "both spellings: WSGI folds them into one"],
    ["opik_trace_id: x\nopik_thread_id: t\nopik-thread-id: t", "clear", "-opik_trace_id", "other headers pass"],
    ["opik_project_name: p\nopik-project-name: p\nopik_thread_id: t\nopik-thread-id: t\nopik_tags: []\nopik-tags: []", "clear strip", "-opik_project_name; -opik-project-name; -opik_thread_id; -opik-thread-id; -opik_tags; -opik-tags", "stripped, all five names in both spellings"],
    ["Opik-Tags: []", "clear only=user", "-opik-tags", "whatever their case"],
];

#[rustfmt::skip] // one row a line
const UNDERSCORE: &[Writing] = &[
    ["accept: */*", "{U}/{P}", "opik_trace_id: {U}; opik_parent_span_id: {P}", "as the SDKs do"],
    ["opik_trace_id: {U}\nopik_parent_span_id: {P}", "{U}/{P}", "untouched", "it says so already"],
    ["opik-trace-id: {U}\nopik-parent-span-id: {P}", "{U}/{P}", "-opik-trace-id; -opik-parent-span-id; opik_trace_id: {U}; opik_parent_span_id: {P}", "the other spelling goes"],
];

#[rustfmt::skip] // one row a line
const DASH: &[Writing] = &[
    ["accept: */*", "{U}/{P}", "opik-trace-id: {U}; opik-parent-span-id: {P}", "for servers that drop underscores"],
    [BOTH, "{U}/{P}", "-opik_trace_id; -opik_parent_span_id", "the other spelling goes"],
];
