//! Trace headers of other vendors (laws 15 and 16). They are not read and not written. They are removed where the upstream
//! must not learn the client's trace, and where the client's trace is not continued.

use alloc::string::String;

use super::seen::is_named;
use crate::request::{Edits, Headers};
use crate::sieve::{MARKS, mark};

/// Their names in lower case; one that ends in `*` stands for all names with that beginning.
pub(crate) static FOREIGN: [&str; 9] = [
    "x-datadog-*",
    "sentry-trace",
    "x-amzn-trace-id",
    "x-cloud-trace-context",
    "grpc-trace-bin",
    "x-ot-span-context",
    "newrelic",
    "elastic-apm-traceparent",
    "x-instana-*",
];

/// By the mark of a name, a bit for each row that may fit: for nearly every other header none.
#[allow(
    clippy::indexing_slicing,
    reason = "a bad index in a constant does not compile"
)]
static BY_MARK: [u16; MARKS] = {
    let mut rows = [0; MARKS];
    let mut row = 0;
    while row < FOREIGN.len() {
        rows[mark(FOREIGN[row].as_bytes())] |= 1 << row;
        row += 1;
    }
    rows
};

/// Whether a name is one of them.
pub(crate) fn is_foreign(name: &[u8]) -> bool {
    let rows = BY_MARK.get(mark(name)).copied().unwrap_or_default();
    let may_fit = |row: usize| rows >> row & 1 != 0;
    let mut names = FOREIGN.iter().enumerate();
    rows != 0 && names.any(|(row, known)| may_fit(row) && is_named(known, name))
}

/// Removes them, except those that the rule keeps.
pub(crate) fn remove<'a>(headers: Headers<'a>, kept: &[String], edits: &mut Edits<'a>) {
    for (name, _) in headers.iter() {
        let is_kept = || kept.iter().any(|kept| is_named(kept, name));
        // One edit removes every copy.
        if is_foreign(name) && !is_kept() && !edits.removes(name) {
            edits.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Edit, Pair};
    use alloc::vec::Vec;

    #[test]
    fn names_are_matched_whole_and_beginnings_from_their_start() {
        for name in [
            "x-datadog-",
            "X-Datadog-Trace-Id",
            "sentry-trace",
            "SENTRY-TRACE",
            "x-amzn-trace-id",
            "x-cloud-trace-context",
            "grpc-trace-bin",
            "x-ot-span-context",
            "NewRelic",
            "elastic-apm-traceparent",
            "X-INSTANA-T",
        ] {
            assert!(is_foreign(name.as_bytes()), "{name}");
        }
        for name in [
            "",
            "x",
            "x-datadog",
            "sentry-trace-id",
            "sentry-trac",
            "x-amzn-trace-ids",
            "x-amzn-requestid",
            "grpc-trace",
            "newrelic-id",
            "x-instana",
            "traceparent",
            "\u{e9}\u{e9}",
        ] {
            assert!(!is_foreign(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn copies_take_one_edit_and_kept_names_none() {
        let pairs: [Pair<'_>; 6] = [
            (b"sentry-trace", b"1"),
            (b"Sentry-Trace", b"2"),
            (b"x-datadog-origin", b"rum"),
            (b"X-Datadog-Trace-Id", b"1"),
            (b"x-amzn-trace-id", b"1"),
            (b"accept", b"*/*"),
        ];
        let removed = |kept: &[&str]| {
            let kept: Vec<String> = kept.iter().copied().map(String::from).collect();
            let mut edits = Edits::default();
            remove(Headers::new(&pairs), &kept, &mut edits);
            let name = |edit: &Edit<'_>| match edit {
                Edit::Remove(name) => String::from_utf8_lossy(name).into_owned(),
                Edit::Set(name, _) => panic!("{name} is set"),
            };
            edits.as_slice().iter().map(name).collect::<Vec<_>>()
        };
        assert_eq!(
            removed(&[]),
            [
                "sentry-trace",
                "x-datadog-origin",
                "X-Datadog-Trace-Id",
                "x-amzn-trace-id"
            ]
        );
        assert_eq!(
            removed(&["x-datadog-*", "X-Amzn-Trace-Id"]),
            ["sentry-trace"]
        );
        assert_eq!(
            removed(&["x-datadog-trace-id", "sentry-trace"]),
            ["x-datadog-origin", "x-amzn-trace-id"]
        );
    }
}
