//! A client of a few bytes that does exactly what it is told, also what no library would do. Its own encoder: an
//! independent witness of the protocol.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::kit::PATIENCE;

/// How a client introduces itself.
#[derive(Clone, Copy)]
pub(crate) struct Hello<'a> {
    pub(crate) version: u8,
    pub(crate) id: &'a str,
    pub(crate) clean: bool,
    pub(crate) keep_alive_s: u16,
    pub(crate) login: Option<(&'a str, &'a str)>,
    /// Topic and payload, retained.
    pub(crate) will: Option<(&'a str, &'a str)>,
}

pub(crate) const V3: Hello<'static> =
    Hello { version: 4, id: "raw", clean: true, keep_alive_s: 60, login: None, will: None };
pub(crate) const V5: Hello<'static> = Hello { version: 5, ..V3 };

pub(crate) struct Wire {
    stream: TcpStream,
    pub(crate) version: u8,
}

fn text(bytes: &mut Vec<u8>, text: &[u8]) {
    bytes.extend_from_slice(&(text.len() as u16).to_be_bytes());
    bytes.extend_from_slice(text);
}

/// Adds the fixed header.
pub(crate) fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut rest = body.len();
    loop {
        let more = rest > 127;
        bytes.push((rest % 128) as u8 | if more { 128 } else { 0 });
        rest /= 128;
        if !more {
            break;
        }
    }
    bytes.extend_from_slice(body);
    bytes
}

impl Hello<'_> {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut body = vec![];
        text(&mut body, b"MQTT");
        body.push(self.version);
        let will = if self.will.is_some() { 0b0010_0100 } else { 0 };
        let login = if self.login.is_some() { 0b1100_0000 } else { 0 };
        body.push(will | login | u8::from(self.clean) << 1);
        body.extend_from_slice(&self.keep_alive_s.to_be_bytes());
        if self.version == 5 {
            body.push(0);
        }
        text(&mut body, self.id.as_bytes());
        if let Some((topic, payload)) = self.will {
            if self.version == 5 {
                body.push(0);
            }
            text(&mut body, topic.as_bytes());
            text(&mut body, payload.as_bytes());
        }
        if let Some((user, password)) = self.login {
            text(&mut body, user.as_bytes());
            text(&mut body, password.as_bytes());
        }
        packet(0x10, &body)
    }
}

/// PUBLISH.
pub(crate) fn publish(version: u8, qos: u8, id: u16, topic: &str, payload: &str) -> Vec<u8> {
    let mut body = vec![];
    text(&mut body, topic.as_bytes());
    if qos > 0 {
        body.extend_from_slice(&id.to_be_bytes());
    }
    if version == 5 {
        body.push(0);
    }
    body.extend_from_slice(payload.as_bytes());
    packet(0x30 | qos << 1, &body)
}

impl Wire {
    /// Connects and sends nothing.
    pub(crate) fn open(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, version: 4 }
    }

    /// Connects and is let in.
    pub(crate) fn connect(addr: SocketAddr, hello: Hello<'_>) -> Self {
        let mut wire = Self::open(addr);
        wire.version = hello.version;
        wire.send(&hello.bytes());
        let connack = wire.read();
        assert!(connack.starts_with("20 00 00"), "{connack}");
        wire
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Sends what a closing listener may no longer take.
    pub(crate) fn try_send(&mut self, bytes: &[u8]) {
        drop(self.stream.write_all(bytes));
    }

    /// Closes our sending side.
    pub(crate) fn finish(&mut self) {
        drop(self.stream.shutdown(std::net::Shutdown::Write));
    }

    pub(crate) fn publish(&mut self, qos: u8, id: u16, topic: &str, payload: &str) {
        self.send(&publish(self.version, qos, id, topic, payload));
    }

    pub(crate) fn subscribe(&mut self, id: u16, filter: &str, qos: u8) -> String {
        let mut body = id.to_be_bytes().to_vec();
        if self.version == 5 {
            body.push(0);
        }
        text(&mut body, filter.as_bytes());
        body.push(qos);
        self.send(&packet(0x82, &body));
        self.read()
    }

    /// The next packet as hexadecimal: first byte, then the body. `closed` when the connection was ended.
    pub(crate) fn read(&mut self) -> String {
        match self.try_read() {
            Some((first, body)) => {
                let mut line = format!("{first:02x}");
                for byte in body {
                    line += &format!(" {byte:02x}");
                }
                line
            }
            None => "closed".into(),
        }
    }

    /// Whether the listener has said something, or closed.
    pub(crate) fn is_told(&self) -> bool {
        self.stream.set_nonblocking(true).unwrap();
        let told =
            self.stream.peek(&mut [0]).map_or_else(|cause| cause.kind() != std::io::ErrorKind::WouldBlock, |_| true);
        self.stream.set_nonblocking(false).unwrap();
        told
    }

    /// The next packet must be a PUBLISH; its topic and payload, and the retain flag.
    pub(crate) fn read_message(&mut self) -> String {
        let (first, body) = self.try_read().expect("the connection stands");
        assert_eq!(first >> 4, 3, "{first:02x} {body:02x?}");
        let (length, rest) = body.split_at(2);
        let (topic, mut rest) = rest.split_at(usize::from(u16::from_be_bytes([length[0], length[1]])));
        if first & 0b110 != 0 {
            self.send(&packet(0x40, &rest[..2]));
            rest = &rest[2..];
        }
        if self.version == 5 {
            rest = &rest[1..];
        }
        format!("{} {} retain={}", String::from_utf8_lossy(topic), String::from_utf8_lossy(rest), first & 1)
    }

    /// Asks for a PINGRESP and returns everything that came before it. What the listener has not sent by then it had no
    /// reason to send: it answers in order of arrival.
    pub(crate) fn until_pong(&mut self) -> Vec<String> {
        self.send(&[0xc0, 0]);
        let mut before = vec![];
        loop {
            let packet = self.read();
            if packet == "d0" {
                return before;
            }
            assert_ne!(packet, "closed", "before it: {before:?}");
            before.push(packet);
        }
    }

    fn try_read(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut byte = [0];
        let mut next = |stream: &mut TcpStream| match stream.read(&mut byte) {
            Ok(1) => Some(byte[0]),
            Ok(_) => None,
            Err(cause) if cause.kind() == std::io::ErrorKind::ConnectionReset => None,
            Err(cause) => panic!("nothing came: {cause}"),
        };
        let first = next(&mut self.stream)?;
        let (mut length, mut shift) = (0, 0);
        loop {
            let part = next(&mut self.stream)?;
            length |= usize::from(part & 127) << shift;
            shift += 7;
            if part < 128 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).ok()?;
        Some((first, body))
    }
}
