//! The pairs of a record, and ours behind them.

use std::sync::Arc;

use log::kv::{Error, Key, Source, Value, VisitSource};
use telemetry_core::{LogField, LogFields, LogRequest};

/// The pairs of a record, then those of the fields that it has not got.
pub(crate) struct Pairs<'a> {
    own: &'a dyn Source,
    added: [Option<(&'static str, LogField)>; 3],
    request: Option<Arc<str>>,
}

impl<'a> Pairs<'a> {
    pub(crate) fn new(own: &'a dyn Source, fields: Option<LogFields>, request: Option<Arc<str>>) -> Self {
        let is_missing = |name: &str| own.get(Key::from_str(name)).is_none();
        let missing = |(name, value)| is_missing(name).then_some((name, value));
        let added = fields.map_or([None; 3], |fields| fields.pairs().map(missing));
        let request = request.filter(|_| is_missing(LogRequest::NAME));
        Self { own, added, request }
    }
}

impl Source for Pairs<'_> {
    fn visit<'kvs>(&'kvs self, visitor: &mut dyn VisitSource<'kvs>) -> Result<(), Error> {
        self.own.visit(visitor)?;
        for (name, value) in self.added.iter().flatten() {
            visitor.visit_pair(Key::from_str(name), Value::from_display(value))?;
        }
        if let Some(request) = &self.request {
            visitor.visit_pair(Key::from_str(LogRequest::NAME), Value::from(&**request))?;
        }
        Ok(())
    }

    fn count(&self) -> usize {
        self.own.count() + self.added.iter().flatten().count() + usize::from(self.request.is_some())
    }
}
