//! The rows this crate adds to the table of settings, and what they come to.

use std::net::SocketAddr;

use telemetry_core::settings::{DefaultValue, Kind, Resolved, ResolvedValue, Setting, SettingValue};

use crate::memory::Limits;

/// Where the page is served when nothing else is said.
const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4381);

/// Every row, as [`register`](crate::register) adds them to the table.
pub const SETTINGS: &[Setting] = &[
    Setting::new(
        "VIEWER_ADDRESS",
        Kind::Checked {
            accepted: "an IP address with a port, as in 127.0.0.1:4381 or [::1]:0",
            check: |text| text.parse::<SocketAddr>().is_ok(),
        },
        "Where the sink `viewer` serves its page; port 0 takes any free one, and standard error says which. Whatever the \
         address, only this machine is answered unless `VIEWER_ALLOW_ANY_PEER` says otherwise.",
    )
    .default(DefaultValue::Fixed("127.0.0.1:4381")),
    Setting::new(
        "VIEWER_ALLOW_ANY_PEER",
        Kind::Bool,
        "Whether the page answers everybody who can reach its address, and requests that were forwarded: what is recorded \
         may be private.",
    )
    .default(DefaultValue::Fixed("false")),
    Setting::new(
        "VIEWER_ALLOW_HOSTS",
        Kind::List,
        "By which names browsers may ask for the page, beside those of this machine, as in `viewer.internal`.",
    )
    .default(DefaultValue::Unset("none")),
    Setting::new(
        "VIEWER_MAX_SPANS",
        Kind::Integer { min: 1, max: 10_000_000, power_of_two: false },
        "How many recent spans the page keeps in memory, at about half a kilobyte each.",
    )
    .default(DefaultValue::Fixed("30000")),
];

/// What is served, where, and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) address: SocketAddr,
    pub(crate) any_peer: bool,
    pub(crate) hosts: Vec<String>,
    pub(crate) limits: Limits,
}

impl Options {
    pub(crate) fn of(resolved: &Resolved) -> Self {
        let value = |name| resolved.get(name).map(ResolvedValue::value);
        let spans = value("VIEWER_MAX_SPANS").and_then(|value| usize::try_from(value.as_integer()?).ok());
        let hosts = value("VIEWER_ALLOW_HOSTS").and_then(SettingValue::as_list);
        Self {
            address: value("VIEWER_ADDRESS")
                .and_then(|value| value.as_text()?.parse().ok())
                .unwrap_or(ADDRESS),
            any_peer: value("VIEWER_ALLOW_ANY_PEER").and_then(SettingValue::as_bool).unwrap_or(false),
            hosts: hosts.map(<[String]>::to_vec).unwrap_or_default(),
            limits: Limits { spans: spans.unwrap_or(Limits::DEFAULT.spans), ..Limits::DEFAULT },
        }
    }
}

#[cfg(test)]
mod tests {
    use telemetry_core::settings::{Environment, Resolver};

    use super::*;

    fn options(variables: &[(&str, &str)]) -> Result<Options, String> {
        let environment: Environment = variables.iter().copied().collect();
        let resolved = Resolver::new().rows(SETTINGS).environment(environment).resolve();
        resolved.map(|resolved| Options::of(&resolved)).map_err(|errors| errors.to_string())
    }

    #[test]
    fn nothing_said_is_this_machine_alone() {
        let expected =
            Options { address: ADDRESS, any_peer: false, hosts: Vec::new(), limits: Limits::DEFAULT };
        assert_eq!(options(&[]), Ok(expected));
        assert!(ADDRESS.ip().is_loopback());
    }

    #[test]
    fn all_of_it_can_be_said() {
        let said = options(&[
            ("TELEMETRY_VIEWER_ADDRESS", "[::]:80"),
            ("TELEMETRY_VIEWER_ALLOW_ANY_PEER", "yes"),
            ("TELEMETRY_VIEWER_ALLOW_HOSTS", "desk, viewer.internal"),
            ("TELEMETRY_VIEWER_MAX_SPANS", "7"),
        ]);
        let expected = Options {
            address: "[::]:80".parse().unwrap(),
            any_peer: true,
            hosts: vec!["desk".to_owned(), "viewer.internal".to_owned()],
            limits: Limits { spans: 7, ..Limits::DEFAULT },
        };
        assert_eq!(said, Ok(expected));
    }

    #[test]
    fn what_is_no_address_is_refused_with_what_is_one() {
        for address in ["localhost:80", "127.0.0.1", "4381", "http://127.0.0.1:80", "127.0.0.1:65536"] {
            let said = options(&[("TELEMETRY_VIEWER_ADDRESS", address)]).unwrap_err();
            let expected = format!(
                "\"{address}\" is not accepted, expected an IP address with a port, as in 127.0.0.1:4381 or [::1]:0"
            );
            assert!(said.ends_with(&expected), "{said}");
        }
    }
}
