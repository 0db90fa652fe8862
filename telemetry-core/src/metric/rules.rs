//! The rules of names that can be checked while a program is compiled: for `metric!`, where a name is a constant, and
//! for a registry.

/// Units a name may end in without a declaration, so that the exposition can name them.
const BASE_UNITS: [&str; 10] =
    ["seconds", "bytes", "ratio", "celsius", "meters", "grams", "joules", "volts", "amperes", "hertz"];

/// Whether Prometheus accepts the name of a metric, `[a-zA-Z_:][a-zA-Z0-9_:]*`; `_total` alone names nothing.
pub const fn is_metric_name(name: &str) -> bool {
    is_name(name.as_bytes(), true) && !matches!(name.as_bytes(), b"_total")
}

/// Whether Prometheus accepts the name of a label, `[a-zA-Z_][a-zA-Z0-9_]*`.
pub(super) const fn is_label_name(name: &str) -> bool {
    is_name(name.as_bytes(), false)
}

/// Whether the name is one of the framework's own.
pub const fn is_own_name(name: &str) -> bool {
    let (own, name) = (b"telemetry_", name.as_bytes());
    name.len() >= own.len() && same(name.split_at(own.len()).0, own)
}

/// Whether the name is that of a counter.
pub const fn ends_in_total(name: &str) -> bool {
    without(name.as_bytes(), b"_total").is_some()
}

/// Whether the name ends in the unit, before `_total`.
pub const fn ends_in_unit(name: &str, unit: &str) -> bool {
    match without(stem(name.as_bytes()), unit.as_bytes()) {
        Some(rest) => rest.len() > 1 && rest[rest.len() - 1] == b'_',
        None => false,
    }
}

/// The base unit the name ends in.
pub const fn base_unit(name: &str) -> Option<&'static str> {
    let mut at = 0;
    while at < BASE_UNITS.len() {
        if ends_in_unit(name, BASE_UNITS[at]) {
            return Some(BASE_UNITS[at]);
        }
        at += 1;
    }
    None
}

/// Whether there is something to read.
pub const fn says_something(help: &str) -> bool {
    !help.trim_ascii().is_empty()
}

const fn is_name(name: &[u8], colons: bool) -> bool {
    let mut at = 0;
    while at < name.len() {
        let accepted = match name[at] {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => true,
            b'0'..=b'9' => at > 0,
            b':' => colons,
            _ => false,
        };
        if !accepted {
            return false;
        }
        at += 1;
    }
    !name.is_empty()
}

const fn stem(name: &[u8]) -> &[u8] {
    match without(name, b"_total") {
        Some(stem) => stem,
        None => name,
    }
}

/// What stands before `end`, if the text ends so.
const fn without<'t>(text: &'t [u8], end: &[u8]) -> Option<&'t [u8]> {
    if text.len() < end.len() {
        return None;
    }
    let (before, last) = text.split_at(text.len() - end.len());
    if same(last, end) { Some(before) } else { None }
}

const fn same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    one.len() == other.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_prometheus_accepts() {
        for name in ["a", "_", ":", "a1:b_total", "A", "__total"] {
            assert!(is_metric_name(name), "{name}");
        }
        for name in ["", "1a", "a-b", "a b", "é", "_total"] {
            assert!(!is_metric_name(name), "{name}");
        }
        assert!(is_label_name("a_1") && !is_label_name("a:b") && !is_label_name(""));
        assert!(is_own_name("telemetry_x") && !is_own_name("telemetry") && !is_own_name("x_telemetry_"));
    }

    #[test]
    fn units_are_the_end_of_the_name() {
        let units = ["a_seconds", "a_seconds_total", "seconds", "_seconds", "aseconds", "a_bytes_read"]
            .map(base_unit);
        assert_eq!(units, [Some("seconds"), Some("seconds"), None, None, None, None]);
        assert!(ends_in_unit("read_pages_total", "pages") && !ends_in_unit("pages_total", "pages"));
        assert!(ends_in_total("a_total") && !ends_in_total("a_totals") && !ends_in_total("total"));
        assert!(says_something(" a") && !says_something(" \n"));
    }
}
