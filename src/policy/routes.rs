//! Which rule a request falls under: the first matching entry of `routes`, over the default, under a named rule.
//!
//! Entries are filed twice: by their literal host, if they name one, and then by the one literal that decides most (the
//! path, the host's own route, a beginning of the path). So a request looks at a handful of them, however many there
//! are; among those the first in the document wins.

use alloc::string::String;
use alloc::vec::Vec;

use super::layer::DocumentFormats;
use crate::format::FormatSet;
use crate::policy::{InboundAction, Layer, Rule, UpstreamAction};
use crate::request::Request;

/// All rules of a document.
#[derive(Debug, Default)]
pub struct Rules {
    pub(super) default: Layer,
    pub(super) routes: Vec<Route>,
    /// In the order of their names.
    pub(super) named: Vec<(String, Layer)>,
    inject: FormatSet,
    extract: FormatSet,
    /// Whether a message may have to be read before its request is decided.
    reads_ahead: bool,
    /// By literal host; routes of no certain host stand under the empty one.
    shelves: Files<Shelf>,
}

/// The routes of one host, or of no certain one.
#[derive(Debug, Default)]
struct Shelf {
    /// The numbers of the routes that share a literal, in the order of the document.
    files: Files<Vec<u32>>,
    /// How long the beginnings of paths are, the shortest first.
    prefix_lengths: Vec<usize>,
}

/// What stands under literals of routes, in their order.
#[derive(Debug, Default)]
struct Files<V>(Vec<(By, Vec<u8>, V)>);

/// What a literal is of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum By {
    Host,
    Path,
    Name,
    Prefix,
    Nothing,
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
#[derive(PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
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
pub struct RuleIndex {
    route: Option<u32>,
    named: Option<u32>,
}

impl Rules {
    /// Files the routes.
    #[must_use]
    pub fn new(
        default: Layer,
        routes: Vec<Route>,
        named: Vec<(String, Layer)>,
        inject: FormatSet,
        extract: FormatSet,
    ) -> Self {
        let mut rules = Self {
            reads_ahead: default.reads_ahead(),
            default,
            inject,
            extract,
            ..Self::default()
        };
        for (name, layer) in named {
            rules.reads_ahead |= layer.reads_ahead();
            let place = rules.named.partition_point(|(known, _)| *known < name);
            rules.named.insert(place, (name, layer));
        }
        for (number, route) in (0..).zip(&routes) {
            rules.reads_ahead |= route.layer.reads_ahead();
            let host = route.condition.host.as_deref();
            let literal = host.filter(|host| !host.starts_with('*'));
            let literal = literal.unwrap_or_default().as_bytes();
            if let Some(shelf) = rules.shelves.entry(By::Host, literal) {
                shelf.file(number, &route.condition);
            }
        }
        rules.routes = routes;
        rules
    }

    /// Whether a message may have to be read before its request is decided.
    pub(crate) const fn reads_ahead(&self) -> bool {
        self.reads_ahead
    }

    /// Whether there is a named rule of this name.
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        self.named.iter().any(|(known, _)| known == name)
    }

    /// The default rule alone, as it is among one's own services: their ids are continued, and go on to one's own.
    pub(crate) fn for_messages(self) -> Self {
        Self {
            default: Layer {
                inbound: Some(InboundAction::Join),
                upstream: Some(UpstreamAction::Send),
                trust: None,
                ..self.default
            },
            inject: self.inject,
            extract: self.extract,
            ..Self::default()
        }
    }

    /// The place of a request's rule; none when it names a rule that does not exist.
    #[must_use]
    pub fn find(&self, request: &Request<'_>) -> Option<RuleIndex> {
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
        Some(RuleIndex { route, named })
    }

    /// The layers above the default at a place, the upper one first.
    fn above(&self, place: RuleIndex) -> [Option<&Layer>; 2] {
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
        place: RuleIndex,
        of: impl Fn(&'c Layer) -> Option<T>,
    ) -> Option<T> {
        let [named, route] = self.above(place);
        (named.and_then(&of))
            .or_else(|| route.and_then(&of))
            .or_else(|| of(&self.default))
    }

    /// The rule at a place.
    #[must_use]
    pub fn rule(&self, place: RuleIndex) -> Rule<'_> {
        let [named, route] = self.above(place);
        let mut rule = Rule::bare(&DocumentFormats {
            inject: self.inject,
            extract: self.extract,
        });
        rule.lay(&self.default);
        for layer in [route, named].into_iter().flatten() {
            rule.lay(layer);
        }
        rule
    }

    fn route(&self, request: &Request<'_>) -> Option<u32> {
        let host = request.host_alone();
        let mut lower = [0; LONGEST_HOST];
        let lower = lower.get_mut(..host.len()).map(|room| {
            room.copy_from_slice(host);
            room.make_ascii_lowercase();
            &*room
        });
        let shelf = |host: &[u8]| self.shelves.get(By::Host, host);
        [lower.and_then(shelf), shelf(b"")]
            .into_iter()
            .flatten()
            .filter_map(|shelf| shelf.first(request, &self.routes))
            .min()
    }
}

impl Shelf {
    fn file(&mut self, number: u32, condition: &Match) {
        let (by, literal) = match (&condition.path, &condition.route, &condition.path_prefix) {
            (Some(path), ..) => (By::Path, path.as_str()),
            (_, Some(name), _) => (By::Name, name.as_str()),
            (_, _, Some(prefix)) => (By::Prefix, prefix.as_str()),
            (None, None, None) => (By::Nothing, ""),
        };
        let length = self.prefix_lengths.binary_search(&literal.len());
        if let (By::Prefix, Err(place)) = (by, length) {
            self.prefix_lengths.insert(place, literal.len());
        }
        if let Some(numbers) = self.files.entry(by, literal.as_bytes()) {
            numbers.push(number);
        }
    }

    /// The first route of this shelf that the request falls under.
    fn first(&self, request: &Request<'_>, routes: &[Route]) -> Option<u32> {
        let path = request.path_alone();
        let beginnings = self
            .prefix_lengths
            .iter()
            .map_while(|length| path.get(..*length));
        let literals = [
            Some((By::Path, path)),
            request.route.map(|name| (By::Name, name)),
            Some((By::Nothing, b"".as_slice())),
        ];
        let fits = |number: &u32| {
            let route = routes.get(*number as usize);
            route.is_some_and(|route| route.condition.holds(request))
        };
        literals
            .into_iter()
            .flatten()
            .chain(beginnings.map(|beginning| (By::Prefix, beginning)))
            .filter_map(|(by, literal)| self.files.get(by, literal))
            .filter_map(|numbers| numbers.iter().copied().find(fits))
            .min()
    }
}

impl<V: Default> Files<V> {
    fn get(&self, by: By, literal: &[u8]) -> Option<&V> {
        let place = self.place(by, literal).ok()?;
        self.0.get(place).map(|(.., value)| value)
    }

    /// The same, to be changed; what was not there yet is put in.
    fn entry(&mut self, by: By, literal: &[u8]) -> Option<&mut V> {
        let place = self.place(by, literal).unwrap_or_else(|place| {
            self.0.insert(place, (by, literal.into(), V::default()));
            place
        });
        self.0.get_mut(place).map(|(.., value)| value)
    }

    /// Shorter ones stand first: most are told apart without a look at their bytes.
    fn place(&self, by: By, literal: &[u8]) -> Result<usize, usize> {
        self.0.binary_search_by(|(known_by, known, _)| {
            let order = (*known_by, known.len()).cmp(&(by, literal.len()));
            order.then_with(|| known.as_slice().cmp(literal))
        })
    }
}

impl Match {
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
