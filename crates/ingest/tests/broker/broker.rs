//! A Mosquitto of the test's own, and the clients that everybody has.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Instant;

use tempfile::TempDir;

use crate::kit::PATIENCE;

/// Where Debian puts the broker; it is not on every user's path.
const MOSQUITTO: &str = "/usr/sbin/mosquitto";
/// What it says, in its folder.
const LOG: &str = "mosquitto.log";
const MISSING: &str = "install the Debian packages mosquitto and mosquitto-clients";

/// Ports that brokers of this process were given: one that was killed comes back to its own, and must not find another's there.
static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A port that was free a moment ago, never the same twice.
pub(crate) fn free_port() -> u16 {
    loop {
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        if GIVEN.lock().unwrap().insert(port) {
            return port;
        }
    }
}

/// A running Mosquitto; killed when dropped.
pub(crate) struct Mosquitto {
    pub(crate) port: u16,
    dir: TempDir,
    config: String,
    child: Child,
}

impl Mosquitto {
    /// With the durable settings that `deploy/` recommends.
    pub(crate) fn start() -> Self {
        Self::with("allow_anonymous true\n", |_| {})
    }

    /// With more lines of configuration (`{dir}` is its folder) and files that `prepare` lays there.
    pub(crate) fn with(extra: &str, prepare: impl FnOnce(&Path)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        prepare(dir.path());
        // Another process may take the port between our looking and Mosquitto's binding; then the next one will do.
        for _ in 0..5 {
            let port = free_port();
            let folder = dir.path().to_str().unwrap();
            let mut config = format!("listener {port} 127.0.0.1\npersistence true\npersistence_location {folder}/\n");
            config += "max_inflight_messages 1000\nmax_queued_messages 1000000\nuser root\nsys_interval 1\n";
            config += &extra.replace("{dir}", folder);
            let mut child = launch(dir.path(), &config);
            if listens(port, &mut child) {
                return Self { port, dir, config, child };
            }
        }
        panic!("{MOSQUITTO} does not start; {MISSING}, or see what it says in a terminal")
    }

    pub(crate) fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// SIGKILL; nothing is saved beyond what was.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Comes back on the same port. What it saved before is there, unless `forgetful`.
    pub(crate) fn restart(&mut self, forgetful: bool) {
        self.kill();
        if forgetful {
            for entry in std::fs::read_dir(self.dir.path()).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_some_and(|extension| extension == "db") {
                    std::fs::remove_file(path).unwrap();
                }
            }
        }
        self.child = launch(self.dir.path(), &self.config);
        assert!(listens(self.port, &mut self.child), "Mosquitto did not come back on its port");
    }

    /// Writes what it keeps to its disk, as it does by itself now and then.
    pub(crate) fn save(&self) {
        let asked = Command::new("kill").args(["-USR1", &self.child.id().to_string()]).status().unwrap();
        assert!(asked.success(), "could not ask Mosquitto to save");
        let db = self.dir.path().join("mosquitto.db");
        crate::plant::wait_until("it has saved", || db.exists());
    }

    /// Waits until it has noticed that the last of our connections is gone, and with that has read all that was said over it.
    pub(crate) fn wait_alone(&self) {
        crate::plant::wait_until("the broker has seen us go", || {
            let said = std::fs::read_to_string(self.dir.path().join(LOG)).unwrap();
            !said
                .lines()
                .rfind(|line| line.contains("foretell"))
                .is_some_and(|line| line.contains("New client connected"))
        });
    }

    /// How many sessions it has forgotten because their time was over; it counts anew each second.
    pub(crate) fn clients_expired(&self) -> u64 {
        let line = self.subscribe("$SYS/broker/clients/expired", 1).pop().unwrap_or_default();
        line.rsplit(' ').next().and_then(|figure| figure.parse().ok()).unwrap_or_default()
    }

    /// Publishes one message per line at QoS 1, with a client that is not ours, and waits for all acknowledgements.
    pub(crate) fn publish(&self, topic: &str, lines: &[String]) {
        self.publish_with(topic, &["-l"], lines.join("\n").as_bytes());
    }

    /// Publishes one payload as it is.
    pub(crate) fn publish_bytes(&self, topic: &str, payload: &[u8]) {
        self.publish_with(topic, &["-s"], payload);
    }

    /// Publishes what stands on the client's standard input, with more of its options.
    pub(crate) fn publish_with(&self, topic: &str, options: &[&str], input: &[u8]) {
        let mut command = Command::new("mosquitto_pub");
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-q", "1", "-t", topic]).args(options);
        let mut client = command.stdin(Stdio::piped()).spawn().expect(MISSING);
        client.stdin.take().unwrap().write_all(input).unwrap();
        assert!(client.wait().unwrap().success(), "mosquitto_pub failed");
    }

    /// `topic payload` of the first `count` messages on a filter, or fewer when no more come within a second.
    pub(crate) fn subscribe(&self, filter: &str, count: usize) -> Vec<String> {
        let port = self.port.to_string();
        let args = [
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-q",
            "1",
            "-t",
            filter,
            "-C",
            &count.to_string(),
            "-W",
            "1",
            "-F",
            "%t %p",
        ];
        let output = Command::new("mosquitto_sub").args(args).output().expect(MISSING);
        String::from_utf8(output.stdout).unwrap().lines().map(String::from).collect()
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}

fn launch(dir: &Path, config: &str) -> Child {
    let file = dir.join("mosquitto.conf");
    let mut text = String::new();
    write!(text, "{config}").unwrap();
    std::fs::write(&file, text).unwrap();
    let said = OpenOptions::new().create(true).append(true).open(dir.join(LOG)).unwrap();
    let mut command = Command::new(MOSQUITTO);
    command.arg("-c").arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(said);
    command.spawn().unwrap_or_else(|cause| panic!("{MOSQUITTO} cannot be started ({cause}); {MISSING}"))
}

/// Waits until it listens; false when it has ended.
fn listens(port: u16, child: &mut Child) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return true;
        }
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    false
}
