//! The spans that are open. The JavaScript half knows each by a number: an object of its own would be a call more.

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

/// All open spans of an isolate, by number. A number is given again when its span has ended.
#[derive(Default)]
pub(crate) struct Opened {
    places: Vec<Option<Open>>,
    free: Vec<u32>,
}

impl Opened {
    pub(crate) fn keep(&mut self, open: Open) -> u32 {
        if let Some(number) = self.free.pop()
            && let Some(place) = self.places.get_mut(number as usize)
        {
            *place = Some(open);
            return number;
        }
        self.places.push(Some(open));
        (self.places.len() - 1) as u32
    }

    pub(crate) fn span(&mut self, number: u32) -> Option<&mut OpenSpan> {
        let open = self.places.get_mut(number as usize)?.as_mut()?;
        Some(&mut open.span)
    }

    pub(crate) fn take(&mut self, number: u32) -> Option<Open> {
        let open = self.places.get_mut(number as usize)?.take()?;
        self.free.push(number);
        Some(open)
    }
}
