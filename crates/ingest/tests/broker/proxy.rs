//! A cable between the session and its broker that a test can pull.

use std::io::copy;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Forwards connections to a port until dropped.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    cables: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    pub(crate) fn to(broker: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let cables = Arc::<Mutex<Vec<TcpStream>>>::default();
        let plugged = Arc::clone(&cables);
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let Ok(far) = TcpStream::connect(("127.0.0.1", broker)) else { continue };
                plugged.lock().unwrap().extend([near.try_clone().unwrap(), far.try_clone().unwrap()]);
                for (mut from, mut to) in [(near.try_clone().unwrap(), far.try_clone().unwrap()), (far, near)] {
                    std::thread::spawn(move || {
                        // An end of either direction ends both.
                        if copy(&mut from, &mut to).is_err() {
                            drop(from.shutdown(Shutdown::Both));
                        }
                        drop(to.shutdown(Shutdown::Both));
                    });
                }
            }
        });
        Self { port, cables }
    }

    pub(crate) fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// Cuts every connection; new ones are forwarded.
    pub(crate) fn cut(&self) {
        for cable in self.cables.lock().unwrap().drain(..) {
            drop(cable.shutdown(Shutdown::Both));
        }
    }
}
