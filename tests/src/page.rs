//! One page of the log's file, taken away under whoever has it open, and put back.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::Command;

/// See the module's text.
#[derive(Debug)]
pub struct Page {
    file: File,
    at: u64,
    was: Vec<u8>,
}

impl Page {
    /// The page whose number a query gives, by a tool that is not ours.
    ///
    /// # Panics
    /// When the query gives none, or the file cannot be written.
    #[must_use]
    pub fn spoil(data: &Path, number: &str) -> Self {
        let script = "import sqlite3,sys;d=sqlite3.connect(sys.argv[1]);d.execute('pragma wal_checkpoint');\
            print(d.execute(sys.argv[2]).fetchone()[0],d.execute('pragma page_size').fetchone()[0])";
        let path = data.join("log.db");
        let asked = Command::new("/usr/bin/python3").args(["-c", script]).arg(&path).arg(number).output();
        let asked = asked.expect("python3 runs");
        let said = String::from_utf8_lossy(&asked.stdout).into_owned();
        let figures: Vec<u64> = said.split_whitespace().filter_map(|figure| figure.parse().ok()).collect();
        let [number, bytes] = figures[..] else { panic!("{said}{}", String::from_utf8_lossy(&asked.stderr)) };
        let file = File::options().read(true).write(true).open(path).expect("a log");
        let (at, mut was) = ((number - 1) * bytes, vec![0; bytes as usize]);
        file.read_exact_at(&mut was, at).expect("a page");
        file.write_all_at(&vec![0xee; was.len()], at).expect("room");
        Self { file, at, was }
    }

    /// Puts it back.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn mend(&self) {
        self.file.write_all_at(&self.was, self.at).expect("room");
    }
}
