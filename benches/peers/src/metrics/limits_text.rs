//! The limit of writing text: everything but the numbers lies ready, and the numbers are read from cells.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{COUNTERS, HISTOGRAMS, OBSERVED, exposition, limits, total};
use crate::measure::{Contestant, Role};
use crate::work::{BUCKETS, route, values};

/// A line but for its number.
struct Line {
    before: String,
    value: AtomicU64,
    /// Whether the value is that of a floating-point number.
    float: bool,
}

/// Lines in the order of the text.
pub(super) struct Ready(Vec<Line>);

/// Writes what lies ready.
pub(super) fn exposition() -> Contestant {
    let ready = Ready::new();
    exposition::contestant(limits::NAME, Role::Limit, move |text| ready.write(text), String::as_bytes)
}

impl Ready {
    pub(super) fn new() -> Self {
        let whole = |before, value| Line { before, value: AtomicU64::new(value), float: false };
        let counters = (0..COUNTERS).map(|number| {
            let before = format!("peers_requests_total{{method=\"GET\",path=\"{}\"}} ", route(number));
            whole(before, total(number))
        });
        let mut lines: Vec<Line> = counters.collect();
        let observed = &values()[..OBSERVED];
        for number in 0..HISTOGRAMS {
            let path = route(number);
            for bound in BUCKETS.iter().copied().chain([f64::INFINITY]) {
                let bound_text = if bound.is_finite() { bound.to_string() } else { "+Inf".to_owned() };
                let before = format!("peers_seconds_bucket{{path=\"{path}\",le=\"{bound_text}\"}} ");
                lines.push(whole(before, observed.iter().filter(|value| **value <= bound).count() as u64));
            }
            let sum: f64 = observed.iter().sum();
            lines.push(Line {
                before: format!("peers_seconds_sum{{path=\"{path}\"}} "),
                value: AtomicU64::new(sum.to_bits()),
                float: true,
            });
            lines.push(whole(format!("peers_seconds_count{{path=\"{path}\"}} "), OBSERVED as u64));
        }
        Self(lines)
    }

    pub(super) fn write(&self, text: &mut String) {
        text.clear();
        for line in &self.0 {
            text.push_str(&line.before);
            let value = line.value.load(Ordering::Relaxed);
            if line.float {
                let _ = write!(text, "{}", f64::from_bits(value));
            } else {
                push_number(text, value);
            }
            text.push('\n');
        }
    }
}

/// Writes a whole number without the formatting machinery.
fn push_number(text: &mut String, mut number: u64) {
    let mut digits = [b'0'; 20];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text.push_str(std::str::from_utf8(&digits[first..]).unwrap_or_default());
}
