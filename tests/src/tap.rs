//! A wire-tap between Foretell and its broker: it passes everything on and writes down which readings Foretell has
//! acknowledged. Those must be on its log, whatever the broker forgets when it is killed.

use std::collections::{HashMap, HashSet};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// See the module's text.
#[derive(Debug)]
pub struct Tap {
    /// Where Foretell connects to.
    pub port: u16,
    acknowledged: Arc<Mutex<HashSet<String>>>,
}

/// Messages of one connection that are not acknowledged yet, by packet id.
type Open = Arc<Mutex<HashMap<[u8; 2], String>>>;

impl Tap {
    /// Listens on a free port of loopback for a broker on another.
    ///
    /// # Panics
    /// When loopback has no free port.
    #[must_use]
    pub fn before(broker: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has free ports");
        let port = listener.local_addr().expect("a bound listener has an address").port();
        let acknowledged = Arc::<Mutex<HashSet<String>>>::default();
        let known = Arc::clone(&acknowledged);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A broker that is down: hanging up is what Foretell would see without us.
                let Ok(server) = TcpStream::connect(("127.0.0.1", broker)) else { continue };
                pass_on(client, server, &known);
            }
        });
        Self { port, acknowledged }
    }

    /// What Foretell has acknowledged so far, each reading as `ts,site,machine`.
    #[must_use]
    pub fn acknowledged(&self) -> HashSet<String> {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn pass_on(client: TcpStream, server: TcpStream, acknowledged: &Arc<Mutex<HashSet<String>>>) {
    let open = Open::default();
    let (to_client, to_server) = (client.try_clone().expect("a handle"), server.try_clone().expect("a handle"));
    let (acknowledged, waiting) = (Arc::clone(acknowledged), Arc::clone(&open));
    std::thread::spawn(move || {
        copy(client, to_server, |first, body| {
            if first & 0xF0 == 0x40
                && let Some(reading) = waiting.lock().expect("no panic").remove(&[body[0], body[1]])
            {
                acknowledged.lock().expect("no panic").insert(reading);
            }
        });
    });
    std::thread::spawn(move || {
        copy(server, to_client, |first, body| {
            if first & 0xF0 == 0x30
                && first & 0x06 != 0
                && let Some((id, reading)) = reading(body)
            {
                open.lock().expect("no panic").insert(id, reading);
            }
        });
    });
}

/// Packet id and `ts,site,machine` of a PUBLISH. MQTT 5 has properties before the payload, which is a JSON object.
fn reading(body: &[u8]) -> Option<([u8; 2], String)> {
    let (length, rest) = body.split_first_chunk::<2>()?;
    let (topic, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    let (id, payload) = rest.split_first_chunk::<2>()?;
    let payload = match payload {
        [b'{', ..] => payload,
        [properties, rest @ ..] => rest.get(usize::from(*properties)..)?,
        [] => return None,
    };
    let topic = std::str::from_utf8(topic).ok()?;
    let (site, machine) = topic.strip_prefix("foretell/v1/")?.strip_suffix("/telemetry")?.split_once('/')?;
    let payload: serde_json::Value = serde_json::from_slice(payload).ok()?;
    // Exports leave milliseconds out where there are none.
    let ts = payload["ts"].as_str()?.replace(".000Z", "Z");
    Some((*id, format!("{ts},{site},{machine}")))
}

/// Copies until either side ends, then ends both. Whole packets are shown before they are passed on.
fn copy(mut from: TcpStream, mut to: TcpStream, mut show: impl FnMut(u8, &[u8])) {
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 64 << 10]);
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..count]);
        let mut taken = 0;
        while let Some((header, total)) = extent(&bytes[taken..]).filter(|(_, total)| taken + total <= bytes.len()) {
            show(bytes[taken], &bytes[taken + header..taken + total]);
            taken += total;
        }
        bytes.drain(..taken);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    for side in [from, to] {
        // The other direction may have ended it already.
        let _already_down = side.shutdown(Shutdown::Both);
    }
}

/// Bytes of a packet's header and of all of it.
fn extent(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut body = 0;
    for (place, byte) in bytes.iter().skip(1).take(4).enumerate() {
        body |= usize::from(byte & 0x7F) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((place + 2, place + 2 + body));
        }
    }
    None
}
