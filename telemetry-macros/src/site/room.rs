//! Whether the attributes of a site fit a span, put to the compiler: how they are packed is core's to know.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote_spanned;
use syn::{Expr, Lit};

use super::declared::ValueType;
use super::expand::located;
use super::model::{Declared, Recorded, Site};
use super::parse::Form;

/// So many attributes fit whatever they are, unless one is a long literal: nothing is asked then.
const ALWAYS_FIT: usize = 8;
/// The same beside those of `timing`.
const ALWAYS_FIT_TIMED: usize = 7;
/// A literal up to this length is not long.
const SHORT: usize = 8;

/// What an attribute takes at the least: a method of `Room` and its argument.
enum Width {
    Typed,
    Text,
    Bytes(usize),
    Number,
    /// All that `timing` records.
    Timing,
}

/// Adds the attributes up, each at its own place, so that the compiler points to the one that does not fit; nothing
/// where they are few and short.
///
/// ```text
/// // Expands to:
/// const _: () = {
///     let room = Room::NEW;
///     let room = Room::typed(room);
///     let room = Room::bytes(room, 200);
///     _ = room;
/// };
/// ```
pub(super) fn expand(private: &TokenStream, site: &Site) -> Option<TokenStream> {
    let recorded = site.recorded.iter().map(|attribute| (recorded(attribute), attribute.place));
    let declared = site.declared.iter().map(|attribute| (declared(attribute), attribute.span));
    let mut widths: Vec<(Width, Span)> = recorded.chain(declared).collect();
    let is_long = |(width, _): &(Width, Span)| matches!(width, Width::Bytes(length) if *length > SHORT);
    let always_fit = if site.timing.is_some() { ALWAYS_FIT_TIMED } else { ALWAYS_FIT };
    if widths.len() <= always_fit && !widths.iter().any(is_long) {
        return None;
    }
    widths.extend(site.timing.map(|place| (Width::Timing, place)));
    let added = widths.iter().map(|(width, place)| {
        let (method, argument) = match width {
            Width::Typed => ("typed", None),
            Width::Text => ("text", None),
            Width::Bytes(length) => ("bytes", Some(Literal::usize_unsuffixed(*length))),
            Width::Number => ("number", None),
            Width::Timing => ("timing", None),
        };
        let method = Ident::new(method, Span::mixed_site());
        let argument = argument.map(|argument| quote_spanned!(Span::mixed_site()=> , #argument));
        let added = quote_spanned!(Span::mixed_site()=> #private::Room::#method(room #argument));
        // Located at the key, to which the compiler points.
        let added = located(&added, *place);
        quote_spanned!(Span::mixed_site()=> let room = #added;)
    });
    Some(quote_spanned! {Span::mixed_site()=>
        const _: () = {
            let room = #private::Room::NEW;
            #(#added)*
            _ = room;
        };
    })
}

fn recorded(attribute: &Recorded) -> Width {
    let Recorded { form, expression, .. } = attribute;
    match (form, literal(expression)) {
        (Form::Typed, Some(Lit::ByteStr(bytes))) => Width::Bytes(bytes.value().len()),
        (Form::Typed | Form::Display, Some(Lit::Char(letter))) => Width::Bytes(letter.value().len_utf8()),
        (Form::Display, Some(Lit::Str(text))) => Width::Bytes(text.value().len()),
        (Form::Typed, _) => Width::Typed,
        _ => Width::Text,
    }
}

fn literal(expression: &Expr) -> Option<&Lit> {
    match expression {
        Expr::Lit(expression) => Some(&expression.lit),
        Expr::Reference(reference) => literal(&reference.expr),
        Expr::Group(group) => literal(&group.expr),
        Expr::Paren(paren) => literal(&paren.expr),
        _ => None,
    }
}

fn declared(attribute: &Declared) -> Width {
    // One that may have no value is counted as if it had.
    match attribute.kind.value {
        ValueType::Bool => Width::Typed,
        ValueType::I64 | ValueType::U64 | ValueType::F64 => Width::Number,
        ValueType::Str | ValueType::Bytes => Width::Text,
    }
}
