//! What spans and instruments cost here, beside other libraries and beside the limit, in one process and by turns.
//!
//! README.md says what is measured, how it is kept fair, and how to read the table.

mod arguments;
mod case;
mod clock;
mod http;
mod measure;
mod metrics;
mod pair;
mod report;
mod spans;
mod work;

use std::io::{IsTerminal, Write, stderr, stdout};
use std::process::ExitCode;

use arguments::{Arguments, Form, HELP, Task};
use case::{Case, Outcome};
use measure::Effort;
use report::Machine;
use report::table::Style;

/// The arguments were not understood.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    match Arguments::parse(std::env::args().skip(1)).and_then(|arguments| run(&arguments)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(mistake) => {
            let _ = writeln!(stderr(), "peers: {mistake}");
            ExitCode::from(USAGE)
        }
    }
}

/// Does what is asked for; true when everybody has done their work.
fn run(arguments: &Arguments) -> Result<bool, String> {
    let cases = chosen(&arguments.only)?;
    match arguments.task {
        Task::Help => return Ok(print(HELP)),
        Task::List => {
            let names = cases.iter().map(|case| format!("{:28} {}\n", case.id, case.title));
            return Ok(print(&names.collect::<String>()));
        }
        Task::Measure => {}
    }
    let machine = Machine::look(arguments.pin);
    if arguments.pin {
        pair::pin().map_err(|refused| format!("--pin is refused: {refused}"))?;
    }
    let effort = Effort { rounds: arguments.rounds, bursts: arguments.bursts };
    let outcomes: Vec<Outcome<'_>> = cases.into_iter().map(|case| measured(case, effort)).collect();
    let text = if arguments.form == Form::Json {
        format!("{:#}\n", report::json::report(&outcomes, &machine, effort))
    } else {
        let colour = stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        report::table::report(
            &outcomes,
            &machine,
            effort,
            Style { colour, all: arguments.form == Form::Everybody },
        )
    };
    let printed = print(&text);
    let mut done = true;
    for outcome in &outcomes {
        for (name, failure) in outcome.failures() {
            done = false;
            let _ = writeln!(stderr(), "peers: {}: {name}: {failure}", outcome.case.id);
        }
    }
    Ok(printed && done)
}

/// The cases that are named, or whose names begin as asked; all of them when nothing is asked.
fn chosen(only: &[String]) -> Result<Vec<&'static Case>, String> {
    let all = || spans::cases::CASES.iter().chain(metrics::cases::CASES).chain(http::cases::CASES);
    if only.is_empty() {
        return Ok(all().collect());
    }
    let is_meant = |wanted: &str, case: &Case| {
        let is_a_name = all().any(|case| case.id == wanted);
        if is_a_name { case.id == wanted } else { case.id.starts_with(wanted) }
    };
    if let Some(unknown) = only.iter().find(|wanted| !all().any(|case| is_meant(wanted, case))) {
        return Err(format!("there is no case `{unknown}`: --list names those there are"));
    }
    Ok(all().filter(|case| only.iter().any(|wanted| is_meant(wanted, case))).collect())
}

fn measured(case: &Case, effort: Effort) -> Outcome<'_> {
    if stderr().is_terminal() {
        let _ = write!(stderr(), "\r\x1b[K{}", case.id);
        let _ = stderr().flush();
    }
    let mut contestants = (case.contestants)();
    let measured = measure::run(&mut contestants, effort);
    if stderr().is_terminal() {
        let _ = write!(stderr(), "\r\x1b[K");
    }
    Outcome { case, measured }
}

/// Prints; false when nobody reads.
fn print(text: &str) -> bool {
    stdout().write_all(text.as_bytes()).is_ok()
}
