//! Which API a request speaks: what the route says, then the path; whose it is, the host says. Never the body.

use core::hint::black_box;

use super::FACTS;
use super::documents::{self, Documents};
use super::name::ApiName;
use super::provider::{BEDROCK, PROVIDERS, Provider};
use super::row::{Facts, PathMark};
use crate::request::target::{split_host, split_path};

/// What a request speaks, and whose API it is.
#[derive(Clone, Copy, Debug)]
pub struct ModelApi {
    /// The place of the API among all.
    place: u8,
    pub(in crate::genai) api: &'static Facts,
    pub(in crate::genai) provider: &'static Provider,
    /// What its path looks like, if it looks like one of the API's.
    mark: Option<&'static PathMark>,
}

impl ModelApi {
    /// What a request speaks: the API that the route names, or else the one whose path this is. None where there is nothing
    /// to learn.
    #[must_use]
    pub fn find(named: Option<ApiName>, method: &[u8], path: &[u8], host: &[u8]) -> Option<Self> {
        if method != b"POST" {
            return None;
        }
        let (path, (host, _)) = (bare(path), split_host(host));
        let is_forced = named.is_some_and(|named| FACTS.iter().any(|api| api.named == named));
        // With all facts in view the compiler would write the search out, row by row.
        let (place, api, mark) = black_box(&FACTS).iter().zip(0..).find_map(|(api, place)| {
            let is_said = |mark: &&PathMark| !mark.is_common || named.is_some() || is_known(host);
            let mark = mark_of(api, path).filter(is_said);
            let is_it = match is_forced {
                true => named == Some(api.named),
                false => mark.is_some(),
            };
            is_it.then_some((place, api, mark))
        })?;
        // Tools are nobody's, wherever they are.
        let is_tools = api.calls_tools;
        let mut provider = mark.and_then(|mark| mark.provider);
        for known in black_box(PROVIDERS).iter().filter(|_| !is_tools) {
            if named.is_some() && known.named == named {
                provider = Some(known);
                break;
            }
            if provider.is_none() && is_at(known, host) {
                provider = Some(known);
            }
        }
        Some(Self {
            place,
            api,
            provider: provider.unwrap_or(api.provider),
            mark,
        })
    }

    /// `gen_ai.operation.name`.
    #[must_use]
    pub const fn operation(&self) -> &'static str {
        self.api.operation
    }

    /// `gen_ai.provider.name`.
    #[must_use]
    pub const fn provider(&self) -> &'static str {
        self.provider.name
    }

    /// The name of the provider in a configuration; none for tools.
    pub(crate) const fn provider_name(&self) -> Option<ApiName> {
        self.provider.named
    }

    /// Whether counts have the newer names of OpenAI's responses.
    pub(crate) const fn has_newer_names(&self) -> bool {
        self.api.has_newer_names
    }

    /// What its documents say where.
    pub(in crate::genai) fn documents(&self) -> Documents {
        documents::documents(self.place.into())
    }

    /// Whether the path asks for a stream.
    pub(in crate::genai) fn path_streams(&self) -> bool {
        self.mark.is_some_and(|mark| mark.streams)
    }

    /// The piece of a path that names the model, as it is spelt there.
    pub(in crate::genai) fn model<'p>(&self, path: &'p [u8]) -> Option<&'p [u8]> {
        named_by(self.mark?, bare(path))
    }
}

fn mark_of(api: &'static Facts, path: &[u8]) -> Option<&'static PathMark> {
    api.paths
        .iter()
        .find(|mark| path.ends_with(mark.after.as_bytes()) && named_by(mark, path).is_some())
}

/// What stands between the two marks of a path; nothing where one mark is enough.
fn named_by<'p>(mark: &PathMark, path: &'p [u8]) -> Option<&'p [u8]> {
    let path = path.strip_suffix(mark.after.as_bytes())?;
    if mark.before.is_empty() {
        return Some(b"");
    }
    let before = mark.before.as_bytes();
    let start = path.windows(before.len()).position(|part| part == before)?;
    path.get(start + before.len()..)
        .filter(|model| !model.is_empty())
}

/// A path without its query and the slash at its end.
fn bare(path: &[u8]) -> &[u8] {
    let (path, _) = split_path(path);
    path.strip_suffix(b"/").unwrap_or(path)
}

/// Whether a host is one of any provider's.
fn is_known(host: &[u8]) -> bool {
    black_box(PROVIDERS).iter().any(|known| is_at(known, host))
}

/// Whether a host is one of a provider's.
fn is_at(provider: &Provider, host: &[u8]) -> bool {
    provider.hosts.iter().any(|end| {
        let Some(start) = host.len().checked_sub(end.len()) else {
            return false;
        };
        let is_end = host
            .get(start..)
            .is_some_and(|rest| rest.eq_ignore_ascii_case(end.as_bytes()));
        let edge = start.checked_sub(1).and_then(|place| host.get(place));
        is_end && edge.is_none_or(|edge| b".-".contains(edge)) && serves(provider, host)
    })
}

/// Everybody's own servers may stand under Amazon's name as well.
fn serves(provider: &Provider, host: &[u8]) -> bool {
    let service = b"bedrock-runtime";
    let is_service = |part: &[u8]| part.eq_ignore_ascii_case(service);
    !core::ptr::eq(provider, &raw const BEDROCK) || host.windows(service.len()).any(is_service)
}
