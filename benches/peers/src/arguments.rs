//! The command line.

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Arguments {
    pub(crate) task: Task,
    /// Cases by the beginning of their names; all of them when empty.
    pub(crate) only: Vec<String>,
    pub(crate) form: Form,
    /// Keep each of the two threads on a processor of its own.
    pub(crate) pin: bool,
    pub(crate) rounds: usize,
    pub(crate) bursts: usize,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Measure,
    /// Name the cases.
    List,
    Help,
}

/// How to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A line a case.
    Table,
    /// A line for every contestant beside.
    Everybody,
    Json,
}

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Compares spans and instruments with other libraries and with the limit, in one process, by turns.

  --only CASE   a case, or all cases whose names begin so; may be given more than once
  --list        name the cases and measure nothing
  --all         a line for every contestant
  --json        everything that was measured, for machines
  --rounds N    rounds of a case, 1 or more; default 31
  --bursts N    bursts in a turn, 1 or more; default 8
  --pin         keep each of the two measuring threads on a processor of its own

Exits with 1 when a contestant has not done its work, with 2 when the arguments are not understood.
";

impl Arguments {
    /// Reads the arguments after the program's name.
    ///
    /// # Errors
    /// What was not understood, and what is.
    pub(crate) fn parse(mut given: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self {
            task: Task::Measure,
            only: Vec::new(),
            form: Form::Table,
            pin: false,
            rounds: 31,
            bursts: 8,
        };
        while let Some(argument) = given.next() {
            match argument.as_str() {
                "--only" => arguments.only.push(given.next().ok_or("--only expects the name of a case")?),
                "--rounds" => arguments.rounds = number("--rounds", given.next())?,
                "--bursts" => arguments.bursts = number("--bursts", given.next())?,
                "--list" => arguments.task = Task::List,
                "--json" => arguments.form = Form::Json,
                "--all" => arguments.form = Form::Everybody,
                "--pin" => arguments.pin = true,
                "--help" | "-h" => arguments.task = Task::Help,
                other => return Err(format!("`{other}` is not an argument: --help names those there are")),
            }
        }
        Ok(arguments)
    }
}

fn number(name: &str, value: Option<String>) -> Result<usize, String> {
    let value = value.unwrap_or_default();
    match value.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!("{name} expects a whole number from 1, not `{value}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn nothing_given_measures_everything() {
        let arguments = parse("").unwrap();
        assert_eq!((arguments.only.len(), arguments.rounds, arguments.bursts), (0, 31, 8));
        assert_eq!((arguments.task, arguments.form, arguments.pin), (Task::Measure, Form::Table, false));
    }

    #[test]
    fn cases_can_be_chosen_more_than_once() {
        let arguments = parse("--only span/tree --json --only metric --rounds 3").unwrap();
        assert_eq!(arguments.only, ["span/tree", "metric"]);
        assert_eq!((arguments.form, arguments.rounds), (Form::Json, 3));
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(parse("--fast").unwrap_err(), "`--fast` is not an argument: --help names those there are");
        assert_eq!(parse("--rounds 0").unwrap_err(), "--rounds expects a whole number from 1, not `0`");
        assert_eq!(parse("--only").unwrap_err(), "--only expects the name of a case");
    }
}
