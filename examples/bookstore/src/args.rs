//! The command line.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// What `--help` prints, and what follows every mistake.
pub const USAGE: &str = "\
usage: bookstore [--port N | --listen ADDR] [--database PATH] [--inventory ADDR] [--drive N] [--sinks A,B]
       bookstore inventory [--port N | --listen ADDR] [--sinks A,B]
       bookstore --manifest

  --port N         listen on 127.0.0.1:N; 0 takes any free port (default 8080)
  --listen ADDR    listen on this address and port, such as 0.0.0.0:8080
  --database PATH  keep the books in this file (default: a temporary one)
  --inventory ADDR ask the inventory at this address for stock; a drive starts one of its own
  --drive N        send itself N requests, print what was recorded, and stop;
                   with JSON lines on standard output the summary goes to standard error
  --sinks A,B      send traces and metrics there, instead of what TELEMETRY_SINKS says
  --manifest       print every metric it has, as JSON, and stop: what deploy/ is made from
  --help           print this

`bookstore inventory` is the second service, on port 8081; --attached stops it when its standard input ends.
";

const DEFAULT_PORT: u16 = 8080;
const INVENTORY_PORT: u16 = 8081;

/// What the command line asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Serve, and perhaps drive.
    Serve(Args),
    /// Be the inventory.
    Inventory(InventoryArgs),
    /// Print what can be measured, and leave.
    Manifest,
    /// Print the usage and leave.
    Help,
}

/// How to be the inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventoryArgs {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The names of the sinks; none for what the settings say.
    pub sinks: Option<Vec<String>>,
    /// Whether to stop when standard input ends.
    pub attached: bool,
}

/// How to serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Args {
    /// Where to listen.
    pub listen: SocketAddr,
    /// True when `listen` was chosen by the user, false when it is the default.
    pub listen_given: bool,
    /// The database file; none for a temporary one.
    pub database: Option<PathBuf>,
    /// Where the inventory is; none where there is none.
    pub inventory: Option<SocketAddr>,
    /// How many requests to send itself; none to serve until told to stop.
    pub drive: Option<u32>,
    /// The names of the sinks; none for what the settings say.
    pub sinks: Option<Vec<String>>,
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
    NoValue(&'static str),
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
    /// An argument given twice.
    #[error("`{0}` is given twice")]
    Twice(&'static str),
    /// Both ways to say where to listen.
    #[error("`--port` and `--listen` cannot be given together: `--listen` already names the port")]
    PortAndListen,
}

/// Reads the arguments that follow the program's name; a value stands after its argument or behind `=`.
///
/// # Errors
/// The first mistake found, naming the argument, its value and what is accepted.
pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command, ArgsError> {
    let (mut port, mut listen, mut database, mut drive, mut sinks) = (None, None, None, None, None);
    let (mut inventory, mut attached) = (None, false);
    let mut rest = arguments.into_iter().peekable();
    let is_inventory = rest.next_if(|first| first == "inventory").is_some();
    while let Some(argument) = rest.next() {
        let (name, inline) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (argument.as_str(), None),
        };
        let mut value = |name| inline.clone().or_else(|| rest.next()).ok_or(ArgsError::NoValue(name));
        match name {
            "--port" => {
                set(&mut port, "--port", number(value("--port")?, "--port", "a port from 0 to 65535")?)?;
            }
            "--listen" => set(&mut listen, "--listen", address("--listen", value("--listen")?)?)?,
            "--attached" if is_inventory && inline.is_none() => attached = true,
            "--database" | "--inventory" | "--drive" if is_inventory => {
                return Err(ArgsError::Unknown(argument));
            }
            "--inventory" => {
                set(&mut inventory, "--inventory", address("--inventory", value("--inventory")?)?)?;
            }
            "--database" => set(&mut database, "--database", path(value("--database")?)?)?,
            "--drive" => set(&mut drive, "--drive", requests(value("--drive")?)?)?,
            "--sinks" => set(&mut sinks, "--sinks", names(value("--sinks")?)?)?,
            "--manifest" if inline.is_none() && !is_inventory => return Ok(Command::Manifest),
            "--help" | "-h" if inline.is_none() => return Ok(Command::Help),
            _ => return Err(ArgsError::Unknown(argument)),
        }
    }
    if port.is_some() && listen.is_some() {
        return Err(ArgsError::PortAndListen);
    }
    let listen_given = port.is_some() || listen.is_some();
    let loopback = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let default_port = if is_inventory { INVENTORY_PORT } else { DEFAULT_PORT };
    let listen = listen.unwrap_or_else(|| loopback(port.unwrap_or(default_port)));
    if is_inventory {
        return Ok(Command::Inventory(InventoryArgs { listen, sinks, attached }));
    }
    Ok(Command::Serve(Args { listen, listen_given, database, inventory, drive, sinks }))
}

