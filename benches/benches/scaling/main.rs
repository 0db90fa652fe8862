//! What the costs do while the work grows: slots, series, threads, depth.
//!
//! - `cargo bench -p benches --bench scaling`: a table for each, and a failure where one grows faster than its bound;
//!   a part of a name chooses.
//! - `… -- --update`: also writes the tables to README.md.
//! - `… -- --test`: the smallest size of each, once.
//!
//! Every size is measured in a process of its own, since a process has one ring and keeps its series; the sizes take
//! turns, so that a slow minute of the machine falls on all of them.

mod nesting;
mod ring;
mod series;
mod short_lived;
mod spent;
mod threads;

use std::process::{Command, ExitCode};

use benches::growth::{Passes, Row};

const ROWS: [&Row; 6] =
    [&ring::ROW, &series::ROW, &threads::SPANS, &threads::COUNTERS, &nesting::ROW, &short_lived::ROW];
/// How often each size gets its turn.
const PASSES: usize = 5;
/// The argument after which a row's number and a size follow: one measurement in this process.
const ONE: &str = "--one";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [one, row, size] = &arguments[..]
        && one == ONE
    {
        let parsed = |text: &String| text.parse::<usize>().expect("the parent passes numbers");
        let figures = (ROWS[parsed(row)].measure)(parsed(size));
        println!("{}", figures.iter().map(f64::to_string).collect::<Vec<_>>().join(" "));
        return ExitCode::SUCCESS;
    }
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let test = has("--test");
    let wanted: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let (mut broken, mut tables) = (Vec::new(), String::new());
    for (number, row) in ROWS.iter().enumerate() {
        if !wanted.is_empty() && !wanted.iter().any(|part| row.name.contains(part.as_str())) {
            continue;
        }
        let (sizes, passes) = if test { (1, 1) } else { (row.sizes.len(), PASSES) };
        match measure(number, &row.sizes[..sizes], passes) {
            Ok(_) if test => println!("{}: ran", row.name),
            Ok(figures) => {
                let (table, lines) = row.report(&figures);
                println!("{table}");
                tables.push_str(&table);
                tables.push('\n');
                broken.extend(lines);
            }
            Err(error) => broken.push(format!("{}: {error}", row.name)),
        }
    }
    if has("--update") && wanted.is_empty() {
        broken.extend(benches::readme::update("scaling", &tables).err());
    }
    for line in &broken {
        println!("{line}");
    }
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Measures the sizes of a row in turns.
fn measure(row: usize, sizes: &[usize], passes: usize) -> Result<Passes, String> {
    let mut figures = vec![vec![Vec::new(); ROWS[row].columns.len()]; sizes.len()];
    for _ in 0..passes {
        for (size, columns) in sizes.iter().zip(&mut figures) {
            for (column, value) in columns.iter_mut().zip(one(row, *size)?) {
                column.push(value);
            }
        }
    }
    Ok(figures)
}

/// One measurement in a process of its own.
fn one(row: usize, size: usize) -> Result<Vec<f64>, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(program)
        .args([ONE, &row.to_string(), &size.to_string()])
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("at {size}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    text.split_whitespace().map(|value| value.parse().map_err(|_| format!("at {size}: {text:?}"))).collect()
}
