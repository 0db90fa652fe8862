//! The values of a label: one for each variant, all different.

use std::collections::HashMap;

use syn::{Generics, Ident, LitStr, Path, ext::IdentExt, parse_quote};

use super::parse::{Item, Variant};
use crate::metric::did_you_mean;

/// A label that obeys the rules.
pub(super) struct Label<'a> {
    pub(super) krate: Path,
    pub(super) ident: &'a Ident,
    pub(super) generics: &'a Generics,
    /// Each variant with its value.
    pub(super) values: Vec<(&'a Ident, String)>,
}

#[derive(Clone, Copy)]
enum Case {
    Snake,
    Kebab,
    ScreamingSnake,
    Lower,
    Upper,
    Camel,
    Pascal,
}

const CASES: &[(&str, Case)] = &[
    ("snake_case", Case::Snake),
    ("kebab-case", Case::Kebab),
    ("SCREAMING_SNAKE_CASE", Case::ScreamingSnake),
    ("lowercase", Case::Lower),
    ("UPPERCASE", Case::Upper),
    ("camelCase", Case::Camel),
    ("PascalCase", Case::Pascal),
];

pub(super) fn build(item: Item<'_>) -> (Label<'_>, Vec<syn::Error>) {
    let mut mistakes = item.mistakes;
    let case = item.rename_all.as_ref().map_or(Case::Snake, |literal| case_of(literal, &mut mistakes));
    let values: Vec<_> =
        item.variants.iter().map(|variant| (variant.ident, value_of(variant, case))).collect();
    if values.is_empty() && mistakes.is_empty() {
        mistakes.push(syn::Error::new(item.ident.span(), "a label has at least one value: add a variant"));
    }
    mistakes.extend(item.variants.iter().filter_map(empty));
    mistakes.extend(repeated(&item.variants, &values));
    let krate = item.krate.unwrap_or_else(|| parse_quote!(::telemetry_core));
    (Label { krate, ident: item.ident, generics: item.generics, values }, mistakes)
}

/// Cases are those other derives know, by their names there.
fn case_of(literal: &LitStr, mistakes: &mut Vec<syn::Error>) -> Case {
    let text = literal.value();
    if let Some((_, case)) = CASES.iter().find(|(name, _)| *name == text) {
        return *case;
    }
    let names: Vec<&str> = CASES.iter().map(|(name, _)| *name).collect();
    let near = did_you_mean(&text, &names);
    let message = format!("unknown case `{text}`: expected one of {}{near}", names.join(", "));
    mistakes.push(syn::Error::new(literal.span(), message));
    Case::Snake
}

/// An empty value is no label at all to Prometheus.
fn empty(variant: &Variant<'_>) -> Option<syn::Error> {
    let literal = variant.rename.as_ref().filter(|literal| literal.value().is_empty())?;
    let message = "the value of a label is not empty: Prometheus takes an empty one for no label";
    Some(syn::Error::new(literal.span(), message))
}

/// Two variants with one value would count in one series under two indices.
fn repeated(variants: &[Variant<'_>], values: &[(&Ident, String)]) -> Vec<syn::Error> {
    let mut known: HashMap<&str, &Ident> = HashMap::new();
    let mut mistakes = Vec::new();
    for (variant, (ident, value)) in variants.iter().zip(values) {
        if let Some(first) = known.insert(value, ident) {
            let span = variant.rename.as_ref().map_or_else(|| ident.span(), LitStr::span);
            mistakes.push(syn::Error::new(
                span,
                format_args!("the value `{value}` is that of `{first}` already"),
            ));
        }
    }
    mistakes
}

fn value_of(variant: &Variant<'_>, case: Case) -> String {
    match &variant.rename {
        Some(literal) => literal.value(),
        None => case.apply(&variant.ident.unraw().to_string()),
    }
}

impl Case {
    fn apply(self, name: &str) -> String {
        let words = words(name);
        let lower = || words.iter().map(|word| word.to_lowercase()).collect::<Vec<_>>();
        match self {
            Self::Snake => lower().join("_"),
            Self::Kebab => lower().join("-"),
            Self::ScreamingSnake => lower().join("_").to_uppercase(),
            Self::Lower => name.to_lowercase(),
            Self::Upper => name.to_uppercase(),
            Self::Pascal => name.to_owned(),
            Self::Camel => {
                let mut letters = name.chars();
                letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect()
            }
        }
    }
}

/// `HttpOk2` is `Http`, `Ok2`; `HTTPError` is `HTTP`, `Error`.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    for (at, letter) in letters.iter().enumerate() {
        let after_lower = at > 0 && !letters[at - 1].is_uppercase();
        let before_lower = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        let starts = letter.is_uppercase() && (after_lower || before_lower);
        match words.last_mut() {
            Some(word) if !starts && *letter != '_' => word.push(*letter),
            _ if *letter == '_' => words.push(String::new()),
            _ => words.push(letter.to_string()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_apply_to_words() {
        let cases = |name: &str| CASES.iter().map(|(_, case)| case.apply(name)).collect::<Vec<_>>().join(" ");
        assert_eq!(cases("NotFound"), "not_found not-found NOT_FOUND notfound NOTFOUND notFound NotFound");
        assert_eq!(
            cases("HTTPError"),
            "http_error http-error HTTP_ERROR httperror HTTPERROR hTTPError HTTPError"
        );
        assert_eq!(cases("Ok2"), "ok2 ok2 OK2 ok2 OK2 ok2 Ok2");
        assert_eq!(cases("A"), "a a A a A a A");
    }
}
