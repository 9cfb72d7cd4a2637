//! A small disk of one's own.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::rights::succeeds;

/// A disk of so many mebibytes, mounted as long as this lives.
pub(crate) struct Disk {
    place: TempDir,
}

impl Disk {
    /// `None` if mounting is not allowed.
    pub(crate) fn mount(mebibytes: u32) -> Option<Self> {
        let place = TempDir::new().unwrap();
        let size = format!("size={mebibytes}m");
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(place.path());
        succeeds(&mut mount).then_some(Self { place })
    }

    pub(crate) fn path(&self) -> &Path {
        self.place.path()
    }

    /// Makes it larger.
    pub(crate) fn grow(&self, mebibytes: u32) {
        let size = format!("remount,size={mebibytes}m");
        let mut mount = Command::new("mount");
        // Named in full: what it finds out by itself it may not set in a name space of its own.
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(self.path());
        assert!(succeeds(&mut mount));
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }

    /// Takes all the room that there is.
    pub(crate) fn fill(&self) {
        let mut ballast = File::options()
            .create(true)
            .append(true)
            .open(self.ballast())
            .unwrap();
        for size in [64 * 1024, 4 * 1024, 1] {
            let piece = vec![0; size];
            loop {
                match ballast.write(&piece) {
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }

    /// Gives it back.
    pub(crate) fn free(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Also while somebody still has a file on it.
        succeeds(Command::new("umount").arg("--lazy").arg(self.path()));
    }
}
