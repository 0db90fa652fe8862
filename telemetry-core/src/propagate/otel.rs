//! The member of OpenTelemetry in a `tracestate`: `ot=th:…;rv:…`, what consistent probability sampling says of a trace.

use super::tracestate::TraceState;

/// The member's key.
const KEY: &str = "ot";
/// Hexadecimal digits of a threshold and of a randomness: 56 bits.
const DIGITS: usize = 14;

/// The threshold by which the trace was sampled, of 56 bits: digits that are left out are zeros.
pub(super) fn threshold(state: &TraceState) -> Option<u64> {
    let digits = field(state, "th")?;
    let number = hexadecimal(digits).filter(|_| (1..=DIGITS).contains(&digits.len()))?;
    Some(number << (4 * (DIGITS - digits.len())))
}

/// The randomness that the trace was given explicitly, of 56 bits; all digits must be there.
pub(crate) fn randomness(state: &TraceState) -> Option<u64> {
    field(state, "rv").filter(|digits| digits.len() == DIGITS).and_then(hexadecimal)
}

/// The list with another threshold, or none; the other fields of the member stay. A member that would become too long
/// stays as it was.
pub(crate) fn with_threshold(state: &TraceState, threshold: Option<u64>) -> TraceState {
    if threshold == self::threshold(state) {
        return state.clone();
    }
    let mut value = threshold.map(|threshold| format!("th:{}", digits(threshold))).unwrap_or_default();
    for field in fields(state).filter(|field| !field.starts_with("th:")) {
        if !value.is_empty() {
            value.push(';');
        }
        value.push_str(field);
    }
    if value.is_empty() {
        return state.without(KEY);
    }
    state.with(KEY, &value).unwrap_or_else(|_| state.clone())
}

/// A threshold in as few digits as say it.
fn digits(threshold: u64) -> String {
    let digits = format!("{threshold:0DIGITS$x}");
    match digits.trim_end_matches('0') {
        "" => "0".to_owned(),
        short => short.to_owned(),
    }
}

fn field<'a>(state: &'a TraceState, name: &str) -> Option<&'a str> {
    fields(state).find_map(|field| field.strip_prefix(name)?.strip_prefix(':'))
}

fn fields(state: &TraceState) -> impl Iterator<Item = &str> {
    state.get(KEY).unwrap_or_default().split(';').filter(|field| !field.is_empty())
}

fn hexadecimal(digits: &str) -> Option<u64> {
    let lower = digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    u64::from_str_radix(digits, 16).ok().filter(|_| lower)
}

#[cfg(test)]
mod tests {
    use super::super::Keys;
    use super::*;

    fn state(text: &str) -> TraceState {
        TraceState::parse([text], Keys::Level2).unwrap()
    }

    #[test]
    fn a_threshold_is_read_as_it_is_written() {
        for (text, number) in [
            ("ot=th:0", Some(0)),
            ("ot=th:8", Some(1 << 55)),
            ("ot=rv:00000000000001;th:f3333", Some(0xf3_3330_0000_0000)),
            ("ot=th:ffffffffffffff", Some((1 << 56) - 1)),
            ("ot=th:fffffffffffffff", None),
            ("ot=th:", None),
            ("ot=th:F", None),
            ("ot=th:+1", None),
            ("ot=rv:1", None),
            ("other=th:8", None),
        ] {
            assert_eq!(threshold(&state(text)), number, "{text}");
        }
        for number in [0, 1, 1 << 55, 0xf3_3333_3333_3333, (1 << 56) - 1] {
            assert_eq!(threshold(&with_threshold(&TraceState::EMPTY, Some(number))), Some(number));
        }
    }

    #[test]
    fn an_explicit_randomness_has_all_its_digits() {
        assert_eq!(randomness(&state("ot=th:8;rv:0123456789abcd")), Some(0x01_2345_6789_abcd));
        for text in ["ot=rv:123", "ot=rv:0123456789abcde", "ot=rv:0123456789ABCD", "a=rv:0123456789abcd"] {
            assert_eq!(randomness(&state(text)), None, "{text}");
        }
    }

    #[test]
    fn another_threshold_leaves_the_rest_and_goes_to_the_front() {
        let inbound = state("rojo=1,ot=rv:0123456789abcd;th:8;x:y");
        let changed = with_threshold(&inbound, Some(1 << 54));
        assert_eq!(changed.as_str(), "ot=th:4;rv:0123456789abcd;x:y,rojo=1");
        assert_eq!(with_threshold(&changed, Some(1 << 54)), changed);
        assert_eq!(with_threshold(&changed, None).as_str(), "ot=rv:0123456789abcd;x:y,rojo=1");
        assert_eq!(with_threshold(&state("rojo=1,ot=th:8"), None).as_str(), "rojo=1");
    }
}
