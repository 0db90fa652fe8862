//! The pairs of a record, and ours behind them.

use log::kv::{Error, Key, Source, Value, VisitSource};
use telemetry_core::{LogField, LogFields};

/// The pairs of a record, then those of the fields that it has not got.
pub(crate) struct Pairs<'a> {
    own: &'a dyn Source,
    added: [Option<(&'static str, LogField)>; 3],
}

impl<'a> Pairs<'a> {
    pub(crate) fn new(own: &'a dyn Source, fields: LogFields) -> Self {
        let is_missing = |name| own.get(Key::from_str(name)).is_none();
        let added = fields.pairs().map(|(name, value)| is_missing(name).then_some((name, value)));
        Self { own, added }
    }
}

impl Source for Pairs<'_> {
    fn visit<'kvs>(&'kvs self, visitor: &mut dyn VisitSource<'kvs>) -> Result<(), Error> {
        self.own.visit(visitor)?;
        for (name, value) in self.added.iter().flatten() {
            visitor.visit_pair(Key::from_str(name), Value::from_display(value))?;
        }
        Ok(())
    }

    fn count(&self) -> usize {
        self.own.count() + self.added.iter().flatten().count()
    }
}
