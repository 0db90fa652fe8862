//! What is refused, each with the reason why.

use std::collections::HashMap;

use proc_macro2::Ident;
use quote::ToTokens;
use syn::{FnArg, GenericParam, Path, Type};

use super::Macro;
use super::body::mentions;
use super::function::Function;
use super::model::{asked, is_polled, returns_maybe_result};
use super::parse::{Arguments, ErrorHandling, Name, Returned};
use super::signature::{future_output, may_be_future, variables_of};
use crate::mistakes::{Mistakes, check_span_name};
use crate::site::model::Declared;

/// Rules about one traced function.
const RULES: &[fn(Macro, &Arguments, &Function, &mut Mistakes)] = &[
    const_functions_cannot_open_spans,
    a_name_says_something,
    a_name_is_known_when_compiled,
    a_type_makes_a_name,
    a_root_has_no_parent,
    a_mapped_error_must_be_possible,
    what_is_returned_can_be_seen,
    a_future_is_returned,
    polls_are_those_of_a_future,
    a_handle_is_used,
    a_handle_hides_no_argument,
];

/// Notes everything wrong with the arguments or with the function.
pub(super) fn check(of: Macro, arguments: &Arguments, function: &Function, mistakes: &mut Mistakes) {
    for rule in RULES {
        rule(of, arguments, function, mistakes);
    }
}

/// Nothing else can be said of a span that there is not.
pub(super) fn skip_stands_alone(arguments: &Arguments, mistakes: &mut Mistakes) {
    if let Some(skip) = &arguments.skip
        && let Some(other) = arguments.given.iter().find(|key| **key != "skip")
    {
        mistakes.at(
            skip,
            format!("`skip` leaves this without a span, so `{other}` has no effect: remove one of them"),
        );
    }
}

/// Without a block around there is nothing to be skipped from.
pub(super) fn skips_a_member(arguments: &Arguments, mistakes: &mut Mistakes) {
    if let Some(skip) = &arguments.skip {
        mistakes.at(
            skip,
            "`skip` leaves something out of the traced `impl` block, trait or module around it: here, remove the attribute",
        );
    }
}

/// A span reads the clock, which cannot be done while compiling.
fn const_functions_cannot_open_spans(of: Macro, _: &Arguments, function: &Function, mistakes: &mut Mistakes) {
    if let Some(constness) = &function.signature.constness {
        let written = of.written();
        mistakes.at(
            constness,
            format!("a `const fn` cannot open a span, which happens at run time: remove `const`, or put `{written}` on a function that calls it"),
        );
    }
}

/// Viewers show and group spans by name.
fn a_name_says_something(_: Macro, arguments: &Arguments, _: &Function, mistakes: &mut Mistakes) {
    if let Some(Name::Literal(name)) = &arguments.name {
        check_span_name(name, "span", mistakes);
    }
}

/// The call site is a `static`, which sees neither the arguments nor the type parameters around it.
fn a_name_is_known_when_compiled(
    _: Macro,
    arguments: &Arguments,
    function: &Function,
    mistakes: &mut Mistakes,
) {
    let Some(Name::Path(path)) = &arguments.name else { return };
    let Some(first) = path.segments.first().map(|segment| &segment.ident) else { return };
    let expected = "the name of a span is a string literal or the path of a `const` of type `&'static str`";
    if path.leading_colon.is_none() && first == "Self" {
        mistakes.at(path, format!("`Self` cannot be used here, write the type: {expected}"));
    } else if path.get_ident().is_some_and(|name| is_argument(function, name)) {
        mistakes.at(path, format!("`{first}` is an argument, known only at run time: {expected}"));
    } else if path.leading_colon.is_none() && is_generic(function, first) {
        mistakes.at(
            path,
            format!("`{first}` is a generic parameter, and one name serves all of them: {expected}"),
        );
    }
}

/// `type` only makes `Type::function`, which is not wanted when the name is given or when it is the function's.
fn a_type_makes_a_name(of: Macro, arguments: &Arguments, _: &Function, mistakes: &mut Mistakes) {
    let Some(type_name) = &arguments.type_name else { return };
    if arguments.name.is_some() {
        mistakes.at(&type_name.key, "`type` has no effect beside `name`: remove one of them");
    } else if of == Macro::Span {
        mistakes.at(
            &type_name.key,
            "`type` has no effect in `#[span]`, which names the span by the function: use `#[trace]`",
        );
    }
}

/// A function for errors that never come would be forgotten code.
fn a_mapped_error_must_be_possible(
    _: Macro,
    arguments: &Arguments,
    function: &Function,
    mistakes: &mut Mistakes,
) {
    if let Some(ErrorHandling::Mapped(path)) = &arguments.err
        && !returns_maybe_result(function, asked(arguments))
    {
        let name = &function.signature.ident;
        mistakes.at(
            path,
            format!("`{name}` does not return a `Result`: there is no error to hand to {}", shown(path)),
        );
    }
}

/// A root has none by its nature.
fn a_root_has_no_parent(_: Macro, arguments: &Arguments, _: &Function, mistakes: &mut Mistakes) {
    if let (Some(root), Some(_)) = (&arguments.root, &arguments.parent) {
        mistakes.at(root, "`root` begins a trace of its own and `parent` continues one: remove one of them");
    }
}

