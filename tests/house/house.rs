//! `make lint`: the rules of the house that no compiler holds.
//!
//! - A room of the core uses only rooms of its own row or of the rows above it in the table of ARCHITECTURE.md.
//! - Files of different rooms do not use each other in a circle.
//! - A type name that is visible outside its file exists once.
//! - Links of the documents and paths in backquotes lead somewhere; README has its pictures, and the versions that the tests run.
//! - A file has at most 400 lines. (Clippy holds functions to 60: `too_many_lines`.)
//!
//! What breaks a rule today is a line of `known.txt`. That list only gets shorter: a line that is no longer needed is an
//! error too.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    reason = "a tool for people"
)]

mod circles;
mod documents;
mod files;
mod modules;
mod names;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::ExitCode;

use crate::files::File;
use crate::modules::{Arrow, Modules, room, shown};

const TABLE: &str = "ARCHITECTURE.md";
const KNOWN: &str = "tests/house/known.txt";
const LINES: usize = 400;

fn main() -> ExitCode {
    let files = files::all();
    let modules = Modules::read(&files);
    let rows = rows();
    let arrows = modules.arrows();
    print(&rows);

    let mut broken = BTreeMap::new();
    unknown_rooms(&modules, &rows, &mut broken);
    wrong_arrows(&arrows, &rows, &mut broken);
    circles::find(&arrows, &mut broken);
    for (name, places) in names::twice(&files) {
        broken.insert(format!("name {name}"), format!("in {}", places.join(", ")));
    }
    for file in &files {
        long(file, &mut broken);
    }
    documents::check(&files, &mut broken);
    report(&broken)
}

/// The rows of rooms, lowest first: the table of ARCHITECTURE.md that begins with `| rooms`.
fn rows() -> Vec<Vec<String>> {
    let text = fs::read_to_string(TABLE).expect("ARCHITECTURE.md");
    let lines = text.lines().skip_while(|line| !line.starts_with("| rooms"));
    let table = lines.skip(2).take_while(|line| line.starts_with('|'));
    let rooms = table.map(|line| {
        let cell = line.split('|').nth(1).unwrap_or_default();
        let names = cell.split('`').skip(1).step_by(2);
        names.map(str::to_owned).collect::<Vec<String>>()
    });
    rooms.collect()
}

fn print(rows: &[Vec<String>]) {
    println!("house: a room uses rooms of its own row and of the rows above it ({TABLE}):");
    for row in rows {
        println!("       {}", row.join(" "));
    }
}

fn unknown_rooms(modules: &Modules, rows: &[Vec<String>], broken: &mut BTreeMap<String, String>) {
    let listed: BTreeSet<String> = rows.iter().flatten().cloned().collect();
    let there = modules.rooms();
    for room in there.difference(&listed) {
        let what = format!("has no place in the table of {TABLE}");
        broken.insert(format!("room {room}"), what);
    }
    for room in listed.difference(&there) {
        let what = format!("is in the table of {TABLE} and not in src/");
        broken.insert(format!("room {room}"), what);
    }
}

fn wrong_arrows(
    arrows: &BTreeSet<Arrow>,
    rows: &[Vec<String>],
    broken: &mut BTreeMap<String, String>,
) {
    let row = |name: &str| {
        rows.iter()
            .position(|row| row.iter().any(|one| one == name))
    };
    for Arrow { from, to } in arrows {
        if let (Some(user), Some(used)) = (row(room(from)), row(room(to)))
            && user < used
        {
            let what = format!("uses {}, which is in a row below", shown(to));
            let rule = format!("arrow {} -> {}", shown(from), room(to));
            broken.insert(rule, what);
        }
    }
}

fn long(file: &File, broken: &mut BTreeMap<String, String>) {
    let lines = file.text.lines().count();
    if lines > LINES {
        broken.insert(
            format!("long {}", file.path),
            format!("{lines} lines; at most {LINES}"),
        );
    }
}

/// Compares what is broken with the known list.
fn report(broken: &BTreeMap<String, String>) -> ExitCode {
    let known = fs::read_to_string(KNOWN).unwrap_or_default();
    let known: BTreeSet<&str> = known
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let mut faults = 0;
    for (rule, what) in broken {
        if !known.contains(rule.as_str()) {
            println!("house: {rule}: {what}");
            faults += 1;
        }
    }
    for line in known {
        if !broken.contains_key(line) {
            println!("house: {KNOWN}: remove `{line}`: it is no longer needed");
            faults += 1;
        }
    }
    println!("house: {faults} new, {} known", broken.len());
    if faults == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
