//! The type of a setting: what it accepts, said once for the check, the messages and the documentation.

use std::time::Duration;

use super::attributes;
use super::value::SettingValue;
use crate::filter::{FORM, Filter};
use crate::nearest::nearest;

/// The type of a setting, with its range or its choices. Ranges are closed; numbers that are not finite are refused.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Kind {
    /// `1`, `0`, `true`, `false`, `yes`, `no`, `on` or `off`, in any case.
    Bool,
    /// A finite number.
    Float {
        /// The smallest accepted.
        min: f64,
        /// The largest accepted.
        max: f64,
    },
    /// An integer in decimal digits.
    Integer {
        /// The smallest accepted.
        min: i64,
        /// The largest accepted.
        max: i64,
        /// Whether only powers of two are accepted.
        power_of_two: bool,
    },
    /// Seconds as a number, or a number with one of the units `us`, `ms`, `s`, `m`, `h`.
    Duration {
        /// The shortest accepted.
        min: Duration,
        /// The longest accepted.
        max: Duration,
    },
    /// Text that is not blank.
    Text,
    /// Text with a form of its own.
    Checked {
        /// The form, as it follows the word "expected".
        accepted: &'static str,
        /// Whether a text has that form.
        check: fn(&str) -> bool,
    },
    /// A [`Filter`].
    Filter,
    /// Texts separated by commas, each trimmed, none empty.
    List,
    /// One of several words, in any case, as OpenTelemetry's specification asks of enumerations.
    Choice(&'static [&'static str]),
    /// Several of several words, separated by commas, each once.
    Choices(&'static [&'static str]),
    /// `key=value` pairs separated by commas, percent-encoded as in W3C baggage.
    Attributes,
    /// Such pairs, whose keys and values have a form of their own.
    CheckedAttributes {
        /// The form, as it follows the word "expected".
        accepted: &'static str,
        /// Whether a key and its decoded value have that form.
        check: fn(&str, &str) -> bool,
    },
}

/// Why a value was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// What would have been accepted, as it follows the word "expected".
    pub accepted: String,
    /// The part at fault, where only one entry of a list is, and the known word nearest to it.
    pub entry: Option<(String, Option<String>)>,
}

impl Kind {
    /// The type in a word or two.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Bool => "boolean",
            Self::Float { .. } => "number",
            Self::Integer { .. } => "integer",
            Self::Duration { .. } => "duration",
            Self::Text | Self::Checked { .. } | Self::Filter => "text",
            Self::List | Self::Choices(_) => "list",
            Self::Choice(_) => "choice",
            Self::Attributes | Self::CheckedAttributes { .. } => "attributes",
        }
    }

    /// What is accepted, as it follows the word "expected"; `more` are choices beside the built-in ones.
    pub fn accepted(&self, more: &[String]) -> String {
        match self {
            Self::Bool => "1, 0, true, false, yes, no, on or off".to_owned(),
            Self::Float { min, max } => format!("a number from {min} to {max}"),
            Self::Integer { min, max, power_of_two: false } => format!("an integer from {min} to {max}"),
            Self::Integer { min, max, power_of_two: true } => format!("a power of two from {min} to {max}"),
            Self::Duration { min, max } => format!(
                "a duration from {}s to {}s, in seconds or with a unit (us, ms, s, m, h)",
                min.as_secs_f64(),
                max.as_secs_f64()
            ),
            Self::Text => "a text that is not blank".to_owned(),
            Self::Checked { accepted, .. } | Self::CheckedAttributes { accepted, .. } => {
                (*accepted).to_owned()
            }
            Self::Filter => FORM.to_owned(),
            Self::List => "a comma-separated list without empty entries".to_owned(),
            Self::Choice(known) => format!("one of {}", words(known, more).join(", ")),
            Self::Choices(known) => {
                format!("a comma-separated list of {}, each once", words(known, more).join(", "))
            }
            Self::Attributes => "key=value pairs separated by commas, percent-encoded".to_owned(),
        }
    }

    /// Turns a value, text most often, into one of this type; `more` are choices beside the built-in ones.
    ///
    /// # Errors
    /// The value is of another type or outside what is accepted.
    pub fn accept(&self, value: &SettingValue, more: &[String]) -> Result<SettingValue, Rejection> {
        let refused = || Rejection { accepted: self.accepted(more), entry: None };
        match self {
            Self::Bool => bool_of(value).map(SettingValue::Bool).ok_or_else(refused),
            Self::Float { min, max } => number_of(value)
                .filter(|number| (*min..=*max).contains(number))
                .map(SettingValue::Float)
                .ok_or_else(refused),
            Self::Integer { min, max, power_of_two } => integer_of(value)
                .filter(|number| (i128::from(*min)..=i128::from(*max)).contains(number))
                .filter(|number| !power_of_two || number.count_ones() == 1)
                .map(SettingValue::Integer)
                .ok_or_else(refused),
            Self::Duration { min, max } => duration_of(value)
                .filter(|duration| (*min..=*max).contains(duration))
                .map(SettingValue::Duration)
                .ok_or_else(refused),
            Self::Text => value
                .as_text()
                .filter(|text| !text.trim().is_empty())
                .map(SettingValue::from)
                .ok_or_else(refused),
            Self::Checked { check, .. } => {
                value.as_text().filter(|text| check(text)).map(SettingValue::from).ok_or_else(refused)
            }
            Self::Filter => {
                let text = value.as_text().ok_or_else(refused)?;
                match text.parse::<Filter>() {
                    Ok(_) => Ok(SettingValue::from(text)),
                    Err(error) => {
                        let entry = (error.directive().to_owned(), error.nearest().map(str::to_owned));
                        Err(Rejection { accepted: self.accepted(more), entry: Some(entry) })
                    }
                }
            }
            Self::List => list_of(value).map(SettingValue::List).ok_or_else(refused),
            Self::Choice(known) => {
                let word = value.as_text().ok_or_else(refused)?.trim();
                let known = words(known, more);
                let found = known.iter().find(|known| known.eq_ignore_ascii_case(word));
                found
                    .map(|found| SettingValue::from(*found))
                    .ok_or_else(|| self.unknown_word(word, &known, more))
            }
            Self::Choices(known) => {
                let chosen = list_of(value).ok_or_else(refused)?;
                self.check_words(&chosen, known, more)?;
                Ok(SettingValue::List(chosen))
            }
            Self::Attributes => attributes_of(value).map(SettingValue::Attributes).ok_or_else(refused),
            Self::CheckedAttributes { check, .. } => attributes_of(value)
                .filter(|pairs| pairs.iter().all(|(key, value)| check(key, value)))
                .map(SettingValue::Attributes)
                .ok_or_else(refused),
        }
    }

    fn check_words(&self, chosen: &[String], known: &[&str], more: &[String]) -> Result<(), Rejection> {
        let known = words(known, more);
        for (index, word) in chosen.iter().enumerate() {
            if !known.contains(&word.as_str()) {
                return Err(self.unknown_word(word, &known, more));
            }
            if chosen[..index].contains(word) {
                return Err(Rejection { accepted: self.accepted(more), entry: Some((word.clone(), None)) });
            }
        }
        Ok(())
    }

    fn unknown_word(&self, word: &str, known: &[&str], more: &[String]) -> Rejection {
        let near = nearest(word, known.iter().copied()).map(str::to_owned);
        Rejection { accepted: self.accepted(more), entry: Some((word.to_owned(), near)) }
    }
}

