//! What the signature of a function tells by its form alone.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{VisitMut, visit_type_mut};
use syn::{
    Attribute, FnArg, GenericArgument, Ident, Local, Pat, PathArguments, PathSegment, ReceiverKind,
    Signature, Type, TypeParamBound, parse_quote_spanned,
};

use super::body::mentions;
use super::function::peeled;
use super::model::{Output, Owned, Wrapped};

/// Whether a value of this type can be a `Result`: the name may be an alias, the form cannot.
pub(super) fn maybe_result(ty: &Type) -> bool {
    match peeled(ty) {
        Type::Path(_) => !is_primitive(ty),
        Type::Macro(_) | Type::Infer(_) | Type::Verbatim(_) => true,
        _ => false,
    }
}

/// The type with `_` for every `impl Trait`, as it can stand in a closure and in a body.
pub(super) fn inferable(ty: &Type) -> Output {
    struct Opaque(bool);

    impl VisitMut for Opaque {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            if let Type::ImplTrait(opaque) = ty {
                *ty = Type::Verbatim(quote_spanned!(opaque.impl_token.span=> _));
                self.0 = true;
            } else {
                visit_type_mut(self, ty);
            }
        }
    }

    let (mut written, mut opaque) = (ty.clone(), Opaque(false));
    opaque.visit_type_mut(&mut written);
    Output { written: written.into_token_stream(), is_spelled: !opaque.0, place: ty.span() }
}

/// What a function without a return type returns.
pub(super) fn unit(place: Span) -> Output {
    Output { written: quote_spanned!(Span::mixed_site()=> ()), is_spelled: true, place }
}

/// A type that is not seen from here.
pub(super) fn hidden(place: Span) -> Output {
    Output { written: quote_spanned!(Span::mixed_site()=> _), is_spelled: false, place }
}

/// What a future yields.
pub(super) enum Yields<'t> {
    /// A type that is spelled.
    Spelled(&'t Type),
    /// A type that is not seen from here.
    Hidden,
}

/// What a type yields that is spelled as a future; none for other types.
pub(super) fn future_output(ty: &Type) -> Option<Yields<'_>> {
    match peeled(ty) {
        Type::ImplTrait(opaque) => bounds_output(opaque.bounds.iter()),
        Type::TraitObject(object) => bounds_output(object.bounds.iter()),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            match last.ident.to_string().as_str() {
                "Pin" | "Box" => types(last).next().and_then(future_output),
                "BoxFuture" | "LocalBoxFuture" => {
                    Some(types(last).last().map_or(Yields::Hidden, Yields::Spelled))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether a value of this type can be a future, as far as its form tells.
pub(super) fn may_be_future(ty: &Type) -> bool {
    match peeled(ty) {
        Type::Path(_) => !is_primitive(ty),
        Type::ImplTrait(_) | Type::Macro(_) | Type::Verbatim(_) => true,
        _ => false,
    }
}

/// How a future of this type comes to be wrapped. None where the type would not allow it.
pub(super) fn made_by(ty: &Type) -> Option<Wrapped> {
    match peeled(ty) {
        // What else it promises the wrapper might not keep.
        Type::ImplTrait(opaque) => {
            let keeps = ["Future", "Send", "Sync", "Unpin", "UnwindSafe", "RefUnwindSafe"];
            let is_kept = |bound: &TypeParamBound| match bound {
                TypeParamBound::Trait(bound) => {
                    bound.path.segments.last().is_some_and(|last| keeps.iter().any(|keep| last.ident == keep))
                }
                _ => true,
            };
            opaque.bounds.iter().all(is_kept).then_some(Wrapped::Opaque)
        }
        Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Box") => None,
        _ if future_output(ty).is_some() => Some(Wrapped::Boxed),
        _ => Some(Wrapped::Same),
    }
}

fn bounds_output<'t>(bounds: impl Iterator<Item = &'t TypeParamBound>) -> Option<Yields<'t>> {
    let mut segments = bounds.filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last(),
        _ => None,
    });
    let future = segments.find(|segment| segment.ident == "Future")?;
    let PathArguments::AngleBracketed(arguments) = &future.arguments else { return Some(Yields::Hidden) };
    let output = arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(output) if output.ident == "Output" => Some(&output.ty),
        _ => None,
    });
    Some(output.map_or(Yields::Hidden, Yields::Spelled))
}

