//! A call site that cannot be invalid: keys are unique, constants are told from what is recorded at run time.

use std::collections::HashSet;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Expr, ExprLit, ExprUnary, Lit, Path, UnOp};

use super::decision::Decision;
use super::declared::DeclaredType;
use super::parse::{Form, Key, Value, Written};
use crate::mistakes::Mistakes;

/// Keys that spans can refer to by number.
const MAX_RECORDED: usize = 240;

/// Everything about a span that is known when the program is compiled, and what is to be recorded when it opens.
pub(crate) struct Site {
    /// The name: a constant expression.
    pub name: Name,
    /// The kind, a variant of `SpanKind`; none for an internal one.
    pub kind: Option<Ident>,
    /// What decides whether it records.
    pub decision: Decision,
    /// Attributes that cost nothing at run time.
    pub constants: Vec<Constant>,
    /// Attributes recorded when the span opens, by the index of their key.
    pub recorded: Vec<Recorded>,
    /// Attributes the body sets.
    pub declared: Vec<Declared>,
    /// Where it is asked for that the polls of its future are counted and timed, if it is.
    pub timing: Option<Span>,
}

/// The name of a span.
pub(crate) enum Name {
    /// Text, or what makes it.
    Literal(TokenStream),
    /// A constant of the user's.
    Path(Path),
}

impl ToTokens for Name {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Literal(text) => text.to_tokens(tokens),
            Self::Path(path) => path.to_tokens(tokens),
        }
    }
}

/// An attribute whose value is a literal.
pub(crate) struct Constant {
    pub key: String,
    /// A variant of `Constant`.
    pub variant: Ident,
    pub value: TokenStream,
}

/// An attribute whose value is an expression.
pub(crate) struct Recorded {
    pub key: String,
    /// Where the key stands.
    pub place: Span,
    pub form: Form,
    pub expression: Expr,
}

/// An attribute with a type, set through the handle.
pub(crate) struct Declared {
    pub key: String,
    /// Where the key stands.
    pub span: Span,
    pub kind: DeclaredType,
    /// The name of its setter.
    pub setter: Ident,
}

/// The attributes of a site, sorted by what becomes of them.
#[derive(Default)]
pub(crate) struct Attributes {
    pub constants: Vec<Constant>,
    pub recorded: Vec<Recorded>,
    pub declared: Vec<Declared>,
}

impl Attributes {
    /// Sorts attributes as written. A key given twice and an unknown type are mistakes.
    pub(crate) fn from_written(written: Vec<Written>, mistakes: &mut Mistakes) -> Self {
        let mut attributes = Self::default();
        let mut keys = HashSet::new();
        for Written { key, value } in written {
            if !keys.insert(key.text.clone()) {
                mistakes
                    .push(syn::Error::new(key.span, format!("the attribute `{}` is given twice", key.text)));
                continue;
            }
            match value {
                Value::Declared { kind } => {
                    if let Some(kind) = mistakes.keep(DeclaredType::of(&kind)) {
                        let setter = setter(&key);
                        attributes.declared.push(Declared { key: key.text, span: key.span, kind, setter });
                    }
                }
                Value::Expression { form, expression } => match constant(form, &expression) {
                    Some((variant, value)) => {
                        let variant = Ident::new(variant, Span::mixed_site());
                        attributes.constants.push(Constant { key: key.text, variant, value });
                    }
                    None => attributes.recorded.push(Recorded {
                        key: key.text,
                        place: key.span,
                        form,
                        expression,
                    }),
                },
            }
        }
        if let Some(first_lost) = attributes.recorded.get(MAX_RECORDED) {
            let message =
                format!("a span can record {MAX_RECORDED} attributes when it opens, and this is one more");
            mistakes.at(&first_lost.expression, message);
        }
        attributes
    }
}

/// The setter of a declared attribute: its key, with `_` for what cannot stand in a name.
fn setter(key: &Key) -> Ident {
    let mut name: String =
        key.text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, '_');
    }
    match syn::parse_str::<Ident>(&name) {
        Ok(_) if name != "_" => Ident::new(&name, key.span),
        _ if matches!(name.as_str(), "_" | "self" | "Self" | "super" | "crate") => {
            format_ident!("{name}_", span = key.span)
        }
        _ => Ident::new_raw(&name, key.span),
    }
}

/// The variant and value of an attribute that is a literal; none for what must be recorded at run time.
fn constant(form: Form, expression: &Expr) -> Option<(&'static str, TokenStream)> {
    if form != Form::Typed {
        return None;
    }
    match expression {
        Expr::Lit(ExprLit { lit, .. }) => literal(lit, false),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => match &**expr {
            Expr::Lit(ExprLit { lit: lit @ (Lit::Int(_) | Lit::Float(_)), .. }) => literal(lit, true),
            _ => None,
        },
        // What a fragment of a `macro_rules!` macro comes wrapped in.
        Expr::Group(group) => constant(form, &group.expr),
        _ => None,
    }
}

fn literal(lit: &Lit, negative: bool) -> Option<(&'static str, TokenStream)> {
    let (variant, mut value) = match lit {
        Lit::Str(text) => ("Str", Literal::string(&text.value())),
        Lit::Bool(value) => return Some(("Bool", quote!(#value))),
        Lit::Int(int) => {
            let digits: u64 = int.base10_parse().ok()?;
            let signed = if negative { digits <= 1 << 63 } else { digits < 1 << 63 };
            match int.suffix() {
                "" | "i8" | "i16" | "i32" | "i64" | "isize" if signed => {
                    ("I64", Literal::u64_unsuffixed(digits))
                }
                "" | "u8" | "u16" | "u32" | "u64" | "usize" if !negative => {
                    ("U64", Literal::u64_unsuffixed(digits))
                }
                _ => return None,
            }
        }
        Lit::Float(float) => {
            let digits: f64 = float.base10_parse().ok().filter(|digits: &f64| digits.is_finite())?;
            ("F64", Literal::f64_unsuffixed(digits))
        }
        _ => return None,
    };
    // Not the user's spelling any more, so lints on spelling are not about it.
    value.set_span(Span::mixed_site().located_at(lit.span()));
    let minus = negative.then(|| quote_spanned!(Span::mixed_site()=> -));
    Some((variant, quote!(#minus #value)))
}
