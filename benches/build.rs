//! Tells the benches what compiled them: instruction counts hold for one compiler and one target.

use std::process::Command;

fn main() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().expect("the compiler can say its version");
    let version = String::from_utf8(output.stdout).expect("a version is text");
    println!("cargo:rustc-env=BENCHES_COMPILER={}", version.trim());
    println!("cargo:rustc-env=BENCHES_TARGET={}", std::env::var("TARGET").expect("cargo names the target"));
    println!("cargo:rerun-if-changed=build.rs");
}
