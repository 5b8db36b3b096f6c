//! Documents with faults, and what is said about each: why, document, lines. In Envoy's place, where `GATE_SECRET` holds a
//! secret, `LINE` one with the end of its line, and `EMPTY` nothing. `FORMATS` stands for the names of all formats.

mod delivery;
mod document;
mod routes;
mod rules;

/// Why, the document, and the lines.
pub type Row = (&'static str, &'static str, &'static [&'static str]);

pub fn faults() -> impl Iterator<Item = &'static Row> {
    let all = [
        document::FAULTS,
        rules::FAULTS,
        routes::FAULTS,
        delivery::FAULTS,
    ];
    all.into_iter().flatten()
}
