//! How large spans were of late: a place in the queue is promised to a span before its size is known.

/// The largest of the last 64 to 128 sizes. It does not fall in between: a span that is as large as others of late needs all
/// of the room that was promised.
#[derive(Debug)]
pub(super) struct Largest {
    /// The size that is expected before a span was seen.
    usual: u32,
    /// Of the spans that are counted now, and of as many before them.
    sizes: [u32; 2],
    counted: u32,
}

impl Largest {
    pub(super) const fn new(usual: u32) -> Self {
        Self {
            usual,
            sizes: [0; 2],
            counted: 0,
        }
    }

    pub(super) fn bytes(&self) -> u32 {
        let [now, before] = self.sizes;
        match now.max(before) {
            0 => self.usual,
            largest => largest,
        }
    }

    /// A span was of this size.
    pub(super) fn count(&mut self, size: u32) {
        let [now, before] = self.sizes;
        self.sizes = [now.max(size), before];
        self.counted += 1;
        if self.counted == HALF {
            self.sizes = [0, now.max(size)];
            self.counted = 0;
        }
    }
}

/// How many spans are counted before those that were counted earlier are forgotten.
const HALF: u32 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_remembered_for_64_to_128_spans() {
        for place in 0..HALF {
            let mut largest = Largest::new(7);
            assert_eq!(largest.bytes(), 7);
            (0..place).for_each(|_| largest.count(10));
            largest.count(500);
            let smaller = (0..).take_while(|_| {
                largest.count(10);
                largest.bytes() == 500
            });
            let remembered = smaller.count() as u32 + 1;
            assert!((HALF..=2 * HALF).contains(&remembered), "{remembered}");
            assert_eq!(largest.bytes(), 10);
        }
    }

    #[test]
    fn where_nothing_was_seen_the_usual_size_holds() {
        let mut largest = Largest::new(7);
        largest.count(500);
        (0..2 * HALF).for_each(|_| largest.count(0));
        assert_eq!(largest.bytes(), 7);
    }
}