fn types(segment: &PathSegment) -> impl Iterator<Item = &Type> {
    let arguments = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
    };
    arguments.into_iter().flatten().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// The variables that may own something to drop, in the order in which they are dropped: last argument first.
///
/// One that is used nowhere is left out, unless its name says so by `_`: the compiler warns of it as ever.
pub(super) fn owned(signature: &Signature, used: impl Fn(&Ident) -> bool) -> Vec<Owned> {
    let mut owned = Vec::new();
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(receiver) => {
                let by_value = match &receiver.kind {
                    ReceiverKind::Value => true,
                    ReceiverKind::Typed(_, ty) => may_own(ty),
                    _ => false,
                };
                if by_value {
                    owned.push(Owned {
                        attributes: Vec::new(),
                        variable: receiver.self_token.to_token_stream(),
                    });
                }
            }
            FnArg::Typed(argument) if may_own(&argument.ty) => {
                let mut variables = Vec::new();
                variables_of(&argument.pat, &mut variables);
                variables.retain(|name| name.to_string().starts_with('_') || used(name));
                owned.extend(variables.into_iter().map(|name| Owned {
                    attributes: attributes(&argument.attrs, name),
                    variable: quote!(#name),
                }));
            }
            FnArg::Typed(_) => {}
        }
    }
    owned.reverse();
    owned
}

/// The variables that these statements bind and the body uses, last one first.
pub(super) fn bound(statements: &[Local], body: &TokenStream) -> Vec<Owned> {
    let mut variables = Vec::new();
    for local in statements {
        variables_of(&local.pat, &mut variables);
    }
    variables.retain(|name| mentions(body, name));
    let owned = |name: &&Ident| Owned { attributes: attributes(&[], name), variable: quote!(#name) };
    variables.iter().rev().map(owned).collect()
}

/// The variables a pattern binds by value.
pub(super) fn variables_of<'p>(pattern: &'p Pat, variables: &mut Vec<&'p Ident>) {
    match pattern {
        Pat::Ident(binding) if binding.by_ref.is_none() => variables.push(&binding.ident),
        Pat::Paren(paren) => variables_of(&paren.pat, variables),
        Pat::Slice(slice) => slice.elems.iter().for_each(|pattern| variables_of(pattern, variables)),
        Pat::Struct(fields) => fields.fields.iter().for_each(|field| variables_of(&field.pat, variables)),
        Pat::Tuple(tuple) => tuple.elems.iter().for_each(|pattern| variables_of(pattern, variables)),
        Pat::TupleStruct(tuple) => tuple.elems.iter().for_each(|pattern| variables_of(pattern, variables)),
        Pat::Type(typed) => variables_of(&typed.pat, variables),
        _ => {}
    }
}

fn attributes(of_argument: &[Attribute], name: &Ident) -> Vec<Attribute> {
    let conditions = of_argument.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned();
    let quiet = name
        .to_string()
        .starts_with('_')
        .then(|| parse_quote_spanned!(Span::mixed_site()=> #[allow(clippy::used_underscore_binding)]));
    conditions.chain(quiet).collect()
}

fn may_own(ty: &Type) -> bool {
    match peeled(ty) {
        Type::Reference(_) | Type::Ptr(_) | Type::FnPtr(_) | Type::Never(_) => false,
        Type::Array(array) => may_own(&array.elem),
        Type::Tuple(tuple) => tuple.elems.iter().any(may_own),
        Type::Path(_) => !is_primitive(ty),
        _ => true,
    }
}

fn is_primitive(ty: &Type) -> bool {
    const PRIMITIVES: &[&str] = &[
        "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "str", "u8", "u16", "u32",
        "u64", "u128", "usize",
    ];
    match peeled(ty) {
        Type::Path(path) => PRIMITIVES.iter().any(|primitive| path.path.is_ident(primitive)),
        _ => false,
    }
}
