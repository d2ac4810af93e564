//! A disk of the test's own, small enough to be filled.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::not_tested;

/// A small file system of the test's own; it goes with the value.
#[derive(Debug)]
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one of 256 MiB: an ext4 in a file, which fills up and syncs as a plant's disk does. Where no file may be mounted a
    /// tmpfs takes its place, and where nothing may there is `None`; both are said loudly.
    ///
    /// # Panics
    /// When no folder or file can be made.
    #[must_use]
    pub fn mount(at: &Path) -> Option<Self> {
        std::fs::create_dir_all(at).expect("a folder to mount at");
        let image = at.with_added_extension("ext4");
        let laid_out = File::create(&image).and_then(|file| file.set_len(256 << 20));
        laid_out.expect("room for the name of an image");
        // Nothing held back for root, as whom the tests may run.
        let made = run(Command::new("mkfs.ext4").args(["-q", "-F", "-m", "0"]).arg(&image));
        let why = match made.and_then(|()| run(Command::new("mount").args(["-o", "loop"]).arg(&image).arg(at))) {
            Ok(()) => {
                std::fs::remove_dir(at.join("lost+found")).expect("a new ext4 has one");
                return Some(Self(at.to_owned()));
            }
            Err(why) => why,
        };
        not_tested("a real file system that is full", &format!("tmpfs instead, no image may be mounted here ({why})"));
        match run(Command::new("mount").args(["-t", "tmpfs", "-o", "size=256m", "tmpfs"]).arg(at)) {
            Ok(()) => Some(Self(at.to_owned())),
            Err(why) => {
                not_tested("a disk of its own", &format!("mounting is not allowed here ({why})"));
                None
            }
        }
    }

    /// Whether it can be written from now on; nobody may be writing.
    ///
    /// # Panics
    /// When the mount cannot be changed.
    pub fn writable(&self, writable: bool) {
        let how = if writable { "remount,rw" } else { "remount,ro" };
        let changed = Command::new("mount").args(["-o", how]).arg(&self.0).output().expect("mount runs");
        assert!(changed.status.success(), "{}", String::from_utf8_lossy(&changed.stderr));
    }

    /// Lets every write to it wait, as a disk does that answers no more, until what is returned goes. `None` where that cannot be
    /// done, which is said loudly.
    #[must_use]
    pub fn freeze(&self) -> Option<Frozen> {
        match run(Command::new("fsfreeze").arg("-f").arg(&self.0)) {
            Ok(()) => Some(Frozen(self.0.clone())),
            Err(why) => {
                not_tested("a disk that answers no more", &format!("no file system may be frozen here ({why})"));
                None
            }
        }
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    /// Leaves so many MiB free; 0 fills it to its last byte.
    ///
    /// # Panics
    /// When the file system does not say how much is free.
    pub fn fill_leaving(&self, mib: u64) {
        let free = Command::new("df").args(["-B1", "--output=avail"]).arg(&self.0).output().expect("df runs");
        let free = String::from_utf8_lossy(&free.stdout).lines().nth(1).expect("a figure").trim().to_owned();
        let free: u64 = free.parse().expect("bytes");
        let mut file = File::create(self.filler()).expect("room for a name");
        let block = vec![7; 1 << 20];
        let mut left = free.saturating_sub(mib << 20);
        while left > 0 && file.write_all(&block[..block.len().min(left as usize)]).is_ok() {
            left = left.saturating_sub(block.len() as u64);
        }
        // What was reserved for the worst comes free once it is on the disk, and is filled as well.
        file.sync_all().expect("what was written has a place");
        while mib == 0 && (file.write_all(&block[..4_096]).is_ok() || file.write_all(b"x").is_ok()) {
            file.sync_all().expect("what was written has a place");
        }
    }

    /// Takes away what fills it.
    ///
    /// # Panics
    /// When nothing does.
    pub fn empty(&self) {
        std::fs::remove_file(self.filler()).expect("it was filled");
    }
}

/// A disk that answers no more; it does again when this goes.
#[derive(Debug)]
pub struct Frozen(PathBuf);

impl Drop for Frozen {
    fn drop(&mut self) {
        let thawed = run(Command::new("fsfreeze").arg("-u").arg(&self.0));
        assert!(thawed.is_ok() || std::thread::panicking(), "{thawed:?}");
    }
}

/// Runs a command; its own words when it fails.
fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()) }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}
