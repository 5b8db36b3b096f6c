//! The receiver of OTLP.

pub(crate) mod bodies;
mod refusals;
mod taken;
mod wire;
