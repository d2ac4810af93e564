//! Lines that the server does not take, kept aside in a file that can be sent again once the reason is mended:
//! `influx write --file influx-refused.lp`. A comment before each says why.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Size at which the file becomes the older one, whose predecessor goes, bytes.
const BYTES_MAX: u64 = 16 << 20;

/// Two files: the present one and an older one.
#[derive(Debug)]
pub(super) struct Refused {
    path: PathBuf,
    older: PathBuf,
    bytes_max: u64,
}

impl Refused {
    /// In a data directory; nothing is made before there is something to keep.
    pub(super) fn in_dir(dir: &Path) -> Self {
        let (path, older) = (dir.join("influx-refused.lp"), dir.join("influx-refused.older.lp"));
        Self { path, older, bytes_max: BYTES_MAX }
    }

    /// Where the lines are.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds lines, each piece with its reason.
    pub(super) fn keep<'a>(&self, pieces: impl Iterator<Item = (&'a str, &'a str)>) -> io::Result<()> {
        if fs::metadata(&self.path).is_ok_and(|file| file.len() >= self.bytes_max) {
            fs::rename(&self.path, &self.older)?;
        }
        let (mut text, mut last) = (String::new(), "");
        for (lines, why) in pieces {
            if why != last {
                text.push_str("# ");
                text.extend(why.chars().map(|c| if c.is_control() { ' ' } else { c }));
                text.push('\n');
                last = why;
            }
            text.push_str(lines);
        }
        let mut file = File::options().create(true).append(true).open(&self.path)?;
        file.write_all(text.as_bytes())?;
        file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_lines_with_their_reason_within_bounds() {
        let dir = tempfile::tempdir().unwrap();
        let refused = Refused { bytes_max: 30, ..Refused::in_dir(dir.path()) };
        for n in 0..5 {
            let line = format!("m n={n} 0\n");
            refused.keep([(line.as_str(), "400:\nfield type conflict")].into_iter()).unwrap();
        }
        let read = |path: &Path| fs::read_to_string(path).unwrap();
        assert_eq!(read(refused.path()), "# 400: field type conflict\nm n=4 0\n");
        assert_eq!(read(&refused.older), "# 400: field type conflict\nm n=3 0\n");
        refused.keep([("a n=1 0\n", "x"), ("a n=2 0\n", "x"), ("a n=3 0\n", "y")].into_iter()).unwrap();
        assert_eq!(read(refused.path()), "# x\na n=1 0\na n=2 0\n# y\na n=3 0\n");
    }
}
