//! Declarations to metrics that obey the rules. Every rule reports, and the metric is made all the same, so that one
//! mistake does not become twenty.

mod help;
mod names;

use proc_macro2::Span;
use syn::{Attribute, Expr, ExprLit, ExprUnary, Ident, Lit, Path, Type, UnOp, Visibility, parse_quote};

use super::did_you_mean;
use super::parse::{Clause, Declaration, File, span_of};
use crate::mistakes::nearest;

/// A metric that obeys the rules.
pub(super) struct Metric {
    pub(super) krate: Path,
    /// The attributes as written, the documentation included.
    pub(super) attrs: Vec<Attribute>,
    pub(super) vis: Visibility,
    pub(super) ident: Ident,
    pub(super) kind: Kind,
    pub(super) name: Name,
    /// Where the name stands, for errors about the declaration as a whole.
    pub(super) name_span: Span,
    pub(super) help: Help,
    pub(super) unit: Unit,
    pub(super) labels: Vec<Label>,
    pub(super) limit: Option<usize>,
    pub(super) buckets: Buckets,
}

pub(super) enum Name {
    /// A literal that obeys the rules.
    Literal(String),
    /// Anything else: checked by const evaluation.
    Constant(Box<Expr>),
}

pub(super) enum Help {
    Text(String),
    /// `include_str!(…)` and the like: checked by const evaluation.
    Computed(Expr),
}

pub(super) enum Unit {
    None,
    Known(String),
    /// The base unit a constant name ends in, if any.
    OfTheName,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

pub(super) struct Label {
    pub(super) name: Ident,
    pub(super) value: LabelValue,
}

pub(super) enum LabelValue {
    /// Any string.
    Text,
    /// One of the fixed set of values of this type.
    Fixed(Box<Type>),
}

pub(super) enum Buckets {
    Default,
    /// Literals that obey the rule.
    Checked(Vec<f64>),
    /// Anything else: checked by const evaluation.
    Unchecked(Expr),
}

const KINDS: [(&str, Kind); 3] =
    [("Counter", Kind::Counter), ("Gauge", Kind::Gauge), ("Histogram", Kind::Histogram)];
const KIND_NAMES: &[&str] = &["Counter", "Gauge", "Histogram"];
const KEYS: &[&str] = &["unit", "buckets", "limit"];
/// Units a name may end in without a declaration, so that the exposition can name them.
const BASE_UNITS: &[&str] =
    &["seconds", "bytes", "ratio", "celsius", "meters", "grams", "joules", "volts", "amperes", "hertz"];
/// How the names of the framework's own figures begin.
const OWN_PREFIX: &str = "telemetry_";
const MAX_LIMIT: usize = 100_000;

/// Checks every declaration; the mistakes come in the order of the rules.
pub(super) fn build(file: File) -> (Vec<Metric>, Vec<syn::Error>) {
    let krate = file.krate.unwrap_or_else(|| parse_quote!(::telemetry_core));
    let mut mistakes = Mistakes(file.mistakes);
    let metrics =
        file.declarations.into_iter().map(|declaration| mistakes.metric(&krate, declaration)).collect();
    (metrics, mistakes.0)
}

struct Mistakes(Vec<syn::Error>);

impl Mistakes {
    fn add(&mut self, span: Span, message: impl std::fmt::Display) {
        self.0.push(syn::Error::new(span, message));
    }

    fn metric(&mut self, krate: &Path, declaration: Declaration) -> Metric {
        let Declaration { attrs, vis, ident, kind, name, labels, clauses } = declaration;
        let name_span = span_of(&name);
        let help = self.help(&attrs, &ident);
        let known = self.kind(&kind);
        let kind = known.unwrap_or(Kind::Counter);
        let name = self.name(name, known);
        let labels = self.labels(labels);
        let clauses = self.clauses(clauses);
        let unit = self.unit(clauses.unit.as_ref(), &name, kind);
        let buckets = self.buckets(clauses.buckets, kind);
        let limit = self.limit(clauses.limit.as_ref(), &labels);
        Metric {
            krate: krate.clone(),
            attrs,
            vis,
            ident,
            kind,
            name,
            name_span,
            help,
            unit,
            labels,
            limit,
            buckets,
        }
    }

    /// HELP is for the person who reads a dashboard at night; it comes from the documentation.
    fn help(&mut self, attrs: &[Attribute], ident: &Ident) -> Help {
        help::of(attrs).unwrap_or_else(|| {
            self.add(
                ident.span(),
                format_args!(
                    "metric `{ident}` has no HELP: add a doc comment (`/// …`) that says what it measures"
                ),
            );
            Help::Text(String::new())
        })
    }

