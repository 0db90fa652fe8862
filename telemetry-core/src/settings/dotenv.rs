//! The `.env` file, read without touching the process's environment.

use std::cell::Cell;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::candidate::Findings;
use super::environment::Environment;
use super::error::{SettingError, SettingWarning};

/// A `.env` file, or its text. Of a variable that is set twice the first line counts. `${NAME}` is replaced as
/// dotenvy does: by the process's own variable, else by an earlier line.
///
/// Other programs read the file too, by rules of their own: a malformed line is an error where it sets a variable of
/// the service's prefix or an `OTEL_*` one, and skipped without a word anywhere else. What cannot be read, the whole
/// file or lines that are not UTF-8, is a warning.
#[derive(Clone, Debug)]
pub struct DotEnv {
    path: PathBuf,
    text: Option<String>,
}

impl DotEnv {
    /// A file that is read when the settings are resolved; it may be absent.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), text: None }
    }

    /// The text of a file, with the path that messages name.
    pub fn text(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: Some(text.into()) }
    }

    /// Reads the variables; every malformed line of ours is an error and the others still count.
    pub(super) fn read(&self, ours: &dyn Fn(&str) -> bool, found: &mut Findings) -> Environment {
        let bytes = match &self.text {
            Some(text) => Ok(text.clone().into_bytes()),
            None => std::fs::read(&self.path),
        };
        match bytes {
            Ok(bytes) => parse(&self.path, bytes, ours, found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Environment::empty(),
            Err(error) => {
                let reason = error.to_string();
                found.warnings.push(SettingWarning::UnreadableFile { path: self.path.clone(), reason });
                Environment::empty()
            }
        }
    }
}

fn parse(path: &Path, bytes: Vec<u8>, ours: &dyn Fn(&str) -> bool, found: &mut Findings) -> Environment {
    let text = String::from_utf8(bytes).unwrap_or_else(|error| {
        let reason = "it has lines that are not UTF-8".to_owned();
        found.warnings.push(SettingWarning::UnreadableFile { path: path.to_owned(), reason });
        readable_lines(error.as_bytes())
    });
    let mut lines: Vec<&str> = text.strip_prefix('\u{feff}').unwrap_or(&text).split('\n').collect();
    // A malformed line is blanked and all is read again: an open quote must not take the lines behind it along.
    loop {
        match parse_lines(&lines) {
            Ok(environment) => return environment,
            Err(at) => {
                let line = std::mem::take(&mut lines[at]);
                if let Some(setting) = name_on_line(line).filter(|name| ours(name)) {
                    let (path, setting) = (path.to_owned(), Some(setting.to_owned()));
                    found.errors.push(SettingError::MalformedLine { path, line: at + 1, setting });
                }
            }
        }
    }
}

/// The lines in UTF-8, the others empty in their places.
fn readable_lines(bytes: &[u8]) -> String {
    let lines = bytes.split(|byte| *byte == b'\n').map(|line| std::str::from_utf8(line).unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// Reads the lines up to the first malformed one, whose index is the error; such a line is not blank.
fn parse_lines(lines: &[&str]) -> Result<Environment, usize> {
    // dotenvy takes blanks before the end of the file for an unfinished line.
    let text = lines.join("\n") + "\n";
    let handed_out = Rc::new(Cell::new(0));
    let reader = Lines { rest: text.as_bytes(), at_line_start: true, handed_out: Rc::clone(&handed_out) };
    let mut environment = Environment::empty();
    for item in dotenvy::Iter::new(reader) {
        match item {
            Ok((name, value)) => {
                if environment.names().all(|known| known != name) {
                    environment.set(name, value);
                }
            }
            Err(error) => {
                let span = match &error {
                    dotenvy::Error::LineParse(text, _) => text.lines().count().max(1),
                    _ => 1,
                };
                let begin = handed_out.get().saturating_sub(span);
                // Whatever the reader says, a line that is not blank is blanked next, so that this ends.
                let filled = |at: &usize| !lines[*at].is_empty();
                let at = (begin..lines.len()).find(filled).or_else(|| (0..begin).rev().find(filled));
                return at.map_or(Ok(environment), Err);
            }
        }
    }
    Ok(environment)
}

/// Hands out one line a call, so that the reader's line is known when its parser fails.
struct Lines<'a> {
    rest: &'a [u8],
    at_line_start: bool,
    handed_out: Rc<Cell<usize>>,
}

impl Read for Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let line = self.rest.iter().position(|byte| *byte == b'\n').map_or(self.rest.len(), |end| end + 1);
        let taken = line.min(buffer.len());
        buffer[..taken].copy_from_slice(&self.rest[..taken]);
        self.rest = &self.rest[taken..];
        if taken > 0 {
            self.handed_out.set(self.handed_out.get() + usize::from(self.at_line_start));
            self.at_line_start = buffer[taken - 1] == b'\n';
        }
        Ok(taken)
    }
}

