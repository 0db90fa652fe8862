//! What the service is: the attributes that hold for everything it sends.

use std::borrow::Cow;

use crate::record::{Attribute, Value};

/// The attributes of the service itself (OpenTelemetry's resource): each key once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    attributes: Vec<Attribute>,
}

impl Resource {
    /// A resource without attributes.
    pub const fn empty() -> Self {
        Self { attributes: Vec::new() }
    }

    /// Sets an attribute, over any earlier value of the key.
    pub fn set(&mut self, key: impl Into<Cow<'static, str>>, value: Value) {
        let key = key.into();
        match self.attributes.iter_mut().find(|a| a.key == key) {
            Some(attribute) => attribute.value = value,
            None => self.attributes.push(Attribute { key, value }),
        }
    }

    /// All attributes, in the order they were first set.
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The value of an attribute, by key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.attributes.iter().find(|a| a.key == key).map(|a| &a.value)
    }
}
