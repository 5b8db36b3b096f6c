//! Which headers a host need not even look at.

/// Lets headers pass whose names may matter, told by their length and two letters alone: of what nobody looks at, a
/// host need not even make a list.
#[derive(Clone, Debug)]
pub struct Sieve {
    /// By the mark of the names, a bit for each length.
    lengths: [u32; MARKS],
}

impl Sieve {
    /// A sieve for these names; one that ends in `*` stands for all names with that beginning.
    #[must_use]
    pub fn of<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut sieve = Self {
            lengths: [0; MARKS],
        };
        for name in names.into_iter().map(str::as_bytes) {
            match name {
                // A beginning that is too short has no mark yet.
                [_, _, b'*'] | [_, b'*'] | [b'*'] => sieve.lengths = [u32::MAX; MARKS],
                [start @ .., b'*'] => sieve.admit(start, u32::MAX << bit(start.len())),
                name => sieve.admit(name, 1 << bit(name.len())),
            }
        }
        sieve
    }

    /// Whether a header of this name may matter.
    #[must_use]
    #[inline]
    pub fn lets_pass(&self, name: &[u8]) -> bool {
        let lengths = self.lengths.get(mark(name)).copied().unwrap_or(0);
        lengths >> bit(name.len()) & 1 != 0
    }

    fn admit(&mut self, name: &[u8], lengths: u32) {
        if let Some(known) = self.lengths.get_mut(mark(name)) {
            *known |= lengths;
        }
    }
}

/// What tells names apart at a glance, whatever their case: the second letter and the third. The first is an x in half of all
/// names, and a user-agent begins like Jaeger's headers.
#[inline]
pub(crate) const fn mark(name: &[u8]) -> usize {
    let letters = match name {
        [_, second, third, ..] => *second ^ *third,
        [_, second] => *second,
        _ => 0,
    };
    letters as usize % MARKS
}

/// How many marks there are: one for each letter.
pub(crate) const MARKS: usize = 32;

/// The bit of a length; the last one is that of all greater lengths.
fn bit(length: usize) -> usize {
    length.min(31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sieve_keeps_no_name_back_that_it_is_for() {
        let sieve = Sieve::of([
            "b3",
            "traceparent",
            "uberctx-*",
            "",
            "x-b3-*",
            "x-a-name-of-more-than-thirty-one-letters",
        ]);
        for name in [
            "b3",
            "B3",
            "TraceParent",
            "uberctx-",
            "Uberctx-any",
            "",
            "X-B3-",
            "x-b3-traceid",
            "x-a-name-of-more-than-thirty-one-letters",
        ] {
            assert!(sieve.lets_pass(name.as_bytes()), "{name}");
        }
        for name in [
            "accept",
            "b",
            "traceparents",
            "uberctx",
            "c",
            "x-request-id",
            "user-agent",
        ] {
            assert!(!sieve.lets_pass(name.as_bytes()), "{name}");
        }
        for start in ["*", "x*", "x-*"] {
            assert!(Sieve::of([start]).lets_pass(b"x-y"), "{start}");
        }
    }
}
