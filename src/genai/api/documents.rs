//! The documents of all APIs, laid out for the reader.

use super::{APIS, COUNT};
use crate::genai::json::{JsonKey, Layout, Row, Tables, document};

static NO_ROW: Row = Row::NONE;

/// The documents of an API: of a request, a response, an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Documents {
    pub(crate) request: &'static Row,
    pub(crate) body: &'static Row,
    pub(crate) event: &'static Row,
}

/// The documents of the API with this place in [`APIS`].
pub(crate) fn documents(api: usize) -> Documents {
    let root = |document: usize| {
        let root = ROOTS.get(3 * api + document).copied().unwrap_or_default();
        ROWS.get(usize::from(root)).unwrap_or(&NO_ROW)
    };
    let [request, body, event] = [root(0), root(1), root(2)];
    Documents {
        request,
        body,
        event,
    }
}

static ROWS: [Row; LAID.row_count] = LAID.rows(&TABLES);
static NAMES: [u8; LAID.name_count] = LAID.names();
static TABLES: Tables = Tables {
    rows: &ROWS,
    names: &NAMES,
};
static ROOTS: [u16; DOCUMENTS] = LAID.roots;

const LAID: Layout<DOCUMENTS> = Layout::of(&documents_of_all());

/// Three for each API.
const DOCUMENTS: usize = 3 * COUNT;

#[allow(
    clippy::indexing_slicing,
    reason = "a bad index in a constant does not compile"
)]
const fn documents_of_all() -> [JsonKey; DOCUMENTS] {
    let mut all = [document(&[]); DOCUMENTS];
    let mut index = 0;
    while index < COUNT {
        let api = APIS[index];
        all[3 * index] = api.request;
        all[3 * index + 1] = api.body;
        all[3 * index + 2] = api.event;
        index += 1;
    }
    all
}
