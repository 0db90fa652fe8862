//! A call site as tokens: the `static` and what opens a span there.

use proc_macro2::{Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, ExprReference};

use super::model::{Constant, Name, Recorded, Site};
use super::parse::Form;
use super::room;

/// The path of what expansions may name.
pub(crate) fn private(root: Option<&syn::Path>) -> TokenStream {
    root.map_or_else(
        || quote_spanned!(Span::mixed_site()=> ::telemetry_core::__private),
        |path| quote_spanned!(Span::mixed_site()=> #path::__private),
    )
}

/// The same path, located where a message about it is to point.
pub(crate) fn located(private: &TokenStream, place: Span) -> TokenStream {
    let place = Span::mixed_site().located_at(place);
    let tokens = private.clone().into_iter().map(|mut token| {
        if let TokenTree::Group(group) = &token {
            token = TokenTree::Group(Group::new(group.delimiter(), located(&group.stream(), place)));
        }
        token.set_span(place);
        token
    });
    tokens.collect()
}

/// What a span is opened as. Its methods are called by their paths, which no trait of the user's can take.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opened {
    /// For a scope.
    Guard,
    /// For a future.
    Task,
    /// For a future that may be polled anywhere.
    Step,
}

impl Opened {
    /// The function that opens it.
    fn function(self, root: bool) -> Ident {
        let name = match (self, root) {
            (Self::Guard, false) => "open",
            (Self::Guard, true) => "open_root",
            (Self::Task, false) => "open_task",
            (Self::Step, false) => "open_step",
            (Self::Task | Self::Step, true) => "open_task_root",
        };
        Ident::new(name, Span::mixed_site())
    }

    /// The function that opens it under a parent that is given.
    pub(crate) fn under_function(self) -> &'static str {
        match self {
            Self::Guard => "open_under",
            Self::Task | Self::Step => "open_task_under",
        }
    }

    /// Its type.
    pub(crate) fn type_name(self) -> Ident {
        let name = match self {
            Self::Guard => "SpanGuard",
            Self::Task | Self::Step => "TaskSpan",
        };
        Ident::new(name, Span::mixed_site())
    }
}

/// The name of the call site's `static`.
pub(crate) fn site_name() -> Ident {
    Ident::new("__TELEMETRY_SITE", Span::mixed_site())
}

/// Declares the call site; file and line are those of the place where this stands.
///
/// ```text
/// // Expands to:
/// static __TELEMETRY_SITE: CallSite = call_site("load", …);
/// // or, with a kind or attributes:
/// static __TELEMETRY_SITE: CallSite = CallSite::new(Site { name: "load", keys: &["id"], ..site(…) });
/// // or, with a level or a sampler:
/// static __TELEMETRY_SITE: CallSite = call_site("load", …).level(Level::Debug).sampler(&AlwaysSample);
/// ```
pub(crate) fn declare(private: &TokenStream, site: &Site) -> TokenStream {
    declare_as(private, site, &site.name)
}

/// The same under a name that says the same in other words.
pub(crate) fn declare_as(private: &TokenStream, site: &Site, name: &Name) -> TokenStream {
    let Site { name: _, kind, decision, constants, recorded, declared, timing: _ } = site;
    let static_name = site_name();
    // One for all of a module: the compiler puts equal constants together.
    let origin = quote_spanned! {Span::mixed_site()=>
        &#private::Origin {
            crate_name: ::core::env!("CARGO_PKG_NAME"),
            crate_version: ::core::env!("CARGO_PKG_VERSION"),
            module: ::core::module_path!(),
            file: ::core::file!(),
        }
    };
    let kind =
        kind.as_ref().map(|kind| quote_spanned!(Span::mixed_site()=> kind: #private::SpanKind::#kind,));
    let keys: Vec<&String> = recorded
        .iter()
        .map(|attribute| &attribute.key)
        .chain(declared.iter().map(|attribute| &attribute.key))
        .collect();
    let keys = (!keys.is_empty()).then(|| quote_spanned!(Span::mixed_site()=> keys: &[#(#keys),*],));
    let constants = (!constants.is_empty()).then(|| {
        let constants = constants.iter().map(|constant| {
            let Constant { key, variant, value } = constant;
            quote_spanned!(Span::mixed_site()=> (#key, #private::Constant::#variant(#value)))
        });
        quote_spanned!(Span::mixed_site()=> constants: &[#(#constants),*],)
    });
    let is_plain =
        matches!(name, Name::Literal(_)) && kind.is_none() && keys.is_none() && constants.is_none();
    let call_site = if is_plain {
        quote_spanned!(Span::mixed_site()=> #private::call_site(#name, #origin))
    } else {
        quote_spanned! {Span::mixed_site()=>
            #private::CallSite::new(#private::Site { name: #name, #kind #keys #constants ..#private::site(#origin) })
        }
    };
    let decision = decision.expand(private);
    let room = room::expand(private, site);
    quote_spanned! {Span::mixed_site()=>
        static #static_name: #private::CallSite = #call_site #decision;
        #room
    }
}

/// Opens a span: an expression.
pub(crate) fn open(private: &TokenStream, opened: Opened, root: bool) -> TokenStream {
    let (open, site) = (opened.function(root), site_name());
    quote_spanned!(Span::mixed_site()=> #private::#open(&#site))
}

/// Records the attributes that are expressions; nothing when there are none.
///
/// ```text
/// // Expands to:
/// if SpanGuard::is_recording(&__telemetry_span) {
///     SpanGuard::attribute(&mut __telemetry_span, 0, &id);
/// }
/// ```
pub(crate) fn records(
    private: &TokenStream,
    span: &Ident,
    opened: Opened,
    site: &Site,
) -> Option<TokenStream> {
    if site.recorded.is_empty() {
        return None;
    }
    let ty = opened.type_name();
    let records = site.recorded.iter().enumerate().map(|(index, Recorded { form, expression, .. })| {
        let method = match form {
            Form::Typed => "attribute",
            Form::Display => "attribute_display",
            Form::Debug => "attribute_debug",
        };
        let method = Ident::new(method, Span::mixed_site());
        let index = Literal::usize_unsuffixed(index);
        let value = borrowed(expression);
        quote_spanned!(Span::mixed_site()=> #private::#ty::#method(&mut #span, #index, #value);)
    });
    Some(quote_spanned! {Span::mixed_site()=>
        if #private::#ty::is_recording(&#span) {
            #(#records)*
        }
    })
}

/// `&expression`, with the parentheses it may need, where the expression stands.
pub(crate) fn borrowed(expression: &Expr) -> Expr {
    let first = expression.to_token_stream().into_iter().next();
    let place = first.map_or_else(Span::mixed_site, |token| token.span());
    Expr::Reference(ExprReference {
        attrs: Vec::new(),
        and_token: syn::Token![&](Span::mixed_site().located_at(place)),
        mutability: None,
        expr: Box::new(expression.clone()),
    })
}
