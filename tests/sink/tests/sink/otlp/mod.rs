//! The receiver of OTLP.

mod bodies;
mod refusals;
mod taken;
mod wire;
