//! The allocator, and how it treats pages.

/// Columns of millions of lines come and go; this allocator keeps their pages instead of giving them
/// back and fetching them again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay` of mimalloc.h, which the bindings do not name.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Lets memory come in large pages and stay for ten seconds after its use, longer than a part of an import
/// lives: an import of 100 million lines then clears half as much memory as when pages leave after a
/// second (12 s of the system's time instead of 23 s).
#[allow(unsafe_code)]
pub fn prepare() {
    // SAFETY: both calls store a number in an option of the allocator, which may be done at any time;
    // the options exist in every version of mimalloc that the lock file allows.
    unsafe {
        libmimalloc_sys::mi_option_set(libmimalloc_sys::mi_option_large_os_pages, 1);
        libmimalloc_sys::mi_option_set(PURGE_DELAY, 10_000);
    }
}