fn set<T>(slot: &mut Option<T>, name: &'static str, value: T) -> Result<(), ArgsError> {
    if slot.replace(value).is_some() { Err(ArgsError::Twice(name)) } else { Ok(()) }
}

fn number<T: std::str::FromStr>(
    value: String,
    name: &'static str,
    accepted: &'static str,
) -> Result<T, ArgsError> {
    value.parse().map_err(|_| ArgsError::Value { name, value, accepted })
}

fn requests(value: String) -> Result<u32, ArgsError> {
    let accepted = "a number of requests from 1 to 1000000";
    match value.parse() {
        Ok(count @ 1..=1_000_000) => Ok(count),
        _ => Err(ArgsError::Value { name: "--drive", value, accepted }),
    }
}

fn address(name: &'static str, value: String) -> Result<SocketAddr, ArgsError> {
    number(value, name, "an address with a port, such as 0.0.0.0:8080 or [::1]:8080")
}

fn path(value: String) -> Result<PathBuf, ArgsError> {
    if value.is_empty() {
        return Err(ArgsError::Value { name: "--database", value, accepted: "the path of a file" });
    }
    Ok(PathBuf::from(value))
}

fn names(value: String) -> Result<Vec<String>, ArgsError> {
    let names: Vec<String> = value.split(',').map(|name| name.trim().to_owned()).collect();
    if names.iter().any(String::is_empty) {
        return Err(ArgsError::Value {
            name: "--sinks",
            value,
            accepted: "a list of names, such as tty,prometheus",
        });
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, ArgsError> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    fn served(line: &str) -> Args {
        match parsed(line) {
            Ok(Command::Serve(args)) => args,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn nothing_said_serves_on_loopback_8080() {
        let args = served("");
        assert_eq!(args.listen.to_string(), "127.0.0.1:8080");
        assert!(!args.listen_given);
        assert_eq!((args.database, args.drive, args.sinks), (None, None, None));
    }

    #[test]
    fn values_stand_behind_a_space_or_an_equals_sign() {
        let args = served("--port=0 --drive 200 --database=/tmp/books.db");
        assert_eq!(args.listen.to_string(), "127.0.0.1:0");
        assert!(args.listen_given);
        assert_eq!(args.drive, Some(200));
        assert_eq!(args.database, Some(PathBuf::from("/tmp/books.db")));
        assert_eq!(
            served("--sinks tty,prometheus").sinks,
            Some(vec!["tty".to_owned(), "prometheus".to_owned()])
        );
        assert_eq!(served("--listen [::1]:9000").listen.to_string(), "[::1]:9000");
    }

    #[test]
    fn help_wins_over_what_follows() {
        assert_eq!(parsed("--help --port x"), Ok(Command::Help));
    }

    #[test]
    fn every_mistake_names_the_argument_the_value_and_what_is_accepted() {
        let message = |line| parsed(line).unwrap_err().to_string();
        assert_eq!(message("--port 70000"), "`--port` is `70000`, which is not a port from 0 to 65535");
        assert_eq!(
            message("--listen localhost"),
            "`--listen` is `localhost`, which is not an address with a port, such as 0.0.0.0:8080 or [::1]:8080"
        );
        assert_eq!(
            message("--drive 0"),
            "`--drive` is `0`, which is not a number of requests from 1 to 1000000"
        );
        assert_eq!(message("--drive"), "`--drive` needs a value");
        assert_eq!(message("--database="), "`--database` is ``, which is not the path of a file");
        assert_eq!(message("--prot 1"), "unknown argument `--prot`");
        assert_eq!(message("--port 1 --port 2"), "`--port` is given twice");
        assert!(message("--port 1 --listen 0.0.0.0:1").contains("cannot be given together"));
    }
}
