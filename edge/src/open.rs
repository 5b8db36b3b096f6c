//! The spans that are open, and whatever else waits. The JavaScript half knows each by a number: an object of its own
//! would be a call more.

use gatespan::{EndKind, OpenSpan};
use wasm_bindgen::prelude::wasm_bindgen;

/// How a request ended, as far as a Worker can see it.
#[wasm_bindgen]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// The answer was sent to its end.
    Complete,
    /// The caller left.
    CallerLeft,
    /// The origin broke off.
    OriginBroke,
    /// The origin could not be reached.
    OriginUnreachable,
    /// No origin is configured for the request.
    NoOrigin,
}

impl Ending {
    pub(crate) const fn kind(self) -> EndKind {
        match self {
            Self::Complete => EndKind::Complete,
            Self::CallerLeft => EndKind::DownstreamReset,
            Self::OriginBroke => EndKind::UpstreamReset,
            Self::OriginUnreachable => EndKind::UpstreamUnavailable,
            Self::NoOrigin => EndKind::NoRoute,
        }
    }
}

/// A span and what its end has to be told.
pub(crate) struct Open {
    pub(crate) span: Box<OpenSpan>,
    pub(crate) is_grpc: bool,
}

/// What the JavaScript half knows by number, of one kind. A number is given again when what it meant is over.
pub(crate) struct Numbered<T> {
    places: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self {
            places: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<T> Numbered<T> {
    pub(crate) fn keep(&mut self, one: T) -> u32 {
        if let Some(number) = self.free.pop()
            && let Some(place) = self.places.get_mut(number as usize)
        {
            *place = Some(one);
            return number;
        }
        self.places.push(Some(one));
        (self.places.len() - 1) as u32
    }

    pub(crate) fn find(&mut self, number: u32) -> Option<&mut T> {
        self.places.get_mut(number as usize)?.as_mut()
    }

    pub(crate) fn take(&mut self, number: u32) -> Option<T> {
        let one = self.places.get_mut(number as usize)?.take()?;
        self.free.push(number);
        Some(one)
    }
}

impl Numbered<Open> {
    pub(crate) fn span(&mut self, number: u32) -> Option<&mut OpenSpan> {
        self.find(number).map(|open| &mut *open.span)
    }
}
