//! As much MQTT 3.1.1 as the tests need, byte by byte, so that a test holds one connection in its hand.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// One connection.
#[derive(Debug)]
pub struct Mqtt(TcpStream);

impl Mqtt {
    /// Connects with a clean session and, if there is one, a login.
    ///
    /// # Errors
    /// The CONNACK's return code when it is not 0.
    ///
    /// # Panics
    /// When there is no answer.
    pub fn connect(port: u16, client_id: &str, login: Option<(&str, &str)>) -> Result<Self, u8> {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("somebody listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout can be set");
        let mut mqtt = Self(stream);
        let flags = if login.is_some() { 0b1100_0010 } else { 0b0000_0010 };
        let mut body = text("MQTT");
        body.extend([4, flags, 0, 60]);
        body.extend(text(client_id));
        for part in login.iter().flat_map(|(user, password)| [user, password]) {
            body.extend(text(part));
        }
        mqtt.send(0x10, &body);
        match mqtt.receive().as_slice() {
            [0x20, 2, _, 0] => Ok(mqtt),
            [0x20, 2, _, code] => Err(*code),
            other => panic!("no CONNACK: {other:?}"),
        }
    }

    /// Publishes at QoS 1 and waits for the PUBACK; `false` when the connection was closed instead.
    pub fn publish(&mut self, topic: &str, payload: &str) -> bool {
        let mut body = text(topic);
        body.extend([0, 7]);
        body.extend(payload.as_bytes());
        self.send(0x32, &body);
        self.receive() == [0x40, 2, 0, 7]
    }

    fn send(&mut self, kind: u8, body: &[u8]) {
        let mut packet = vec![kind];
        let mut left = body.len();
        loop {
            let (digit, rest) = ((left % 128) as u8, left / 128);
            packet.push(if rest > 0 { digit | 128 } else { digit });
            left = rest;
            if left == 0 {
                break;
            }
        }
        packet.extend(body);
        self.0.write_all(&packet).expect("the connection stands");
    }

    /// The next packet (of a length below 128); empty at the end of the connection.
    fn receive(&mut self) -> Vec<u8> {
        let mut packet = vec![0; 2];
        if self.0.read_exact(&mut packet).is_err() {
            return Vec::new();
        }
        let mut body = vec![0; packet[1].into()];
        self.0.read_exact(&mut body).expect("a whole packet");
        packet.extend(body);
        packet
    }
}

fn text(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("a short text");
    let mut bytes = length.to_be_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}
