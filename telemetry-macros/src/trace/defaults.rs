//! The arguments of a traced block: what holds for each function in it that does not say otherwise.

use proc_macro2::Ident;
use quote::quote;
use syn::{FnArg, Type};

use super::body::mentions;
use super::function::{Function, peeled};
use super::model::{asked, is_polled};
use super::parse::{Arguments, ErrorHandling, Name};
use super::rules;
use super::signature::{Yields, future_output};
use crate::mistakes::Mistakes;
use crate::site::parse::{Value, Written};

/// Arguments that hold for many functions.
pub(super) struct Defaults(Arguments);

impl Defaults {
    /// Notes the arguments that can only be those of one function.
    pub(super) fn new(mut arguments: Arguments, mistakes: &mut Mistakes) -> Self {
        match &arguments.name {
            Some(Name::Literal(name)) => mistakes.at(name, ONE_NAME),
            Some(Name::Path(name)) => mistakes.at(name, ONE_NAME),
            None => {}
        }
        if let Some(bind) = &arguments.bind {
            mistakes.at(bind, "a handle is bound in one body: give `bind` to the functions that use it");
        }
        arguments.attributes.retain(|Written { key, value }| {
            let is_declared = matches!(value, Value::Declared { .. });
            if is_declared {
                let message = format!(
                    "the attribute `{}` is declared for one body to set: give it to that function",
                    key.text
                );
                mistakes.push(syn::Error::new(key.span, message));
            }
            !is_declared
        });
        Self(arguments)
    }

    /// The defaults of a block within the block, which has arguments of its own.
    pub(super) fn inside(&self, own: Arguments, mistakes: &mut Mistakes) -> Self {
        let Self(own) = Self::new(own, mistakes);
        // The name of one type is not that of another.
        let type_name = own.type_name.clone();
        Self(Arguments { type_name, ..self.0.under(own) })
    }

    /// The arguments of a function that has these of its own.
    pub(super) fn under(&self, own: Arguments, function: &Function) -> Arguments {
        let has_receiver = matches!(function.signature.inputs.first(), Some(FnArg::Receiver(_)));
        let mut defaults = self.0.clone();
        defaults.attributes.retain(|attribute| has_receiver || !mentions_self(attribute));
        if matches!(defaults.err, Some(ErrorHandling::Mapped(_))) && !returns_result(function) {
            defaults.err = None;
        }
        if !rules::can_show_what_it_returns(function) {
            defaults.ret = None;
        }
        if !is_polled(function, asked(&own).or(asked(&defaults))) {
            defaults.timing = None;
        }
        if own.name.is_some() {
            defaults.type_name = None;
        }
        defaults.under(own)
    }
}

const ONE_NAME: &str = "a name is that of one function: give `name` to the functions in here";

impl Arguments {
    /// What these say where the others say nothing.
    fn under(&self, own: Arguments) -> Arguments {
        let defaults = self.clone();
        let is_new =
            |attribute: &Written| own.attributes.iter().all(|own| own.key.text != attribute.key.text);
        let mut attributes: Vec<Written> = defaults.attributes.into_iter().filter(is_new).collect();
        attributes.extend(own.attributes);
        Arguments {
            given: own.given,
            attributes,
            name: own.name,
            bind: own.bind,
            skip: own.skip,
            type_name: own.type_name.or(defaults.type_name),
            kind: own.kind.or(defaults.kind),
            root: own.root.or(defaults.root),
            decision: defaults.decision.under(own.decision),
            parent: own.parent.or(defaults.parent),
            links: own.links.or(defaults.links),
            err: own.err.or(defaults.err),
            ret: own.ret.or(defaults.ret),
            is_async: own.is_async.or(defaults.is_async),
            timing: own.timing.or(defaults.timing),
            metrics: own.metrics.or(defaults.metrics),
            crate_path: own.crate_path.or(defaults.crate_path),
        }
    }
}

/// Whether the function says that it returns a `Result`. What only may be one under another name is not asked of a
/// default: a type that is none could not be mapped.
fn returns_result(function: &Function) -> bool {
    let output = function.output().map(|output| match future_output(output) {
        Some(Yields::Spelled(output)) => peeled(output),
        _ => output,
    });
    match output {
        Some(Type::Path(path)) => {
            path.path.segments.last().is_some_and(|last| last.ident.to_string().ends_with("Result"))
        }
        _ => false,
    }
}

fn mentions_self(attribute: &Written) -> bool {
    match &attribute.value {
        Value::Expression { expression, .. } => {
            mentions(&quote!(#expression), &Ident::new("self", proc_macro2::Span::call_site()))
        }
        Value::Declared { .. } => false,
    }
}
