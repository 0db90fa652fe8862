//! A directory that lives as long as the program.

use std::io;
use std::path::{Path, PathBuf};

/// A new directory under the system's temporary one, removed with all it holds when dropped.
#[derive(Debug)]
pub struct ScratchDir {
    path: PathBuf,
}

impl ScratchDir {
    /// Makes a directory nobody else uses.
    ///
    /// # Errors
    /// The temporary directory cannot be written to.
    pub fn create() -> io::Result<Self> {
        let parent = std::env::temp_dir();
        let process = std::process::id();
        for attempt in 0_u32.. {
            let path = parent.join(format!("bookstore-{process}-{attempt}"));
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Self { path }),
                Err(taken) if taken.kind() == io::ErrorKind::AlreadyExists => {}
                Err(other) => return Err(other),
            }
        }
        Err(io::Error::from(io::ErrorKind::AlreadyExists))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for ScratchDir {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's own cleaning; there is nobody to tell here.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_directories_never_meet_and_both_are_removed() {
        let first = ScratchDir::create().unwrap();
        let second = ScratchDir::create().unwrap();
        assert_ne!(first.path(), second.path());
        std::fs::write(first.path().join("book"), b"x").unwrap();
        let (one, two) = (first.path().to_owned(), second.path().to_owned());
        drop((first, second));
        assert!(!one.exists() && !two.exists());
    }
}
