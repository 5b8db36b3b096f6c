//! What lives longer than one call. The JavaScript half knows each by a number: an object of its own would be one more call.

use gatespan::EndKind;
use wasm_bindgen::prelude::wasm_bindgen;

/// How a request ended, as far as a Worker can see it.
#[wasm_bindgen]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// The whole response was sent.
    Complete,
    /// The client left.
    ClientLeft,
    /// The origin broke the response off.
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
            Self::ClientLeft => EndKind::DownstreamReset,
            Self::OriginBroke => EndKind::UpstreamReset,
            Self::OriginUnreachable => EndKind::UpstreamUnavailable,
            Self::NoOrigin => EndKind::NoRoute,
        }
    }
}

/// Things of one kind, by number. A number is used again when its thing is gone.
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
