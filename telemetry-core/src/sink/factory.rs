//! Sinks by name: the built-in ones and those a program registers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::nearest::nearest;
use crate::settings::{Resolved, Resolver, Setting, SettingsErrors, Table, TableError};

use super::{ChromeTraceSink, MemorySink, PrometheusSink, Sink, SinkError, StdoutSink, TtySink, auto};

/// Makes a sink from the settings; called each time one of its name is built.
type Factory = Arc<dyn Fn(&Resolved) -> Result<Box<dyn Sink>, SinkError> + Send + Sync>;

/// A sink of another crate, with the settings it reads.
#[derive(Clone, Copy, Debug)]
pub struct Integration {
    /// The name it is chosen by.
    pub name: &'static str,
    /// The rows it adds to the table of settings.
    pub settings: &'static [Setting],
    /// Makes the sink from what the settings came to.
    pub build: fn(&Resolved) -> Result<Box<dyn Sink>, SinkError>,
}

/// A name and what makes its sink.
type BuiltIn = (&'static str, Make);
type Make = fn(&Resolved) -> Result<Box<dyn Sink>, SinkError>;

static REGISTRY: Registry = Registry { registered: Mutex::new(BTreeMap::new()) };

/// The sinks every program knows, by name.
const BUILT_IN: [BuiltIn; 6] = [
    ("auto", |_| Ok(auto())),
    ("chrome", |resolved| Ok(Box::new(ChromeTraceSink::from_settings(resolved)?))),
    ("memory", |_| Ok(Box::new(MemorySink::new()))),
    ("prometheus", |_| Ok(Box::new(PrometheusSink::new()))),
    ("stdout", |_| Ok(Box::new(StdoutSink::new()))),
    ("tty", |_| Ok(Box::new(TtySink::new()))),
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
    REGISTRY.register(name, &[], Arc::new(move |_| Ok(factory())))
}

/// Registers a factory that can fail, because it reads settings of its own, for instance.
///
/// # Errors
/// As for [`register`].
pub fn register_fallible(
    name: &str,
    factory: impl Fn() -> Result<Box<dyn Sink>, SinkError> + Send + Sync + 'static,
) -> Result<(), RegisterError> {
    REGISTRY.register(name, &[], Arc::new(move |_| factory()))
}

/// Registers a sink that has settings of its own: [`configure_from_settings`](crate::configure_from_settings) then
/// reads them with all others and makes the sink from them when `SINKS` names it.
///
/// # Errors
/// As for [`register`]; also when a row of its settings is malformed or its name taken.
pub fn register_integration(integration: Integration) -> Result<(), RegisterError> {
    REGISTRY.register(integration.name, integration.settings, Arc::new(integration.build))
}

/// Makes a resolver know every registered sink: its name among the choices of `SINKS`, and its settings.
#[must_use]
pub fn with_registered(resolver: Resolver) -> Resolver {
    resolver.choices("SINKS", known()).rows(&REGISTRY.settings())
}

/// Makes the sink of a name; one with settings of its own is made from their defaults.
///
/// # Errors
/// No sink of that name is known, or its factory failed.
pub fn build(name: &str) -> Result<Box<dyn Sink>, BuildError> {
    REGISTRY.build(name, None)
}

/// Makes the sink of a name from settings.
pub(crate) fn build_from(name: &str, resolved: &Resolved) -> Result<Box<dyn Sink>, BuildError> {
    REGISTRY.build(name, Some(resolved))
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
    /// A row of its settings cannot stand in the table.
    #[error("the settings of the sink {name:?} are not accepted: {source}")]
    Settings {
        /// The name that was given.
        name: String,
        /// What is wrong with the row.
        source: TableError,
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
    /// The defaults of the settings cannot be resolved.
    #[error(transparent)]
    Settings(#[from] SettingsErrors),
}

#[derive(Default)]
struct Registry {
    registered: Mutex<BTreeMap<String, Registered>>,
}

#[derive(Clone)]
struct Registered {
    settings: &'static [Setting],
    factory: Factory,
}

impl Registry {
    fn register(
        &self,
        name: &str,
        settings: &'static [Setting],
        factory: Factory,
    ) -> Result<(), RegisterError> {
        let accepted = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        if name.is_empty() || !name.bytes().all(accepted) {
            return Err(RegisterError::InvalidName { name: name.to_owned() });
        }
        let mut registered = self.lock();
        if built_in(name).is_some() || registered.contains_key(name) {
            return Err(RegisterError::Duplicate { name: name.to_owned() });
        }
        registered
            .values()
            .try_fold(Table::builtin(), |table, other| table.with(other.settings))
            .and_then(|table| table.with(settings))
            .map_err(|source| RegisterError::Settings { name: name.to_owned(), source })?;
        registered.insert(name.to_owned(), Registered { settings, factory });
        Ok(())
    }

    /// The rows of all registered sinks.
    fn settings(&self) -> Vec<Setting> {
        self.lock().values().flat_map(|registered| registered.settings).copied().collect()
    }

    fn build(&self, name: &str, resolved: Option<&Resolved>) -> Result<Box<dyn Sink>, BuildError> {
        let failed = |source| BuildError::Failed { name: name.to_owned(), source };
        let resolve = |rows: &[Setting]| match resolved {
            Some(resolved) => Ok(resolved.clone()),
            None => Resolver::new().rows(rows).resolve(),
        };
        if let Some(make) = built_in(name) {
            return make(&resolve(&[])?).map_err(failed);
        }
        // Called outside the lock: a factory may register or build others.
        let registered = self.lock().get(name).cloned();
        if let Some(Registered { settings, factory }) = registered {
            return factory(&resolve(settings)?).map_err(failed);
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

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Registered>> {
        self.registered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn built_in(name: &str) -> Option<Make> {
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, factory)| *factory)
}

fn suggested(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!(" (did you mean {nearest:?}?)"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{DefaultValue, Kind};

    fn memory() -> Factory {
        Arc::new(|_| Ok(Box::new(MemorySink::new()) as Box<dyn Sink>))
    }

    #[test]
    fn every_built_in_sink_can_be_built() {
        for name in ["memory", "prometheus", "stdout", "tty"] {
            assert_eq!(Registry::default().build(name, None).unwrap().name(), name);
        }
    }

    #[test]
    fn a_registered_sink_is_built_anew_each_time() {
        let registry = Registry::default();
        let built = Arc::new(Mutex::new(0));
        let count = Arc::clone(&built);
        let factory: Factory = Arc::new(move |_| {
            *count.lock().unwrap() += 1;
            Ok(Box::new(MemorySink::new()))
        });
        registry.register("mine", &[], factory).unwrap();
        registry.build("mine", None).unwrap();
        registry.build("mine", None).unwrap();
        assert_eq!(*built.lock().unwrap(), 2);
    }

    #[test]
    fn an_unknown_name_lists_those_known_and_the_nearest() {
        let registry = Registry::default();
        registry.register("my-sink", &[], memory()).unwrap();
        let message = |name| registry.build(name, None).err().unwrap().to_string();
        assert_eq!(
            message("promethues"),
            "unknown sink \"promethues\" (did you mean \"prometheus\"?); \
             known are auto, chrome, memory, my-sink, prometheus, stdout, tty"
        );
        assert_eq!(
            message("kafka"),
            "unknown sink \"kafka\"; known are auto, chrome, memory, my-sink, prometheus, stdout, tty"
        );
    }

    #[test]
    fn a_name_is_given_once_and_has_a_form() {
        let registry = Registry::default();
        registry.register("mine", &[], memory()).unwrap();
        for name in ["mine", "tty"] {
            assert_eq!(
                registry.register(name, &[], memory()),
                Err(RegisterError::Duplicate { name: name.to_owned() })
            );
        }
        for name in ["", "a,b", "Mine", "a b"] {
            assert_eq!(
                registry.register(name, &[], memory()),
                Err(RegisterError::InvalidName { name: name.to_owned() })
            );
        }
    }

    #[test]
    fn a_factory_that_fails_says_why() {
        let registry = Registry::default();
        registry
            .register("bad", &[], Arc::new(|_| Err(SinkError::Refused("no endpoint".to_owned()))))
            .unwrap();
        assert_eq!(
            registry.build("bad", None).err().unwrap().to_string(),
            "the sink \"bad\" could not be made: the destination refused it: no endpoint"
        );
    }

    #[test]
    fn a_factory_may_build_others() {
        let registry = Arc::new(Registry::default());
        let inner = Arc::clone(&registry);
        let factory: Factory =
            Arc::new(move |_| inner.build("memory", None).map_err(|e| SinkError::Other(Box::new(e))));
        registry.register("outer", &[], factory).unwrap();
        assert_eq!(registry.build("outer", None).unwrap().name(), "memory");
    }

    #[test]
    fn a_sink_with_settings_is_made_from_them_or_from_their_defaults() {
        const ROWS: &[Setting] =
            &[Setting::new("AUDIT_FILE", Kind::Text, "Where.").default(DefaultValue::Fixed("audit.log"))];
        let registry = Registry::default();
        let factory: Factory =
            Arc::new(|resolved| Err(SinkError::Refused(resolved.get("AUDIT_FILE").unwrap().to_string())));
        registry.register("audit", ROWS, factory).unwrap();
        let said = |resolved: Option<&Resolved>| registry.build("audit", resolved).err().unwrap().to_string();
        let resolved = Resolver::new().rows(&registry.settings()).value("AUDIT_FILE", "here").resolve();
        assert!(said(Some(&resolved.unwrap())).ends_with(": here"));
        assert!(said(None).ends_with(": audit.log"));
        assert_eq!(
            registry.register("other", ROWS, memory()).unwrap_err().to_string(),
            "the settings of the sink \"other\" are not accepted: AUDIT_FILE is in the table already, \
             expected a name of its own"
        );
    }
}
