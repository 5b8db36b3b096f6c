//! What Envoy does next with a stream.

/// What Envoy does next with a stream, as a number of the ABI.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(u32)]
pub enum FilterAction {
    #[default]
    /// It goes on.
    Continue = 0,
    /// It waits, or the filter has responded.
    Pause = 1,
    /// Of a body: Envoy holds the chunk and shows only the next ones. If that becomes too much it makes the client wait; after `Pause` it would
    /// respond with 413.
    Hold = 2,
}
