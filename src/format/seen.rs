//! One pass over the headers of a request: which of the known trace headers are there.

use super::table::{FIELDS, Fields, NAMES, OWNERS, RIDERS, candidates};
use super::{Format, FormatSet, Spelling};
use crate::bytes;
use crate::fault::FaultKind;
use crate::request::{Edits, Headers, has_control, is_name, trim};
use crate::time::Time;

/// The known trace headers of one request, found in one pass and without allocation.
pub struct Seen<'a> {
    headers: Headers<'a>,
    fields: [Field<'a>; FIELDS],
    present: Fields,
    formats: FormatSet,
    /// When the request came.
    pub now: Time,
    /// How Opik's headers are spelt upstream.
    pub spelling: Spelling,
}

/// One known header of one request.
#[derive(Clone, Copy, Default, Debug)]
pub struct Field<'a>(Option<Copies<'a>>);

/// What is known of the copies of a header. All of it stands behind the option: most fields are absent, and saying so
/// should be one mark each.
#[derive(Clone, Copy, Debug)]
struct Copies<'a> {
    first: &'a [u8],
    several: bool,
    differs: bool,
}

impl<'a> Field<'a> {
    /// The value of the first copy, as it came.
    #[must_use]
    pub const fn first(&self) -> Option<&'a [u8]> {
        match self.0 {
            Some(copies) => Some(copies.first),
            None => None,
        }
    }

    /// Whether the header came at all.
    #[must_use]
    pub const fn is_present(&self) -> bool {
        self.0.is_some()
    }

    /// Whether the header came more than once.
    #[must_use]
    pub const fn is_repeated(&self) -> bool {
        matches!(self.0, Some(Copies { several: true, .. }))
    }

    /// Whether a copy had another value than the first.
    #[must_use]
    pub const fn differs(&self) -> bool {
        matches!(self.0, Some(Copies { differs: true, .. }))
    }

    /// The first copy without the white space around it, if it is fit to be read at all.
    pub(super) fn text(&self) -> Result<Option<&'a [u8]>, FaultKind> {
        self.first().map(fit).transpose()
    }

    /// One that came once, with this value.
    pub(super) const fn alone(value: &'a [u8]) -> Self {
        Self(Some(Copies {
            first: value,
            several: false,
            differs: false,
        }))
    }

    fn note(&mut self, value: &'a [u8]) {
        match &mut self.0 {
            None => {
                *self = Self::alone(value);
            }
            Some(copies) => {
                copies.several = true;
                copies.differs |= copies.first != value;
            }
        }
    }
}

impl<'a> Seen<'a> {
    /// Looks at each header once.
    #[must_use]
    pub fn sift(headers: Headers<'a>, spelling: Spelling, now: Time) -> Self {
        let mut seen = Self::nothing(spelling, now);
        seen.look(headers);
        seen
    }

    /// Nothing was looked at yet.
    #[inline]
    pub(crate) fn nothing(spelling: Spelling, now: Time) -> Self {
        Self {
            headers: Headers::new(&[]),
            fields: [Field::default(); FIELDS],
            present: 0,
            formats: FormatSet::EMPTY,
            now,
            spelling,
        }
    }

    /// Looks at each header once, and notes it where this stands: it is large.
    pub(crate) fn look(&mut self, headers: Headers<'a>) {
        self.headers = headers;
        for (name, value) in headers.iter() {
            let mut fields = candidates(name);
            while fields != 0 {
                let index = fields.trailing_zeros() as usize;
                if let (Some(slot), Some(known)) = (self.fields.get_mut(index), NAMES.get(index))
                    && is_named(known, name)
                {
                    slot.note(value);
                    self.present |= 1 << index;
                    self.formats = self
                        .formats
                        .or(OWNERS.get(index).copied().unwrap_or_default());
                    break;
                }
                fields &= fields - 1;
            }
        }
    }

