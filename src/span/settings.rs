//! What the configuration says of spans.

use alloc::string::String;
use alloc::vec::Vec;

use super::NameTemplate;

/// What a span records of its request.
#[derive(Debug)]
pub struct Settings {
    /// The template of its name.
    pub name: NameTemplate,
    /// Whether all that the configuration puts into a name needs no escaping: the template, and the service in its place.
    pub is_plain: bool,
    /// The request headers recorded, in lower case.
    pub headers: Vec<String>,
    /// The query keys whose values are kept.
    pub query: Vec<String>,
    /// The header that names the thread of conversation.
    pub thread: Option<String>,
}
