//! Where the console of a data directory is, for commands beside the service: who chose another address by the environment of
//! one process has not told the others.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long an address may take to answer.
const ANSWERS_WITHIN: Duration = Duration::from_millis(500);

/// The note, kept as long as the console listens.
#[derive(Debug)]
pub(super) struct Whereabouts {
    path: PathBuf,
}

impl Whereabouts {
    /// Notes where the console listens. A note that cannot be kept costs a convenience, so nothing is said of it.
    pub(super) fn note(dir: &Path, console: SocketAddr) -> Self {
        let path = note_in(dir);
        let _kept = std::fs::write(&path, format!("{console}\n")).is_ok();
        Self { path }
    }
}

impl Drop for Whereabouts {
    fn drop(&mut self) {
        let _gone = std::fs::remove_file(&self.path).is_ok();
    }
}

/// Where a console of this data directory listens now; none when none does. A killed process leaves its note behind, so the
/// address is tried.
#[must_use]
pub fn console_of(dir: &Path) -> Option<SocketAddr> {
    let noted: SocketAddr = std::fs::read_to_string(note_in(dir)).ok()?.trim().parse().ok()?;
    let here = match noted.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    let tried = TcpStream::connect_timeout(&SocketAddr::new(here, noted.port()), ANSWERS_WITHIN);
    tried.is_ok().then_some(noted)
}

fn note_in(dir: &Path) -> PathBuf {
    dir.join("console.address")
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_console_is_found_while_it_listens() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(console_of(dir.path()), None);
        let listener = TcpListener::bind("0.0.0.0:0").unwrap();
        let address = listener.local_addr().unwrap();
        let note = Whereabouts::note(dir.path(), address);
        assert_eq!(console_of(dir.path()), Some(address));
        drop(listener);
        assert_eq!(console_of(dir.path()), None, "a killed process left its note");
        drop(note);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