    /// All headers of the request.
    #[must_use]
    pub const fn headers(&self) -> Headers<'a> {
        self.headers
    }

    /// The formats of which any header came.
    #[must_use]
    pub const fn formats(&self) -> FormatSet {
        self.formats
    }

    /// Whether any header of a format came.
    #[must_use]
    pub const fn has(&self, format: &Format) -> bool {
        self.present & format.fields != 0
    }

    /// The fields of a format, in the order of its headers.
    #[must_use]
    pub fn fields(&self, format: &Format) -> &[Field<'a>] {
        self.fields
            .get(format.first_field..)
            .and_then(|rest| rest.get(..format.headers.len()))
            .unwrap_or_default()
    }

    /// Every copy of a header, in order.
    #[must_use]
    pub fn values(&self, name: &'static str, field: &Field<'a>) -> Values<'a> {
        // Headers are walked again only where there is more than the first copy.
        let rest = if field.is_repeated() {
            self.headers
        } else {
            Headers::new(&[])
        };
        Values {
            first: field.first(),
            rest: rest.iter(),
            name,
            skipped: false,
        }
    }

    /// The headers whose name begins like this, in lower case: name, what follows the beginning, value.
    pub(super) fn starting_with(
        &self,
        beginning: &'static str,
    ) -> impl Iterator<Item = (&'a [u8], &'a [u8], &'a [u8])> + use<'a> {
        self.headers.iter().filter_map(|(name, value)| {
            let (start, rest) = name.split_at_checked(beginning.len())?;
            start
                .eq_ignore_ascii_case(beginning.as_bytes())
                .then_some((*name, rest, *value))
        })
    }

    /// Writes a header, unless it says so already.
    pub(super) fn set(
        &self,
        name: &'static str,
        field: &Field<'a>,
        value: &[u8],
        edits: &mut Edits<'a>,
    ) {
        let says_so = |first: &'a [u8]| bytes::same(first, value);
        if field.is_repeated() || !field.first().is_some_and(says_so) {
            edits.set(name, value);
        }
    }

    /// Writes a header, or removes it where there is nothing to say.
    pub(super) fn put(
        &self,
        name: &'static str,
        field: &Field<'a>,
        value: Option<&[u8]>,
        edits: &mut Edits<'a>,
    ) {
        match value {
            Some(value) => self.set(name, field, value, edits),
            None => self.remove(name, field, edits),
        }
    }

    /// Removes a header, if it came.
    pub(super) fn remove(&self, name: &'static str, field: &Field<'a>, edits: &mut Edits<'a>) {
        if field.is_present() {
            edits.remove(name.as_bytes());
        }
    }

    /// Removes the riders that hold a control character: they are never passed on.
    pub(crate) fn remove_unfit(&self, edits: &mut Edits<'a>) {
        for (index, _) in numbers(self.present & RIDERS) {
            let (Some(name), Some(field)) = (NAMES.get(index), self.fields.get(index)) else {
                continue;
            };
            if !self.values(name, field).any(has_control) {
                continue;
            }
            match name.strip_suffix('*') {
                None => edits.remove(name.as_bytes()),
                Some(beginning) => self
                    .starting_with(beginning)
                    .filter(|(_, _, value)| has_control(value))
                    .for_each(|(name, ..)| edits.remove(name)),
            }
        }
    }
}

/// The copies of a repeatable header, in order.
#[derive(Clone, Debug)]
pub struct Values<'a> {
    first: Option<&'a [u8]>,
    rest: core::slice::Iter<'a, crate::request::Pair<'a>>,
    name: &'static str,
    skipped: bool,
}

impl<'a> Values<'a> {
    /// Those of a header that came once, with this value.
    pub(super) fn alone(value: &'a [u8]) -> Self {
        Self {
            first: Some(value),
            rest: Headers::new(&[]).iter(),
            name: "",
            skipped: false,
        }
    }

    /// What stands between the commas of all of them, in order.
    pub(super) const fn items(self) -> Items<'a> {
        Items {
            values: self,
            rest: None,
        }
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        loop {
            let (name, value) = self.rest.next()?;
            if is_named(self.name, name) {
                if self.skipped {
                    return Some(value);
                }
                self.skipped = true;
            }
        }
    }
}

/// The items of a list that may stand in several headers.
#[derive(Clone, Debug)]
pub(super) struct Items<'a> {
    values: Values<'a>,
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a [u8];

    /// Not in line: lists are rare, and gone through in many places.
    #[inline(never)]
    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest.take().or_else(|| self.values.next())?;
        let (item, _, rest) = bytes::cut(text, |word| bytes::equal(word, b','));
        self.rest = rest;
        Some(item)
    }
}

/// A value without the white space around it, if an id can stand in it at all.
pub(super) fn fit(value: &[u8]) -> Result<&[u8], FaultKind> {
    if value.len() > LONGEST_ID_HEADER {
        return Err(FaultKind::TooLong);
    }
    let text = trim(value);
    if bytes::any(text, |word| {
        bytes::below(word, b' ') | bytes::equal(word, 0x7f)
    }) {
        Err(FaultKind::Control)
    } else {
        Ok(text)
    }
}

/// No id of any format needs more; what is longer is not read.
pub(super) const LONGEST_ID_HEADER: usize = 256;

/// The numbers of these fields, each with its bit.
fn numbers(mut fields: Fields) -> impl Iterator<Item = (usize, Fields)> {
    core::iter::from_fn(move || {
        let field = fields & fields.wrapping_neg();
        fields ^= field;
        (field != 0).then_some((field.trailing_zeros() as usize, field))
    })
}

/// Whether a name is this one; one that ends in `*` stands for all names with that beginning.
#[inline]
pub(super) fn is_named(known: &str, name: &[u8]) -> bool {
    match known.as_bytes() {
        [start @ .., b'*'] => name
            .get(..start.len())
            .is_some_and(|begin| is_name(begin, start)),
        known => is_name(name, known),
    }
}
