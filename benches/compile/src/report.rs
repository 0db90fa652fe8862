//! The tables.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::contestant::CONTESTANTS;
use crate::generate::Kind;
use crate::measure::Figures;

const BEGIN: &str = "<!-- compile -->";
const END: &str = "<!-- end of compile -->";

/// Figures as a markdown table, with how much more than the untraced crate in brackets.
pub(crate) fn table(kind: Kind, figures: &[Figures]) -> String {
    let mut text = format!(
        "\n| {} | check, s | debug build, s | release build, s | release build, CPU s | lines of LLVM | program, kB |\n|---|---|---|---|---|---|---|\n",
        kind.name()
    );
    let bare = figures[0];
    for (contestant, row) in CONTESTANTS.iter().zip(figures) {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} |",
            contestant.name,
            seconds(row.check.as_secs_f64(), bare.check.as_secs_f64()),
            seconds(row.debug.as_secs_f64(), bare.debug.as_secs_f64()),
            seconds(row.release.as_secs_f64(), bare.release.as_secs_f64()),
            seconds(row.release_cpu.as_secs_f64(), bare.release_cpu.as_secs_f64()),
            row.llvm_lines,
            row.bytes / 1_000,
        );
    }
    text
}

fn seconds(own: f64, bare: f64) -> String {
    if (own - bare).abs() < f64::EPSILON {
        format!("{own:.2}")
    } else {
        format!("{own:.2} ({:+.2})", own - bare)
    }
}

/// Whether ours, the second, is below all after it in every column.
pub(crate) fn ours_is_smallest(figures: &[Figures]) -> bool {
    let ours = figures[1];
    figures[2..].iter().all(|other| {
        ours.check < other.check
            && ours.debug < other.debug
            && ours.release < other.release
            && ours.release_cpu < other.release_cpu
            && ours.llvm_lines < other.llvm_lines
            && ours.bytes < other.bytes
    })
}

/// Writes the tables between the marks of a page.
pub(crate) fn update(page: &Path, text: &str) -> Result<(), String> {
    let old = fs::read_to_string(page).map_err(|error| format!("{}: {error}", page.display()))?;
    let marked = old.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = marked.ok_or_else(|| format!("{}: no {BEGIN} and {END}", page.display()))?;
    fs::write(page, format!("{before}{BEGIN}\n{text}\n{END}{after}"))
        .map_err(|error| format!("{}: {error}", page.display()))
}
