//! Files that are there whole or not at all: written aside, fsynced, renamed.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// How the names of unfinished files begin.
const ASIDE: &str = ".part-";

/// Whether this is an unfinished file, by its name.
pub(crate) fn is_aside(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(ASIDE.as_bytes()))
}

/// Makes the name of a file durable: it is only when its folder is.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(dir)?.sync_all()
}

/// A file that takes its name only when [`AtomicFile::finish`] succeeds; dropped before, it leaves nothing.
pub struct AtomicFile {
    path: PathBuf,
    aside: PathBuf,
    writer: Option<BufWriter<File>>,
}

impl AtomicFile {
    /// Begins a file that will stand at `path`, or where a link that stands there leads.
    ///
    /// # Errors
    /// When something else than a file stands there, such as a device, or no file can be made beside it.
    pub fn create(path: &Path) -> io::Result<Self> {
        Self::begin(path, 0o666)
    }

    /// The same for what only its owner may read, such as personal data.
    ///
    /// # Errors
    /// As [`AtomicFile::create`].
    pub fn create_private(path: &Path) -> io::Result<Self> {
        Self::begin(path, 0o600)
    }

    fn begin(path: &Path, mode: u32) -> io::Result<Self> {
        let path = &to_be_replaced(path)?;
        // In front, so that the ending still says what the file is to whoever verifies it before it takes its name; with the
        // ending there too, so that a checksum on its way is not taken for that of a file on its way.
        let mut name = OsString::from(ASIDE);
        name.push(path.extension().unwrap_or_default());
        name.push("-");
        name.push(path.file_name().unwrap_or_default());
        let aside = path.with_file_name(name);
        // What an interrupted run left there would keep its own mode.
        drop(std::fs::remove_file(&aside));
        let file = File::options().write(true).create(true).truncate(true).mode(mode).open(&aside)?;
        let writer = Some(BufWriter::with_capacity(1 << 18, file));
        Ok(Self { path: path.to_owned(), aside, writer })
    }

    /// Where it stands until it takes its name.
    pub(crate) fn aside(&self) -> &Path {
        &self.aside
    }

    /// Makes it durable under its name, replacing what stood there.
    ///
    /// # Errors
    /// When the disk does not take it; what stood there before still does.
    pub fn finish(mut self) -> io::Result<()> {
        if let Some(writer) = self.writer.take() {
            writer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
            std::fs::rename(&self.aside, &self.path)?;
            sync_folder(&self.path)?;
        }
        Ok(())
    }

    fn inner(&mut self) -> io::Result<&mut BufWriter<File>> {
        self.writer.as_mut().ok_or_else(|| io::Error::other("the file is finished"))
    }
}

/// What a file written aside will take the place of: of a link, what it leads to.
///
/// # Errors
/// When something else than a file stands there, such as a device, which must not become one.
fn to_be_replaced(path: &Path) -> io::Result<PathBuf> {
    match std::fs::metadata(path) {
        Ok(there) if there.is_file() => path.canonicalize(),
        Ok(there) if there.is_dir() => {
            Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder; name a file in it"))
        }
        Ok(_) => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is a device or a pipe, which must not become a file; name a file",
        )),
        Err(_) => Ok(path.to_owned()),
    }
}

impl std::fmt::Debug for AtomicFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AtomicFile").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner()?.flush()
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if self.writer.take().is_some() || self.aside.exists() {
            // Best effort: what remains is named `.part-…`, which nothing reads.
            drop(std::fs::remove_file(&self.aside));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_are_replaced_and_links_lead_to_them() {
        use std::os::unix::{fs::symlink, net::UnixListener};
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let _pipe = UnixListener::bind(at("pipe")).unwrap();
        symlink(at("file"), at("link")).unwrap();
        let refused = |path: &Path| AtomicFile::create(path).err().map(|error| error.kind());
        assert_eq!(refused(&at("pipe")), Some(io::ErrorKind::InvalidInput));
        assert_eq!(refused(Path::new("/dev/null")), Some(io::ErrorKind::InvalidInput));
        assert_eq!(refused(dir.path()), Some(io::ErrorKind::IsADirectory));
        std::fs::write(at("file"), "old").unwrap();
        let mut file = AtomicFile::create(&at("link")).unwrap();
        file.write_all(b"new").unwrap();
        file.finish().unwrap();
        assert!(at("link").is_symlink());
        assert_eq!(std::fs::read(at("file")).unwrap(), b"new");
    }

    #[test]
    fn what_is_private_is_so_whatever_was_left_there() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("person.json");
        let left = AtomicFile::create(&path).unwrap().aside().to_owned();
        std::fs::write(&left, "left behind, for everybody to read").unwrap();
        let mut file = AtomicFile::create_private(&path).unwrap();
        file.write_all(b"{}").unwrap();
        file.finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"{}");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_sum_on_its_way_does_not_stand_beside_a_file_on_its_way() {
        let dir = tempfile::tempdir().unwrap();
        let aside = |name: &str| AtomicFile::create(&dir.path().join(name)).unwrap().aside().to_owned();
        let (file, sum) = (aside("x.parquet"), aside("x.parquet.sha256"));
        assert!(is_aside(&file) && is_aside(&sum) && file.extension().is_some_and(|ending| ending == "parquet"));
        assert_ne!(sum, file.with_added_extension("sha256"));
    }

    #[test]
    fn is_whole_or_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        let write = |text: &[u8], finish: bool| {
            let mut file = AtomicFile::create(&path).unwrap();
            file.write_all(text).unwrap();
            if finish {
                file.finish().unwrap();
            }
        };
        write(b"never", false);
        assert!(!path.exists());
        write(b"first", true);
        write(b"never", false);
        assert_eq!(std::fs::read(&path).unwrap(), b"first");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
