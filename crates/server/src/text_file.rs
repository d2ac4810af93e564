//! Text files that people write: configurations, registers, lists of words.

use std::path::Path;

use crate::failure::{Failure, Kind};

/// Reads a file that must be UTF-8, without the mark that some editors put at its beginning.
///
/// # Errors
/// When it cannot be read, or, as `kind`, when it is in another encoding.
pub(crate) fn read(path: &Path, kind: Kind) -> Result<String, Failure> {
    let bytes = std::fs::read(path).map_err(|error| Failure::reading(path, error))?;
    match std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes)) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let what = match bytes[..] {
                [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "is UTF-16".to_owned(),
                _ => {
                    let line = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
                    format!("is not UTF-8: line {line} holds bytes of another encoding")
                }
            };
            Err(Failure::new(kind, format!("{} {what}; save it as UTF-8", path.display())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Result<&str, (u8, &str)>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plant.toml");
        std::fs::write(&path, bytes).unwrap();
        let got = read(&path, Kind::Config).map_err(|failure| (failure.exit_code(), failure.chain()));
        let expected = expected.map(str::to_owned).map_err(|(code, why)| (code, format!("{} {why}", path.display())));
        assert_eq!(got, expected);
    }

    #[test]
    fn what_is_not_utf_8_is_said_with_its_remedy() {
        check(b"\xef\xbb\xbfa = 1\n", Ok("a = 1\n"));
        check("name = \"王\"".as_bytes(), Ok("name = \"王\""));
        check(b"\xff\xfea\0", Err((78, "is UTF-16; save it as UTF-8")));
        // As a Chinese Windows writes it.
        check(
            b"a = 1\nname = \"\xcd\xf5\"\n",
            Err((78, "is not UTF-8: line 2 holds bytes of another encoding; save it as UTF-8")),
        );
    }
}
