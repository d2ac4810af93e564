//! Load under which things are killed, and the account of it: what was published, acknowledged, stored, lost, stored twice.

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::{Running, binary};

/// A running `foretell-sim flood`: each reading is unlike every other, and what is not acknowledged is sent again on every
/// new connection.
#[derive(Debug)]
pub struct Load {
    process: Running,
}

/// What the load says at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Different readings.
    pub published: u64,
    /// Of these, acknowledged.
    pub acknowledged: u64,
}

impl Load {
    /// Publishes so many readings a second to a port on loopback, until it is told to end or `messages` are published.
    #[must_use]
    pub fn start(folder: &Path, port: u16, per_s: u32, messages: u64) -> Self {
        let mut command = Command::new(binary("foretell-sim"));
        command.args(["flood", "--json", "--publishers", "8", "--for", "3600s", "--url"]);
        command.arg(format!("mqtt://127.0.0.1:{port}"));
        command.args(["--rate", &per_s.to_string(), "--messages", &messages.to_string()]);
        Self { process: Running::start("load", command, &folder.join("load.log")) }
    }

    /// Tells it to publish no more; it still settles what is unacknowledged.
    pub fn stop(&mut self) {
        self.process.signal("INT");
    }

    /// Waits until everything is acknowledged or given up.
    ///
    /// # Panics
    /// When it does not end in time, or not well.
    #[must_use]
    pub fn finish(mut self, within: Duration) -> Sent {
        assert_eq!(self.process.wait(within), Some(0), "{}", self.process.said());
        let said = self.process.said();
        let report = said.lines().find(|line| line.starts_with('{')).expect("a report in JSON");
        let report: serde_json::Value = serde_json::from_str(report).expect("a report in JSON");
        let count = |key: &str| report[key].as_u64().expect("a count");
        Sent { published: count("published"), acknowledged: count("acknowledged") }
    }
}

/// Readings of an export, each as `ts,site,machine`.
#[derive(Debug)]
pub struct Stored {
    /// Rows in the export.
    pub rows: u64,
    /// The different ones.
    pub readings: HashSet<String>,
}

impl Stored {
    /// Reads an export.
    ///
    /// # Panics
    /// When it has no such columns.
    #[must_use]
    pub fn read(export: &str) -> Self {
        let mut lines = export.lines();
        let header = lines.next().expect("a header");
        assert!(header.starts_with("ts,site,machine,"), "{header}");
        let key = |line: &str| line.splitn(4, ',').take(3).collect::<Vec<_>>().join(",");
        let all: Vec<String> = lines.map(key).collect();
        Self { rows: all.len() as u64, readings: all.into_iter().collect() }
    }

    /// Rows that say what another row says.
    #[must_use]
    pub fn twice(&self) -> u64 {
        self.rows - self.readings.len() as u64
    }
}
