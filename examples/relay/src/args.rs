//! The command line.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use telemetry_core::propagate::Keys;

/// What `--help` prints, and what follows every mistake.
pub const USAGE: &str = "\
usage: relay [--port N | --listen ADDR] [--keys LEVEL]

  --port N        listen on 127.0.0.1:N; 0 takes any free port (default 5000)
  --listen ADDR   listen on this address and port, such as 0.0.0.0:5000
  --keys LEVEL    the level of W3C Trace Context whose tracestate keys are accepted: 2, as the
                  conformance suite asks since June 2026, or 1, as it asked before (default 2)
  --help          print this
";

const DEFAULT_PORT: u16 = 5_000;

/// What the command line asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Serve.
    Serve(Args),
    /// Print the usage and leave.
    Help,
}

/// How to serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Args {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Which keys a `tracestate` may have.
    pub keys: Keys,
}

/// A mistake on the command line.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArgsError {
    /// An argument nobody knows.
    #[error("unknown argument `{0}`")]
    Unknown(String),
    /// An argument that needs a value came last.
    #[error("`{0}` needs a value")]
    NoValue(String),
    /// A value that is not of the argument's kind.
    #[error("`{name}` is `{value}`, which is not {accepted}")]
    Value {
        /// The argument.
        name: &'static str,
        /// What was given.
        value: String,
        /// What is accepted.
        accepted: &'static str,
    },
}

/// Reads the arguments that follow the program's name; of one that is given twice the last counts.
///
/// # Errors
/// The first mistake found, naming the argument, its value and what is accepted.
pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command, ArgsError> {
    let mut args = Args { listen: loopback(DEFAULT_PORT), keys: Keys::Level2 };
    let mut rest = arguments.into_iter();
    while let Some(argument) = rest.next() {
        let (name, inline) = match argument.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (argument.clone(), None),
        };
        let mut value = || inline.clone().or_else(|| rest.next()).ok_or(ArgsError::NoValue(name.clone()));
        match name.as_str() {
            "--port" => args.listen = loopback(read("--port", value()?, "a port from 0 to 65535")?),
            "--listen" => {
                args.listen = read("--listen", value()?, "an address with a port, such as 0.0.0.0:5000")?;
            }
            "--keys" => args.keys = keys(value()?)?,
            "--help" | "-h" if inline.is_none() => return Ok(Command::Help),
            _ => return Err(ArgsError::Unknown(argument)),
        }
    }
    Ok(Command::Serve(args))
}

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

fn read<T: std::str::FromStr>(
    name: &'static str,
    value: String,
    accepted: &'static str,
) -> Result<T, ArgsError> {
    value.parse().map_err(|_| ArgsError::Value { name, value, accepted })
}

fn keys(value: String) -> Result<Keys, ArgsError> {
    match value.as_str() {
        "1" => Ok(Keys::Level1),
        "2" => Ok(Keys::Level2),
        _ => Err(ArgsError::Value { name: "--keys", value, accepted: "1 or 2" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, ArgsError> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn a_port_an_address_and_a_level_can_be_given() {
        for (line, listen, keys) in [
            ("", "127.0.0.1:5000", Keys::Level2),
            ("--port 0", "127.0.0.1:0", Keys::Level2),
            ("--listen=[::1]:80 --keys 1", "[::1]:80", Keys::Level1),
        ] {
            let args = Args { listen: listen.parse().unwrap(), keys };
            assert_eq!(parsed(line), Ok(Command::Serve(args)), "{line}");
        }
        assert_eq!(parsed("--port 1 -h"), Ok(Command::Help));
    }

    #[test]
    fn a_mistake_says_what_is_accepted() {
        for (line, said) in [
            ("--port x", "`--port` is `x`, which is not a port from 0 to 65535"),
            ("--port 65536", "`--port` is `65536`, which is not a port from 0 to 65535"),
            ("--port", "`--port` needs a value"),
            ("--keys 3", "`--keys` is `3`, which is not 1 or 2"),
            ("--quiet", "unknown argument `--quiet`"),
        ] {
            assert_eq!(parsed(line).unwrap_err().to_string(), said);
        }
    }
}
