//! Numbers as Prometheus's own clients write them.

/// Writes a whole number.
pub(super) fn push_integer(out: &mut String, number: u64) {
    out.push_str(itoa::Buffer::new().format(number));
}

/// Writes a number as Go's `strconv.FormatFloat(number, 'g', -1, 64)` does: the fewest digits that read back to the
/// same number, with an exponent of two digits or more below 1e-4 and from 1e6 on.
pub(super) fn push_float(out: &mut String, number: f64) {
    let size = number.abs();
    if number.is_nan() {
        return out.push_str("NaN");
    }
    if number.is_infinite() {
        return out.push_str(if number > 0.0 { "+Inf" } else { "-Inf" });
    }
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(number);
    if (size == 0.0 || (1e-4..1e6).contains(&size)) && !text.contains('e') {
        out.push_str(text.strip_suffix(".0").unwrap_or(text));
    } else {
        push_scientific(out, text);
    }
}

/// Writes a number as [`push_float`] does, with `.0` behind a whole one: the canonical numbers of `OpenMetrics`.
pub(super) fn push_decimal(out: &mut String, number: f64) {
    let start = out.len();
    push_float(out, number);
    if number.is_finite() && !out.as_bytes()[start..].iter().any(|byte| matches!(byte, b'.' | b'e')) {
        out.push_str(".0");
    }
}

/// Writes bytes, two digits for each.
pub(super) fn push_hexadecimal(out: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

/// Writes a time in seconds, to the millisecond.
pub(super) fn push_seconds(out: &mut String, nanos: u64) {
    let millis = nanos / 1_000_000;
    push_integer(out, millis / 1_000);
    out.push('.');
    for unit in [100, 10, 1] {
        out.push(char::from(b'0' + (millis / unit % 10) as u8));
    }
}

/// Writes a decimal number, not zero, with one digit before the point and an exponent.
fn push_scientific(out: &mut String, text: &str) {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = whole.chars().chain(fraction.chars());
    let is_zero = |digit: &char| *digit == '0';
    let leading = digits.clone().take_while(is_zero).count();
    let trailing = digits.clone().rev().take_while(is_zero).count();
    let significant = whole.len() + fraction.len() - leading - trailing;
    // The text has no more digits than a number has, so nothing here is large.
    let exponent = exponent.parse::<i32>().unwrap_or(0) + whole.len() as i32 - 1 - leading as i32;

    out.push_str(sign);
    for (at, digit) in digits.skip(leading).take(significant).enumerate() {
        if at == 1 {
            out.push('.');
        }
        out.push(digit);
    }
    out.push_str(if exponent < 0 { "e-" } else { "e+" });
    if exponent.abs() < 10 {
        out.push('0');
    }
    out.push_str(itoa::Buffer::new().format(exponent.unsigned_abs()));
}
