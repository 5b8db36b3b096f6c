//! Which rule a request falls under: the first matching entry of `routes`, over the default, under a named rule.
//!
//! Entries are filed twice: by their literal host, if they name one, and then by the one literal that decides most (the
//! path, the host's own route, a beginning of the path). So a request looks at a handful of them, however many there
//! are; among those the first in the document wins.

use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::format::FormatSet;
use crate::gate::Request;
use crate::policy::{Layer, Rule};

/// All rules of a document.
#[derive(Debug, Default)]
pub struct Rules {
    default: Layer,
    routes: Vec<Route>,
    /// In the order of their names.
    named: Vec<(String, Layer)>,
    inject: FormatSet,
    extract: FormatSet,
    /// In the order of their literal hosts; routes of no certain host stand under the empty one.
    shelves: Vec<(Vec<u8>, Shelf)>,
}

/// The routes of one host, or of no certain one.
#[derive(Debug, Default)]
struct Shelf {
    /// The numbers of the routes that share a sign, in the order of the document; in the order of the signs.
    files: Vec<(Sign<Vec<u8>>, Vec<u32>)>,
    /// How long the beginnings of paths are, the shortest first.
    prefix_lengths: Vec<usize>,
}

/// The one literal under which a route is filed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Sign<T> {
    Path(T),
    Name(T),
    Prefix(T),
    None,
}

/// One entry of `routes`.
#[derive(Debug, Default)]
pub struct Route {
    /// Which requests it is for.
    pub condition: Match,
    /// What it changes.
    pub layer: Layer,
}

/// The conditions of a route; all that are given must hold.
#[derive(PartialEq, Eq, Debug, Default)]
pub struct Match {
    /// The whole path, without the query.
    pub path: Option<String>,
    /// A beginning of the path.
    pub path_prefix: Option<String>,
    /// The host in lower case, without the port; `*.` at its beginning stands for any subdomain.
    pub host: Option<String>,
    /// The methods, each once and in the order of the alphabet.
    pub methods: Vec<String>,
    /// A header and the value that it must have.
    pub header: Option<(String, String)>,
    /// The name of Envoy's route.
    pub route: Option<String>,
}

/// Where the layers of a request's rule are to be found: small, so that a span can remember it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Place {
    route: Option<u32>,
    named: Option<u32>,
}

impl Rules {
    /// The default rule alone, over the document's formats.
    #[must_use]
    pub fn new(default: Layer, inject: FormatSet, extract: FormatSet) -> Self {
        Self {
            default,
            inject,
            extract,
            ..Self::default()
        }
    }

    /// Files a route behind all others. The number of an earlier one with the same conditions, if there is one: the
    /// new one will never be taken.
    pub fn file(&mut self, route: Route) -> Option<usize> {
        let condition = &route.condition;
        let host = condition.host.as_deref();
        let literal = host.filter(|host| !host.starts_with('*'));
        let shelf = entry(&mut self.shelves, literal.unwrap_or_default().into())?;
        let sign = condition.sign();
        if let Sign::Prefix(prefix) = &sign {
            let lengths = &mut shelf.prefix_lengths;
            if let Err(at) = lengths.binary_search(&prefix.len()) {
                lengths.insert(at, prefix.len());
            }
        }
        let file = entry(&mut shelf.files, sign)?;
        let mut numbers = file.iter().map(|number| *number as usize);
        let same = numbers.find(|number| {
            let earlier = self.routes.get(*number);
            earlier.is_some_and(|earlier| earlier.condition == *condition)
        });
        file.push(self.routes.len() as u32);
        self.routes.push(route);
        same
    }

    /// Adds the rule of a name.
    pub fn name(&mut self, name: String, layer: Layer) {
        if let Some(named) = entry(&mut self.named, name) {
            *named = layer;
        }
    }

    /// The place of a request's rule; none when it names a rule that does not exist.
    #[must_use]
    pub fn place(&self, request: &Request<'_>) -> Option<Place> {
        let named = match request.rule {
            None => None,
            Some(name) => {
                let place = |(known, _): &(String, _)| known.as_bytes().cmp(name);
                Some(self.named.binary_search_by(place).ok()? as u32)
            }
        };
        let route = if self.routes.is_empty() {
            None
        } else {
            self.route(request)
        };
        Some(Place { route, named })
    }

    /// The layers above the default at a place, the upper one first.
    fn above(&self, place: Place) -> [Option<&Layer>; 2] {
        let named = place.named.and_then(|index| self.named.get(index as usize));
        let route = place
            .route
            .and_then(|index| self.routes.get(index as usize));
        [
            named.map(|(_, layer)| layer),
            route.map(|route| &route.layer),
        ]
    }

    /// One key of the rule at a place.
    pub(crate) fn key<'c, T>(
        &'c self,
        place: Place,
        of: impl Fn(&'c Layer) -> Option<T>,
    ) -> Option<T> {
        let [named, route] = self.above(place);
        (named.and_then(&of))
            .or_else(|| route.and_then(&of))
            .or_else(|| of(&self.default))
    }

    /// The rule at a place.
    #[must_use]
    pub fn rule(&self, place: Place) -> Rule<'_> {
        let [named, route] = self.above(place);
        let mut rule = Rule::bare(self.inject, self.extract);
        rule.lay(&self.default);
        for layer in [route, named].into_iter().flatten() {
            rule.lay(layer);
        }
        rule
    }

    fn route(&self, request: &Request<'_>) -> Option<u32> {
        let path = request.path_alone();
        let host = request.host_alone();
        let mut lower = [0; LONGEST_HOST];
        let lower = lower.get_mut(..host.len()).map(|room| {
            room.copy_from_slice(host);
            room.make_ascii_lowercase();
            &*room
        });
        let shelf = |host: &[u8]| found(&self.shelves, |known| known.as_slice().cmp(host));
        let by_host = lower.and_then(shelf);
        by_host
            .into_iter()
            .chain(shelf(b""))
            .flat_map(|shelf| shelf.candidates(path, request.route))
            .filter_map(|routes| {
                let fits = |index: &&u32| {
                    self.routes
                        .get(**index as usize)
                        .is_some_and(|route| route.condition.holds(request))
                };
                routes.iter().find(fits).copied()
            })
            .min()
    }
}

