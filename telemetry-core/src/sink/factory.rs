//! Sinks by name: the built-in ones and those a program registers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::nearest::nearest;

use super::{MemorySink, PrometheusSink, Sink, SinkError, StdoutSink, TtySink, auto};

/// Makes a sink; called each time one of its name is built.
type Factory = Arc<dyn Fn() -> Result<Box<dyn Sink>, SinkError> + Send + Sync>;

/// A name and what makes its sink.
type BuiltIn = (&'static str, fn() -> Box<dyn Sink>);

static REGISTRY: Registry = Registry { registered: Mutex::new(BTreeMap::new()) };

/// The sinks every program knows, by name.
const BUILT_IN: [BuiltIn; 5] = [
    ("auto", auto),
    ("memory", || Box::new(MemorySink::new())),
    ("prometheus", || Box::new(PrometheusSink::new())),
    ("stdout", || Box::new(StdoutSink::new())),
    ("tty", || Box::new(TtySink::new())),
];

/// Registers a factory under a name, by which the `SINKS` setting and [`build`] can then select it.
///
/// The registry is the process's own. A name consists of lowercase letters, digits, `_` and `-`.
///
/// # Errors
/// The name is not of that form, or already taken, by a built-in sink too.
///
/// # Examples
/// ```
/// use telemetry_core::sink::{self, MemorySink};
///
/// sink::register("audit", || Box::new(MemorySink::with_capacity(100, 1)))?;
/// assert_eq!(sink::build("audit").unwrap().name(), "memory");
/// # Ok::<(), sink::RegisterError>(())
/// ```
pub fn register(
    name: &str,
    factory: impl Fn() -> Box<dyn Sink> + Send + Sync + 'static,
) -> Result<(), RegisterError> {
    REGISTRY.register(name, Arc::new(move || Ok(factory())))
}

/// Registers a factory that can fail, because it reads settings of its own, for instance.
///
/// # Errors
/// As for [`register`].
pub fn register_fallible(
    name: &str,
    factory: impl Fn() -> Result<Box<dyn Sink>, SinkError> + Send + Sync + 'static,
) -> Result<(), RegisterError> {
    REGISTRY.register(name, Arc::new(factory))
}

/// Makes the sink of a name.
///
/// # Errors
/// No sink of that name is known, or its factory failed.
pub fn build(name: &str) -> Result<Box<dyn Sink>, BuildError> {
    REGISTRY.build(name)
}

/// The names of all sinks that can be built, sorted.
pub fn known() -> Vec<String> {
    REGISTRY.known()
}

/// Why a factory could not be registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The name has another form.
    #[error("the sink name {name:?} is not accepted; accepted are lowercase letters, digits, _ and -")]
    InvalidName {
        /// The name that was given.
        name: String,
    },
    /// The name is taken.
    #[error("a sink named {name:?} is already registered")]
    Duplicate {
        /// The name that was given.
        name: String,
    },
}

/// Why a sink could not be made from its name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// There is no such sink.
    #[error("unknown sink {name:?}{}; known are {}", suggested(.nearest.as_deref()), .known.join(", "))]
    Unknown {
        /// The name that was given.
        name: String,
        /// The known name that is most like it, if any is close.
        nearest: Option<String>,
        /// Every name that is known.
        known: Vec<String>,
    },
    /// The factory failed.
    #[error("the sink {name:?} could not be made: {source}")]
    Failed {
        /// The name that was given.
        name: String,
        /// What the factory said.
        source: SinkError,
    },
}

#[derive(Default)]
struct Registry {
    registered: Mutex<BTreeMap<String, Factory>>,
}

impl Registry {
    fn register(&self, name: &str, factory: Factory) -> Result<(), RegisterError> {
        let accepted = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        if name.is_empty() || !name.bytes().all(accepted) {
            return Err(RegisterError::InvalidName { name: name.to_owned() });
        }
        let mut registered = self.lock();
        if built_in(name).is_some() || registered.contains_key(name) {
            return Err(RegisterError::Duplicate { name: name.to_owned() });
        }
        registered.insert(name.to_owned(), factory);
        Ok(())
    }