fn words<'a>(known: &[&'a str], more: &'a [String]) -> Vec<&'a str> {
    let mut words = known.to_vec();
    for word in more.iter().map(String::as_str) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

fn bool_of(value: &SettingValue) -> Option<bool> {
    match value {
        SettingValue::Bool(value) => Some(*value),
        SettingValue::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Some(true),
            "0" | "false" | "no" | "off" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn number_of(value: &SettingValue) -> Option<f64> {
    let number = match value {
        SettingValue::Float(number) => Some(*number),
        SettingValue::Integer(number) => Some(*number as f64),
        SettingValue::Text(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

fn integer_of(value: &SettingValue) -> Option<i128> {
    match value {
        SettingValue::Integer(number) => Some(*number),
        SettingValue::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Units with what a number of them is multiplied and divided by; `ms` and `us` stand before `s`, which they end with.
const UNITS: [(&str, f64, f64); 5] =
    [("us", 1.0, 1e6), ("ms", 1.0, 1e3), ("s", 1.0, 1.0), ("m", 60.0, 1.0), ("h", 3600.0, 1.0)];

fn duration_of(value: &SettingValue) -> Option<Duration> {
    let SettingValue::Text(text) = value else {
        return match value {
            SettingValue::Duration(duration) => Some(*duration),
            _ => Duration::try_from_secs_f64(number_of(value)?).ok(),
        };
    };
    let text = text.trim();
    let (number, times, over) = UNITS
        .iter()
        .find_map(|(unit, times, over)| Some((text.strip_suffix(unit)?, *times, *over)))
        .unwrap_or((text, 1.0, 1.0));
    let number: f64 = number.parse().ok()?;
    // Divided rather than multiplied by a fraction, so that `10ms` is the 0.01 s it says.
    Duration::try_from_secs_f64(number * times / over).ok()
}

fn list_of(value: &SettingValue) -> Option<Vec<String>> {
    let entries: Vec<String> = match value {
        SettingValue::List(entries) => entries.iter().map(|entry| entry.trim().to_owned()).collect(),
        SettingValue::Text(text) => text.split(',').map(|entry| entry.trim().to_owned()).collect(),
        _ => return None,
    };
    entries.iter().all(|entry| !entry.is_empty()).then_some(entries)
}

fn attributes_of(value: &SettingValue) -> Option<Vec<(String, String)>> {
    match value {
        SettingValue::Text(text) => attributes::parse(text),
        SettingValue::Attributes(pairs) => {
            pairs.iter().all(|(key, _)| !key.is_empty()).then(|| pairs.clone())
        }
        _ => None,
    }
}
