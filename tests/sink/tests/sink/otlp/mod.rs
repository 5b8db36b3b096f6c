//! The OTLP receiver.

pub(crate) mod bodies;
mod refusals;
mod taken;
mod wire;
