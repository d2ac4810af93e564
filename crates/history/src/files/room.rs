//! Memory of a bulk read: how much there is, and that it is not given back between two slices.

/// Bytes of rows that are held before some go to a temporary file: a sixteenth of what is free, within these bounds.
const HELD: std::ops::RangeInclusive<usize> = 256 << 20..=512 << 20;

/// Larger than any column of a slice, and within what glibc learns from (32 MiB).
const BLOCK_BYTES: usize = 24 << 20;

/// How many bytes of rows may be held.
pub(crate) fn held_bytes() -> usize {
    let free_kib = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        line.trim().trim_end_matches(" kB").parse::<usize>().ok()
    });
    (free_kib.unwrap_or(0).saturating_mul(1024) / 16).clamp(*HELD.start(), *HELD.end())
}

/// Lets freed memory be used again. glibc asks the system for each block of 128 KiB or more and gives it back when it is freed, until
/// one that is larger was freed; a column of a slice is half a MiB, and the pages of all of them, fetched anew for each slice, are a
/// tenth of a backtest's time. Whoever may hold little of rows wants the memory back.
pub(crate) fn keep_freed(memory_bytes: usize) {
    if HELD.contains(&memory_bytes) {
        drop(std::hint::black_box(Vec::<u8>::with_capacity(BLOCK_BYTES)));
    }
}
