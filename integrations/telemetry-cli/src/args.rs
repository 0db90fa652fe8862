//! The arguments.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// Looks at what services record: traces, metrics and settings
#[derive(Debug, Parser)]
#[command(name = "telemetry", version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show a file of spans and metrics as a page in the browser
    View(View),
    /// Draw traces in the terminal as they come
    Tail(Tail),
    /// Ask a file one of the ready queries, or list them
    Query(Query),
    /// Show what the settings come to, where each is from, and what is wrong with them
    Check(Check),
    /// Show what processes were doing when they died
    Crash(Crash),
}

#[derive(Debug, clap::Args)]
pub(crate) struct View {
    /// The file, as telemetry-sqlite writes it; it may be written meanwhile
    pub(crate) file: PathBuf,
    /// Listen on this port of 127.0.0.1; 0 takes any free one
    #[arg(long, value_name = "N", default_value_t = 4380, conflicts_with = "listen")]
    pub(crate) port: u16,
    /// Listen on this address, such as 0.0.0.0:4380; others are only answered with --allow-any-peer
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// Also answer requests for this host
    #[arg(long, value_name = "HOST")]
    pub(crate) allow_host: Vec<String>,
    /// Answer everybody who can reach the address: what is recorded may be private
    #[arg(long)]
    pub(crate) allow_any_peer: bool,
}

impl View {
    pub(crate) fn address(&self) -> SocketAddr {
        self.listen.unwrap_or(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), self.port))
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Tail {
    /// A file of JSON lines that may grow; standard input without one
    pub(crate) file: Option<PathBuf>,
    /// Leave out what the file has already
    #[arg(long, requires = "file")]
    pub(crate) new: bool,
    /// End at the end of the file instead of waiting for more
    #[arg(long, requires = "file")]
    pub(crate) once: bool,
    /// Draw in so many columns, whatever the terminal says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(20..))]
    pub(crate) width: Option<u16>,
    /// Use colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    Always,
    Never,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Query {
    /// The file, as telemetry-sqlite writes it; it may be written meanwhile
    pub(crate) file: PathBuf,
    /// The query; without one they are listed
    pub(crate) name: Option<String>,
    /// What the query asks for: the beginning of a trace's identifier, or a metric's name
    pub(crate) value: Option<String>,
    /// Print JSON lines instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// What the service's variables begin with
    #[arg(long, value_name = "PREFIX", default_value = telemetry_core::settings::DEFAULT_PREFIX)]
    pub(crate) prefix: String,
    /// The file that stands for .env
    #[arg(long, value_name = "FILE", default_value = ".env")]
    pub(crate) env_file: PathBuf,
    /// Only settings that are not at their default
    #[arg(long)]
    pub(crate) changed: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Crash {
    /// Files of crash evidence, or directories: of these the crashes and reports of panics
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds_together() {
        use clap::CommandFactory;
        Args::command().debug_assert();
    }

    #[test]
    fn a_page_is_served_on_loopback_unless_told() {
        let parse = |line: &str| match Args::try_parse_from(line.split(' ')).map(|args| args.command) {
            Ok(Command::View(view)) => view.address().to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(parse("telemetry view spans.db"), "127.0.0.1:4380");
        assert_eq!(parse("telemetry view spans.db --port 0"), "127.0.0.1:0");
        assert_eq!(parse("telemetry view spans.db --listen [::1]:9"), "[::1]:9");
    }
}
