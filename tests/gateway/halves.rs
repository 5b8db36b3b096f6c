//! The two halves of a gateway, as a host with two threads uses them.

use gatespan::outbox::{Counters, Outcome, SealedBatch};
use gatespan::{Admission, Config, End, EndKind, Gateway, Requests, Sender, Time};

use super::world::{START, World};
use super::{OPIK, get, world};

const SMALL: &str = r#"{"backend": {"kind": "opik", "url": "http://opik.test/api", "cluster": "opik"},
    "export": {"batch_spans": 3, "batch_bytes": 8192, "queue_bytes": 65536}}"#;
const END: End = End::new(EndKind::Complete, 200);

/// Both halves, and what is on its way between them.
struct Halves {
    requests: Requests,
    sender: Sender,
    moving: Vec<SealedBatch>,
    now: Time,
    serial: u8,
}

impl Halves {
    fn new(document: &str) -> Self {
        let config = Config::parse(document, gatespan::config::Host::Envoy, &|_| None).unwrap();
        let (requests, sender) = Gateway::new(config, 7).split();
        Self {
            requests,
            sender,
            moving: Vec::new(),
            now: START,
            serial: 0,
        }
    }

    /// Whether a request was recorded.
    fn request(&mut self) -> bool {
        self.serial = self.serial.wrapping_add(1).max(1);
        let serial = self.serial;
        self.requests.refill(20, self.now, |bytes| {
            bytes.fill(serial);
            true
        });
        let request = get(&[]);
        let Admission::Forward(forward) = self.requests.admit(&request, self.now) else {
            panic!("not forwarded");
        };
        let stream = forward.stream;
        let is_recorded = stream.is_recorded();
        self.requests.close(stream, END, self.now);
        is_recorded
    }

    fn seal(&mut self) {
        let sealed = self.requests.take_sealed(self.now);
        self.moving.extend(sealed);
    }

    fn deliver(&mut self) {
        let moving = self.moving.drain(..);
        moving.for_each(|sealed| self.sender.accept(sealed));
    }

    fn send(&mut self, outcome: Outcome<'_>) {
        while let Some(call) = self.sender.poll(self.now) {
            let id = call.id;
            self.sender.settle(id, outcome, self.now);
        }
    }

    fn counters(&self) -> Counters {
        let filling = self.requests.counters().next().unwrap();
        let sending = self.sender.counters().next().unwrap();
        assert!(filling.add_up() && sending.add_up());
        let joined = Counters::joined(filling, sending);
        assert!(joined.add_up(), "{joined:?}");
        joined
    }
}

#[test]
fn halves_can_move_to_other_threads() {
    const fn is_send<T: Send>() {}
    is_send::<Requests>();
    is_send::<Sender>();
    is_send::<SealedBatch>();
    is_send::<gatespan::outbox::SenderState>();
}

#[test]
fn spans_on_their_way_between_the_halves_count_as_queued() {
    let mut halves = Halves::new(SMALL);
    for _ in 0..7 {
        assert!(halves.request());
        assert_eq!(halves.counters().queued, halves.counters().recorded);
    }
    halves.now = Time(START.0 + 1_000_000_000);
    halves.seal();
    assert_eq!(halves.moving.len(), 3, "two full batches and a ripe one");
    assert_eq!(halves.counters().queued, 7);
    halves.deliver();
    assert_eq!(halves.counters().queued, 7);
    halves.send(Outcome::status(204));
    assert_eq!(halves.counters().exported, 7);
}

#[test]
fn room_is_kept_while_the_state_of_the_sender_is_old() {
    let mut halves = Halves::new(SMALL);
    let mut recorded = 0_u64;
    // Nothing of the sender is known, so what was sealed counts as queued.
    for _ in 0..2_000 {
        recorded += u64::from(halves.request());
        halves.seal();
        halves.deliver();
        halves.send(Outcome::status(204));
    }
    assert!(recorded < 100, "{recorded} spans in 64 KiB");
    let counters = halves.counters();
    assert_eq!(counters.recorded, recorded);
    assert!(
        counters.exported + 3 > recorded,
        "all but the batch that fills"
    );
    halves.requests.update(&halves.sender.state());
    assert!(halves.request());
}

#[test]
fn sender_that_stops_stops_recording_once_it_is_known() {
    let mut halves = Halves::new(SMALL);
    (0..3).for_each(|_| assert!(halves.request()));
    halves.seal();
    halves.deliver();
    halves.send(Outcome::status(401));
    assert!(halves.request(), "the requests do not know it yet");
    halves.requests.update(&halves.sender.state());
    assert!(!halves.request());
}

#[test]
fn closed_halves_drop_and_count_what_is_left() {
    let mut halves = Halves::new(SMALL);
    (0..4).for_each(|_| assert!(halves.request()));
    halves.seal();
    halves.requests.shut();
    halves.sender.shut();
    halves.deliver();
    let counters = halves.counters();
    assert_eq!((counters.queued, counters.dropped.shutdown), (0, 4));
    halves.requests.update(&halves.sender.state());
    assert!(!halves.request());
}

#[test]
fn halves_send_the_same_calls_as_one_gateway() {
    let mut halves = Halves::new(SMALL);
    let World {
        mut gateway, now, ..
    } = world(SMALL);
    let mut theirs = Vec::new();
    for serial in 1..=10_u8 {
        gateway.refill(20, now, |bytes| {
            bytes.fill(serial);
            true
        });
        let request = get(&[]);
        let Admission::Forward(forward) = gateway.admit(&request, now) else {
            panic!("not forwarded");
        };
        let stream = forward.stream;
        gateway.close(stream, END, now);
        halves.request();
    }
    let later = Time(now.0 + 1_000_000_000);
    while let Some(call) = gateway.poll(later) {
        theirs.push((call.path, call.body.to_vec()));
        let id = call.id;
        gateway.settle(id, Outcome::status(204), later);
    }
    halves.now = later;
    let mut ours = Vec::new();
    loop {
        halves.seal();
        halves.deliver();
        let Some(call) = halves.sender.poll(later) else {
            break;
        };
        ours.push((call.path, call.body.to_vec()));
        let id = call.id;
        halves.sender.settle(id, Outcome::status(204), later);
        halves.requests.update(&halves.sender.state());
    }
    ours.sort_unstable();
    theirs.sort_unstable();
    assert_eq!(ours, theirs);
}

#[test]
fn one_request_waits_for_the_queue() {
    let mut world = world(OPIK);
    assert_eq!(world.gateway.wait_ms(world.now, 20_000), None);
    let stream = world.stream(&get(&[]));
    world.gateway.close(stream, END, world.now);
    assert_eq!(world.gateway.wait_ms(world.now, 20_000), Some(1_000));
    assert_eq!(world.gateway.wait_ms(world.now, 20_000), None);
    world.wait(1_000);
    assert!(world.gateway.poll(world.now).is_some());
}
