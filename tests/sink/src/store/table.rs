//! Rows of one kind, limited in number and bytes.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::{Document, Key, Row};

/// Maximal size of all rows of a table, roughly in bytes.
const HEAVIEST: usize = 256 * 1024 * 1024;

/// Rows in the order of their last change; the oldest are removed if there are too many.
pub(crate) struct Table {
    rows: BTreeMap<u64, (Row, usize)>,
    places: HashMap<Key, u64>,
    next: u64,
    weight: usize,
    most: usize,
}

impl Table {
    pub(super) fn new(most: usize) -> Self {
        Self {
            rows: BTreeMap::new(),
            places: HashMap::new(),
            next: 0,
            weight: 0,
            most,
        }
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Row> {
        self.rows.values().map(|(row, _)| row)
    }

    pub(crate) fn find(&self, key: &Key) -> Option<&Row> {
        let place = self.places.get(key)?;
        self.rows.get(place).map(|(row, _)| row)
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Like ReplacingMergeTree: a row replaces the row with the same key unless that one is newer.
    pub(crate) fn put(&mut self, row: Row) {
        let place = self.places.get(&row.key).copied();
        if let Some((held, _)) = place.and_then(|place| self.rows.get(&place))
            && held.at > row.at
        {
            return;
        }
        place.into_iter().for_each(|place| self.drop_row(place));
        let weight = weigh_all(&row.document);
        self.weight += weight;
        self.places.insert(row.key.clone(), self.next);
        self.rows.insert(self.next, (row, weight));
        self.next += 1;
        while self.rows.len() > self.most || self.weight > HEAVIEST {
            let Some(oldest) = self.rows.keys().next().copied() else {
                break;
            };
            self.drop_row(oldest);
        }
    }

    fn drop_row(&mut self, place: u64) {
        if let Some((row, weight)) = self.rows.remove(&place) {
            self.weight -= weight;
            self.places.remove(&row.key);
        }
    }
}

fn weigh_all(document: &Document) -> usize {
    document
        .iter()
        .map(|(name, value)| 48 + name.len() + weigh(value))
        .sum()
}

fn weigh(value: &Value) -> usize {
    match value {
        Value::String(text) => 32 + text.len(),
        Value::Array(items) => 32 + items.iter().map(weigh).sum::<usize>(),
        Value::Object(members) => 32 + weigh_all(members),
        _ => 32,
    }
}
