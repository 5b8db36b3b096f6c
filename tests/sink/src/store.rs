//! What was taken and what happened, bounded: the newest rows by count and by weight, the newest entries of each log. One
//! lock, and one condition that every change rings.

use core::time::Duration;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde_json::{Map, Value};

use crate::instant::Micros;

/// A document as it was sent, keys and all.
pub(crate) type Document = Map<String, Value>;

/// Entries kept in the log of refusals and in that of requests.
const LOGGED: usize = 1_000;
/// Weight of all rows of a table, about bytes.
const HEAVIEST: usize = 256 * 1024 * 1024;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Trace,
    Span,
}

impl Kind {
    /// The word of the wire for several.
    pub(crate) fn list(self) -> &'static str {
        match self {
            Self::Trace => "traces",
            Self::Span => "spans",
        }
    }
}

/// What makes two rows one. The backend compares projects without regard to case; a span sent with another parent is
/// another row.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) workspace: String,
    pub(crate) project: String,
    pub(crate) trace: String,
    pub(crate) parent: Option<String>,
    pub(crate) id: String,
}

pub(crate) struct Row {
    pub(crate) key: Key,
    /// `last_updated_at`: the newest wins, the whole row.
    pub(crate) at: Micros,
    /// Made by an update alone: the creation has not come yet.
    pub(crate) partial: bool,
    pub(crate) document: Document,
}

impl Row {
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.document.get(name).and_then(Value::as_str)
    }

    /// The document as a reader gets it: what was sent, and what the server knows besides.
    pub(crate) fn shown(&self) -> Value {
        let mut document = self.document.clone();
        document.insert("workspace".to_owned(), self.key.workspace.clone().into());
        if self.partial {
            document.insert("partial".to_owned(), true.into());
        }
        Value::Object(document)
    }

    pub(crate) fn failed(&self) -> bool {
        self.document
            .get("error_info")
            .is_some_and(Value::is_object)
    }
}

/// Rows in the order of their last change; the oldest go when there are too many.
pub(crate) struct Table {
    rows: BTreeMap<u64, (Row, usize)>,
    places: HashMap<Key, u64>,
    next: u64,
    weight: usize,
    most: usize,
}

impl Table {
    fn new(most: usize) -> Self {
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

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// As ReplacingMergeTree merges: a row replaces the one with its key unless that one is newer.
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

#[derive(Default)]
pub(crate) struct Log(VecDeque<Value>);

impl Log {
    pub(crate) fn push(&mut self, entry: Value) {
        if self.0.len() == LOGGED {
            self.0.pop_front();
        }
        self.0.push_back(entry);
    }

    pub(crate) fn to_json(&self) -> Value {
        self.0.iter().cloned().collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

pub(crate) struct State {
    pub(crate) traces: Table,
    pub(crate) spans: Table,
    pub(crate) refused: Log,
    pub(crate) requests: Log,
    /// Grows with every change, so that a reader knows whether it has seen this one.
    pub(crate) version: u64,
}

impl State {
    pub(crate) fn table(&mut self, kind: Kind) -> &mut Table {
        match kind {
            Kind::Trace => &mut self.traces,
            Kind::Span => &mut self.spans,
        }
    }
}

pub(crate) struct Store {
    state: Mutex<State>,
    rung: Condvar,
    most: usize,
}

impl Store {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            state: Mutex::new(empty(most, 0)),
            rung: Condvar::new(),
            most,
        }
    }

    pub(crate) fn read(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.read();
        let done = change(&mut state);
        state.version += 1;
        drop(state);
        self.rung.notify_all();
        done
    }

    pub(crate) fn reset(&self) {
        self.change(|state| *state = empty(self.most, state.version));
    }

    /// Waits until `enough` says so, at most `longest`; the last look either way.
    pub(crate) fn wait<T>(
        &self,
        longest: Duration,
        enough: impl Fn(&State) -> (bool, T),
    ) -> (bool, T) {
        let end = Instant::now() + longest;
        let mut state = self.read();
        loop {
            let (is, seen) = enough(&state);
            let left = end.saturating_duration_since(Instant::now());
            if is || left.is_zero() {
                return (is, seen);
            }
            state = self
                .rung
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Wakes those who wait, so that they can see that the sink ends.
    pub(crate) fn ring(&self) {
        self.change(|_| ());
    }
}

fn empty(most: usize, version: u64) -> State {
    State {
        traces: Table::new(most),
        spans: Table::new(most),
        refused: Log::default(),
        requests: Log::default(),
        version,
    }
}
