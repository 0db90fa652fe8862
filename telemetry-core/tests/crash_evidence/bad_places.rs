//! Where no evidence can be had: the start says so, and the process runs on.
#![allow(unsafe_code, reason = "the standard library sets no limits")]

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::Path;

use crate::Test;
use crate::child::{Place, command};

pub(crate) const TESTS: &[Test] = &[
    ("a_directory_that_cannot_be_made_is_told", no_directory),
    ("a_directory_that_takes_no_file_is_told", no_file),
    ("no_room_is_told_and_nothing_is_left", no_room),
];

/// Runs with evidence at a bad place, and checks that the process runs on.
fn refused(place: &Path, limit: Option<u64>) -> String {
    let mut command = command("beside", place);
    if let Some(bytes) = limit {
        let limit = move || {
            let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
            // SAFETY: sets a limit and ignores the signal that tells of it, both allowed between fork and exec.
            unsafe {
                libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
                libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit);
            }
            Ok(())
        };
        // SAFETY: the closure does what is allowed after a fork.
        unsafe { command.pre_exec(limit) };
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("spans: 4\n"), "{said}");
    let refused = said.lines().find_map(|line| line.strip_prefix("refused: ")).expect("it was refused");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.starts_with(&format!("telemetry: {refused}: ")), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    told
}

fn no_directory() {
    let place = Place::new("no-directory");
    fs::create_dir_all(place.path()).unwrap();
    let file = place.path().join("file");
    File::create(&file).unwrap();
    let told = refused(&file.join("below"), None);
    assert!(told.contains("the directory") && told.contains("Not a directory"), "{told}");
    // A file in the directory's place is none.
    refused(&file, None);
}

fn no_file() {
    // Nobody can make files there, whoever runs this.
    let told = refused(Path::new("/proc/self"), None);
    assert!(told.contains("the crash evidence /proc/self/doomed-"), "{told}");
}

fn no_room() {
    let place = Place::new("no-room");
    let told = refused(place.path(), Some(100_000));
    assert!(told.contains("needs ") && told.contains(" bytes"), "{told}");
    assert!(place.files().is_empty(), "{:?}", place.files());
}
