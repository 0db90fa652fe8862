//! The struct of a metric's labels, and its impls.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Type;

use super::cfg;
use crate::metric::model::{Label, LabelValue, Metric, label_text};

// Expands to:
//   pub struct LookupsLabels<'a> { pub outcome: Outcome, pub backend: &'a str }
//   impl LabelSet for LookupsLabels<'static> { … }
//   impl<'a> From<(Outcome, &'a str)> for LookupsLabels<'a> { … }
pub(super) fn labels(metric: &Metric, private: &TokenStream) -> TokenStream {
    let Metric { vis, ident, labels, .. } = metric;
    let cfg = cfg(metric);
    let set = set_ident(metric);
    let lifetime = has_text(metric).then(|| quote!(<'a>));
    let doc = format!("The labels of [`{ident}`].");
    let fields = labels.iter().map(|Label { name, value }| {
        let doc = format!("The label `{}`.", label_text(name));
        match value {
            LabelValue::Fixed(ty) => quote!(#[doc = #doc] #vis #name: #ty),
            LabelValue::Text => quote!(#[doc = #doc] #vis #name: &'a str),
        }
    });
    let label_set = label_set(metric, private);
    let from = positional(metric);
    quote! {
        #(#cfg)*
        #[doc = #doc]
        #vis struct #set #lifetime { #(#fields),* }
        #(#cfg)*
        #label_set
        #(#cfg)*
        #from
    }
}

// Expands to:
//   impl LabelSet for LookupsLabels {
//       type Values<'a> = LookupsLabels;
//       type Texts<'v> = [&'v str; 1];
//       const NAMES: … = &["outcome"];
//       const VALUES: … = &[<Outcome as Label>::VALUES];
//       const ENUMERATED: bool = true;
//       fn index(values: &LookupsLabels) -> usize { position(…) }
//       fn texts<'v>(values: &'v LookupsLabels) -> [&'v str; 1] { [text(…)] }
//   }
fn label_set(metric: &Metric, private: &TokenStream) -> TokenStream {
    let set = set_ident(metric);
    let family = has_text(metric).then(|| quote!(<'static>));
    let lifetime = has_text(metric).then(|| quote!(<'a>));
    let elided = has_text(metric).then(|| quote!(<'_>));
    let count = metric.labels.len();
    let names = metric.labels.iter().map(|label| label_text(&label.name));
    let values = metric.labels.iter().map(|label| match &label.value {
        LabelValue::Fixed(ty) => quote!(<#ty as #private::Label>::VALUES),
        LabelValue::Text => quote!(&[]),
    });
    let texts = metric.labels.iter().map(|Label { name, value }| match value {
        LabelValue::Fixed(ty) => fixed(private, &quote!(text), name, ty),
        LabelValue::Text => quote!(__telemetry_values.#name),
    });
    let enumerated = !has_text(metric);
    let limit = metric.limit.map(|limit| quote!(const LIMIT: usize = #limit;));
    let index = if enumerated { index(metric, private) } else { quote!(0) };
    let values_name = if enumerated { format_ident!("__telemetry_values") } else { format_ident!("_") };
    quote! {
        impl #private::LabelSet for #set #family {
            type Values<'a> = #set #lifetime;
            type Texts<'v> = [&'v str; #count];
            const NAMES: &'static [&'static str] = &[#(#names),*];
            const VALUES: &'static [&'static [&'static str]] = &[#(#values),*];
            const ENUMERATED: bool = #enumerated;
            #limit
            #[inline(always)]
            fn index(#values_name: &#set #elided) -> usize {
                #index
            }
            #[inline(always)]
            fn texts<'v>(__telemetry_values: &'v #set #elided) -> [&'v str; #count] {
                [#(#texts),*]
            }
        }
    }
}

// Expands to: `position(… method …) * <Status as Label>::VALUES.len() + position(… status …)`
fn index(metric: &Metric, private: &TokenStream) -> TokenStream {
    let terms = metric.labels.iter().filter_map(|Label { name, value }| match value {
        LabelValue::Fixed(ty) => Some((fixed(private, &quote!(position), name, ty), ty)),
        LabelValue::Text => None,
    });
    terms.enumerate().fold(TokenStream::new(), |before, (at, (position, ty))| {
        let before = if at > 1 { quote!((#before)) } else { before };
        if at == 0 { position } else { quote!(#before * <#ty as #private::Label>::VALUES.len() + #position) }
    })
}

// Expands to: `position(<Method as Label>::index(&values.method), <Method as Label>::VALUES)`
//
// The type is named at each use: should it be no label, the errors are one and the same, and the compiler shows it once.
fn fixed(private: &TokenStream, function: &TokenStream, name: &Ident, ty: &Type) -> TokenStream {
    let label = quote!(<#ty as #private::Label>);
    quote!(#private::#function(#label::index(&__telemetry_values.#name), #label::VALUES))
}

// Expands to: `impl From<Outcome> for LookupsLabels { … }`, with a tuple for several labels. A string label takes a
// reference to whatever is text.
fn positional(metric: &Metric) -> TokenStream {
    let set = set_ident(metric);
    let lifetime = has_text(metric).then(|| quote!(<'a>));
    let texts: Vec<_> = (0..metric.labels.len()).map(|at| format_ident!("__TelemetryText{at}")).collect();
    let parameters =
        metric.labels.iter().zip(&texts).filter(|(label, _)| matches!(label.value, LabelValue::Text));
    let parameters =
        parameters.map(|(_, text)| quote!(#text: ::core::convert::AsRef<str> + ?::core::marker::Sized));
    let generics = has_text(metric).then(|| quote!(<'a, #(#parameters),*>));
    let types = metric.labels.iter().zip(&texts).map(|(label, text)| match &label.value {
        LabelValue::Fixed(ty) => quote!(#ty),
        LabelValue::Text => quote!(&'a #text),
    });
    let names: Vec<_> = metric.labels.iter().map(|label| &label.name).collect();
    let inits = metric.labels.iter().map(|Label { name, value }| match value {
        LabelValue::Fixed(_) => quote!(#name),
        LabelValue::Text => quote!(#name: ::core::convert::AsRef::as_ref(#name)),
    });
    let (types, pattern) = if names.len() == 1 {
        (quote!(#(#types)*), quote!(#(#names)*))
    } else {
        (quote!((#(#types),*)), quote!((#(#names),*)))
    };
    quote! {
        impl #generics ::core::convert::From<#types> for #set #lifetime {
            #[inline(always)]
            fn from(#pattern: #types) -> Self {
                Self { #(#inits),* }
            }
        }
    }
}

/// `<LookupsLabels>` as the parameter of the instrument, nothing without labels.
pub(super) fn family(metric: &Metric) -> Option<TokenStream> {
    let set = set_ident(metric);
    let family = has_text(metric).then(|| quote!(<'static>));
    (!metric.labels.is_empty()).then(|| quote!(<#set #family>))
}

fn has_text(metric: &Metric) -> bool {
    metric.labels.iter().any(|label| matches!(label.value, LabelValue::Text))
}

/// `HTTP_REQUESTS` becomes `HttpRequestsLabels`.
fn set_ident(metric: &Metric) -> Ident {
    let mut name: String = label_text(&metric.ident)
        .split('_')
        .flat_map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .into_iter()
                .flat_map(char::to_uppercase)
                .chain(letters.flat_map(char::to_lowercase))
                .collect::<Vec<_>>()
        })
        .collect();
    name.push_str("Labels");
    Ident::new(&name, metric.ident.span())
}
