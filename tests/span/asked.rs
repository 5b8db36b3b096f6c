//! Requests as text: `METHOD TARGET HOST`, then a header a line; what the host knows besides stands in lines that begin
//! with a colon, like `:verified: true` for a client's certificate that the host has verified.

use gatespan::Peer;
use gatespan::{Headers, Pair, Request};

/// Who holds the bytes of a request.
pub struct Asked<'t> {
    first: [&'t str; 3],
    pairs: Vec<Pair<'t>>,
    names: Vec<&'t [u8]>,
    known: Vec<(&'t str, &'t str)>,
}

impl<'t> Asked<'t> {
    pub fn read(text: &'t str) -> Self {
        let mut lines = text.split('\n');
        let mut first = lines.next().unwrap().splitn(3, ' ');
        let first = [(); 3].map(|()| first.next().expect("METHOD TARGET HOST"));
        let lines: Vec<(&str, &str)> = lines
            .map(|line| line.rsplit_once(": ").expect("a header line"))
            .collect();
        let (known, headers): (Vec<_>, Vec<_>) = lines
            .into_iter()
            .partition(|(name, _)| name.starts_with(':'));
        let names = known.iter().filter(|(name, _)| *name == ":san");
        Self {
            first,
            pairs: headers
                .into_iter()
                .map(|(n, v)| (n.as_bytes(), v.as_bytes()))
                .collect(),
            names: names.map(|(_, value)| value.as_bytes()).collect(),
            known,
        }
    }

    pub fn request(&self) -> Request<'_> {
        let known = |wanted: &str| {
            let found = self.known.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| *value)
        };
        let [method, path, host] = self.first.map(str::as_bytes);
        Request {
            method,
            scheme: b"https",
            path,
            host,
            headers: Headers::new(&self.pairs),
            peer: Peer {
                address: known(":peer").map(|address| address.parse().unwrap()),
                names: &self.names,
                is_verified: known(":verified") == Some("true"),
            },
            route: known(":route").map(str::as_bytes),
            rule: known(":rule").map(str::as_bytes),
            continues: None,
            has_body: false,
        }
    }
}
