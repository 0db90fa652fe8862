//! Draws the pictures of traces in the README and the guide, from what a program has shown.
//!
//! Reads a terminal's output, colours and all, from standard input, and writes those traces as SVG whose first line
//! has one of the texts given, the first of each:
//!
//! ```sh
//! CLICOLOR_FORCE=1 cargo run -q --bin bookstore -- --drive 200 |
//!     cargo run -q -p guide --example picture -- 'POST /orders' 'GET /reports' > docs/pictures/traces.svg
//! ```
#![forbid(unsafe_code)]

use std::error::Error;
use std::io::{self, Read, Write};

use anstyle::RgbColor;
use anstyle_svg::{Palette, Term};

/// The sixteen colours of a terminal, light enough for a dark ground.
const COLOURS: [RgbColor; 16] = [
    RgbColor(0x48, 0x4f, 0x58),
    RgbColor(0xff, 0x7b, 0x72),
    RgbColor(0x3f, 0xb9, 0x50),
    RgbColor(0xd2, 0x99, 0x22),
    RgbColor(0x58, 0xa6, 0xff),
    RgbColor(0xbc, 0x8c, 0xff),
    RgbColor(0x39, 0xc5, 0xcf),
    RgbColor(0xb1, 0xba, 0xc4),
    RgbColor(0x6e, 0x76, 0x81),
    RgbColor(0xff, 0xa1, 0x98),
    RgbColor(0x56, 0xd3, 0x64),
    RgbColor(0xe3, 0xb3, 0x41),
    RgbColor(0x79, 0xc0, 0xff),
    RgbColor(0xd2, 0xa8, 0xff),
    RgbColor(0x56, 0xd4, 0xdd),
    RgbColor(0xf0, 0xf6, 0xfc),
];
const FOREGROUND: RgbColor = RgbColor(0xd8, 0xdc, 0xe2);
const BACKGROUND: RgbColor = RgbColor(0x16, 0x1b, 0x22);
/// What the first line of a trace begins with.
const HEAD: char = '▌';

fn main() -> Result<(), Box<dyn Error>> {
    let mut shown = String::new();
    io::stdin().read_to_string(&mut shown)?;
    let traces: Vec<&str> = shown.split("\n\n").filter(|trace| trace.contains(HEAD)).collect();
    let mut chosen = Vec::new();
    for text in std::env::args().skip(1) {
        let wanted = |trace: &&&str| trace.lines().nth(1).is_some_and(|line| line.contains(&text));
        let trace = traces.iter().find(wanted).ok_or_else(|| format!("no trace begins with {text:?}"))?;
        chosen.push(trace.trim_matches('\n'));
    }
    let terminal =
        Term::new().palette(Palette::from(COLOURS)).fg_color(FOREGROUND.into()).bg_color(BACKGROUND.into());
    let svg = terminal.render_svg(&(chosen.join("\n\n") + "\n"));
    io::stdout().write_all(svg.as_bytes())?;
    Ok(())
}
