//! The types that attributes are declared with: `rows: i64`, `title: Option<str>`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{GenericArgument, Path, PathArguments, Type};

use crate::mistakes::suggestion;

/// The types an attribute can be declared with.
const ACCEPTED: &[&str] = &["bool", "i64", "u64", "f64", "str", "bytes"];

/// The type of a declared attribute.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct DeclaredType {
    pub value: ValueType,
    /// Whether there may be no value, which records nothing.
    pub optional: bool,
}

/// The type of what is recorded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueType {
    Bool,
    I64,
    U64,
    F64,
    Str,
    Bytes,
}

impl DeclaredType {
    /// The type that is written; another one is a mistake.
    pub(crate) fn of(written: &Type) -> syn::Result<Self> {
        let (part, optional) = match inside_option(written) {
            Some(part) => (part, true),
            None => (written, false),
        };
        match ValueType::of(part) {
            Some(value) => Ok(Self { value, optional }),
            None => Err(refused(part)),
        }
    }

    /// The type its setter takes.
    pub(crate) fn argument(self) -> TokenStream {
        let span = Span::mixed_site();
        let value = match self.value {
            ValueType::Bool => quote_spanned!(span=> ::core::primitive::bool),
            ValueType::I64 => quote_spanned!(span=> ::core::primitive::i64),
            ValueType::U64 => quote_spanned!(span=> ::core::primitive::u64),
            ValueType::F64 => quote_spanned!(span=> ::core::primitive::f64),
            ValueType::Str => quote_spanned!(span=> &::core::primitive::str),
            ValueType::Bytes => quote_spanned!(span=> &[::core::primitive::u8]),
        };
        if self.optional { quote_spanned!(span=> ::core::option::Option<#value>) } else { value }
    }
}

impl ValueType {
    fn of(ty: &Type) -> Option<Self> {
        let Type::Path(path) = ty else { return None };
        match path.path.get_ident()?.to_string().as_str() {
            "bool" => Some(Self::Bool),
            "i64" => Some(Self::I64),
            "u64" => Some(Self::U64),
            "f64" => Some(Self::F64),
            "str" => Some(Self::Str),
            "bytes" => Some(Self::Bytes),
            _ => None,
        }
    }
}

/// What an `Option` may hold, by whatever path it is written.
fn inside_option(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let PathArguments::AngleBracketed(arguments) = &last(&path.path, "Option")?.arguments else {
        return None;
    };
    match arguments.args.first() {
        Some(GenericArgument::Type(part)) if arguments.args.len() == 1 => Some(part),
        _ => None,
    }
}

fn last<'p>(path: &'p Path, name: &str) -> Option<&'p syn::PathSegment> {
    path.segments.last().filter(|last| last.ident == name)
}

fn refused(ty: &Type) -> syn::Error {
    let written = written(&ty.to_token_stream());
    let accepted = match meant(&written) {
        Some(word) => {
            let list = suggestion("", ACCEPTED);
            format!("did you mean `{word}`? A{}", &list[1..])
        }
        None => suggestion(&written, ACCEPTED),
    };
    let message =
        format!("an attribute cannot be declared as `{written}`: {accepted}, or an `Option` of one of these");
    syn::Error::new_spanned(ty, message)
}

/// Tokens with no spaces but those between words.
fn written(tokens: &TokenStream) -> String {
    let mut text = String::new();
    for part in tokens.to_string().split_whitespace() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        if text.ends_with(is_word) && part.starts_with(is_word) {
            text.push(' ');
        }
        text.push_str(part);
    }
    text
}

/// The declared type that holds values of another one.
fn meant(written: &str) -> Option<&'static str> {
    match written.trim_start_matches("&'static ").trim_start_matches('&') {
        "i8" | "i16" | "i32" | "i128" | "isize" => Some("i64"),
        "u8" | "u16" | "u32" | "u128" | "usize" => Some("u64"),
        "f32" => Some("f64"),
        "str" | "String" | "char" => Some("str"),
        "[u8]" | "Vec<u8>" | "Bytes" => Some("bytes"),
        _ => None,
    }
}
