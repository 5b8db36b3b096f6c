//! The outbox in simulated time: one test for each promise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    missing_docs,
    unreachable_pub,
    reason = "a test says what is wrong by panicking"
)]

#[path = "outbox/answers.rs"]
mod answers;
#[path = "outbox/bisect.rs"]
mod bisect;
#[path = "outbox/body.rs"]
mod body;
#[path = "outbox/carry.rs"]
mod carry;
#[path = "outbox/end.rs"]
mod end;
#[path = "outbox/every.rs"]
mod every;
#[path = "outbox/flush.rs"]
mod flush;
#[path = "outbox/lilypad.rs"]
mod lilypad;
#[path = "outbox/projects.rs"]
mod projects;
#[path = "outbox/retry.rs"]
mod retry;
#[path = "outbox/room.rs"]
mod room;
#[path = "outbox/several.rs"]
mod several;
#[path = "outbox/stage.rs"]
mod stage;
#[path = "outbox/stop.rs"]
mod stop;
#[path = "outbox/weather.rs"]
mod weather;
#[path = "world/mod.rs"]
mod world;