    /// The type decides what a value means; there are three.
    fn kind(&mut self, kind: &Ident) -> Option<Kind> {
        let text = kind.to_string();
        let of = |text: &str| KINDS.iter().find(|(known, _)| *known == text).map(|(_, kind)| *kind);
        if let Some(kind) = of(&text) {
            return Some(kind);
        }
        let near = did_you_mean(&text, KIND_NAMES);
        self.add(
            kind.span(),
            format_args!(
                "unknown instrument type `{text}`: expected `Counter`, `Gauge` or `Histogram`{near}"
            ),
        );
        nearest(&text, KIND_NAMES.iter().copied()).and_then(of)
    }

    /// Prometheus accepts these characters only, the suffix tells a reader the type, and the framework's own figures
    /// are not to be mistaken for the user's. Of a name that cannot be, or of a type that is none, no suffix is asked.
    fn name(&mut self, name: Expr, kind: Option<Kind>) -> Name {
        let literal = match name {
            Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) => literal,
            Expr::Lit(other) => {
                self.add(span_of(&other), "the name of a metric is a string, such as \"jobs_total\"");
                return Name::Literal(String::from("invalid"));
            }
            constant => return Name::Constant(Box::new(constant)),
        };
        let (text, span) = (literal.value(), literal.span());
        if text == "_total" {
            self.add(
                span,
                "metric name `_total` is invalid: it names nothing, so put something before `_total`",
            );
        } else if !names::is_metric_name(&text) {
            self.add(
                span,
                format_args!(
                    "metric name `{text}` is invalid: letters, digits, `_` and `:` are accepted, and no digit first"
                ),
            );
        }
        if text.starts_with(OWN_PREFIX) {
            self.add(
                span,
                format_args!(
                    "metric name `{text}` is reserved: names beginning with `{OWN_PREFIX}` are the framework's own"
                ),
            );
        }
        match (kind.filter(|_| names::is_metric_name(&text)), text.strip_suffix("_total")) {
            (Some(Kind::Counter), None) => {
                self.add(span, format_args!("the name of a counter ends in `_total`: `{text}_total`"));
            }
            (Some(Kind::Gauge), Some(stem)) => {
                self.add(
                    span,
                    format_args!("`_total` is for counters: name the gauge `{stem}`, or make it a Counter"),
                );
            }
            _ => {}
        }
        Name::Literal(text)
    }

    /// A label name is an identifier Prometheus accepts, appears once, and is not one the exposition needs itself.
    fn labels(&mut self, labels: Vec<super::parse::Label>) -> Vec<Label> {
        let mut known: Vec<Label> = Vec::new();
        for super::parse::Label { name, ty } in labels {
            let (text, span) = (label_text(&name), name.span());
            if known.iter().any(|label| label_text(&label.name) == text) {
                self.add(span, format_args!("label `{text}` is declared twice"));
                continue;
            }
            if matches!(text.as_str(), "le" | "quantile" | "otel_metric_overflow") || text.starts_with("__") {
                self.add(
                    span,
                    format_args!("label `{text}` is reserved: `le`, `quantile`, `otel_metric_overflow` and names in `__` belong to the exposition"),
                );
            } else if !names::is_label_name(&text) {
                self.add(
                    span,
                    format_args!(
                        "label name `{text}` is invalid: ASCII letters, digits and `_` are accepted"
                    ),
                );
            }
            known.push(Label { name, value: self.label_value(ty) });
        }
        known
    }

    /// A label is borrowed text or a fixed set of values; an owned string would allocate at every update.
    fn label_value(&mut self, ty: Type) -> LabelValue {
        if is_ident(&ty, "String") {
            self.add(span_of(&ty), "a string label is declared as `str` and borrows its text");
            return LabelValue::Text;
        }
        match ty {
            Type::Reference(reference) if is_ident(&reference.elem, "str") => LabelValue::Text,
            ty if is_ident(&ty, "str") => LabelValue::Text,
            ty => LabelValue::Fixed(Box::new(ty)),
        }
    }

    /// Each key at most once, and only known ones.
    fn clauses(&mut self, clauses: Vec<Clause>) -> Clauses {
        let mut known = Clauses::default();
        for Clause { key, value } in clauses {
            let text = key.to_string();
            let slot = match text.as_str() {
                "unit" => &mut known.unit,
                "buckets" => &mut known.buckets,
                "limit" => &mut known.limit,
                _ => {
                    let near = did_you_mean(&text, KEYS);
                    let message =
                        format!("unknown key `{text}`: expected `unit`, `buckets` or `limit`{near}");
                    self.add(key.span(), message);
                    continue;
                }
            };
            if slot.is_some() {
                self.add(key.span(), format_args!("key `{text}` is given twice"));
            } else {
                *slot = Some(value);
            }
        }
        known
    }

