//! Memory is bounded, and a place in the queue is promised before a parent is announced.

use gatespan::Availability;
use gatespan::outbox::Dropped;

use super::stage::{ACCEPTING, BACKENDS, CALLER, Stage};

/// A queue for some dozen spans, of a backend that does not answer.
fn small() -> Stage {
    Stage::new(r#"{"queue_bytes": 32768, "batch_bytes": 8192}"#)
}

#[test]
fn the_queue_is_bounded_and_what_finds_no_room_is_counted() {
    let mut stage = small();
    let many: Vec<_> = (0..100)
        .filter_map(|index| stage.open(&index.to_string(), &[]))
        .collect();
    let opened = many.len() as u64;
    for open in many {
        stage.close(open);
        assert!(stage.counters().queued_bytes <= 32_768);
    }
    let counters = stage.counters();
    assert_eq!(counters.recorded, opened);
    assert_eq!(counters.queued + stage.dropped(Dropped::QueueFull), opened);
    assert!(counters.queued >= 20 && stage.dropped(Dropped::QueueFull) > 0);
    assert_eq!(stage.availability(), Availability::QueueFull);
    stage.wait(1_000);
    stage.drain();
    assert_eq!(stage.counters().exported, counters.queued);
    assert_eq!(stage.availability(), ACCEPTING);
}

#[test]
fn a_full_queue_forwards_and_announces_no_parent() {
    let mut stage = small();
    let mut count = 0;
    while stage.availability() == ACCEPTING {
        stage.minted("0");
        count += 1;
    }
    assert_eq!(stage.dropped(Dropped::QueueFull), 0, "of {count} none");
    assert!(stage.open("1", &[]).is_none());
}

#[test]
fn a_span_that_is_open_holds_a_place_until_it_is_pushed_or_abandoned() {
    let mut stage = small();
    // Half of the queue is in use; the other half is open.
    while stage.counters().queued_bytes < 17_000 {
        stage.minted("0");
    }
    let mut open = Vec::new();
    while let Some(span) = stage.open("1", &[]) {
        open.push(span);
    }
    assert!(open.len() > 3);
    assert_eq!(stage.availability(), Availability::QueueFull);
    stage.gateway.abandon(open.pop().unwrap());
    assert_eq!(stage.availability(), ACCEPTING);
    for span in open {
        stage.close(span);
    }
    assert_eq!(stage.dropped(Dropped::QueueFull), 0, "as promised");
}

#[test]
fn spans_that_stay_open_hold_half_of_the_queue_at_most() {
    let mut stage = small();
    let mut open: Vec<_> = (0..10_000).filter_map(|_| stage.open("0", &[])).collect();
    assert_eq!(open.len(), 10_000);
    assert_eq!(stage.availability(), ACCEPTING, "ten thousand WebSockets");
    while stage.counters().queued_bytes <= 16_384 {
        assert_eq!(stage.availability(), ACCEPTING);
        stage.joined("0");
        open.extend(stage.open("0", &[]));
    }
    assert_eq!(stage.availability(), Availability::QueueFull);
    open.into_iter()
        .for_each(|stream| stage.gateway.abandon(stream));
    assert_eq!(stage.availability(), ACCEPTING);
}

#[test]
fn a_promise_is_as_large_as_the_largest_span_of_late() {
    let admitted = |stage: &mut Stage| {
        let mut open = Vec::new();
        while let Some(stream) = stage.open("0", &[]) {
            open.push(stream);
        }
        let count = open.len();
        open.into_iter()
            .for_each(|stream| stage.gateway.abandon(stream));
        count
    };
    let mut stage = Stage::new(r#"{"queue_bytes": 65536, "batch_bytes": 32768, "batch_spans": 1}"#);
    let half_full = |stage: &mut Stage| {
        while stage.counters().queued_bytes < 33_000 {
            stage.joined("0");
        }
    };
    half_full(&mut stage);
    let small = admitted(&mut stage);
    stage.drain();
    stage.minted(&"x".repeat(2_000));
    stage.drain();
    half_full(&mut stage);
    let large = admitted(&mut stage);
    assert!(large < small / 2, "{large} of {small}");
    for _ in 0..500 {
        stage.joined("0");
        stage.drain();
    }
    half_full(&mut stage);
    let again = admitted(&mut stage);
    assert!(again >= small, "{again} of {small}");
}

#[test]
fn a_span_that_is_larger_than_the_queue_is_dropped_and_locks_nobody_out() {
    let mut stage = Stage::new(r#"{"queue_bytes": 4096, "batch_bytes": 1024}"#);
    stage.minted(&"x".repeat(2_000));
    assert_eq!(stage.dropped(Dropped::QueueFull), 1);
    assert_eq!(stage.wake_at(), None, "an empty batch is none");
    // The next may be as large, and no parent is announced that would not arrive; but not for long.
    let refused = (0..).take_while(|_| stage.availability() == Availability::QueueFull);
    assert!((1..200).contains(&refused.count()));
    stage.joined("0");
    assert_eq!(stage.counters().queued, 1);
    assert_eq!(stage.next().names(), ["0"]);
}

#[test]
fn a_queue_that_is_too_small_for_any_span_announces_next_to_none() {
    let mut stage = Stage::new(r#"{"queue_bytes": 1024, "batch_bytes": 1024}"#);
    let announced = (0..1_000).filter(|_| {
        let open = stage.open(&"x".repeat(300), &[]);
        let is_announced = open.is_some();
        open.into_iter().for_each(|open| stage.close(open));
        is_announced
    });
    let announced = announced.count() as u64;
    assert!((1..200).contains(&announced), "{announced} of 1000");
    assert_eq!(stage.dropped(Dropped::QueueFull), announced);
}

#[test]
fn what_is_dropped_leaves_the_batch_as_it_was() {
    let mut stage = Stage::new(r#"{"queue_bytes": 4096, "batch_bytes": 4096}"#);
    let names = ["0", &"x".repeat(2_000), "1"];
    let open = names.map(|name| stage.open(name, &[]).unwrap());
    open.into_iter().for_each(|open| stage.close(open));
    let rows = stage.next();
    stage.answer(&rows, 204);
    assert_eq!(rows.names(), ["0", "1"]);
    assert_eq!(stage.sent().names(), ["0", "1"]);
    assert_eq!(stage.dropped(Dropped::QueueFull), 1);
}

#[test]
fn what_closes_a_body_finds_room_too() {
    for length in 0..600 {
        let mut stage = Stage::new(r#"{"queue_bytes": 4096, "batch_bytes": 4096}"#);
        let name = "x".repeat(length);
        let open: Vec<_> = (0..3).filter_map(|_| stage.open(&name, &[])).collect();
        for span in open {
            stage.close(span);
        }
        stage.leave();
        stage.poll();
        assert!(stage.counters().queued_bytes <= 4_096, "{length}");
    }
}

/// Spans of a few sizes in any order, eight of them open at once, and a backend that rests until its queue is full.
#[test]
fn an_announced_parent_finds_room_whatever_the_mix() {
    for backend in BACKENDS {
        let mut stage = Stage::with(backend, r#"{"queue_bytes": 40000, "batch_bytes": 9000}"#);
        let mut random = Random(88_172_645_463_325_252);
        for full in 0..400 {
            let (mut open, mut refused) = (Vec::new(), 0);
            while refused < 5 {
                let name = "n".repeat(10 * (1 + random.below(4)));
                let headers = if random.below(3) == 0 { &[] } else { CALLER };
                match stage.open(&name, headers) {
                    Some(span) => open.push(span),
                    None => refused += 1,
                }
                while open.len() >= 8 {
                    stage.close(open.swap_remove(random.below(8)));
                }
            }
            open.drain(..).for_each(|span| stage.close(span));
            let lost = stage.dropped(Dropped::QueueFull);
            assert_eq!(
                lost, 0,
                "{backend}: of the queue that was full as number {full}"
            );
            stage.wait(1_000);
            stage.drain();
        }
    }
}

/// Marsaglia's xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 as usize % most
    }
}
