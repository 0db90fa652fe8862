//! Durations as one types them.

/// Nanoseconds of a number with a unit: `ns`, `us` or `µs`, `ms`, `s`, `m`.
pub(super) fn nanos(text: &str) -> Option<u64> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(unit_at);
    let scale = match unit {
        "ns" => 1.0,
        "us" | "µs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        "m" => 60e9,
        _ => return None,
    };
    let number: f64 = number.parse().ok()?;
    Some((number * scale).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_with_a_unit() {
        for (text, expected) in [
            ("10ms", Some(10_000_000)),
            ("1.5s", Some(1_500_000_000)),
            ("250us", Some(250_000)),
            ("3µs", Some(3_000)),
            ("2m", Some(120_000_000_000)),
            ("99999999999999m", Some(u64::MAX)),
            ("10", None),
            ("ms", None),
            ("1.2.3s", None),
            ("-1s", None),
            ("1h", None),
        ] {
            assert_eq!(nanos(text), expected, "{text}");
        }
    }
}