    /// The unit is part of the name, so that nobody has to look it up.
    fn unit(&mut self, unit: Option<&Expr>, name: &Name, kind: Kind) -> Unit {
        let stem = match name {
            Name::Literal(name) => Some(name.strip_suffix("_total").unwrap_or(name)),
            Name::Constant(_) => None,
        };
        let Some(unit) = unit else {
            let Some(stem) = stem else { return Unit::OfTheName };
            let base = BASE_UNITS.iter().find(|unit| names::ends_in(stem, unit));
            return base.map_or(Unit::None, |unit| Unit::Known((*unit).to_owned()));
        };
        let Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) = unit else {
            self.add(span_of(unit), "the unit is a string literal, such as \"seconds\"");
            return Unit::None;
        };
        let text = literal.value();
        if !names::is_metric_name(&text) {
            self.add(
                literal.span(),
                format_args!(
                    "unit `{text}` is invalid: letters, digits, `_` and `:` are accepted, as in \"seconds\""
                ),
            );
        } else if let Some(stem) = stem.filter(|stem| !names::ends_in(stem, &text)) {
            let total = if kind == Kind::Counter { "_total" } else { "" };
            self.add(
                literal.span(),
                format_args!("the unit is the end of the name: call the metric `{stem}_{text}{total}`, or leave the unit out"),
            );
        }
        Unit::Known(text)
    }

    /// Buckets are finite and strictly increasing. Literals are checked here, anything else by const evaluation.
    fn buckets(&mut self, buckets: Option<Expr>, kind: Kind) -> Buckets {
        let Some(buckets) = buckets else { return Buckets::Default };
        if kind != Kind::Histogram {
            self.add(span_of(&buckets), "`buckets` is for histograms");
            return Buckets::Default;
        }
        let Expr::Array(array) = &buckets else { return Buckets::Unchecked(buckets) };
        let Some(bounds) = array.elems.iter().map(number).collect::<Option<Vec<f64>>>() else {
            return Buckets::Unchecked(buckets);
        };
        if bounds.is_empty() {
            self.add(span_of(array), "a histogram has at least one bucket");
            return Buckets::Default;
        }
        let before = self.0.len();
        for (at, (bound, expr)) in bounds.iter().zip(&array.elems).enumerate() {
            if !bound.is_finite() {
                self.add(
                    span_of(expr),
                    "a bucket bound is finite; the infinite bucket is added to every histogram",
                );
            } else if at > 0 && *bound <= bounds[at - 1] {
                let previous = bounds[at - 1];
                self.add(
                    span_of(expr),
                    format_args!("bucket bounds strictly increase: `{bound}` comes after `{previous}`"),
                );
            }
        }
        if self.0.len() == before { Buckets::Checked(bounds) } else { Buckets::Default }
    }

    /// Memory is bounded by the limit, so it is a number one can see.
    fn limit(&mut self, limit: Option<&Expr>, labels: &[Label]) -> Option<usize> {
        let limit = limit?;
        if labels.is_empty() {
            self.add(span_of(limit), "`limit` is for metrics with labels");
            return None;
        }
        let value = match limit {
            Expr::Lit(ExprLit { lit: Lit::Int(literal), .. }) => literal.base10_parse().ok(),
            _ => None,
        };
        let value = value.filter(|value| (1..=MAX_LIMIT).contains(value));
        if value.is_none() {
            self.add(
                span_of(limit),
                format_args!("the limit of series is a whole number from 1 to {MAX_LIMIT}"),
            );
        }
        value
    }
}

#[derive(Default)]
struct Clauses {
    unit: Option<Expr>,
    buckets: Option<Expr>,
    limit: Option<Expr>,
}

/// The name of a label without the `r#` of a keyword.
pub(super) fn label_text(name: &Ident) -> String {
    syn::ext::IdentExt::unraw(name).to_string()
}

fn number(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Float(literal), .. }) => literal.base10_parse().ok(),
        Expr::Lit(ExprLit { lit: Lit::Int(literal), .. }) => literal.base10_parse().ok(),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => number(expr).map(|value| -value),
        _ => None,
    }
}

fn is_ident(ty: &Type, name: &str) -> bool {
    matches!(ty, Type::Path(path) if path.qself.is_none() && path.path.is_ident(name))
}
