//! Text files that people write: configurations, registers, lists of words.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use crate::failure::{Failure, Kind};

/// Longest file, MiB: a register of half a million machines. Some files have no end at all, such as /dev/zero.
const MIB_MAX: u64 = 64;

/// How long a named pipe may take: whoever decrypts a file into one is done by then, and one into which nobody writes would keep a
/// command for ever.
const PIPE_WITHIN: Duration = Duration::from_secs(30);

/// Reads a file that must be UTF-8, without the mark that some editors put at its beginning.
///
/// # Errors
/// When it cannot be read, or, as `kind`, when it is in another encoding or longer than people write.
pub(crate) fn read(path: &Path, kind: Kind) -> Result<String, Failure> {
    let bytes = begin(path, MIB_MAX << 20).map_err(|error| Failure::reading(path, error))?;
    if bytes.len() as u64 > MIB_MAX << 20 {
        let why = format!("{} has more than {MIB_MAX} MiB; that is no text that people wrote", path.display());
        return Err(Failure::new(kind, why));
    }
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

/// A file's bytes as far as `max`, and one more where it has more.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn begin(path: &Path, max: u64) -> std::io::Result<Vec<u8>> {
    begin_within(path, max, PIPE_WITHIN)
}

fn begin_within(path: &Path, max: u64, within: Duration) -> std::io::Result<Vec<u8>> {
    let read = move |path: &Path| {
        let mut bytes = Vec::new();
        File::open(path)?.take(max + 1).read_to_end(&mut bytes).map(|_| bytes)
    };
    if !path.metadata()?.file_type().is_fifo() {
        return read(path);
    }
    let (told, heard) = mpsc::sync_channel(1);
    let pipe = path.to_owned();
    // Nothing but its writer ends the wait of who opens a pipe; this one ends with the process.
    std::thread::spawn(move || drop(told.send(read(&pipe))));
    heard.recv_timeout(within).unwrap_or_else(|_| {
        let why = format!(
            "it is a pipe, and within {} s nobody has written to it and closed it; name a file",
            within.as_secs()
        );
        Err(std::io::Error::new(ErrorKind::TimedOut, why))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_end_is_refused_and_a_pipe_is_read() {
        let endless = read(Path::new("/dev/zero"), Kind::BadData).unwrap_err();
        assert_eq!(
            (endless.exit_code(), endless.chain().as_str()),
            (65, "/dev/zero has more than 64 MiB; that is no text that people wrote")
        );
        assert_eq!(read(Path::new("/dev/null"), Kind::Config).unwrap(), "");
        let (reader, mut writer) = std::io::pipe().unwrap();
        std::io::Write::write_all(&mut writer, "a = 1".as_bytes()).unwrap();
        drop(writer);
        let pipe = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader));
        assert_eq!(read(Path::new(&pipe), Kind::Config).unwrap(), "a = 1");
    }

    #[test]
    fn nobody_waits_for_ever_at_a_pipe_without_a_writer() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = |name| {
            let pipe = dir.path().join(name);
            assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
            pipe
        };
        let refused = begin_within(&pipe("nobody.toml"), 9, Duration::ZERO).unwrap_err();
        assert!(refused.kind() == ErrorKind::TimedOut && refused.to_string().contains("it is a pipe"), "{refused}");
        let written = pipe("somebody.toml");
        let writer = {
            let written = written.clone();
            std::thread::spawn(move || std::fs::write(written, "b = 2").unwrap())
        };
        assert_eq!(begin_within(&written, 9, Duration::from_secs(60)).unwrap(), b"b = 2");
        writer.join().unwrap();
    }

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
