//! HELP from a documentation comment.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

use super::Help;

/// The first paragraph of the documentation, or what computes it; nothing where there is none.
pub(super) fn of(attrs: &[Attribute]) -> Option<Help> {
    let text = first_paragraph(attrs);
    if !text.is_empty() {
        return Some(Help::Text(text));
    }
    attrs.iter().find_map(computed).map(Help::Computed)
}

fn first_paragraph(attrs: &[Attribute]) -> String {
    let lines = attrs.iter().filter_map(doc_line).flat_map(|text| {
        text.lines()
            .map(|line| line.trim().to_owned())
            .chain(text.is_empty().then(String::new))
            .collect::<Vec<_>>()
    });
    let paragraph: Vec<String> =
        lines.skip_while(String::is_empty).take_while(|line| !line.is_empty()).collect();
    paragraph.join(" ")
}

fn doc_line(attr: &Attribute) -> Option<String> {
    match &attr.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// `include_str!(…)` of `#[doc = include_str!(…)]` and the like, whose text is not known here.
fn computed(attr: &Attribute) -> Option<Expr> {
    match &attr.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") && doc_line(attr).is_none() => {
            Some(meta.value.clone())
        }
        _ => None,
    }
}
