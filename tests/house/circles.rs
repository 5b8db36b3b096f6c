//! Circles: files of different rooms that use each other, directly or through others.

use std::collections::{BTreeMap, BTreeSet};

use crate::modules::{Arrow, Path, room, shown};

/// Files are in one circle if each can be reached from the other.
pub(crate) fn find(arrows: &BTreeSet<Arrow>, broken: &mut BTreeMap<String, String>) {
    let mut uses: BTreeMap<&Path, BTreeSet<&Path>> = BTreeMap::new();
    for arrow in arrows {
        uses.entry(&arrow.from).or_default().insert(&arrow.to);
    }
    let reach: BTreeMap<&Path, BTreeSet<&Path>> = uses
        .keys()
        .map(|from| (*from, reached(from, &uses)))
        .collect();
    let mut done: BTreeSet<&Path> = BTreeSet::new();
    for (file, others) in &reach {
        if done.contains(*file) || !others.contains(*file) {
            continue;
        }
        let circle: BTreeSet<&Path> = others
            .iter()
            .copied()
            .filter(|other| reach.get(other).is_some_and(|back| back.contains(*file)))
            .collect();
        done.extend(&circle);
        let rooms: BTreeSet<&str> = circle.iter().map(|module| room(module)).collect();
        if rooms.len() > 1 {
            let files: Vec<String> = circle.iter().map(|module| shown(module)).collect();
            let rooms: Vec<&str> = rooms.into_iter().collect();
            broken.insert(format!("circle {}", rooms.join(" ")), files.join(", "));
        }
    }
}

fn reached<'a>(
    from: &'a Path,
    uses: &BTreeMap<&'a Path, BTreeSet<&'a Path>>,
) -> BTreeSet<&'a Path> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(next) = open.pop() {
        for to in uses.get(next).into_iter().flatten() {
            if found.insert(*to) {
                open.push(to);
            }
        }
    }
    found
}
