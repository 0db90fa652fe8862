//! The memory of a ring: zeroed, kept for the life of the process, touched only where spans are written.

use std::alloc::{Layout, alloc_zeroed};

use crate::ring::Slot;

/// Zeroed slots; `None` when there is no memory.
///
/// On Linux a ring of 2 MiB or more lies on huge pages where the kernel gives them: the writers of a ring walk through
/// all of it, and with small pages would look up a translation every ten spans.
#[allow(unsafe_code, reason = "slots are zeroed in place: building them one by one would touch every page")]
pub(crate) fn allocate(capacity: usize) -> Option<&'static [Slot]> {
    let layout = Layout::array::<Slot>(capacity).ok().filter(|layout| layout.size() != 0)?;
    let memory = huge::map(layout.size()).or_else(|| {
        // SAFETY: the layout has a size.
        let memory = unsafe { alloc_zeroed(layout) };
        (!memory.is_null()).then_some(memory)
    })?;
    #[allow(clippy::cast_ptr_alignment, reason = "both ways give memory that is aligned for slots")]
    let slots = memory.cast::<Slot>();
    // SAFETY: `slots` is fresh, aligned memory for `capacity` slots, never freed; a slot of zero bytes is a valid one,
    // free and empty (integers and atomics of zero).
    Some(unsafe { std::slice::from_raw_parts(slots, capacity) })
}

#[cfg(target_os = "linux")]
mod huge {
    use std::ptr;

    const PAGE: usize = 2 << 20;

    /// Maps `size` bytes from the beginning of a huge page; `None` when that is less than one, or there is no memory.
    #[allow(unsafe_code, reason = "memory is mapped by the system")]
    pub(super) fn map(size: usize) -> Option<*mut u8> {
        if size < PAGE {
            return None;
        }
        let mapped = size.checked_add(PAGE)?;
        // SAFETY: a new private mapping at an address of the kernel's choice touches nothing that exists.
        let start = unsafe {
            libc::mmap(
                ptr::null_mut(),
                mapped,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return None;
        }
        let before = start.addr().next_multiple_of(PAGE) - start.addr();
        let behind = PAGE - before;
        let memory = start.wrapping_byte_add(before);
        // SAFETY: what is unmapped and advised on lies in the mapping just made. A refusal leaves spare addresses, or
        // small pages.
        unsafe {
            if before != 0 {
                libc::munmap(start, before);
            }
            let end = size.next_multiple_of(libc::sysconf(libc::_SC_PAGESIZE).max(4096) as usize);
            if end < size + behind {
                libc::munmap(memory.wrapping_byte_add(end), size + behind - end);
            }
            libc::madvise(memory, size, libc::MADV_HUGEPAGE);
        }
        Some(memory.cast())
    }
}

#[cfg(not(target_os = "linux"))]
mod huge {
    pub(super) const fn map(_: usize) -> Option<*mut u8> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_of_every_size_are_aligned_and_zeroed() {
        for capacity in [256, 4_096, 8_192, 16_384, 32_768] {
            let slots = allocate(capacity).expect("there is memory");
            assert_eq!(slots.len(), capacity);
            assert_eq!(slots.as_ptr().addr() % 64, 0);
            let bytes = slots.as_ptr().cast::<u8>();
            for at in [0, capacity * size_of::<Slot>() / 2, capacity * size_of::<Slot>() - 1] {
                // SAFETY: within the allocation, which nobody else has.
                #[allow(unsafe_code, reason = "raw memory is looked at")]
                let byte = unsafe { *bytes.add(at) };
                assert_eq!(byte, 0);
            }
        }
    }

    #[test]
    fn memory_that_cannot_be_had_is_no_ring() {
        assert!(allocate(usize::MAX / size_of::<Slot>() / 2).is_none());
        assert!(allocate(usize::MAX).is_none());
    }
}
