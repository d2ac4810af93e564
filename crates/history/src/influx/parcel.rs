//! Lines as the outbox keeps them. They repeat themselves, so compressed they take a quarter of the room: an outage may last four
//! times as long before anything has to go.

use std::io::{self, Read as _, Write as _};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use rusqlite::types::ValueRef;

/// Of ten levels; a higher one makes lines of this kind hardly smaller and takes several times longer.
const LEVEL: u32 = 3;

/// Longest text that a row may hold, bytes: far beyond what is ever put into one.
const TEXT_BYTES_MAX: u64 = 64 << 20;

/// Lines as a row keeps them, with a checksum.
pub(super) fn pack(lines: &str) -> io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::with_capacity(lines.len() / 8 + 64), Compression::new(LEVEL));
    encoder.write_all(lines.as_bytes())?;
    encoder.finish()
}

/// The lines of a row; an older release kept them as they are.
pub(super) fn unpack(value: ValueRef<'_>) -> io::Result<String> {
    match value {
        ValueRef::Text(text) => String::from_utf8(text.to_vec()).map_err(io::Error::other),
        ValueRef::Blob(packed) => {
            let mut lines = String::new();
            let read = ZlibDecoder::new(packed).take(TEXT_BYTES_MAX).read_to_string(&mut lines)?;
            if read as u64 == TEXT_BYTES_MAX { Err(io::Error::other("it is longer than any row")) } else { Ok(lines) }
        }
        other => Err(io::Error::other(format!("it is {}", other.data_type()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_and_a_damaged_row_does_not() {
        let lines = "feature,site=s01,machine=m007 run_h=20.5 1784332800000000000\n".repeat(400);
        let packed = pack(&lines).unwrap();
        assert!(packed.len() * 20 < lines.len(), "{} of {}", packed.len(), lines.len());
        assert_eq!(unpack(ValueRef::Blob(&packed)).unwrap(), lines);
        assert_eq!(unpack(ValueRef::Text(lines.as_bytes())).unwrap(), lines);
        for at in [0, packed.len() / 2, packed.len() - 1] {
            let mut spoilt = packed.clone();
            spoilt[at] ^= 0x10;
            assert!(unpack(ValueRef::Blob(&spoilt)).is_err(), "byte {at}");
        }
        assert!(unpack(ValueRef::Null).is_err() && unpack(ValueRef::Blob(&packed[..9])).is_err());
    }
}
