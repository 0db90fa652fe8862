//! The sink that suits the standard output.

use std::io::{self, IsTerminal};

use super::{Sink, StdoutSink, TtySink};

/// The span tree when standard output is a terminal, JSON lines otherwise.
///
/// # Examples
/// ```
/// let sink = telemetry_core::sink::auto();
/// assert!(["tty", "stdout"].contains(&sink.name()));
/// ```
pub fn auto() -> Box<dyn Sink> {
    for_terminal(io::stdout().is_terminal())
}

fn for_terminal(is_terminal: bool) -> Box<dyn Sink> {
    if is_terminal { Box::new(TtySink::new()) } else { Box::new(StdoutSink::new()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_the_tree_and_everything_else_json() {
        assert_eq!(for_terminal(true).name(), "tty");
        assert_eq!(for_terminal(false).name(), "stdout");
    }
}