impl Shelf {
    /// Every list in which a route for this path and this name may stand.
    fn candidates<'s>(
        &'s self,
        path: &'s [u8],
        name: Option<&'s [u8]>,
    ) -> impl Iterator<Item = &'s Vec<u32>> {
        let beginnings = self
            .prefix_lengths
            .iter()
            .map_while(|length| path.get(..*length));
        let signs = [
            Some(Sign::Path(path)),
            name.map(Sign::Name),
            Some(Sign::None),
        ];
        let signs = signs.into_iter().flatten();
        signs
            .chain(beginnings.map(Sign::Prefix))
            .filter_map(|sign| found(&self.files, |known| known.as_slice().cmp(&sign)))
    }
}

impl Sign<Vec<u8>> {
    const fn as_slice(&self) -> Sign<&[u8]> {
        match self {
            Self::Path(path) => Sign::Path(path.as_slice()),
            Self::Name(name) => Sign::Name(name.as_slice()),
            Self::Prefix(prefix) => Sign::Prefix(prefix.as_slice()),
            Self::None => Sign::None,
        }
    }
}

/// What stands under a key, in a list that is in the order of its keys.
fn found<K, V>(list: &[(K, V)], order: impl Fn(&K) -> Ordering) -> Option<&V> {
    let at = list.binary_search_by(|(known, _)| order(known)).ok()?;
    list.get(at).map(|(_, value)| value)
}

/// The same, to be changed; what was not there yet is put in.
fn entry<K: Ord, V: Default>(list: &mut Vec<(K, V)>, key: K) -> Option<&mut V> {
    let at = match list.binary_search_by(|(known, _)| known.cmp(&key)) {
        Ok(at) => at,
        Err(at) => {
            list.insert(at, (key, V::default()));
            at
        }
    };
    list.get_mut(at).map(|(_, value)| value)
}

/// What rules want to know besides headers, so that a host asks its own questions only if somebody wants the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Needs {
    /// The caller's address.
    pub address: bool,
    /// The names in the caller's certificate.
    pub names: bool,
    /// The name of the host's own route.
    pub route: bool,
}

impl Rules {
    /// What these rules want to know.
    pub(crate) fn needs(&self) -> Needs {
        let layers = self
            .routes
            .iter()
            .map(|route| &route.layer)
            .chain(self.named_layers())
            .chain([&self.default]);
        let mut needs = Needs {
            route: self
                .routes
                .iter()
                .any(|route| route.condition.route.is_some()),
            ..Needs::default()
        };
        for trust in layers.filter_map(|layer| layer.trust.as_ref()) {
            needs.address |= !trust.cidr.is_empty();
            needs.names |= !trust.san.is_empty();
        }
        needs
    }

    /// The headers that conditions of routes look at.
    pub(crate) fn headers(&self) -> impl Iterator<Item = &str> {
        let conditions = self.routes.iter().map(|route| &route.condition);
        conditions.filter_map(|condition| Some(condition.header.as_ref()?.0.as_str()))
    }

    fn named_layers(&self) -> impl Iterator<Item = &Layer> {
        self.named.iter().map(|(_, layer)| layer)
    }
}

impl Match {
    fn sign(&self) -> Sign<Vec<u8>> {
        match (&self.path, &self.route, &self.path_prefix) {
            (Some(path), ..) => Sign::Path(path.as_bytes().into()),
            (_, Some(name), _) => Sign::Name(name.as_bytes().into()),
            (_, _, Some(prefix)) => Sign::Prefix(prefix.as_bytes().into()),
            (None, None, None) => Sign::None,
        }
    }

    /// Whether every given condition holds.
    #[must_use]
    pub fn holds(&self, request: &Request<'_>) -> bool {
        let path = request.path_alone();
        self.path
            .as_ref()
            .is_none_or(|wanted| wanted.as_bytes() == path)
            && self
                .path_prefix
                .as_ref()
                .is_none_or(|wanted| path.starts_with(wanted.as_bytes()))
            && self
                .host
                .as_ref()
                .is_none_or(|wanted| host_fits(wanted.as_bytes(), request.host_alone()))
            && (self.methods.is_empty()
                || self
                    .methods
                    .iter()
                    .any(|wanted| wanted.as_bytes() == request.method))
            && self
                .route
                .as_ref()
                .is_none_or(|wanted| Some(wanted.as_bytes()) == request.route)
            && self.header.as_ref().is_none_or(|(name, wanted)| {
                request
                    .headers
                    .named(name.as_bytes())
                    .any(|value| value == wanted.as_bytes())
            })
    }
}

/// `*.example.com` fits every host below `example.com`, and not that host itself.
fn host_fits(wanted: &[u8], host: &[u8]) -> bool {
    match wanted {
        [b'*', ending @ ..] => {
            host.len() > ending.len()
                && host
                    .get(host.len() - ending.len()..)
                    .is_some_and(|end| end.eq_ignore_ascii_case(ending))
        }
        _ => host.eq_ignore_ascii_case(wanted),
    }
}

/// No name in the DNS is longer.
pub(crate) const LONGEST_HOST: usize = 255;
