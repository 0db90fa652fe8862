//! The feature `off`: what is compiled is what was written.
//!
//! Features add up in one build, so the fixture is a package of its own, built by a cargo of its own.
#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder of the fixture's own, with a manifest, the workspace's lock file and the source.
fn package(name: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("built-out").join(name);
    fs::create_dir_all(folder.join("src")).unwrap();
    let core = here.join("../telemetry-core");
    let manifest = format!(
        "[package]\nname = \"fixture\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [features]\ntraced = []\nwrong = []\noff = [\"telemetry-core/off\"]\n\n\
         [dependencies]\ntelemetry-core = {{ path = '{}' }}\n\n\
         [profile.dev]\ndebug = false\npanic = \"unwind\"\n\n\
         [profile.dev.package.fixture]\nopt-level = 3\ncodegen-units = 1\ndebug-assertions = false\noverflow-checks = false\n\n\
         [workspace]\n",
        core.display()
    );
    let source = fs::read(here.join("tests/built_out/fixture.rs")).unwrap();
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::write(folder.join("src/lib.rs"), source).unwrap();
    fs::copy(here.join("../Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    folder
}

/// What the fixture is compiled to with these features.
fn assembly(package: &Path, features: &str) -> String {
    let out = package.join(format!("{}.s", features.replace(',', "-")));
    let emit = format!("--emit=asm={}", out.display());
    let said = cargo(package, &["rustc", "--lib", "--features", features, "--", &emit]);
    assert_eq!(said, Ok(String::new()), "no error and no warning either");
    fs::read_to_string(out).unwrap()
}

/// What cargo says; an error when it fails.
fn cargo(package: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(env!("CARGO"))
        .args(["--quiet", "--offline"])
        .args(arguments)
        .current_dir(package)
        .env("CARGO_TARGET_DIR", package.with_file_name("target"))
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_TERM_COLOR", "never")
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("CARGO_PROFILE_DEV_DEBUG")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(said) } else { Err(said) }
}

/// The instructions of each function, without what differs from build to build: the hashes in symbols, the numbers of
/// labels.
fn functions(assembly: &str) -> BTreeMap<String, Vec<String>> {
    let mut functions = BTreeMap::new();
    let mut current: Option<(String, Vec<String>)> = None;
    for line in assembly.lines() {
        let is_label = line.ends_with(':') && !line.starts_with(['.', '\t', ' ', '#']);
        if is_label {
            functions.extend(current.take());
            current = Some((without_hashes(line), Vec::new()));
        } else if let Some((_, lines)) = &mut current
            && line.starts_with('\t')
            && !line.trim_start().starts_with('.')
        {
            lines.push(without_hashes(line));
        }
    }
    functions.extend(current);
    functions
}

fn without_hashes(line: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.' || c == '$';
    let mut kept = String::new();
    for word in line.split_inclusive(|c| !is_word(c)) {
        match word.find("17h") {
            Some(at) if word.len() >= at + 19 => kept.push_str(&word[..at]),
            _ if word.starts_with(".L") => kept.push_str(".L"),
            _ => kept.push_str(word),
        }
    }
    kept
}

#[test]
fn nothing_of_a_span_that_is_built_out_is_left() {
    let package = package("assembly");
    let untraced = functions(&assembly(&package, "off"));
    let text = assembly(&package, "off,traced");
    let built_out = functions(&text);
    for name in [
        "plain",
        "find",
        "take",
        "with_a_handle",
        "with_a_step",
        "with_relations",
        "with_a_closure",
        "tracked",
        "wait",
    ] {
        let is_there = |symbol: &&String| symbol.contains(&format!("{}{name}", name.len()));
        assert!(untraced.keys().any(|symbol| is_there(&symbol)), "{name} is not among {:?}", untraced.keys());
    }
    // Even the symbols are the same.
    assert_eq!(built_out.keys().collect::<Vec<_>>(), untraced.keys().collect::<Vec<_>>());
    for (name, instructions) in &untraced {
        assert_eq!(built_out[name].join("\n"), instructions.join("\n"), "{name}");
    }
    assert!(!text.contains("telemetry"), "nothing is called and no static is left");

    // With the spans in, it is another program: so much for the test itself.
    let traced = assembly(&package, "traced");
    assert!(traced.contains("telemetry"));
    assert_ne!(functions(&traced), untraced);
}

#[test]
fn arguments_of_a_span_that_is_built_out_are_checked() {
    let package = package("mistakes");
    let said = cargo(&package, &["check", "--features", "off,traced,wrong"]).unwrap_err();
    for message in [
        "`NoValue` cannot be recorded as an attribute",
        "`NoValue` doesn't implement `std::fmt::Display`",
        "no method named `undeclared` found",
        "expected `i64`, found `&str`",
        "`u32` is not a sampler",
        "`{integer}` does not stand for a span",
        "`{integer}` is not an iterator",
        "this attribute does not fit: a span holds 128 bytes",
    ] {
        assert!(said.contains(message), "{message} is not in:\n{said}");
    }
    assert_eq!(said.matches("error[").count(), 11, "{said}");
}
