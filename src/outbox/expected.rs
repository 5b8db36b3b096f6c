//! The size that is reserved for a span before it ends.

/// The largest of the last 64 to 128 sizes.
#[derive(Debug)]
pub(super) struct ExpectedSize {
    /// The size that is expected before any span has ended.
    initial: u32,
    /// The largest size of the current 64 spans, and of the 64 before them.
    largest: [u32; 2],
    counted: u32,
}

impl ExpectedSize {
    pub(super) const fn new(initial: u32) -> Self {
        Self {
            initial,
            largest: [0; 2],
            counted: 0,
        }
    }

    pub(super) fn bytes(&self) -> u32 {
        let [current, previous] = self.largest;
        match current.max(previous) {
            0 => self.initial,
            largest => largest,
        }
    }

    /// A span had this size.
    pub(super) fn record(&mut self, size: u32) {
        let [current, previous] = self.largest;
        self.largest = [current.max(size), previous];
        self.counted += 1;
        if self.counted == WINDOW {
            self.largest = [0, current.max(size)];
            self.counted = 0;
        }
    }
}

/// How many sizes make a window.
const WINDOW: u32 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_is_remembered_for_64_to_128_spans() {
        for place in 0..WINDOW {
            let mut expected = ExpectedSize::new(7);
            assert_eq!(expected.bytes(), 7);
            (0..place).for_each(|_| expected.record(10));
            expected.record(500);
            let smaller = (0..).take_while(|_| {
                expected.record(10);
                expected.bytes() == 500
            });
            let remembered = smaller.count() as u32 + 1;
            assert!((WINDOW..=2 * WINDOW).contains(&remembered), "{remembered}");
            assert_eq!(expected.bytes(), 10);
        }
    }

    #[test]
    fn without_sizes_the_initial_one_is_expected() {
        let mut expected = ExpectedSize::new(7);
        expected.record(500);
        (0..2 * WINDOW).for_each(|_| expected.record(0));
        assert_eq!(expected.bytes(), 7);
    }
}
