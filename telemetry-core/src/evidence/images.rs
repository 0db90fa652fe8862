//! The read-only memory of the program and its libraries, where static texts lie.

use std::ffi::{c_int, c_void};

/// A stretch of memory that is loaded from a file and never written: its address and length.
#[derive(Clone, Copy)]
pub(super) struct Image {
    pub(super) address: usize,
    pub(super) len: usize,
}

impl Image {
    pub(super) fn contains(&self, address: u64) -> bool {
        (self.address..self.address.saturating_add(self.len)).contains(&(address as usize))
    }
}

/// The read-only segments of the program or library that has `address` in one of its segments.
#[allow(unsafe_code, reason = "the loader is asked through a callback")]
pub(super) fn around(address: u64) -> Vec<Image> {
    let mut search = Search { address, found: Vec::new() };
    // SAFETY: the callback is called before this returns, with the pointer to `search`, which nobody else uses.
    unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut search).cast()) };
    search.found
}

struct Search {
    address: u64,
    found: Vec<Image>,
}

/// Looks at one library; not zero ends the search.
#[allow(unsafe_code, reason = "the loader hands over raw pointers")]
unsafe extern "C" fn look(library: *mut libc::dl_phdr_info, _: usize, search: *mut c_void) -> c_int {
    // SAFETY: `around` gave this pointer, and the loader's is good while the callback runs.
    let (search, library) = unsafe { (&mut *search.cast::<Search>(), &*library) };
    if library.dlpi_phdr.is_null() {
        return 0;
    }
    // SAFETY: the loader says so many headers are there.
    let headers = unsafe { std::slice::from_raw_parts(library.dlpi_phdr, library.dlpi_phnum.into()) };
    let loaded = headers.iter().filter(|header| header.p_type == libc::PT_LOAD);
    let images = loaded.map(|header| {
        let address = (library.dlpi_addr as usize).wrapping_add(header.p_vaddr as usize);
        (Image { address, len: header.p_memsz as usize }, header.p_flags)
    });
    let images: Vec<_> = images.collect();
    if !images.iter().any(|(image, _)| image.contains(search.address)) {
        return 0;
    }
    // Some linkers put constants beside the code.
    let constant = |flags: u32| flags & libc::PF_R != 0 && flags & libc::PF_W == 0;
    let pure = |flags: u32| constant(flags) && flags & libc::PF_X == 0;
    let has_pure = images.iter().any(|(_, flags)| pure(*flags));
    let wanted =
        images.into_iter().filter(|(_, flags)| if has_pure { pure(*flags) } else { constant(*flags) });
    search.found = wanted.map(|(image, _)| image).collect();
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn static_texts_lie_in_what_is_found_around_the_fixed_point() {
        let at = "a text that is nowhere else: 9f3c".as_ptr().addr() as u64;
        assert!(around(crate::span::anchor()).iter().any(|image| image.contains(at)));
        let variable = Box::new(0_u8);
        let at = (&raw const *variable).addr() as u64;
        assert!(!around(crate::span::anchor()).iter().any(|image| image.contains(at)));
    }

    #[test]
    fn around_nothing_there_is_nothing() {
        assert!(around(8).is_empty());
    }
}
