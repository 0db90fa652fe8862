//! The tables in README.md that a bench writes itself: what stands between `<!-- name -->` and `<!-- end of name -->`.

use std::fs;
use std::thread::available_parallelism;

#[cfg(test)]
mod tests;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");

/// Writes the tables of a section, with a line that says on what machine they were measured.
///
/// # Errors
/// A line that says why they could not be written.
pub fn update(section: &str, tables: &str) -> Result<(), String> {
    let in_words = |error: std::io::Error| format!("{README}: {error}");
    let readme = fs::read_to_string(README).map_err(in_words)?;
    let updated = replaced(&readme, section, &format!("{}\n\n{}", measured_on(), tables.trim_end()))
        .ok_or_else(|| format!("{README}: `<!-- {section} -->` or its end is missing"))?;
    fs::write(README, updated).map_err(in_words)
}

/// The text with another content between the marks of a section.
fn replaced(readme: &str, section: &str, content: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- {section} -->\n"), format!("<!-- end of {section} -->"));
    let (before, rest) = readme.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n{content}\n\n{end}{after}"))
}

/// The machine and the compiler.
fn measured_on() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or(env!("BENCHES_TARGET"), |(_, model)| model);
    let processors = available_parallelism().map_or(1, usize::from);
    format!("Figures of one run on {processors} × {model}, {}.", env!("BENCHES_COMPILER"))
}
