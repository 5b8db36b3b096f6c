//! The tables of all APIs as the reader has them: laid out by the compiler, so that a key costs a row of eight bytes, and a
//! name or a list of keys that several of them have stands there once.

use super::api::{APIS, COUNT};
use super::key::{Key, Means};

/// A key as it is looked up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// Where its name starts among the names, and where the keys inside start among the rows.
    name: u16,
    first: u16,
    /// How long the name is.
    length: u8,
    /// How many keys are inside, and a bit above that if its value is an array of objects.
    shape: u8,
    pub(crate) means: Means,
}

impl Row {
    const NONE: Self = Self {
        name: 0,
        first: 0,
        length: 0,
        shape: 0,
        means: Means::Nothing,
    };

    /// The keys inside.
    pub(crate) fn keys(&self) -> &'static [Self] {
        let first = usize::from(self.first);
        let count = usize::from(self.shape & !EACH);
        ROWS.get(first..first + count).unwrap_or_default()
    }

    /// Whether its value is an array, in whose objects the keys inside count.
    pub(crate) const fn is_each(&self) -> bool {
        self.shape & EACH != 0
    }

    /// Its place among the keys inside, and the key.
    #[inline]
    pub(crate) fn key(&self, name: &[u8]) -> Option<(usize, &'static Self)> {
        let mut keys = self.keys().iter().enumerate();
        keys.find(|(_, row)| usize::from(row.length) == name.len() && row.name() == name)
    }

    fn name(&self) -> &'static [u8] {
        let start = usize::from(self.name);
        NAMES
            .get(start..start + usize::from(self.length))
            .unwrap_or_default()
    }

    /// Whether two of them are one. For the compiler, which compares nothing else.
    const fn is(&self, other: &Self) -> bool {
        self.name == other.name
            && self.length == other.length
            && self.first == other.first
            && self.shape == other.shape
            && self.means.code() == other.means.code()
    }
}

const EACH: u8 = 0x80;

/// The documents of an API: of a request, of an answer, of an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Documents {
    pub(crate) request: &'static Row,
    pub(crate) body: &'static Row,
    pub(crate) event: &'static Row,
}

/// The documents of the API with this place in [`APIS`].
pub(crate) fn documents(api: usize) -> Documents {
    let roots = ROOTS.get(api).copied().unwrap_or_default();
    let [request, body, event] =
        roots.map(|root| ROWS.get(usize::from(root)).unwrap_or(&Row::NONE));
    Documents {
        request,
        body,
        event,
    }
}

static ROWS: [Row; LAID.row_count] = cut(&LAID.rows);
static NAMES: [u8; LAID.name_count] = cut(&LAID.names);
static ROOTS: [[u16; 3]; COUNT] = LAID.roots;

const LAID: Layout = Layout::of(&APIS);

/// The tables while they are laid out, with more room than they need.
struct Layout {
    rows: [Row; 512],
    row_count: usize,
    names: [u8; 4096],
    name_count: usize,
    roots: [[u16; 3]; COUNT],
}

#[allow(
    clippy::indexing_slicing,
    reason = "a bad index in a constant does not compile"
)]
impl Layout {
    const fn of(apis: &[&super::api::Api; COUNT]) -> Self {
        let mut layout = Self {
            rows: [Row::NONE; 512],
            row_count: 0,
            names: [0; 4096],
            name_count: 0,
            roots: [[0; 3]; COUNT],
        };
        let mut index = 0;
        while index < COUNT {
            let api = apis[index];
            layout.roots[index] = [
                layout.lay(&[api.request]),
                layout.lay(&[api.body]),
                layout.lay(&[api.event]),
            ];
            index += 1;
        }
        layout
    }

    /// Lays a list of keys after everything inside them, or finds it there.
    const fn lay(&mut self, keys: &[Key]) -> u16 {
        let mut list = [Row::NONE; 32];
        let mut index = 0;
        while index < keys.len() {
            let key = keys[index];
            let name = key.name.as_bytes();
            list[index] = Row {
                name: self.lay_name(name),
                first: self.lay(key.then),
                length: name.len() as u8,
                shape: key.then.len() as u8 | if key.each { EACH } else { 0 },
                means: key.means,
            };
            index += 1;
        }
        let mut start = 0;
        while start + keys.len() <= self.row_count {
            let mut same = 0;
            while same < keys.len() && self.rows[start + same].is(&list[same]) {
                same += 1;
            }
            if same == keys.len() {
                return start as u16;
            }
            start += 1;
        }
        start = self.row_count;
        let mut index = 0;
        while index < keys.len() {
            self.rows[self.row_count] = list[index];
            self.row_count += 1;
            index += 1;
        }
        start as u16
    }

    /// Whether a name stands at a place.
    const fn has(&self, start: usize, name: &[u8]) -> bool {
        let mut same = 0;
        while same < name.len() && self.names[start + same] == name[same] {
            same += 1;
        }
        same == name.len()
    }

    /// Lays a name, or finds it, be it inside another one. Among those of keys first, where most are: the compiler's patience
    /// has a limit.
    const fn lay_name(&mut self, name: &[u8]) -> u16 {
        let mut index = 0;
        while index < self.row_count {
            let row = self.rows[index];
            if row.length as usize == name.len() && self.has(row.name as usize, name) {
                return row.name;
            }
            index += 1;
        }
        let mut start = 0;
        while start + name.len() <= self.name_count {
            if self.has(start, name) {
                return start as u16;
            }
            start += 1;
        }
        start = self.name_count;
        let mut index = 0;
        while index < name.len() {
            self.names[self.name_count] = name[index];
            self.name_count += 1;
            index += 1;
        }
        start as u16
    }
}

/// The first items of a list that has more room.
#[allow(
    clippy::indexing_slicing,
    reason = "a bad index in a constant does not compile"
)]
const fn cut<T: Copy, const LONG: usize, const SHORT: usize>(long: &[T; LONG]) -> [T; SHORT] {
    let mut short = [long[0]; SHORT];
    let mut index = 0;
    while index < SHORT {
        short[index] = long[index];
        index += 1;
    }
    short
}
