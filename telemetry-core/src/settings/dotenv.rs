//! The `.env` file, read without touching the process's environment.

use std::cell::Cell;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::environment::Environment;
use super::error::SettingError;

/// A `.env` file, or its text. Of a variable that is set twice the first line counts. `${NAME}` is replaced as
/// dotenvy does: by the process's own variable, else by an earlier line.
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

    /// Reads the variables; every malformed line goes to `errors` and the others still count.
    pub(super) fn read(&self, errors: &mut Vec<SettingError>) -> Environment {
        let bytes = match &self.text {
            Some(text) => Ok(text.clone().into_bytes()),
            None => std::fs::read(&self.path),
        };
        match bytes {
            Ok(bytes) => parse(&self.path, bytes, errors),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Environment::empty(),
            Err(source) => {
                errors.push(SettingError::UnreadableFile { path: self.path.clone(), source });
                Environment::empty()
            }
        }
    }
}

fn parse(path: &Path, mut bytes: Vec<u8>, errors: &mut Vec<SettingError>) -> Environment {
    const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
    if bytes.starts_with(BYTE_ORDER_MARK) {
        bytes.drain(..BYTE_ORDER_MARK.len());
    }
    // dotenvy takes blanks before the end of the file for an unfinished line.
    bytes.push(b'\n');
    let handed_out = Rc::new(Cell::new(0));
    let lines = Lines { rest: &bytes, at_line_start: true, handed_out: Rc::clone(&handed_out) };

    let mut environment = Environment::empty();
    for item in dotenvy::Iter::new(lines) {
        match item {
            Ok((name, value)) => {
                if environment.names().all(|known| known != name) {
                    environment.set(name, value);
                }
            }
            Err(dotenvy::Error::Io(source)) => {
                errors.push(SettingError::UnreadableFile { path: path.to_owned(), source });
                break;
            }
            Err(dotenvy::Error::LineParse(text, _)) => {
                let line = (handed_out.get() + 1).saturating_sub(text.lines().count().max(1));
                let setting = name_on_line(&bytes, line);
                errors.push(SettingError::MalformedLine { path: path.to_owned(), line, setting });
            }
            Err(_) => {
                let line = handed_out.get();
                errors.push(SettingError::MalformedLine { path: path.to_owned(), line, setting: None });
            }
        }
    }
    environment
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

/// The name before the first `=` of a line, and nothing else of it.
fn name_on_line(bytes: &[u8], line: usize) -> Option<String> {
    let text = std::str::from_utf8(bytes.split(|byte| *byte == b'\n').nth(line.checked_sub(1)?)?).ok()?;
    let (name, _) = text.split_once('=')?;
    let name = name.trim();
    let name = name.strip_prefix("export ").unwrap_or(name).trim();
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Environment, Vec<String>) {
        let mut errors = Vec::new();
        let environment = DotEnv::text(".env", text).read(&mut errors);
        (environment, errors.iter().map(ToString::to_string).collect())
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
    fn every_malformed_line_is_named_and_the_others_still_count() {
        let (environment, errors) = read("A=1\n# c\nnonsense\n\nTOKEN=hush hush\nB=2\n");
        assert_eq!(
            errors,
            [
                "line 3 of .env is malformed, expected NAME=value, with quotes around blanks",
                "line 5 of .env (TOKEN) is malformed, expected NAME=value, with quotes around blanks",
            ]
        );
        assert_eq!(environment.names().collect::<Vec<_>>(), ["A", "B"]);
    }

    #[test]
    fn an_open_quote_is_reported_where_it_opens() {
        let (_, errors) = read("A=1\nTOKEN=\"hush\nB=2\n");
        assert_eq!(errors.len(), 1);
        assert!(errors[0].starts_with("line 2 of .env (TOKEN) is malformed"), "{}", errors[0]);
        assert!(!errors[0].contains("hush"));
    }

    #[test]
    fn an_absent_file_is_no_error_and_an_unreadable_one_is() {
        let mut errors = Vec::new();
        let absent = Path::new(env!("CARGO_MANIFEST_DIR")).join("no such file");
        assert_eq!(DotEnv::file(absent).read(&mut errors), Environment::empty());
        assert!(errors.is_empty());

        DotEnv::file(env!("CARGO_MANIFEST_DIR")).read(&mut errors);
        assert!(matches!(errors[..], [SettingError::UnreadableFile { .. }]));
    }

    #[test]
    fn a_file_that_is_not_utf_8_is_an_error() {
        let mut errors = Vec::new();
        let environment = parse(Path::new(".env"), b"A=1\nB=\xff\nC=3\n".to_vec(), &mut errors);
        assert!(matches!(errors[..], [SettingError::UnreadableFile { .. }]));
        assert_eq!(environment.get("A"), Some(Ok("1")));
    }
}
