//! The program itself, started as anybody would.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

fn bookstore(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bookstore"));
    command.args(arguments);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TELEMETRY_") || name.to_string_lossy().starts_with("OTEL_") {
            command.env_remove(name);
        }
    }
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn run(arguments: &[&str]) -> Output {
    bookstore(arguments).output().unwrap()
}

#[test]
fn a_mistake_on_the_command_line_shows_the_usage_and_exits_2() {
    let output = run(&["--port", "eighty"]);
    assert_eq!(output.status.code(), Some(2));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("`--port` is `eighty`, which is not a port from 0 to 65535"), "{stderr}");
    assert!(stderr.contains("usage: bookstore"), "{stderr}");
    assert_eq!(text(&output.stdout), "");
}

#[test]
fn help_goes_to_standard_output() {
    let output = run(&["--help"]);
    assert!(output.status.success());
    assert!(text(&output.stdout).starts_with("usage: bookstore"));
}

#[test]
fn a_taken_port_is_named_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&["--listen", &address]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = text(&output.stderr);
    assert!(stderr.contains(&format!("cannot listen on {address}")) && stderr.contains("--port"), "{stderr}");
}

#[test]
fn an_unusable_database_is_named() {
    let output = run(&["--port", "0", "--database", "/nowhere/at/all/books.db"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("cannot open the database /nowhere/at/all/books.db"));
}

#[cfg(unix)]
#[test]
fn a_request_to_terminate_stops_the_server_cleanly() {
    let mut server =
        bookstore(&["--port", "0"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(server.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("listening on http://127.0.0.1:") {
        line.clear();
        assert_ne!(stdout.read_line(&mut line).unwrap(), 0, "the server says where it listens");
    }
    let killed = Command::new("kill").args(["-TERM", &server.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert!(server.wait().unwrap().success(), "{rest}");
}