/// The name a line begins with, and nothing else of it.
fn name_on_line(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    let end = line.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(line.len());
    Some(&line[..end]).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(name: &str) -> bool {
        name.starts_with("BOOKS_") || name.starts_with("OTEL_")
    }

    fn read(text: &str) -> (Environment, Vec<String>) {
        let mut found = Findings::default();
        let environment = DotEnv::text(".env", text).read(&ours, &mut found);
        assert!(found.warnings.is_empty());
        (environment, found.errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn quotes_comments_exports_and_blanks_are_understood() {
        let text = "\u{feff}# a comment\r\nA=1\r\n\nexport B='two words' # why\nC=\"a\\nb\"\nA=2\nD=last  ";
        let (environment, errors) = read(text);
        assert_eq!(errors, Vec::<String>::new());
        for (name, value) in [("A", "1"), ("B", "two words"), ("C", "a\nb"), ("D", "last")] {
            assert_eq!(environment.get(name), Some(Ok(value)), "{name}");
        }
    }

    #[test]
    fn every_malformed_line_of_ours_is_named_and_the_others_still_count() {
        let (environment, errors) =
            read("A=1\n# c\nBOOKS_ENABLED\n\nBOOKS_TOKEN=hush hush\nB=2\nexport OTEL_X=a b\nC=3");
        assert_eq!(
            errors,
            [
                "line 3 of .env (BOOKS_ENABLED) is malformed, expected NAME=value, with quotes around blanks",
                "line 5 of .env (BOOKS_TOKEN) is malformed, expected NAME=value, with quotes around blanks",
                "line 7 of .env (OTEL_X) is malformed, expected NAME=value, with quotes around blanks",
            ]
        );
        assert_eq!(environment.names().collect::<Vec<_>>(), ["A", "B", "C"]);
    }

    #[test]
    fn malformed_lines_of_others_are_skipped() {
        let text =
            "GREETING=hello world\nBOOKS_A=1\nnonsense\n=\nMOTTO=it's ours\nBOOKS_B=2\n  ?!\nBOOKS_C='3'";
        let (environment, errors) = read(text);
        assert_eq!(errors, Vec::<String>::new());
        assert_eq!(environment.names().collect::<Vec<_>>(), ["BOOKS_A", "BOOKS_B", "BOOKS_C"]);
    }

    #[test]
    fn an_open_quote_is_reported_where_it_opens_and_takes_nothing_along() {
        let (environment, errors) = read("A=1\nBOOKS_TOKEN=\"hush\nB=2\n");
        assert_eq!(errors.len(), 1);
        assert!(errors[0].starts_with("line 2 of .env (BOOKS_TOKEN) is malformed"), "{}", errors[0]);
        assert!(!errors[0].contains("hush"));
        assert_eq!(environment.names().collect::<Vec<_>>(), ["A", "B"]);
    }

    #[test]
    fn an_absent_file_is_nothing_and_an_unreadable_one_a_warning() {
        let mut found = Findings::default();
        let absent = Path::new(env!("CARGO_MANIFEST_DIR")).join("no such file");
        assert_eq!(DotEnv::file(absent).read(&ours, &mut found), Environment::empty());
        assert!(found.errors.is_empty() && found.warnings.is_empty());

        DotEnv::file(env!("CARGO_MANIFEST_DIR")).read(&ours, &mut found);
        assert!(found.errors.is_empty());
        assert!(matches!(found.warnings[..], [SettingWarning::UnreadableFile { .. }]));
    }

    #[test]
    fn lines_that_are_not_utf_8_are_left_aside_with_a_warning() {
        let mut found = Findings::default();
        let bytes = b"A=1\nBOOKS_B=\xff\nC=3\n".to_vec();
        let environment = parse(Path::new(".env"), bytes, &ours, &mut found);
        assert!(found.errors.is_empty());
        let warnings: Vec<String> = found.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(
            warnings,
            [".env cannot be read in full and counts as far as it can: it has lines that are not UTF-8"]
        );
        assert_eq!(environment.names().collect::<Vec<_>>(), ["A", "C"]);
    }
}
