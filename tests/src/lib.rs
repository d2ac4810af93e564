//! What the end-to-end tests share: real processes, free ports, patience with a deadline.
//!
//! Nothing here knows a type of the product: these tests see only what an outsider sees - topics, files, commands, pages.

#![expect(clippy::print_stderr, reason = "a test talks to the person who runs it through standard error")]

mod broker;
mod command;
mod disk;
mod edge_node;
mod http;
mod load;
mod metropt;
mod mqtt;
mod oil_due;
mod page;
mod plant;
mod process;
mod service;
mod store_server;
mod tap;

pub use broker::{Mosquitto, publish_lines};
pub use command::{KEEPING, archived_days, check, import_days, run};
pub use disk::{Frozen, SmallDisk};
pub use edge_node::{EdgeNode, SPARKPLUG};
pub use http::{Response, get, get_as, metric, post, post_as};
pub use load::{Load, Sent, Stored};
pub use metropt::{MAPPING, Row, assert_export_equals, rows};
pub use mqtt::Mqtt;
pub use oil_due::oil_due;
pub use page::{Page, ask};
pub use plant::{plant, press};
pub use process::{Running, binary, example, python};
pub use service::{Foretell, export};
pub use store_server::{Reply, StandIn, VictoriaMetrics, Write};
pub use tap::Tap;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Ports that tests of this process were given: whoever was killed on one comes back to it.
static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A port that was free a moment ago, never the same twice. Whoever uses it waits for readiness and fails loudly if another
/// process took it.
#[must_use]
pub fn free_port() -> u16 {
    loop {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has free ports");
        let port = listener.local_addr().expect("a bound listener has an address").port();
        if GIVEN.lock().expect("nobody panics with it").insert(port) {
            return port;
        }
    }
}

/// Asks until the answer is `Some`, for at most `within`.
///
/// # Panics
/// When the time is over, saying what was waited for.
pub fn wait_for<T>(what: &str, within: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + within;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {within:?} in vain for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Says loudly that something was not tested, and why.
pub fn not_tested(what: &str, why: &str) {
    eprintln!("!!! NOT TESTED: {what}: {why}");
}

/// Figures of a test, for the person who runs it.
pub fn tell(figures: &str) {
    eprintln!("{figures}");
}

/// The repository's root.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the root").to_path_buf()
}

/// Tells the person who runs the tests something, e.g. what was not tested.
pub fn say(text: &str) {
    eprintln!("{text}");
}

/// Third-party data that is not part of the repository; `None`, said loudly, where it is absent.
#[must_use]
pub fn third_party(name: &str) -> Option<PathBuf> {
    let path = root().join("../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("!!! NOT TESTED: {name} is third-party data and not here ({})", path.display());
    None
}
