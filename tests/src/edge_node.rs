//! An edge node that is not ours: Eclipse Tahu's JavaScript client, driven by `tests/sparkplug/edge_node.mjs`.

use std::path::Path;
use std::process::Command;

use crate::{Running, root};

/// How its metrics are read; names and units are those of `edge_node.mjs`.
pub const SPARKPLUG: &str = r#"
[sparkplug]
rebirth_interval = "1s"
[[sparkplug.mapping]]
group = "Plant 1"
site = "plant1"
[sparkplug.mapping.signals]
discharge_temp_c = "compressor/discharge temperature"
motor_current_a = "*/Motor Current"
[sparkplug.mapping.state]
at = "Compressor/State"
values = { 2 = "unloaded", 3 = "loaded" }
"#;

/// A running edge node.
#[derive(Debug)]
pub struct EdgeNode {
    /// The process.
    pub process: Running,
}

impl EdgeNode {
    /// Starts it towards a broker or listener; `mode` as in `edge_node.mjs`.
    ///
    /// # Panics
    /// When it cannot be started; `tests/run` installs what it needs.
    #[must_use]
    pub fn start(folder: &Path, port: u16, mode: &[&str]) -> Self {
        Self::start_as(None, folder, port, mode)
    }

    /// The same with a user name and password.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start_as(login: Option<(&str, &str)>, folder: &Path, port: u16, mode: &[&str]) -> Self {
        let directory = root().join("tests/sparkplug");
        assert!(
            directory.join("node_modules/sparkplug-client").exists(),
            "the edge node is not installed: cd {} && npm ci",
            directory.display()
        );
        let mut command = Command::new("node");
        command.current_dir(directory).arg("edge_node.mjs").arg(port.to_string()).args(mode);
        if let Some((user, password)) = login {
            command.env("EDGE_USER", user).env("EDGE_PASSWORD", password);
        }
        Self { process: Running::start("edge node", command, &folder.join("edge_node.log")) }
    }

    /// How often it has said a word alone on a line, e.g. `born` or `asked`.
    #[must_use]
    pub fn times(&self, word: &str) -> usize {
        self.process.said().lines().filter(|line| *line == word).count()
    }

    /// The highest number behind a word, e.g. `sent 17`.
    #[must_use]
    pub fn count(&self, word: &str) -> usize {
        let said = self.process.said();
        let counts = said.lines().filter_map(|line| line.strip_prefix(word)?.trim().parse().ok());
        counts.max().unwrap_or(0)
    }
}
