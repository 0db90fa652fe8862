//! `step!("name", key = expression, …)`, alone and with `=> future` or `=> closure`, as written, with what may stand
//! before the name.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Ident, LitStr, Path, Token};

use crate::mistakes::{Mistakes, nearest, suggestion};
use crate::site::decision::{self, Decision};
use crate::site::parse::{Written, attributes};

/// A step as written.
pub(super) struct WrittenStep {
    pub settings: Settings,
    pub name: Name,
    pub attributes: Vec<Written>,
    /// What stands behind `=>`.
    pub covered: Option<Expr>,
}

/// What may stand before the name.
#[derive(Default)]
pub(super) struct Settings {
    pub crate_path: Option<Path>,
    pub decision: Decision,
    /// Where `timing` stands.
    pub timing: Option<Ident>,
}

/// What names the step.
pub(super) enum Name {
    Literal(LitStr),
    Path(Path),
}

/// Reads a step; none when there is nothing to go on with.
pub(super) fn step(tokens: TokenStream, mistakes: &mut Mistakes) -> Option<WrittenStep> {
    let read = |input: ParseStream| {
        let settings = settings(input)?;
        let name = name(input)?;
        if !input.is_empty() && !input.peek(Token![=>]) && input.parse::<Option<Token![,]>>()?.is_none() {
            return Err(
                input.error("expected `,` before the attributes or `=>` before a future or a closure")
            );
        }
        let attributes = attributes(input, mistakes);
        let covered = match input.parse::<Option<Token![=>]>>()? {
            Some(arrow) if input.is_empty() => {
                return Err(syn::Error::new_spanned(arrow, "expected a future or a closure after `=>`"));
            }
            Some(_) => Some(input.parse::<Expr>()?),
            None => None,
        };
        input.parse::<Option<Token![,]>>()?;
        if !input.is_empty() {
            return Err(input.error("a step covers one future or closure, and attributes stand before `=>`"));
        }
        Ok(WrittenStep { settings, name, attributes, covered })
    };
    let result = read.parse2(tokens);
    mistakes.keep(result)
}

/// What may stand before the name, as `key = value,` or as `timing,`.
const SETTINGS: &[&str] = &["crate", "level", "sample", "timing"];

/// Reads what stands before the name.
fn settings(input: ParseStream) -> syn::Result<Settings> {
    let mut settings = Settings::default();
    let mut seen = Vec::new();
    loop {
        let ahead = input.fork();
        let is_timing =
            ahead.call(Ident::parse_any).is_ok_and(|word| word == "timing") && ahead.peek(Token![,]);
        let has_value = input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![=>]);
        if !is_timing && !has_value {
            return if before_a_name(input) { Err(not_a_setting(input)) } else { Ok(settings) };
        }
        let key = input.call(Ident::parse_any)?;
        if has_value {
            input.parse::<Token![=]>()?;
        }
        if seen.contains(&key) {
            return Err(syn::Error::new_spanned(&key, format!("`{key}` is given twice")));
        }
        match key.to_string().as_str() {
            "timing" if is_timing => settings.timing = Some(key.clone()),
            "timing" => {
                let message = "`timing` takes no value: `step!(timing, \"…\" => future)`";
                return Err(syn::Error::new_spanned(&key, message));
            }
            "crate" => settings.crate_path = Some(input.call(Path::parse_mod_style)?),
            "level" => settings.decision.level = Some(decision::level(input)?),
            "sample" => settings.decision.sampler = Some(decision::sampler(input)?),
            word => {
                let message = match nearest(word, SETTINGS.iter().copied()) {
                    Some(_) => {
                        format!("unknown `{word}` before the name of a step: {}", suggestion(word, SETTINGS))
                    }
                    None => format!(
                        "a step begins with its name, `{word}` goes behind it: `step!(\"…\", {word} = …)`"
                    ),
                };
                return Err(syn::Error::new_spanned(&key, message));
            }
        }
        if input.parse::<Option<Token![,]>>()?.is_none() {
            return Err(input.error(format!("expected `,` and the name of the step after `{key}`")));
        }
        seen.push(key);
    }
}

/// Whether a word and a name in quotes follow: `root, "load"`. A quoted key would be followed by `=`.
fn before_a_name(input: ParseStream) -> bool {
    let ahead = input.fork();
    ahead.call(Ident::parse_any).is_ok()
        && ahead.parse::<Token![,]>().is_ok()
        && ahead.parse::<LitStr>().is_ok()
        && (!ahead.peek(Token![=]) || ahead.peek(Token![=>]))
}

fn not_a_setting(input: ParseStream) -> syn::Error {
    let word = input.fork().call(Ident::parse_any).map(|word| word.unraw().to_string()).unwrap_or_default();
    input.error(format!("`{word}` cannot stand before the name of a step: {}", suggestion(&word, SETTINGS)))
}

fn name(input: ParseStream) -> syn::Result<Name> {
    const EXPECTED: &str =
        "a step begins with its name: a string literal or the path of a `const` of type `&'static str`";
    if input.peek(LitStr) {
        return input.parse().map(Name::Literal);
    }
    if input.is_empty() {
        return Err(input.error(EXPECTED));
    }
    let start = input.cursor().token_tree().map(|(token, _)| token);
    match input.parse::<Path>() {
        Ok(path) if input.is_empty() || input.peek(Token![,]) || input.peek(Token![=>]) => {
            Ok(Name::Path(path))
        }
        _ => Err(syn::Error::new_spanned(start, EXPECTED)),
    }
}
