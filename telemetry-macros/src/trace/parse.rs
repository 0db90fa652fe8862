//! The arguments of `#[trace]` and `#[span]` as they are written. One table says which there are.

mod values;

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Ident, LitBool, LitStr, Path, Token};

use super::rules;
use crate::mistakes::{Mistakes, nearest, suggestion};
use crate::site::decision::Decision;
use crate::site::parse::{Written, skip_past_comma};

/// The arguments given.
#[derive(Clone, Default)]
pub(super) struct Arguments {
    /// The keys, in their order.
    pub given: Vec<&'static str>,
    pub name: Option<Name>,
    pub type_name: Option<TypeName>,
    pub attributes: Vec<Written>,
    pub kind: Option<Ident>,
    pub root: Option<Ident>,
    pub parent: Option<Expr>,
    pub links: Option<Expr>,
    pub decision: Decision,
    pub err: Option<ErrorHandling>,
    pub ret: Option<Returned>,
    pub bind: Option<Ident>,
    pub is_async: Option<LitBool>,
    pub timing: Option<Ident>,
    pub metrics: Option<Ident>,
    pub skip: Option<Ident>,
    pub crate_path: Option<Path>,
}

/// `name = …`
#[derive(Clone)]
pub(super) enum Name {
    Literal(LitStr),
    Path(Path),
}

/// `type = …`
#[derive(Clone)]
pub(super) struct TypeName {
    pub key: Ident,
    pub name: Ident,
}

/// `err = …`
#[derive(Clone)]
pub(super) enum ErrorHandling {
    Off,
    Mapped(Path),
}

/// `ret` and `ret = …`
#[derive(Clone)]
pub(super) struct Returned {
    /// Where it is asked for.
    pub place: Span,
    pub shown: Shown,
}

/// How what is returned is recorded.
#[derive(Clone)]
pub(super) enum Shown {
    Value,
    Display,
    Debug,
    /// As what this function makes of it.
    Mapped(Path),
}

/// An argument: its key, how it is written, and what reads it.
struct Row {
    key: &'static str,
    form: &'static str,
    read: Read,
}

/// What reads an argument, the cursor standing after the key.
enum Read {
    /// The value.
    Value(fn(&mut Arguments, &Ident, ParseStream, &mut Mistakes) -> syn::Result<()>),
    /// No value: the key itself is kept, here.
    Alone(fn(&mut Arguments) -> &mut Option<Ident>),
}

/// Every argument there is.
const TABLE: &[Row] = &[
    Row { key: "name", form: "name = \"…\"` or `name = CONSTANT", read: Read::Value(values::name) },
    Row { key: "type", form: "type = Name", read: Read::Value(values::type_name) },
    Row { key: "attrs", form: "attrs(key = expression, …)", read: Read::Value(values::attrs) },
    Row { key: "kind", form: "kind = server", read: Read::Value(values::kind) },
    Row { key: "level", form: "level = debug", read: Read::Value(values::level) },
    Row { key: "root", form: "root", read: Read::Alone(|arguments| &mut arguments.root) },
    Row { key: "parent", form: "parent = context", read: Read::Value(values::parent) },
    Row { key: "links", form: "links = [context, …]", read: Read::Value(values::links) },
    Row { key: "sample", form: "sample = always", read: Read::Value(values::sample) },
    Row { key: "err", form: "err = off` or `err = function", read: Read::Value(values::err) },
    Row {
        key: "ret",
        form: "ret`, `ret = display`, `ret = debug` or `ret = function",
        read: Read::Value(values::ret),
    },
    Row { key: "bind", form: "bind = name", read: Read::Value(values::bind) },
    Row { key: "timing", form: "timing", read: Read::Alone(|arguments| &mut arguments.timing) },
    Row { key: "metrics", form: "metrics", read: Read::Alone(|arguments| &mut arguments.metrics) },
    Row { key: "async", form: "async = true", read: Read::Value(values::is_async) },
    Row { key: "skip", form: "skip", read: Read::Alone(|arguments| &mut arguments.skip) },
    Row { key: "crate", form: "crate = path", read: Read::Value(values::crate_path) },
];

/// The kinds a span can have.
pub(super) const KINDS: &[&str] = &["internal", "server", "client", "producer", "consumer"];

/// What people who come from elsewhere may write, and what it is called here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("fields", "what is recorded is listed in `attrs(key = expression, …)`"),
    ("properties", "what is recorded is listed in `attrs(key = expression, …)`"),
    ("attributes", "what is recorded is listed in `attrs(key = expression, …)`"),
    ("skip_all", "there is nothing to skip: no argument is recorded unless `attrs` names it"),
    ("short_name", "`#[span]` names the span by the function alone"),
    ("follows_from", "a span refers to others by `links = [context, …]`"),
    ("enter_on_poll", "a future has one span, which is entered at each poll"),
    ("no_parent", "a span begins a trace of its own by `root`"),
    ("target", "the module path and the crate are recorded with every span"),
];

/// Reads all arguments and goes on after a mistake.
pub(super) fn arguments(tokens: TokenStream, mistakes: &mut Mistakes) -> Arguments {
    let mut arguments = Arguments::default();
    let read = |input: ParseStream| {
        while !input.is_empty() {
            if let Err(mistake) = argument(&mut arguments, input, mistakes) {
                mistakes.push(mistake);
                skip_past_comma(input);
            }
            // `=>` stops nothing here, but would stop the skipping.
            if input.peek(Token![=>]) {
                mistakes.push(input.error("unexpected `=>`"));
                let _ = input.parse::<TokenStream>();
            }
        }
        Ok(())
    };
    let result = read.parse2(tokens);
    mistakes.keep(result);
    rules::skip_stands_alone(&arguments, mistakes);
    arguments
}

fn argument(arguments: &mut Arguments, input: ParseStream, mistakes: &mut Mistakes) -> syn::Result<()> {
    if input.peek(LitStr) {
        let name: LitStr = input.parse()?;
        return Err(syn::Error::new_spanned(
            &name,
            format!("to name the span, write `name = {}`", name.token()),
        ));
    }
    if !input.peek(Ident::peek_any) {
        let keys = TABLE.iter().map(|row| format!("`{}`", row.key)).collect::<Vec<_>>().join(", ");
        return Err(input.error(format!("expected an argument: {keys}")));
    }
    let key = input.call(Ident::parse_any)?;
    let Some(row) = TABLE.iter().find(|row| key == row.key) else { return Err(unknown(&key)) };
    if arguments.given.contains(&row.key) {
        return Err(syn::Error::new_spanned(&key, format!("the argument `{key}` is given twice")));
    }
    arguments.given.push(row.key);
    match row.read {
        Read::Value(read) => read(arguments, &key, input, mistakes)?,
        Read::Alone(place) => {
            values::alone(&key, input)?;
            *place(arguments) = Some(key);
        }
    }
    if input.is_empty() || input.parse::<Option<Token![,]>>()?.is_some() {
        return Ok(());
    }
    Err(input.error(format!("expected `,`: the argument is written `{}`", row.form)))
}

fn unknown(key: &Ident) -> syn::Error {
    let word = key.unraw().to_string();
    let keys: Vec<&str> = TABLE.iter().map(|row| row.key).collect();
    let hint = match ELSEWHERE.iter().find(|(theirs, _)| *theirs == word) {
        Some((_, hint)) if nearest(&word, keys.iter().copied()).is_none() => (*hint).to_owned(),
        _ => suggestion(&word, &keys),
    };
    syn::Error::new_spanned(key, format!("unknown argument `{word}`: {hint}"))
}
