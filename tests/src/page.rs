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

/// What a database of a data directory answers to a query, by a tool that is not ours; its write-ahead file is taken in before. `None`
/// when it gives none.
///
/// # Panics
/// When Python cannot be started.
#[must_use]
pub fn ask(data: &Path, name: &str, query: &str) -> Option<String> {
    let script = "import sqlite3,sys;d=sqlite3.connect(sys.argv[1]);d.execute('pragma wal_checkpoint');\
        print(d.execute(sys.argv[2]).fetchone()[0])";
    let asked = Command::new("/usr/bin/python3").args(["-c", script]).arg(data.join(name)).arg(query).output();
    let asked = asked.expect("python3 runs");
    asked.status.success().then(|| String::from_utf8_lossy(&asked.stdout).trim().to_owned())
}

impl Page {
    /// The page of a database in a data directory whose number a query gives, by a tool that is not ours.
    ///
    /// # Panics
    /// When the query gives none, or the file cannot be written.
    #[must_use]
    pub fn spoil(data: &Path, name: &str, number: &str) -> Self {
        let said = ask(data, name, &format!("select ({number}) || ' ' || page_size from pragma_page_size"))
            .expect("an answer");
        let figures: Vec<u64> = said.split_whitespace().filter_map(|figure| figure.parse().ok()).collect();
        let [number, bytes] = figures[..] else { panic!("{number}: {said}") };
        let file = File::options().read(true).write(true).open(data.join(name)).expect("a database");
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
