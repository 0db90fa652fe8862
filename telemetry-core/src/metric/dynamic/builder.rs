//! An instrument on its way into a registry.

use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use super::error::RegisterError;
use super::family::{Family, Series};
use super::rules;
use super::value::{Spread, Value};
use super::{Home, Registry};
use crate::metric::buckets::DEFAULT_BUCKETS;
use crate::metric::labels::DEFAULT_SERIES_LIMIT;
use crate::metric::registry;
use crate::metric::snapshot::exposed_names;

/// What was said of an instrument.
pub(super) struct Declaration {
    pub(super) name: String,
    pub(super) help: String,
    pub(super) unit: Option<String>,
    pub(super) crate_name: String,
    pub(super) crate_version: String,
    pub(super) labels: Vec<String>,
    pub(super) bounds: Arc<[f64]>,
    pub(super) limit: usize,
    pub(super) place: &'static Location<'static>,
}

/// An instrument that is not registered yet.
#[must_use = "nothing is made before `register`"]
pub struct Builder<V: Value> {
    registry: Registry,
    declaration: Declaration,
    value: PhantomData<fn() -> V>,
}

/// An instrument with labels that is not registered yet.
#[must_use = "nothing is made before `register`"]
pub struct LabelledBuilder<V: Value>(Builder<V>);

impl<V: Value> Builder<V> {
    #[track_caller]
    pub(super) fn new(registry: &Registry, name: String, help: String) -> Self {
        let declaration = Declaration {
            name,
            help,
            unit: None,
            crate_name: String::new(),
            crate_version: String::new(),
            labels: Vec::new(),
            bounds: DEFAULT_BUCKETS.into(),
            limit: DEFAULT_SERIES_LIMIT,
            place: Location::caller(),
        };
        Self { registry: registry.clone(), declaration, value: PhantomData }
    }

    /// The unit, which is the end of the name (before `_total`). Base units are recognised without it.
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.declaration.unit = Some(unit.into());
        self
    }

    /// The crate that makes it, `env!("CARGO_PKG_NAME")`, for sinks that tell instruments by their crates.
    pub fn crate_name(mut self, name: impl Into<String>) -> Self {
        self.declaration.crate_name = name.into();
        self
    }

    /// The version of that crate, as `CARGO_PKG_VERSION` gives it; empty where nothing is said.
    pub fn crate_version(mut self, version: impl Into<String>) -> Self {
        self.declaration.crate_version = version.into();
        self
    }

    /// The names of its labels, in the order their values will be given.
    pub fn labels<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> LabelledBuilder<V> {
        self.declaration.labels = names.into_iter().map(Into::into).collect();
        LabelledBuilder(self)
    }

    /// Registers it without labels: it shows from now on, at zero.
    ///
    /// # Errors
    /// When it breaks a rule, or its names are another instrument's.
    pub fn register(self) -> Result<Series<V>, RegisterError> {
        let family = self.make()?;
        Ok(family.only())
    }

    fn make(self) -> Result<Family<V>, RegisterError> {
        let Self { registry, declaration, .. } = self;
        rules::check(&declaration, V::KIND)?;
        let (name, place) = (declaration.name.clone(), declaration.place);
        let family = Family::<V>::new(&registry, declaration);
        let names = exposed_names(&name, V::KIND);
        let added = match &registry.home {
            Home::Alone(alone) => alone.table.add(&family, names),
            // Both lists of names are locked, so that of two that come at once one is refused.
            Home::Store(store) => registry::with_exposed(|declared| match declared.holder(&names) {
                Some(holder) => Err(holder),
                None => store.dynamic.add(&family, names),
            }),
        };
        match added {
            Ok(()) => Ok(family),
            Err(holder) => Err(RegisterError::Taken {
                name,
                place,
                exposed: holder.exposed,
                other: holder.name.into_owned(),
                other_place: holder.place,
            }),
        }
    }
}

impl Builder<Spread> {
    /// Upper bounds of the buckets, finite and strictly increasing; the infinite one is added.
    pub fn buckets(mut self, bounds: &[f64]) -> Self {
        self.declaration.bounds = bounds.into();
        self
    }
}

impl<V: Value> LabelledBuilder<V> {
    /// The largest number of series, 1 to 100,000; 1,000 where nothing is said. Further label sets share one, every
    /// label `_other`.
    pub fn limit(mut self, limit: usize) -> Self {
        self.0.declaration.limit = limit;
        self
    }

    /// Registers it: its help and type show from now on, a series when it is first asked for.
    ///
    /// # Errors
    /// When it breaks a rule, or its names are another instrument's.
    pub fn register(self) -> Result<Family<V>, RegisterError> {
        self.0.make()
    }
}