    fn build(&self, name: &str) -> Result<Box<dyn Sink>, BuildError> {
        if let Some(factory) = built_in(name) {
            return Ok(factory());
        }
        // Called outside the lock: a factory may register or build others.
        let factory = self.lock().get(name).cloned();
        if let Some(factory) = factory {
            return factory().map_err(|source| BuildError::Failed { name: name.to_owned(), source });
        }
        let known = self.known();
        let nearest = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        Err(BuildError::Unknown { name: name.to_owned(), nearest, known })
    }

    fn known(&self) -> Vec<String> {
        let mut names: Vec<_> = BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).collect();
        names.extend(self.lock().keys().cloned());
        names.sort();
        names
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Factory>> {
        self.registered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn built_in(name: &str) -> Option<fn() -> Box<dyn Sink>> {
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, factory)| *factory)
}

fn suggested(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!(" (did you mean {nearest:?}?)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory() -> Factory {
        Arc::new(|| Ok(Box::new(MemorySink::new()) as Box<dyn Sink>))
    }

    #[test]
    fn every_built_in_sink_can_be_built() {
        for name in ["memory", "prometheus", "stdout", "tty"] {
            assert_eq!(Registry::default().build(name).unwrap().name(), name);
        }
    }

    #[test]
    fn a_registered_sink_is_built_anew_each_time() {
        let registry = Registry::default();
        let built = Arc::new(Mutex::new(0));
        let count = Arc::clone(&built);
        let factory: Factory = Arc::new(move || {
            *count.lock().unwrap() += 1;
            Ok(Box::new(MemorySink::new()))
        });
        registry.register("mine", factory).unwrap();
        registry.build("mine").unwrap();
        registry.build("mine").unwrap();
        assert_eq!(*built.lock().unwrap(), 2);
    }

    #[test]
    fn an_unknown_name_lists_those_known_and_the_nearest() {
        let registry = Registry::default();
        registry.register("my-sink", memory()).unwrap();
        let message = |name| registry.build(name).err().unwrap().to_string();
        assert_eq!(
            message("promethues"),
            "unknown sink \"promethues\" (did you mean \"prometheus\"?); \
             known are auto, memory, my-sink, prometheus, stdout, tty"
        );
        assert_eq!(
            message("kafka"),
            "unknown sink \"kafka\"; known are auto, memory, my-sink, prometheus, stdout, tty"
        );
    }

    #[test]
    fn a_name_is_given_once_and_has_a_form() {
        let registry = Registry::default();
        registry.register("mine", memory()).unwrap();
        for name in ["mine", "tty"] {
            assert_eq!(
                registry.register(name, memory()),
                Err(RegisterError::Duplicate { name: name.to_owned() })
            );
        }
        for name in ["", "a,b", "Mine", "a b"] {
            assert_eq!(
                registry.register(name, memory()),
                Err(RegisterError::InvalidName { name: name.to_owned() })
            );
        }
    }

    #[test]
    fn a_factory_that_fails_says_why() {
        let registry = Registry::default();
        registry.register("bad", Arc::new(|| Err(SinkError::Refused("no endpoint".to_owned())))).unwrap();
        assert_eq!(
            registry.build("bad").err().unwrap().to_string(),
            "the sink \"bad\" could not be made: the destination refused it: no endpoint"
        );
    }

    #[test]
    fn a_factory_may_build_others() {
        let registry = Arc::new(Registry::default());
        let inner = Arc::clone(&registry);
        let factory: Factory =
            Arc::new(move || inner.build("memory").map_err(|e| SinkError::Other(Box::new(e))));
        registry.register("outer", factory).unwrap();
        assert_eq!(registry.build("outer").unwrap().name(), "memory");
    }
}
