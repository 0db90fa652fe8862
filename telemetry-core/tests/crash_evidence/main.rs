//! What a process leaves when it dies, in every way there is to die: this program runs itself as the one that does.
//!
//! It has a main function of its own, since a panic there is one of the ways. An argument chooses the tests whose names
//! contain it.

#[cfg(target_os = "linux")]
mod bad_places;
#[cfg(target_os = "linux")]
mod child;
#[cfg(target_os = "linux")]
mod deaths;
#[cfg(target_os = "linux")]
mod doomed;
#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
mod kills;

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, how, directory, ..] = &arguments[..]
        && first == "die"
    {
        return doomed::run(how, directory.as_ref());
    }
    let chosen = arguments.iter().find(|argument| !argument.starts_with('-'));
    let tests = [deaths::TESTS, kills::TESTS, files::TESTS, bad_places::TESTS].concat();
    let tests = tests.iter().filter(|(name, _)| chosen.is_none_or(|chosen| name.contains(chosen)));
    let mut failed = 0;
    for (name, test) in tests {
        let passed = std::panic::catch_unwind(test).is_ok();
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        failed += u8::from(!passed);
    }
    failed.into()
}

/// A test and its name.
#[cfg(target_os = "linux")]
type Test = (&'static str, fn());
