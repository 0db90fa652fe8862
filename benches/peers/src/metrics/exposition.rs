//! The text of 1,000 counters and 100 histograms: how it is measured, and that all of it is there.

use std::cell::RefCell;
use std::hint::black_box;
use std::rc::Rc;
use std::time::Instant;

use super::{COUNTERS, HISTOGRAMS, OBSERVED, total};
use crate::measure::{Contestant, Reading, Role};
use crate::work::{BUCKETS, values};

/// Microseconds to write the text, by `render`, which is given the text of the time before to use again; `bytes` shows
/// what is in it.
pub(super) fn contestant<T: Default + 'static>(
    name: &'static str,
    role: Role,
    render: impl Fn(&mut T) + 'static,
    bytes: impl Fn(&T) -> &[u8] + 'static,
) -> Contestant {
    let text = Rc::new(RefCell::new(T::default()));
    let written = Rc::clone(&text);
    let bytes = Rc::new(bytes);
    let bytes_again = Rc::clone(&bytes);
    Contestant {
        name: name.to_owned(),
        role,
        burst: Box::new(move || {
            let text = &mut *text.borrow_mut();
            let began = Instant::now();
            render(text);
            black_box(bytes(text));
            Reading::of(began.elapsed().as_secs_f64() * 1e6)
        }),
        check: Box::new(move || {
            let written = written.borrow();
            let text = std::str::from_utf8(bytes_again(&written)).map_err(|error| error.to_string())?;
            verify(text)
        }),
    }
}

/// The value of the first sample whose name, before any labels, is `name`; zero before there is one.
pub(super) fn sample(text: &str, name: &str) -> f64 {
    let line = text.lines().find(|line| line.split(['{', ' ']).next() == Some(name));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0.0)
}

/// Every sample with a route is there, and the totals, counts and sums are those that were recorded.
fn verify(text: &str) -> Result<String, String> {
    let expected = [
        ("counters", COUNTERS as f64),
        ("their total", (0..COUNTERS).map(|number| total(number) as f64).sum()),
        ("buckets", (HISTOGRAMS * (BUCKETS.len() + 1)) as f64),
        ("observations", (HISTOGRAMS * OBSERVED) as f64),
        ("their sum", HISTOGRAMS as f64 * values().iter().take(OBSERVED).sum::<f64>()),
    ];
    let mut found = [0.0; 5];
    for line in text.lines().filter(|line| !line.starts_with('#') && line.contains("/route/")) {
        let (sample, value) = line.rsplit_once(' ').ok_or_else(|| format!("no value in `{line}`"))?;
        let value: f64 = value.parse().map_err(|_| format!("no number in `{line}`"))?;
        let name = sample.split('{').next().unwrap_or(sample);
        if name.ends_with("_bucket") {
            found[2] += 1.0;
        } else if name.ends_with("_count") {
            found[3] += value;
        } else if name.ends_with("_sum") {
            found[4] += value;
        } else {
            found[0] += 1.0;
            found[1] += value;
        }
    }
    for ((what, expected), found) in expected.iter().zip(found) {
        if (found - expected).abs() > expected * 1e-9 {
            return Err(format!("expected {what} to be {expected}, found {found}"));
        }
    }
    Ok(format!("{} bytes with every total, count and sum", text.len()))
}

#[cfg(test)]
#[path = "exposition_tests.rs"]
mod tests;
