//! How early the app and its page give memory back. Both wait for tens of megabytes of garbage before they begin, which is
//! right for a browser and a lot on an old school computer.

/// What the processes of the page read when they start, unless whoever starts the app says otherwise:
///
/// - the page's heap: the first collection comes after 4 MiB instead of 32, and each later one when the heap has grown by
///   about half instead of to three times its size (JavaScriptCore's `largeHeapSize` and `heapGrowthMaxIncrease`)
/// - blocks of 128 KiB and more are pages of their own, which go back when they are freed (glibc)
#[cfg(target_os = "linux")]
const OF_THE_PAGE: [(&str, &str); 3] = [
    ("JSC_largeHeapSize", "4194304"),
    ("JSC_heapGrowthMaxIncrease", "0.5"),
    ("MALLOC_MMAP_THRESHOLD_", "131072"),
];

/// Sets it for this process and those that it starts. Call it first of all, while this thread is the only one.
#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "neither the environment nor the allocator can be set without")]
pub(crate) fn bound() {
    for (name, value) in OF_THE_PAGE {
        if std::env::var_os(name).is_none() {
            // SAFETY: no other thread runs yet that could read the environment.
            unsafe { std::env::set_var(name, value) };
        }
    }
    // This process has read its own environment long ago. Left alone, glibc raises the threshold to the size of the largest
    // block that was ever freed, and keeps all that is smaller.
    #[cfg(target_env = "gnu")]
    // SAFETY: a number into a table of glibc's; no memory of ours is touched.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 128 * 1024)
    };
}

/// Elsewhere the system's webview and allocator know.
#[cfg(not(target_os = "linux"))]
pub(crate) fn bound() {}
