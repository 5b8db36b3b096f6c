//! The module's allocator: freed blocks of the few sizes that every request needs are kept at hand, by their size.
//!
//! A request allocates and frees some eight blocks, and the general allocator of this target spends more on them than the
//! decision costs. What is kept was in use at once before, so that memory stays as bounded as what asks for it.
#![allow(unsafe_code, reason = "an allocator hands out raw memory")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::null_mut;

/// Blocks of powers of two, from 16 bytes on; what is larger is the system's.
const CLASSES: usize = 8;
const SMALLEST: usize = 4;
/// One byte less than the smallest.
const LEAST: usize = (1 << SMALLEST) - 1;
/// What every block is aligned to.
const ALIGNMENT: usize = 8;

/// Blocks at hand, those of one size a list, each pointing to the next.
struct Shelves([Cell<*mut u8>; CLASSES]);

#[cfg_attr(target_family = "wasm", global_allocator)]
#[cfg_attr(
    not(target_family = "wasm"),
    allow(
        dead_code,
        reason = "natively tests run on threads, and this is for one"
    )
)]
static SHELVES: Shelves = Shelves([const { Cell::new(null_mut()) }; CLASSES]);

// A VM has one thread.
unsafe impl Sync for Shelves {}

/// The number of the list for a block, if it is for one.
#[inline]
const fn class(layout: Layout) -> Option<usize> {
    let bits = usize::BITS - (layout.size().wrapping_sub(1) | LEAST).leading_zeros();
    let class = bits as usize - SMALLEST;
    if class < CLASSES && layout.align() <= ALIGNMENT {
        Some(class)
    } else {
        None
    }
}

/// What is asked of the system for a block of this list: the largest that it is for.
const fn whole(class: usize) -> Layout {
    match Layout::from_size_align(1 << (class + SMALLEST), ALIGNMENT) {
        Ok(layout) => layout,
        Err(_) => Layout::new::<u64>(), // not reached: both are powers of two, and small
    }
}

impl Shelves {
    /// The list for a block, if it is for one.
    #[inline]
    fn shelf(&self, layout: Layout) -> Option<&Cell<*mut u8>> {
        class(layout).and_then(|class| self.0.get(class))
    }
}

/// A block of the system's. By itself, because what calls it is in line wherever memory is used.
#[cold]
#[inline(never)]
unsafe fn ask(layout: Layout) -> *mut u8 {
    unsafe { System.alloc(class(layout).map_or(layout, whole)) }
}

/// Gives a block back to the system; by itself for the same reason.
#[cold]
#[inline(never)]
unsafe fn give_back(block: *mut u8, layout: Layout) {
    unsafe { System.dealloc(block, layout) };
}

unsafe impl GlobalAlloc for Shelves {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match self.shelf(layout) {
            Some(shelf) if !shelf.get().is_null() => {
                let block = shelf.get();
                // The block is free, so the pointer that `dealloc` wrote is still in it.
                shelf.set(unsafe { block.cast::<*mut u8>().read() });
                block
            }
            _ => unsafe { ask(layout) },
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Some(shelf) = self.shelf(layout) else {
            return unsafe { give_back(block, layout) };
        };
        // Large enough and aligned for a pointer: every block of a list is.
        unsafe { block.cast::<*mut u8>().write(shelf.get()) };
        shelf.set(block);
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Ok(wanted) = Layout::from_size_align(size, layout.align()) else {
            return null_mut();
        };
        match (class(layout), class(wanted)) {
            (None, None) => unsafe { System.realloc(block, layout, size) },
            (before, after) if before == after => block,
            _ => {
                let moved = unsafe { self.alloc(wanted) };
                if !moved.is_null() {
                    unsafe {
                        block.copy_to_nonoverlapping(moved, layout.size().min(size));
                        self.dealloc(block, layout);
                    }
                }
                moved
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_at_hand_for_the_next_of_its_size() {
        let shelves = Shelves([const { Cell::new(null_mut()) }; CLASSES]);
        let layout = |size| Layout::from_size_align(size, 8).unwrap();
        unsafe {
            let [first, second] = [shelves.alloc(layout(40)), shelves.alloc(layout(64))];
            assert_ne!(first, second);
            shelves.dealloc(first, layout(40));
            shelves.dealloc(second, layout(64));
            assert_eq!(shelves.alloc(layout(33)), second);
            assert_eq!(shelves.alloc(layout(48)), first);
            assert!(shelves.0[2].get().is_null());
        }
    }

    #[test]
    fn a_block_keeps_its_bytes_while_it_grows_and_shrinks() {
        let shelves = Shelves([const { Cell::new(null_mut()) }; CLASSES]);
        let layout = |size| Layout::from_size_align(size, 1).unwrap();
        let (mut size, mut kept, mut block) = (3, 3, unsafe { shelves.alloc(layout(3)) });
        unsafe { block.copy_from(b"abc".as_ptr(), 3) };
        for next in [16, 17, 2048, 2049, 9000, 4000, 2048, 30, 3, 2, 5000, 2] {
            block = unsafe { shelves.realloc(block, layout(size), next) };
            (size, kept) = (next, kept.min(next));
            let bytes = unsafe { core::slice::from_raw_parts(block, kept) };
            assert_eq!(bytes, &b"abc"[..kept], "{next}");
        }
    }

    #[test]
    fn only_what_is_large_or_oddly_aligned_is_the_systems() {
        let of = |size, align| class(Layout::from_size_align(size, align).unwrap());
        assert_eq!(
            [of(1, 1), of(16, 8), of(17, 1), of(2048, 4)],
            [Some(0), Some(0), Some(1), Some(7)]
        );
        assert_eq!([of(2049, 1), of(8, 16)], [None, None]);
        assert!((0..CLASSES).all(|class| super::class(whole(class)) == Some(class)));
    }
}
