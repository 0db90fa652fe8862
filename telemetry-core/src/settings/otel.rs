//! Standard `OTEL_*` variables that mean the same as a setting.

use super::environment::Environment;
use super::value::SettingValue;

/// A standard variable that gives a setting its value when the service's own variable is not set.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Equivalent {
    /// The variable takes the very values the setting takes.
    Same(&'static str),
    /// The variable says the same in other words.
    Mapped(Mapping),
}

/// How a standard variable with values of its own becomes a setting's value.
#[derive(Clone, Copy, Debug)]
pub struct Mapping {
    /// The variables it reads, for the documentation.
    pub variables: &'static [&'static str],
    /// What becomes of their values, for the documentation.
    pub meaning: &'static str,
    /// Reads them.
    pub read: fn(&Environment) -> Reading,
}

/// What a [`Mapping`] made of the variables it read.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reading {
    /// They say nothing.
    Absent,
    /// They say this, which the setting's type has yet to accept.
    Value {
        /// The variable that said it.
        variable: &'static str,
        /// The value.
        value: SettingValue,
    },
    /// They ask for something standard that has no counterpart here.
    NoCounterpart {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
    },
    /// A value that the standard does not know.
    Invalid {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
        /// What would have been accepted, as it follows the word "expected".
        accepted: &'static str,
    },
}

/// `OTEL_SDK_DISABLED` can only disable: nothing standard alone enables.
pub(super) const SDK_DISABLED: Mapping = Mapping {
    variables: &["OTEL_SDK_DISABLED"],
    meaning: "`true` disables, `false` says nothing",
    read: sdk_disabled,
};

/// The standard's samplers, as far as a ratio can say the same.
pub(super) const TRACES_SAMPLER: Mapping = Mapping {
    variables: &["OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"],
    meaning: "`always_on` is 1, `always_off` 0, `traceidratio` the argument (1 without one), each also with \
              `parentbased_` before it",
    read: traces_sampler,
};

/// The standard's propagators; a list with one that has no counterpart here is left aside.
pub(super) const PROPAGATORS: Mapping = Mapping {
    variables: &["OTEL_PROPAGATORS"],
    meaning: "the same words, each as often as one likes; a list with `jaeger`, `xray` or `ottrace` is left aside",
    read: propagators,
};

fn propagators(environment: &Environment) -> Reading {
    const VARIABLE: &str = "OTEL_PROPAGATORS";
    let value = match environment.get(VARIABLE) {
        None => return Reading::Absent,
        Some(Ok(value)) => value.to_owned(),
        Some(Err(value)) => {
            return Reading::Invalid { variable: VARIABLE, value, accepted: "a list of words in UTF-8" };
        }
    };
    let mut words: Vec<String> = Vec::new();
    for word in value.split(',').map(str::trim) {
        if matches!(word, "jaeger" | "xray" | "ottrace") {
            return Reading::NoCounterpart { variable: VARIABLE, value };
        }
        // The standard has repeated words count once.
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    Reading::Value { variable: VARIABLE, value: words.into() }
}

fn sdk_disabled(environment: &Environment) -> Reading {
    const VARIABLE: &str = "OTEL_SDK_DISABLED";
    let value = match environment.get(VARIABLE) {
        None => return Reading::Absent,
        Some(Ok(value)) => value.to_owned(),
        Some(Err(value)) => value,
    };
    match value.trim().to_ascii_lowercase().as_str() {
        "true" => Reading::Value { variable: VARIABLE, value: SettingValue::Bool(false) },
        "false" => Reading::Absent,
        _ => Reading::Invalid { variable: VARIABLE, value, accepted: "true or false" },
    }
}

fn traces_sampler(environment: &Environment) -> Reading {
    const VARIABLE: &str = "OTEL_TRACES_SAMPLER";
    const ARGUMENT: &str = "OTEL_TRACES_SAMPLER_ARG";
    let value = match environment.get(VARIABLE) {
        None => return Reading::Absent,
        Some(Ok(value)) => value.to_owned(),
        Some(Err(value)) => value,
    };
    let sampler = value.trim().to_ascii_lowercase();
    match sampler.strip_prefix("parentbased_").unwrap_or(&sampler) {
        "always_on" => Reading::Value { variable: VARIABLE, value: SettingValue::Float(1.0) },
        "always_off" => Reading::Value { variable: VARIABLE, value: SettingValue::Float(0.0) },
        "traceidratio" => match environment.get(ARGUMENT) {
            None => Reading::Value { variable: VARIABLE, value: SettingValue::Float(1.0) },
            Some(Ok(ratio)) => Reading::Value { variable: ARGUMENT, value: ratio.into() },
            Some(Err(ratio)) => Reading::Value { variable: ARGUMENT, value: ratio.into() },
        },
        "jaeger_remote" | "xray" => Reading::NoCounterpart { variable: VARIABLE, value },
        _ => Reading::Invalid {
            variable: VARIABLE,
            value,
            accepted: "always_on, always_off or traceidratio, each also with parentbased_ before it",
        },
    }
}
