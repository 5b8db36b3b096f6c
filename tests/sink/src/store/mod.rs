//! Stored rows and logs, with limits: the newest rows by count and by bytes, the newest entries of each log. One lock, and one condition
//! variable for every change.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde_json::{Map, Value};

pub(crate) use self::counters::Counters;
pub(crate) use self::raw::{Raw, Raws};
pub(crate) use self::table::Table;
use crate::instant::Micros;

mod counters;
mod raw;
mod table;

/// A document as it was sent.
pub(crate) type Document = Map<String, Value>;

/// Maximal number of entries in the log of refusals and in the log of requests.
const LOGGED: usize = 1_000;

/// The system of a wire API.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum System {
    Opik,
    Otlp,
    Lilypad,
}

pub(crate) const SYSTEMS: [System; 3] = [System::Opik, System::Otlp, System::Lilypad];

impl System {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Opik => "opik",
            Self::Otlp => "otlp",
            Self::Lilypad => "lilypad",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Trace,
    Span,
}

impl Kind {
    /// The plural in the API.
    pub(crate) fn list(self) -> &'static str {
        match self {
            Self::Trace => "traces",
            Self::Span => "spans",
        }
    }
}

/// The key of a row. Opik ignores the case of project names; a span with another parent is another row. OTLP has no workspaces and no
/// projects, Lilypad no workspaces.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) system: System,
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
    /// Whether only an update has created it, and the creation is still missing.
    pub(crate) partial: bool,
    pub(crate) document: Document,
}

impl Row {
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.document.get(name).and_then(Value::as_str)
    }

    /// The document for readers: what was sent, and what the server adds.
    pub(crate) fn shown(&self) -> Value {
        let mut document = self.document.clone();
        document.insert("system".to_owned(), self.key.system.word().into());
        if self.key.system == System::Opik {
            document.insert("workspace".to_owned(), self.key.workspace.clone().into());
        }
        if self.partial {
            document.insert("partial".to_owned(), true.into());
        }
        Value::Object(document)
    }

    pub(crate) fn failed(&self) -> bool {
        let told = self
            .document
            .get("error_info")
            .is_some_and(Value::is_object);
        let status = self.document.get("status");
        told || status.and_then(|status| status.get("code")) == Some(&Value::from("error"))
    }

    /// The trace id as 128 bits: two systems can spell the same id differently.
    pub(crate) fn bits(&self) -> String {
        bits(&self.key.trace)
    }
}

/// A trace id without dashes and in lower case.
pub(crate) fn bits(trace: &str) -> String {
    trace.replace('-', "").to_ascii_lowercase()
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
    /// Opik's, with its spans.
    pub(crate) traces: Table,
    pub(crate) spans: Table,
    pub(crate) otlp: Table,
    pub(crate) lilypad: Table,
    /// Spans that Lilypad acknowledged and did not store.
    pub(crate) lost: Log,
    pub(crate) refused: Log,
    pub(crate) requests: Log,
    /// The requests with data, byte for byte.
    pub(crate) raw: Raws,
    /// Sums that outlive the logs.
    pub(crate) counters: BTreeMap<System, Counters>,
    /// Grows with every change, so that a reader can detect new ones.
    pub(crate) version: u64,
}

impl State {
    pub(crate) fn table(&mut self, kind: Kind) -> &mut Table {
        match kind {
            Kind::Trace => &mut self.traces,
            Kind::Span => &mut self.spans,
        }
    }

    /// The spans of every system.
    pub(crate) fn all_spans(&self) -> impl Iterator<Item = &Row> {
        self.spans
            .iter()
            .chain(self.otlp.iter())
            .chain(self.lilypad.iter())
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

    /// Waits until `enough` returns a value, at most `longest`, and returns its last result.
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

    /// Wakes the waiting threads, so that they notice that the sink stops.
    pub(crate) fn ring(&self) {
        self.change(|_| ());
    }
}

fn empty(most: usize, version: u64) -> State {
    State {
        traces: Table::new(most),
        spans: Table::new(most),
        otlp: Table::new(most),
        lilypad: Table::new(most),
        counters: BTreeMap::new(),
        lost: Log::default(),
        refused: Log::default(),
        requests: Log::default(),
        raw: Raws::default(),
        version,
    }
}
