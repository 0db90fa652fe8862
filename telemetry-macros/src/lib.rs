//! The macros of `telemetry-core`, which re-exports them.
#![forbid(unsafe_code)]

use proc_macro::TokenStream;

mod label;
mod metric;
mod mistakes;
mod site;
mod step;
mod trace;

#[proc_macro_attribute]
pub fn trace(arguments: TokenStream, item: TokenStream) -> TokenStream {
    trace::attribute(trace::Macro::Trace, arguments.into(), item.into()).into()
}

#[proc_macro_attribute]
pub fn span(arguments: TokenStream, item: TokenStream) -> TokenStream {
    trace::attribute(trace::Macro::Span, arguments.into(), item.into()).into()
}

#[proc_macro]
pub fn step(tokens: TokenStream) -> TokenStream {
    step::step(tokens.into()).into()
}

/// Declares instruments as statics: counters, gauges and histograms, with their names, labels and buckets checked.
///
/// Each declaration is `static NAME: Type = "exposed_name" { labels }, key = value;`, where the labels and the keys may
/// be left out, with a doc comment that becomes the HELP text (its first paragraph).
///
/// | part | means |
/// |---|---|
/// | `Type` | `Counter`, `Gauge` or `Histogram` |
/// | name | letters, digits, `_`, `:`; a counter ends in `_total`, a gauge does not |
/// | `{ label: Type, … }` | `str` for free text (a limited number of series), or a type with `#[derive(Label)]` |
/// | `unit = "seconds"` | the end of the name (before `_total`); base units are recognised without it |
/// | `buckets = [0.1, 0.5]` | upper bounds of a histogram, finite and strictly increasing; also a constant or a call of a `const fn`; request durations in seconds by default |
/// | `limit = 500` | the largest number of series of a metric with labels, 1 to 100,000; 1,000 by default |
/// | `crate = path;` | before the first declaration: where `telemetry_core` is found |
///
/// Every instrument shows on the first scrape, at zero. For labels the macro also makes a struct named after the static
/// (`LOOKUPS`: `LookupsLabels`), so that arity, order and types are checked by the compiler.
#[proc_macro]
pub fn metric(input: TokenStream) -> TokenStream {
    metric::metric(input.into()).into()
}

/// Makes an enum without fields a label, with a value for each variant: its name in `snake_case`.
///
/// | attribute | on | means |
/// |---|---|---|
/// | `#[label(rename = "…")]` | a variant | this value |
/// | `#[label(rename_all = "…")]` | the enum | `snake_case`, `kebab-case`, `SCREAMING_SNAKE_CASE`, `lowercase`, `UPPERCASE`, `camelCase` or `PascalCase` |
/// | `#[label(crate = path)]` | the enum | where `telemetry_core` is found |
#[proc_macro_derive(Label, attributes(label))]
pub fn derive_label(input: TokenStream) -> TokenStream {
    label::derive(input.into()).into()
}
