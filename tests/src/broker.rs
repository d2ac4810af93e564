//! A real Mosquitto on a free port, with the durable settings that `deploy/mosquitto.conf` recommends.

use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::{Running, free_port, wait_for};

/// A broker of the test's own.
#[derive(Debug)]
pub struct Mosquitto {
    /// Where it listens on loopback.
    pub port: u16,
    /// The process.
    pub process: Running,
}

impl Mosquitto {
    /// Starts it with its files in `folder`.
    ///
    /// # Panics
    /// When it does not listen within 10 s.
    #[must_use]
    pub fn start(folder: &Path) -> Self {
        Self::start_on(folder, "127.0.0.1", free_port())
    }

    /// The same on a given address and port, for starting again where an earlier one was killed.
    ///
    /// # Panics
    /// When it does not listen within 10 s.
    #[must_use]
    pub fn start_on(folder: &Path, host: &str, port: u16) -> Self {
        let config = folder.join("mosquitto.conf");
        let text = format!(
            "listener {port} {host}\nallow_anonymous true\npersistence true\npersistence_location {}/\n\
             max_inflight_messages 1000\nmax_queued_messages 1000000\nmessage_size_limit 1048576\nuser root\n",
            folder.display()
        );
        std::fs::write(&config, text).expect("a writable folder");
        let mut command = Command::new("/usr/sbin/mosquitto");
        command.arg("-c").arg(&config);
        let process = Running::start("mosquitto", command, &folder.join("mosquitto.log"));
        wait_for("mosquitto to listen", Duration::from_secs(10), || TcpStream::connect((host, port)).ok());
        Self { port, process }
    }
}

/// Publishes one message per line with `mosquitto_pub` (a client that is not ours) at QoS 1 and returns when all of them
/// were acknowledged.
///
/// # Panics
/// When the client fails.
pub fn publish_lines(port: u16, topic: &str, lines: &[String]) {
    let mut client = Command::new("mosquitto_pub")
        .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-q", "1", "-t", topic, "-l", "-i", "rows"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("mosquitto_pub starts (Debian package mosquitto-clients)");
    let mut stdin = client.stdin.take().expect("a piped stdin");
    for line in lines {
        writeln!(stdin, "{line}").expect("mosquitto_pub reads its lines");
    }
    drop(stdin);
    assert!(client.wait().expect("mosquitto_pub ends").success(), "mosquitto_pub failed");
}
