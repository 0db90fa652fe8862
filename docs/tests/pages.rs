//! The pages of the guide hold together: every chapter is compiled and listed, and no link leads nowhere.
#![allow(missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Pages of this folder that are no chapters: their own tests see to them.
const OTHERS: [&str; 3] = ["README.md", "settings.md", "crash-evidence.md"];

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn pages() -> BTreeSet<String> {
    let entries =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    entries.filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "md")).collect()
}

fn chapters() -> BTreeSet<String> {
    pages().into_iter().filter(|name| !OTHERS.contains(&name.as_str())).collect()
}

/// The text outside of blocks of code.
fn prose(text: &str) -> String {
    let mut inside = false;
    let mut kept = String::new();
    for line in text.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if !inside {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// Where the links of a page lead.
fn links(text: &str) -> Vec<String> {
    let prose = prose(text);
    let parts = prose.split("](").skip(1);
    parts.filter_map(|part| part.split_once(')')).map(|(link, _)| link.to_owned()).collect()
}

#[test]
fn every_chapter_is_compiled() {
    let compiled = text(&folder().join("src/lib.rs"));
    for chapter in chapters() {
        assert!(
            compiled.contains(&format!("\"{chapter}\"")),
            "{chapter} is not among the modules of src/lib.rs"
        );
    }
}

#[test]
fn every_chapter_is_listed_and_leads_to_its_neighbours() {
    let listed: Vec<String> = links(&text(&folder().join("README.md")))
        .into_iter()
        .filter(|link| chapters().contains(link))
        .collect();
    assert_eq!(
        listed.iter().cloned().collect::<BTreeSet<_>>(),
        chapters(),
        "the contents list other chapters"
    );
    for (at, chapter) in listed.iter().enumerate() {
        let page = text(&folder().join(chapter));
        let foot = page.lines().last().unwrap_or_default();
        let neighbours =
            at.checked_sub(1).and_then(|at| listed.get(at)).into_iter().chain(listed.get(at + 1));
        for neighbour in neighbours.map(String::as_str).chain(["README.md"]) {
            assert!(
                foot.contains(&format!("]({neighbour})")),
                "the foot of {chapter} does not lead to {neighbour}"
            );
        }
        assert!(
            page.contains("\nAfter this chapter "),
            "{chapter} does not say what its reader will be able to do"
        );
    }
}

/// The first example of the core's own page, without what it hides.
fn compiled_example() -> String {
    let page = text(&folder().join("../telemetry-core/src/lib.rs"));
    let documentation = page.lines().filter_map(|line| line.strip_prefix("//!"));
    let lines = documentation.map(|line| line.strip_prefix(' ').unwrap_or(line));
    let inside =
        lines.skip_while(|line| !line.starts_with("```")).skip(1).take_while(|line| !line.starts_with("```"));
    inside.filter(|line| !line.starts_with("# ")).fold(String::new(), |code, line| code + line + "\n")
}

#[test]
fn the_readme_opens_with_code_that_is_compiled() {
    let readme = text(&folder().join("../README.md"));
    let (_, code) = readme.split_once("```rs\n").unwrap();
    let (code, _) = code.split_once("```\n").unwrap();
    assert_eq!(code, compiled_example(), "the first example of telemetry-core's documentation is another");
}

#[test]
fn no_link_leads_nowhere() {
    let roots = [
        "../README.md",
        "../ARCHITECTURE.md",
        "../benches/README.md",
        "../deploy/README.md",
        "../examples/bookstore/README.md",
    ];
    let pages = pages().into_iter().chain(roots.map(str::to_owned));
    let mut broken = Vec::new();
    for page in pages.map(|page| folder().join(page)) {
        for link in links(&text(&page)) {
            let path = link.split('#').next().unwrap_or_default();
            let target: PathBuf = page.parent().unwrap().join(path);
            if !link.contains("://") && !path.is_empty() && !target.exists() {
                broken.push(format!("{} leads to {link}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
