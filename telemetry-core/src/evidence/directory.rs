//! The files of a directory: whose process has died, and how many are kept.
//!
//! `NAME.running` belongs to a process that lives, or to one that died and that nobody has asked after yet; `NAME.crash`
//! to a dead one; `NAME.panic1` and so on are reports of panics. `….new` is not whole yet.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::format::{HEADER_BYTES, Header};
use super::options::EvidenceError;
use crate::file_lock::try_lock;

pub(super) const RUNNING: &str = "running";
pub(super) const CRASH: &str = "crash";
pub(super) const PANIC: &str = "panic";
const UNFINISHED: &str = "new";
/// A file that has not become whole in this time never will.
const PATIENCE: Duration = Duration::from_secs(60);
/// Characters of the service's name in a file's, at the most.
const NAME_CHARS: usize = 64;

/// Makes the directory if need be.
pub(super) fn make(path: &Path) -> Result<(), EvidenceError> {
    fs::create_dir_all(path).map_err(|source| EvidenceError::Directory { path: path.to_owned(), source })
}

/// The name of a process's files, without what follows the dot.
pub(super) fn stem(service: &str, process_id: u32, started_unix_nanos: u64) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '_' };
    let service: String = service.chars().take(NAME_CHARS).map(kept).collect();
    format!("{service}-{process_id}-{started_unix_nanos}")
}

/// Looks after what earlier processes have left: files of those that ended well go, files of those that died are given
/// the name of a crash and returned. Each is returned once, to whichever process comes first.
pub(super) fn sweep(directory: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = entries(directory).filter_map(|path| died(&path)).collect();
    found.sort();
    found
}

/// Removes the oldest crashes and reports beyond so many.
pub(super) fn retain(directory: &Path, keep: usize) {
    let changed = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    let mut kept: Vec<(Option<SystemTime>, PathBuf)> = entries(directory)
        .filter(|path| extension(path).is_some_and(|kind| kind == CRASH || kind.starts_with(PANIC)))
        .map(|path| (changed(&path), path))
        .collect();
    kept.sort();
    for (_, path) in kept.iter().take(kept.len().saturating_sub(keep)) {
        // Another process may have been faster.
        let _ = fs::remove_file(path);
    }
}

fn entries(directory: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path())
}

fn extension(path: &Path) -> Option<&str> {
    path.extension().and_then(OsStr::to_str)
}

/// The new name of a file whose process has died.
fn died(path: &Path) -> Option<PathBuf> {
    match extension(path)? {
        RUNNING => {}
        UNFINISHED => {
            let age = fs::metadata(path).and_then(|data| data.modified()).ok()?.elapsed().ok()?;
            if age > PATIENCE {
                let _ = fs::remove_file(path);
            }
            return None;
        }
        _ => return None,
    }
    // Neither a link nor anything that waits for a writer is a file of ours.
    let ours = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(ours).open(path).ok()?;
    if !try_lock(&file).unwrap_or(false) {
        return None;
    }
    if is_clean(&file).ok()? {
        let _ = fs::remove_file(path);
        return None;
    }
    let crash = path.with_extension(CRASH);
    fs::rename(path, &crash).ok()?;
    Some(crash)
}

fn is_clean(mut file: &File) -> io::Result<bool> {
    let mut head = [0; HEADER_BYTES];
    io::Read::read_exact(&mut file, &mut head)?;
    Ok(Header::read(&head).is_ok_and(|header| header.clean))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_is_a_file_name_whatever_the_service_is_called() {
        assert_eq!(stem("books", 7, 9), "books-7-9");
        assert_eq!(stem("../büch er.é\n", 1, 2), "___b_ch_er___-1-2");
        assert_eq!(stem(&"x".repeat(1_000), 1, 2).len(), NAME_CHARS + 4);
        assert_eq!(stem("", 1, 2), "-1-2");
    }

    #[test]
    fn the_oldest_go_first_and_what_is_not_ours_stays() {
        let directory = std::env::temp_dir().join(format!("evidence-retain-{}", std::process::id()));
        make(&directory).unwrap();
        let names = ["a.crash", "b.panic1", "c.crash", "d.panic2"];
        for (age, name) in (1..=4).rev().zip(names) {
            let file = File::create(directory.join(name)).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(age * 100)).unwrap();
        }
        for other in ["notes.txt", "e.running", "f.new"] {
            File::create(directory.join(other)).unwrap();
        }
        retain(&directory, 2);
        let mut left: Vec<String> = entries(&directory)
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        left.sort();
        assert_eq!(left, ["c.crash", "d.panic2", "e.running", "f.new", "notes.txt"]);
        fs::remove_dir_all(&directory).unwrap();
    }
}
