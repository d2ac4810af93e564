//! The packet that nearly all packets are: PUBLISH of MQTT 3.1.1 at QoS 0 or 1, whole and well-formed. It is read where it lies
//! in the input and answered with four bytes, without the codec's allocations and bookkeeping, of which this packet needs
//! none. Whatever is not exactly that goes to the codec, which also finds the words for what is wrong.

/// Kind of a PUBLISH, in the upper half of a packet's first byte.
const PUBLISH: u8 = 0x30;
/// PUBACK and the length of what follows.
const PUBACK: [u8; 2] = [0x40, 2];

/// See the module's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plain<'a> {
    pub(super) topic: &'a str,
    pub(super) payload: &'a [u8],
    /// Of QoS 1; QoS 0 has none.
    pub(super) packet_id: Option<u16>,
    pub(super) retain: bool,
}

/// How far the first packet in `bytes` reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Header and body have these many bytes, whether all of them are here or not.
    Known { header: usize, total: usize },
    /// Its length is not here yet.
    Unknown,
    /// Its length has five digits or more, which no packet has.
    Malformed,
}

/// Reads the length of the first packet.
pub(super) fn extent(bytes: &[u8]) -> Extent {
    let mut body = 0;
    for (place, byte) in bytes.iter().skip(1).take(4).enumerate() {
        body |= usize::from(byte & 0x7F) << (7 * place);
        if byte & 0x80 == 0 {
            let header = place + 2;
            return Extent::Known { header, total: header + body };
        }
    }
    if bytes.len() > 4 { Extent::Malformed } else { Extent::Unknown }
}

/// The topic of a PUBLISH, if that much of it is here.
pub(super) fn topic(packet: &[u8], header: usize) -> Option<&str> {
    if packet.first()? & 0xF0 != PUBLISH {
        return None;
    }
    let (length, rest) = packet.get(header..)?.split_first_chunk::<2>()?;
    let topic = rest.get(..usize::from(u16::from_be_bytes(*length)))?;
    std::str::from_utf8(topic).ok()
}

/// Reads a whole packet, if it is of the plain kind.
pub(super) fn read(packet: &[u8], header: usize) -> Option<Plain<'_>> {
    let flags = *packet.first()? & 0x0F;
    let (qos, retain) = (flags >> 1 & 3, flags & 1 != 0);
    if packet[0] & 0xF0 != PUBLISH || qos > 1 {
        return None;
    }
    let (topic_bytes, rest) = packet.get(header..)?.split_first_chunk::<2>()?;
    let (topic, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*topic_bytes)))?;
    let topic = std::str::from_utf8(topic).ok()?;
    if topic.is_empty() || topic.bytes().any(|byte| matches!(byte, b'+' | b'#') || byte < b' ') {
        return None;
    }
    if qos == 0 {
        return Some(Plain { topic, payload: rest, packet_id: None, retain });
    }
    let (id, payload) = rest.split_first_chunk::<2>()?;
    let packet_id = Some(u16::from_be_bytes(*id)).filter(|id| *id != 0);
    packet_id.map(|_| Plain { topic, payload, packet_id, retain })
}

/// Answers a plain PUBLISH of QoS 1.
pub(super) fn acknowledge(packet_id: u16, out: &mut Vec<u8>) {
    let [high, low] = packet_id.to_be_bytes();
    out.extend_from_slice(&[PUBACK[0], PUBACK[1], high, low]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(packet: &[u8], expected: Option<(&str, &[u8], Option<u16>, bool)>) {
        let got = match extent(packet) {
            Extent::Known { header, total } if total == packet.len() => read(packet, header),
            _ => None,
        };
        let expected = expected.map(|(topic, payload, packet_id, retain)| Plain { topic, payload, packet_id, retain });
        assert_eq!(got, expected, "{packet:?}");
    }

    #[test]
    fn only_the_usual_packet_is_plain() {
        check(b"\x30\x05\x00\x03a/b", Some(("a/b", b"", None, false)));
        check(b"\x30\x06\x00\x03a/bx", Some(("a/b", b"x", None, false)));
        check(b"\x33\x08\x00\x03a/b\x01\x02x", Some(("a/b", b"x", Some(0x0102), true)));
        check(b"\x3a\x07\x00\x03a/b\x00\x09", Some(("a/b", b"", Some(9), false)));
        check(b"\x32\x08\x00\x03a/b\x00\x00x", None);
        check(b"\x34\x08\x00\x03a/b\x00\x01x", None);
        check(b"\x36\x08\x00\x03a/b\x00\x01x", None);
        check(b"\x30\x06\x00\x03a/+x", None);
        check(b"\x30\x06\x00\x03a\x00bx", None);
        check(b"\x30\x06\x00\x03a\xffbx", None);
        check(b"\x30\x03\x00\x00x", None);
        check(b"\x30\x04\x00\x09ab", None);
        check(b"\x32\x05\x00\x03a/b", None);
        check(b"\x40\x02\x00\x01", None);
    }

    #[test]
    fn a_topic_is_read_as_soon_as_it_is_there() {
        for (packet, expected) in [
            (&b"\x32\xff\x7f\x00\x03a/b\x01"[..], Some("a/b")),
            (b"\x32\xff\x7f\x00\x03a/b", Some("a/b")),
            (b"\x32\xff\x7f\x00\x03a/", None),
            (b"\x32\xff\x7f", None),
            (b"\x32\xff\x7f\x00\x03a/\xff", None),
            (b"\x82\xff\x7f\x00\x03a/b", None),
        ] {
            assert_eq!(topic(packet, 3), expected, "{packet:?}");
        }
    }

    #[test]
    fn a_length_is_read_as_soon_as_it_is_there() {
        assert_eq!(extent(b""), Extent::Unknown);
        assert_eq!(extent(b"\x30\x80\x80"), Extent::Unknown);
        assert_eq!(extent(b"\x30\x80\x80\x80\x80"), Extent::Malformed);
        assert_eq!(extent(b"\x30\xff\x7f"), Extent::Known { header: 3, total: 16_386 });
        assert_eq!(extent(b"\xc0\x00\x30"), Extent::Known { header: 2, total: 2 });
    }

    #[test]
    fn an_acknowledgement_bears_the_id() {
        let mut out = Vec::new();
        acknowledge(0x0102, &mut out);
        assert_eq!(out, b"\x40\x02\x01\x02");
    }
}
