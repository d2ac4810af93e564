//! Damaged files make the libraries that decode them panic; here that becomes the error of any damaged file.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::error::{FileError, remedy};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is decoding what may be damaged: a panic in it becomes an error that says so, and whoever reports panics
/// need not tell of this one.
#[must_use]
pub fn expects_panic() -> bool {
    GUARDED.get()
}

/// Reads (some of) a file; a panic meanwhile says that the file is damaged. What `read` was changing must not be used after an
/// error.
pub(crate) fn guarded<T>(path: &Path, read: impl FnOnce() -> Result<T, FileError>) -> Result<T, FileError> {
    let before = GUARDED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(read));
    GUARDED.set(before);
    done.unwrap_or_else(|panic| Err(gave_up(path, &*panic)))
}

fn gave_up(path: &Path, panic: &(dyn Any + Send)) -> FileError {
    let words = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let words = words.unwrap_or("no reason given");
    FileError::form(path, format!("is damaged: decoding it broke off ({words}). {}", remedy(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_damaged_file() {
        let check = |panic: fn(), expected: &str| {
            let read = || {
                panic();
                Ok(())
            };
            let said = guarded(Path::new("x.parquet"), read).map_err(|error| error.to_string());
            let damaged = format!(
                "x.parquet: is damaged: decoding it broke off ({expected}). Restore it from a backup, or move it away to go on \
                 without its readings"
            );
            assert_eq!(said, Err(damaged));
        };
        check(|| panic!("a word"), "a word");
        check(|| panic!("byte {}", 7), "byte 7");
        check(|| std::panic::panic_any(7), "no reason given");
        assert!(matches!(guarded(Path::new("x"), || Ok(expects_panic())), Ok(true)));
        assert!(!expects_panic());
        assert!(matches!(guarded(Path::new("x"), || Err::<(), _>(FileError::Stopped)), Err(FileError::Stopped)));
    }
}
