//! Memory for what a call returns. The host asks for it while the call is under way, and says then where it wrote and how
//! much. What it says is held against what it was given: memory that is read beyond its end, or freed as what it is not,
//! costs the worker its VM.
//!
//! All of it is in statics and not on the stack, whose addresses would take more steps than the check.

use core::mem::ManuallyDrop;
use core::ptr::{NonNull, null_mut};
use std::alloc::{Layout, alloc};
use std::cell::Cell;

use super::done;

thread_local! {
    static GIVEN: Given = const {
        Given {
            block: Cell::new(NonNull::dangling()),
            room: Cell::new(0),
            data: Cell::new(null_mut()),
            size: Cell::new(0),
        }
    };
}

struct Given {
    /// The memory that was asked for last.
    block: Cell<NonNull<u8>>,
    /// How much it is; none when it was taken over.
    room: Cell<usize>,
    /// Where the host says to have written. It is not looked at: that can only be the block.
    data: Cell<*mut u8>,
    /// How much it says to have written.
    size: Cell<usize>,
}

/// Memory for the host. Null when there is none: its call fails, and nothing else.
pub(crate) fn give(size: usize) -> *mut u8 {
    let block = match Layout::array::<u8>(size) {
        Ok(layout) if size > 0 => unsafe { alloc(layout) },
        _ => null_mut(),
    };
    if let Some(block) = NonNull::new(block) {
        GIVEN.with(|given| {
            given.block.set(block);
            given.room.set(size);
        });
    }
    block
}

/// Takes over what a call returned; nothing if it failed, or says to have written more than there is room for.
pub(super) fn returned(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Option<Vec<u8>> {
    GIVEN.with(|given| {
        given.size.set(0);
        if done(call(given.data.as_ptr(), given.size.as_ptr())).is_err() {
            // Most calls fail before they ask for memory.
            if given.room.get() > 0 {
                given.fit(0);
            }
            return None;
        }
        let size = given.size.get();
        if size != given.room.get() && !given.fit(size) {
            return None;
        }
        given.room.set(0);
        Some(unsafe { Vec::from_raw_parts(given.block.get().as_ptr(), size, size) })
    })
}

impl Given {
    /// Makes the block one of just this size, lest it be freed as what it is not; of none, if it cannot hold so much.
    /// Whether it can.
    #[cold]
    #[inline(never)]
    fn fit(&self, size: usize) -> bool {
        let room = self.room.replace(0);
        let kept = if size <= room { size } else { 0 };
        let mut block = unsafe { Vec::from_raw_parts(self.block.get().as_ptr(), kept, room) };
        block.shrink_to_fit();
        let mut block = ManuallyDrop::new(block);
        let block = NonNull::new(block.as_mut_ptr());
        self.block.set(block.unwrap_or(NonNull::dangling()));
        size <= room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A host that asks for so much memory, fills it, says to have written so much, and returns this status.
    fn answered(asked: usize, said: usize, status: u32) -> Option<Vec<u8>> {
        returned(|data, size| unsafe {
            if asked > 0 {
                let block = give(asked);
                block.write_bytes(b'x', asked);
                data.write(block);
            }
            size.write(said);
            status
        })
    }

    #[test]
    fn what_a_host_says_is_held_against_what_it_was_given() {
        for (asked, said, status, wanted, why) in [
            (3, 3, 0, Some("xxx"), "as it should be"),
            (0, 0, 0, Some(""), "a value that is empty"),
            (3, 4, 0, None, "one more than there is room for"),
            (3, usize::MAX, 0, None, "more than there is memory"),
            (0, 2, 0, None, "what was given before is not given again"),
            (3, 0, 0, Some(""), "memory for nothing"),
            (9, 3, 0, Some("xxx"), "in more memory than it needs"),
            (9000, 17, 0, Some("xxxxxxxxxxxxxxxxx"), "in much more"),
            (3, 3, 2, None, "a call that failed late"),
            (0, 0, 1, None, "a call that failed at once"),
        ] {
            let returned = answered(asked, said, status);
            assert_eq!(returned.as_deref(), wanted.map(str::as_bytes), "{why}");
            assert_eq!(GIVEN.with(|given| given.room.get()), 0, "{why}: it is kept");
        }
    }

    #[test]
    fn there_is_no_memory_of_no_size_nor_of_any() {
        assert!(give(0).is_null() && give(usize::MAX).is_null());
    }
}
