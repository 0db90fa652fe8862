//! Counts the instructions of the hottest operations by callgrind and compares them with `instructions.txt`.
//!
//! - `cargo bench -p benches --bench instructions`: counts and prints; a name, or part of one, chooses.
//! - `… -- --check`: fails when one has risen by more than 3 %, or when the compiler or the target is another; with
//!   another clock, compares what does not read one.
//! - `… -- --update`: writes the file.
//! - `… -- --test`: runs every operation, without valgrind.

mod callgrind;
mod counted;
#[path = "../http/layers.rs"]
mod layers;
mod operations;
mod requests;
#[path = "../http/service.rs"]
mod service;

use std::process::ExitCode;

use benches::expected::{Change, Counts, TOLERANCE};
use benches::table::{Table, figure};
use operations::{OPERATIONS, Operation, Setting};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.txt");
const TO_UPDATE: &str = "cargo bench -p benches --bench instructions -- --update";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    if let [run, name] = &arguments[..]
        && run == callgrind::RUN
    {
        let operation = OPERATIONS.iter().find(|operation| operation.name == name);
        counted::run(operation.expect("the parent names an operation"));
        return ExitCode::SUCCESS;
    }
    if has("--test") {
        return match OPERATIONS.iter().try_for_each(callgrind::run) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&error),
        };
    }
    let wanted: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let all = wanted.is_empty() || has("--update");
    let chosen =
        |operation: &&Operation| all || wanted.iter().any(|part| operation.name.contains(part.as_str()));
    let now = match count(OPERATIONS.iter().filter(chosen)) {
        Ok(now) => now,
        Err(error) => return fail(&error),
    };
    if has("--update") {
        return match std::fs::write(FILE, now.to_string()) {
            Ok(()) => {
                print!("{now}");
                ExitCode::SUCCESS
            }
            Err(error) => fail(&format!("{FILE}: {error}")),
        };
    }
    match compare(&now, all) {
        Err(error) => fail(&error),
        Ok(false) if has("--check") => ExitCode::FAILURE,
        Ok(_) => ExitCode::SUCCESS,
    }
}

fn fail(error: &str) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::FAILURE
}

/// Counts operations under the conditions of here.
fn count<'a>(operations: impl Iterator<Item = &'a Operation>) -> Result<Counts, String> {
    let clock = std::fs::read_to_string("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    let conditions = [
        ("compiler", env!("BENCHES_COMPILER").to_owned()),
        ("target", env!("BENCHES_TARGET").to_owned()),
        ("clock", clock.map_or_else(|_| "unknown".to_owned(), |clock| clock.trim().to_owned())),
    ];
    let conditions = conditions.map(|(name, value)| (name.to_owned(), value)).into();
    let counts = operations.map(|operation| Ok((operation.name.to_owned(), callgrind::count(operation)?)));
    Ok(Counts { conditions, counts: counts.collect::<Result<_, String>>()? })
}

/// Prints counts beside the file's; true when the file allows them. With `all` the file may have no others.
fn compare(now: &Counts, all: bool) -> Result<bool, String> {
    let text = std::fs::read_to_string(FILE)
        .map_err(|error| format!("{FILE}: {error}; write it by: {TO_UPDATE}"))?;
    let file: Counts = text.parse().map_err(|error| format!("{FILE}: {error}"))?;
    let mut table =
        Table::new(["operation", "instructions a call", "without the bare call", "file", "change"]);
    let differences = file.differences(now);
    // Another clock is read by other instructions: what does not read it can be compared all the same.
    let only_clock = differences.len() == 1 && differences[0].starts_with("the clock ");
    let mut allowed = true;
    let mut remarks = Vec::new();
    for (name, &counted) in &now.counts {
        let reads_clock = OPERATIONS.iter().any(|it| it.name == name && it.setting == Setting::Sampled);
        let expected = file.counts.get(name).copied();
        if only_clock && reads_clock {
            remarks.push(format!("{name}: not compared, it reads another clock than the file's"));
            continue;
        }
        let bare = OPERATIONS.iter().find(|operation| operation.name == name).map_or("", |it| it.bare);
        let own = now.counts.get(bare).filter(|_| bare != name).map(|bare| counted - bare);
        let change = expected.map(|expected| (counted / expected - 1.0) * 100.0);
        table.row([
            name.clone(),
            figure(counted),
            own.map(figure).unwrap_or_default(),
            expected.map(figure).unwrap_or_default(),
            change.map(|percent| format!("{percent:+.1} %")).unwrap_or_default(),
        ]);
        let percent = TOLERANCE * 100.0;
        match Change::of(counted, expected) {
            Change::Kept => continue,
            Change::Risen => remarks.push(format!("{name}: more than {percent} % above the file")),
            Change::Missing => remarks.push(format!("{name}: not in the file; add it by: {TO_UPDATE}")),
            Change::Fallen => {
                remarks.push(format!(
                    "{name}: more than {percent} % below the file; keep the gain by: {TO_UPDATE}"
                ));
                continue;
            }
        }
        allowed = false;
    }
    for name in file.counts.keys().filter(|name| all && !now.counts.contains_key(*name)) {
        remarks.push(format!("{name}: no longer an operation; remove it by: {TO_UPDATE}"));
        allowed = false;
    }
    print!("{table}");
    if only_clock {
        remarks.extend(differences);
    } else if !differences.is_empty() {
        allowed = false;
        remarks = differences;
        remarks.push(format!("counts of other conditions say nothing; update the file by: {TO_UPDATE}"));
    }
    for remark in remarks {
        println!("{remark}");
    }
    Ok(allowed)
}
