//! From the bytes of a body to the bytes of its JSON documents: `gzip` and `deflate`, Amazon's binary frames, base64.

mod base64;
mod content;
mod frames;
mod inflate;

pub(crate) use content::{Framing, Packing, framing, is_readable, packing};
pub(crate) use frames::Frames;
pub(crate) use inflate::{Flow, Inflater};
