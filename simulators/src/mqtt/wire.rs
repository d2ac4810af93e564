//! As much of MQTT 3.1.1 as load needs: a few packets out, frames in. A full client per publisher costs more than the
//! broker that it is to measure.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{PublishError, Target};

/// Longest wait for a connection and its CONNACK.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// Silence after which the broker may drop us; whoever is quiet pings well before.
const KEEP_ALIVE_S: u16 = 60;
/// A quiet client pings after this.
pub(super) const PING_EVERY: Duration = Duration::from_secs(20);

/// PINGREQ.
pub(super) const PING: [u8; 2] = [0xC0, 0];
/// DISCONNECT.
pub(super) const GOODBYE: [u8; 2] = [0xE0, 0];

/// First byte of a packet, without its flags.
pub(super) mod kind {
    pub(in super::super) const CONNACK: u8 = 0x20;
    pub(in super::super) const PUBLISH: u8 = 0x30;
    pub(in super::super) const PUBACK: u8 = 0x40;
    pub(in super::super) const SUBACK: u8 = 0x90;
}

/// A connection that is let in: clean session, no will.
///
/// # Errors
/// When the address makes no sense or nobody answers as hoped within ten seconds.
pub(super) async fn connect(target: &Target, client_id: &str) -> Result<TcpStream, PublishError> {
    let address = target.address()?;
    let unreachable = |reason: String| PublishError::Unreachable { url: target.url.clone(), reason };
    let up = tokio::time::timeout(CONNECT_WITHIN, async {
        let mut stream = TcpStream::connect(&*address).await?;
        // Small packets leave at once: Nagle's wait for the peer's delayed acknowledgement costs 40 ms per window.
        stream.set_nodelay(true)?;
        let login = target.login.as_ref().map(|(user, password)| (&**user, &**password));
        stream.write_all(&connect_packet(client_id, login)).await?;
        let mut connack = [0; 4];
        stream.read_exact(&mut connack).await?;
        std::io::Result::Ok((stream, connack))
    });
    let (stream, connack) =
        up.await.map_err(|_| unreachable("no answer".to_owned()))?.map_err(|cause| unreachable(cause.to_string()))?;
    match connack {
        [kind::CONNACK, 2, _, 0] => Ok(stream),
        [kind::CONNACK, 2, _, code] => Err(unreachable(format!("turned away with return code {code}"))),
        _ => Err(unreachable("the answer is no MQTT".to_owned())),
    }
}

fn connect_packet(client_id: &str, login: Option<(&str, &str)>) -> Vec<u8> {
    const CLEAN: u8 = 0x02;
    const USER_AND_PASSWORD: u8 = 0xC0;
    let mut body = Vec::new();
    text(&mut body, "MQTT");
    body.extend([4, CLEAN | if login.is_some() { USER_AND_PASSWORD } else { 0 }]);
    body.extend(KEEP_ALIVE_S.to_be_bytes());
    text(&mut body, client_id);
    if let Some((user, password)) = login {
        text(&mut body, user);
        text(&mut body, password);
    }
    packet(0x10, &body)
}

/// SUBSCRIBE to one filter at QoS 1.
pub(super) fn subscribe_packet(filter: &str) -> Vec<u8> {
    let mut body = vec![0, 1];
    text(&mut body, filter);
    body.push(1);
    packet(0x82, &body)
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![first];
    length(&mut out, body.len());
    out.extend(body);
    out
}

/// Appends a text with its length in front.
pub(super) fn text(out: &mut Vec<u8>, text: &str) {
    out.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend(text.bytes().take(usize::from(u16::MAX)));
}

/// Appends a remaining length: seven bits a byte, lowest first.
pub(super) fn length(out: &mut Vec<u8>, mut bytes: usize) {
    while bytes >= 0x80 {
        out.push((bytes & 0x7F) as u8 | 0x80);
        bytes >>= 7;
    }
    out.push((bytes & 0x7F) as u8);
}

/// Bytes from a socket, cut into packets.
pub(super) struct Frames {
    input: Vec<u8>,
    taken: usize,
    filled: usize,
}

impl Frames {
    /// With a buffer for packets of at most this size.
    pub(super) fn new(bytes: usize) -> Self {
        Self { input: vec![0; bytes], taken: 0, filled: 0 }
    }

    /// Where the next bytes from the socket belong.
    pub(super) fn room(&mut self) -> &mut [u8] {
        self.input.copy_within(self.taken..self.filled, 0);
        self.filled -= self.taken;
        self.taken = 0;
        &mut self.input[self.filled..]
    }

    /// So many bytes came in.
    pub(super) const fn came(&mut self, bytes: usize) {
        self.filled += bytes;
    }

    /// The next whole packet: its first byte and its body.
    pub(super) fn next(&mut self) -> Option<(u8, &[u8])> {
        let bytes = &self.input[self.taken..self.filled];
        let (mut length, mut at) = (0, 1);
        loop {
            let byte = *bytes.get(at)?;
            length |= usize::from(byte & 0x7F) << (7 * (at - 1));
            at += 1;
            if byte & 0x80 == 0 || at > 4 {
                break;
            }
        }
        let first = *bytes.first()?;
        if bytes.len() < at + length {
            return None;
        }
        let body = self.taken + at..self.taken + at + length;
        self.taken = body.end;
        Some((first, &self.input[body]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_cut_wherever_the_socket_cut_them() {
        let mut bytes = packet(0x30, &[7; 200]);
        bytes.extend(packet(0x40, &[0, 9]));
        for step in [1, 3, 64, 500] {
            let (mut frames, mut found) = (Frames::new(512), Vec::new());
            for part in bytes.chunks(step) {
                frames.room()[..part.len()].copy_from_slice(part);
                frames.came(part.len());
                while let Some((first, body)) = frames.next() {
                    found.push((first, body.to_vec()));
                }
            }
            assert_eq!(found, [(0x30, vec![7; 200]), (0x40, vec![0, 9])], "{step}");
        }
    }

    #[test]
    fn connect_says_who_and_subscribe_what() {
        assert_eq!(connect_packet("c", None), b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01c");
        assert_eq!(connect_packet("c", Some(("u", "p")))[9..], *b"\xc2\x00\x3c\x00\x01c\x00\x01u\x00\x01p");
        assert_eq!(subscribe_packet("a/#"), b"\x82\x08\x00\x01\x00\x03a/#\x01");
    }
}
