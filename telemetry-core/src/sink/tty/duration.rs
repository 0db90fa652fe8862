//! Durations for a person.

/// A duration in three significant digits and the unit that suits it, such as `12.3 ms`; at most eight columns.
pub(crate) fn human(nanos: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000, "µs"), (1_000_000, "ms"), (1_000_000_000, "s")];
    if nanos < 1_000 {
        return format!("{nanos} ns");
    }
    for (unit, name) in UNITS {
        let value = nanos as f64 / unit as f64;
        // The bounds are those at which rounding would add a digit.
        if value < 9.995 {
            return format!("{value:.2} {name}");
        } else if value < 99.95 {
            return format!("{value:.1} {name}");
        } else if value < 999.5 && (name != "s" || value < 119.5) {
            return format!("{value:.0} {name}");
        }
    }
    let seconds = nanos.saturating_add(500_000_000) / 1_000_000_000;
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    match hours {
        0 => format!("{minutes}m {:02}s", seconds % 60),
        1..1_000 => format!("{hours}h {:02}m", minutes % 60),
        _ => format!("{} d", hours / 24),
    }
}

/// The time of day in UTC, to the millisecond.
pub(crate) fn time_of_day(unix_nanos: u64) -> String {
    let millis = unix_nanos / 1_000_000 % 86_400_000;
    let (hours, minutes, seconds) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}.{:03}Z", millis % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits_and_the_unit_that_suits() {
        for (nanos, expected) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_000, "1.00 µs"),
            (9_994, "9.99 µs"),
            (9_999, "10.0 µs"),
            (99_960, "100 µs"),
            (999_499, "999 µs"),
            (999_999, "1.00 ms"),
            (12_345_678, "12.3 ms"),
            (1_500_000_000, "1.50 s"),
            (119_000_000_000, "119 s"),
            (125_000_000_000, "2m 05s"),
            (3_599_600_000_000, "1h 00m"),
            (3_599_940_000_000_000, "999h 59m"),
            (3_600_000_000_000_000, "41 d"),
            (u64::MAX, "213503 d"),
        ] {
            assert_eq!(human(nanos), expected, "{nanos}");
            assert!(expected.chars().count() <= 8, "{expected}");
        }
    }

    #[test]
    fn the_time_of_day_is_utc() {
        assert_eq!(time_of_day(crate::sink::fixtures::EPOCH), "00:00:00.000Z");
        assert_eq!(time_of_day(86_399_999_999_999), "23:59:59.999Z");
    }
}
