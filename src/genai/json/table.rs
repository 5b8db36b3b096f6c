//! Tables of keys as the reader has them. The compiler lays them out: a key is a row of twelve bytes, and a name or a list of keys that several
//! tables have exists once.

use super::key::{JsonKey, Means};

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
    tables: &'static Tables,
}

/// The rows and names that all tables share.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) rows: &'static [Row],
    pub(crate) names: &'static [u8],
}

static NO_TABLES: Tables = Tables {
    rows: &[],
    names: &[],
};

impl Row {
    pub(crate) const NONE: Self = Self {
        name: 0,
        first: 0,
        length: 0,
        shape: 0,
        means: Means::Nothing,
        tables: &NO_TABLES,
    };

    /// The keys inside.
    pub(crate) fn keys(&self) -> &'static [Self] {
        let first = usize::from(self.first);
        let count = usize::from(self.shape & !EACH);
        self.tables
            .rows
            .get(first..first + count)
            .unwrap_or_default()
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
        self.tables
            .names
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

/// The tables while they are laid out, with more room than they need.
pub(crate) struct Layout<const ROOTS: usize> {
    rows: [Row; 512],
    pub(crate) row_count: usize,
    names: [u8; 4096],
    pub(crate) name_count: usize,
    /// The row of each root.
    pub(crate) roots: [u16; ROOTS],
}

#[allow(
    clippy::indexing_slicing,
    reason = "a bad index in a constant does not compile"
)]
impl<const ROOTS: usize> Layout<ROOTS> {
    pub(crate) const fn of(roots: &[JsonKey; ROOTS]) -> Self {
        let mut layout = Self {
            rows: [Row::NONE; 512],
            row_count: 0,
            names: [0; 4096],
            name_count: 0,
            roots: [0; ROOTS],
        };
        let mut index = 0;
        while index < ROOTS {
            layout.roots[index] = layout.lay(&[roots[index]]);
            index += 1;
        }
        layout
    }

    /// Lays a list of keys after everything inside them, or finds it there.
    const fn lay(&mut self, keys: &[JsonKey]) -> u16 {
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
                tables: &NO_TABLES,
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

    /// The rows, which look into these tables.
    pub(crate) const fn rows<const COUNT: usize>(&self, tables: &'static Tables) -> [Row; COUNT] {
        let mut rows = [Row::NONE; COUNT];
        let mut index = 0;
        while index < COUNT {
            rows[index] = Row {
                tables,
                ..self.rows[index]
            };
            index += 1;
        }
        rows
    }

    /// The names.
    pub(crate) const fn names<const COUNT: usize>(&self) -> [u8; COUNT] {
        let mut names = [0; COUNT];
        let mut index = 0;
        while index < COUNT {
            names[index] = self.names[index];
            index += 1;
        }
        names
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
