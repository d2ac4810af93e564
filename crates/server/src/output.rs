//! The one writer of results. Everything else (logs, progress, hints) goes to standard error, so that results can be piped.

use std::io::{self, BufWriter, Write};

use crate::failure::{Failure, Kind};

/// Says something to the person at the terminal, on standard error. With no terminal left there is nobody to tell, which is no
/// reason to end otherwise than without it; `eprintln!` would panic.
pub(crate) fn remark(text: &str) {
    let _told = writeln!(io::stderr(), "{text}").is_ok();
}

/// A text with its control characters spelt out, line ends apart: part of it may be a stranger's, and a terminal obeys them.
pub(crate) fn harmless(text: &str) -> String {
    let spelt = |c: char| if c.is_control() && c != '\n' { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(spelt).collect()
}

/// So many of a thing that has a regular plural: `1 machine`, `2 machines`.
pub(crate) fn count(n: u64, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// The one of two words that goes with so many: `is` or `are`.
pub(crate) const fn verb(n: u64, one: &'static str, many: &'static str) -> &'static str {
    if n == 1 { one } else { many }
}

/// Standard output, or a buffer in tests.
pub struct Output {
    writer: Box<dyn Write + Send>,
    /// Set once the reader has gone, e.g. `| head`; then nothing more is written and nothing is wrong.
    reader_gone: bool,
}

impl Output {
    /// Standard output.
    #[must_use]
    pub fn stdout() -> Self {
        Self::to(Box::new(BufWriter::new(io::stdout())))
    }

    /// Any writer.
    #[must_use]
    pub fn to(writer: Box<dyn Write + Send>) -> Self {
        Self { writer, reader_gone: false }
    }

    /// Writes a line and passes it on at once.
    ///
    /// # Errors
    /// When standard output cannot be written for another reason than that its reader has gone.
    pub fn line(&mut self, text: &str) -> Result<(), Failure> {
        if self.reader_gone {
            return Ok(());
        }
        match writeln!(self.writer, "{text}").and_then(|()| self.writer.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.reader_gone = true;
                Ok(())
            }
            Err(error) => Err(Failure::because(Kind::Io, "could not write to standard output", error)),
            Ok(()) => Ok(()),
        }
    }
}
