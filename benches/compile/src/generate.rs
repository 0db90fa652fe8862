//! Writes the crates: the same functions for every contestant, but for the attribute.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use crate::contestant::{CONTESTANTS, Contestant};

/// Functions of a crate; every other one is `async`.
pub(crate) const FUNCTIONS: usize = 1_000;
/// Functions of a module.
const OF_A_MODULE: usize = 50;

/// What the functions of a crate are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A number in, a number out.
    Plain,
    /// Half of them so; the others record an argument and return a `Result`, whose error is recorded by those who can.
    Mixed,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Plain, Self::Mixed];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Mixed => "mixed",
        }
    }
}

/// The name of a package.
pub(crate) fn package(contestant: &Contestant, kind: Kind) -> String {
    format!("{}-{}", contestant.name, kind.name())
}

/// Writes a workspace with a package for each contestant and kind.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn workspace(folder: &Path, root: &str, lock: &Path) -> io::Result<()> {
    let mut members = Vec::new();
    for kind in Kind::ALL {
        for contestant in &CONTESTANTS {
            let name = package(contestant, kind);
            let source = folder.join(&name).join("src");
            fs::create_dir_all(&source)?;
            fs::write(folder.join(&name).join("Cargo.toml"), manifest(&name, &contestant.dependency(root)))?;
            fs::write(source.join("main.rs"), program(contestant, kind))?;
            members.push(format!("{name:?}"));
        }
    }
    let members = members.join(", ");
    fs::write(
        folder.join("Cargo.toml"),
        format!("[workspace]\nresolver = \"3\"\nmembers = [{members}]\n\n[profile.release]\nstrip = true\n"),
    )?;
    fs::copy(lock, folder.join("Cargo.lock")).map(drop)
}

fn manifest(name: &str, dependency: &str) -> String {
    format!(
        "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependency}\n"
    )
}

/// A program whose modules have all their functions at hand, so that none is left out by the compiler, and which is
/// compiled in as many units as modules give, as programs are. So futures are awaited by functions of their own modules:
/// what closures make would all go into one unit, that of their common trait.
fn program(contestant: &Contestant, kind: Kind) -> String {
    let mut text = String::from(PRELUDE);
    let mut modules = String::new();
    for module in 0..FUNCTIONS / OF_A_MODULE {
        let _ = writeln!(text, "mod module_{module} {{\n    use super::Later;\n");
        let (mut sync, mut asynchronous) = (String::new(), String::new());
        for number in 0..OF_A_MODULE {
            let (is_async, is_full) = (number % 2 == 1, kind == Kind::Mixed && number % 4 >= 2);
            text.push_str(&function(contestant.attribute(is_full), number, is_async, is_full));
            let called = format!("function_{number}(id)");
            let (list, outer) = match (is_async, is_full) {
                (false, false) => (&mut sync, None),
                (false, true) => (&mut sync, Some(format!("u64 {{ {called}.unwrap_or_default() }}"))),
                (true, false) => (&mut asynchronous, Some(format!("Later {{ Box::pin({called}) }}"))),
                (true, true) => {
                    let future = format!("async move {{ {called}.await.unwrap_or_default() }}");
                    (&mut asynchronous, Some(format!("Later {{ Box::pin({future}) }}")))
                }
            };
            let listed = if outer.is_some() { "caller" } else { "function" };
            let _ = writeln!(list, "        {listed}_{number},");
            if let Some(body) = outer {
                let _ = writeln!(text, "    fn caller_{number}(id: u64) -> {body}\n");
            }
        }
        let _ = writeln!(text, "    pub static SYNC: &[fn(u64) -> u64] = &[\n{sync}    ];");
        let _ = writeln!(text, "    pub static ASYNC: &[fn(u64) -> Later] = &[\n{asynchronous}    ];\n}}\n");
        let _ = writeln!(modules, "    (module_{module}::SYNC, module_{module}::ASYNC),");
    }
    let _ = write!(text, "static MODULES: &[Module] = &[\n{modules}];\n");
    text
}

const PRELUDE: &str = "\
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};

type Later = Pin<Box<dyn Future<Output = u64>>>;
type Module = (&'static [fn(u64) -> u64], &'static [fn(u64) -> Later]);

fn main() {
    let id = std::env::args().count() as u64;
    let mut sum = 0_u64;
    let mut context = Context::from_waker(Waker::noop());
    for (sync, asynchronous) in MODULES {
        sum = sync.iter().map(|function| function(id)).fold(sum, u64::wrapping_add);
        for function in *asynchronous {
            let mut future = function(id);
            while future.as_mut().poll(&mut context).is_pending() {
                sum += 1;
            }
        }
    }
    println!(\"{sum}\");
}

";

fn function(attribute: &str, number: usize, is_async: bool, is_full: bool) -> String {
    let keyword = if is_async { "async " } else { "" };
    let wait = if is_async { "        std::future::ready(()).await;\n" } else { "" };
    let (output, result) = if is_full {
        ("Result<u64, std::num::ParseIntError>", format!("format!(\"{{id}}{number}\").parse()"))
    } else {
        ("u64", format!("id.wrapping_mul({}).rotate_left({})", number * 2 + 3, number % 60 + 1))
    };
    format!(
        "    {attribute}\n    pub {keyword}fn function_{number}(id: u64) -> {output} {{\n{wait}        {result}\n    }}\n\n"
    )
}