/// Nothing comes out, or nothing is known of it.
fn what_is_returned_can_be_seen(
    _: Macro,
    arguments: &Arguments,
    function: &Function,
    mistakes: &mut Mistakes,
) {
    let Some(Returned { place, .. }) = &arguments.ret else { return };
    let name = &function.signature.ident;
    let message = match function.output() {
        None => format!("`{name}` returns nothing, so `ret` has nothing to record: remove it"),
        Some(Type::Never(_)) => {
            format!("`{name}` does not return, so `ret` has nothing to record: remove it")
        }
        Some(_) if !can_show_what_it_returns(function) => format!(
            "`{name}` hides the type of what it returns: name the type, or set an attribute through `bind` instead of `ret`"
        ),
        Some(_) => return,
    };
    mistakes.push(syn::Error::new(*place, message));
}

/// Whether something comes out whose type is known.
pub(super) fn can_show_what_it_returns(function: &Function) -> bool {
    match function.output() {
        None | Some(Type::Never(_)) => false,
        Some(output @ Type::ImplTrait(_)) if function.signature.asyncness.is_none() => {
            future_output(output).is_some()
        }
        Some(output) => !matches!(output, Type::ImplTrait(_)),
    }
}

/// `async = true` is for types that do not say by their form that they are futures.
fn a_future_is_returned(_: Macro, arguments: &Arguments, function: &Function, mistakes: &mut Mistakes) {
    let Some(is_async) = &arguments.is_async else { return };
    let name = &function.signature.ident;
    if let Some(asyncness) = &function.signature.asyncness {
        mistakes.at(
            is_async,
            format!(
                "`{name}` is an `{} fn`, which says so itself: remove `async = {}`",
                asyncness.to_token_stream(),
                is_async.value
            ),
        );
    } else if is_async.value && function.output().is_none() {
        mistakes.at(is_async, format!("`{name}` returns nothing: there is no future to trace"));
    } else if let Some(output) = function.output()
        && is_async.value
        && !may_be_future(output)
    {
        mistakes
            .at(output, "`async = true` is for a function that returns a future in a box, by whatever name");
    }
}

/// A call that is no future is never polled; how long it takes is its span's duration.
fn polls_are_those_of_a_future(
    _: Macro,
    arguments: &Arguments,
    function: &Function,
    mistakes: &mut Mistakes,
) {
    if let Some(timing) = &arguments.timing
        && !is_polled(function, asked(arguments))
    {
        let name = &function.signature.ident;
        mistakes.at(
            timing,
            format!("`timing` counts the polls of a future, and `{name}` neither is `async` nor returns a future: remove it"),
        );
    }
}

/// A handle is asked for by name, so a body that never says the name has it wrong.
fn a_handle_is_used(_: Macro, arguments: &Arguments, function: &Function, mistakes: &mut Mistakes) {
    if let Some(bind) = &arguments.bind
        && !mentions(&function.body.stream(), bind)
    {
        mistakes.at(bind, format!("the handle `{bind}` is never used: use it in the body, or remove `bind`"));
    }
}

/// The body would lose the argument.
fn a_handle_hides_no_argument(_: Macro, arguments: &Arguments, function: &Function, mistakes: &mut Mistakes) {
    if let Some(bind) = &arguments.bind
        && is_argument(function, bind)
    {
        mistakes
            .at(bind, format!("the handle `{bind}` would hide the argument `{bind}`: give it another name"));
    }
}

/// Declared attributes are set through the handle, each by a method of its own.
pub(super) fn check_declared(declared: &[Declared], bind: Option<&Ident>, mistakes: &mut Mistakes) {
    let mut setters: HashMap<String, &str> = HashMap::new();
    for attribute in declared {
        let Declared { key, span, setter, .. } = attribute;
        if bind.is_none() {
            let message = format!(
                "the attribute `{key}` is declared but nothing can set it: add `bind = span` and call `span.{setter}(…)`"
            );
            mistakes.push(syn::Error::new(*span, message));
        }
        if let Some(other) = setters.insert(setter.to_string(), key) {
            let message = format!(
                "the attributes `{other}` and `{key}` would both be set by `{setter}(…)`: rename one"
            );
            mistakes.push(syn::Error::new(*span, message));
        }
    }
}

fn is_argument(function: &Function, name: &Ident) -> bool {
    function.signature.inputs.iter().any(|input| match input {
        FnArg::Typed(argument) => {
            let mut variables = Vec::new();
            variables_of(&argument.pat, &mut variables);
            variables.contains(&name)
        }
        FnArg::Receiver(_) => false,
    })
}

fn is_generic(function: &Function, name: &Ident) -> bool {
    function.signature.generics.params.iter().any(|parameter| match parameter {
        GenericParam::Type(parameter) => parameter.ident == *name,
        GenericParam::Const(parameter) => parameter.ident == *name,
        GenericParam::Lifetime(_) => false,
    })
}

fn shown(path: &Path) -> String {
    let text = path.to_token_stream().to_string().replace(' ', "");
    format!("`{text}`")
}
