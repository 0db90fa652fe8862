//! The rules of a histogram's buckets.

use proc_macro2::{Literal, TokenTree};
use syn::{Expr, ExprLit, ExprRange, ExprUnary, Lit, RangeLimits, UnOp};

use super::super::parse::span_of;
use super::{Kind, Mistakes};

pub(in crate::metric) enum Buckets {
    Default,
    /// Literals that obey the rule.
    Checked(Vec<f64>),
    /// Anything else: checked by const evaluation.
    Unchecked(Expr),
    /// Those of a base-2 exponential histogram.
    Base2(Box<Base2>),
}

/// The range a base-2 exponential histogram covers, checked by const evaluation.
pub(in crate::metric) struct Base2 {
    pub(in crate::metric) from: Expr,
    pub(in crate::metric) to: Expr,
    pub(in crate::metric) scale: u32,
}

/// What was written about buckets.
#[derive(Default)]
pub(super) struct Clauses {
    pub(super) buckets: Option<Expr>,
    pub(super) base2: Option<Expr>,
    pub(super) scale: Option<Expr>,
}

/// The scale where none is given: eight buckets a power of two, 9 % apart.
const DEFAULT_SCALE: u32 = 3;
const MAX_SCALE: u32 = 5;

impl Mistakes {
    /// Only a histogram has buckets, and it has them from one place.
    pub(super) fn buckets(&mut self, clauses: Clauses, kind: Kind) -> Buckets {
        let Clauses { buckets, base2, scale } = clauses;
        let all = [("buckets", &buckets), ("base2", &base2), ("scale", &scale)];
        if kind != Kind::Histogram {
            for (key, value) in all {
                if let Some(value) = value {
                    self.add(span_of(value), format_args!("`{key}` is for histograms"));
                }
            }
            return Buckets::Default;
        }
        match (buckets, base2, scale) {
            (Some(_), Some(base2), _) => {
                self.add(span_of(&base2), "`base2` makes the buckets: leave `buckets` out, or `base2`");
                Buckets::Default
            }
            (buckets, None, Some(scale)) => {
                self.add(span_of(&scale), "`scale` goes with `base2`, as in `base2 = 1e-6..=1e3, scale = 4`");
                buckets.map_or(Buckets::Default, |buckets| self.bounds(buckets))
            }
            (Some(buckets), None, None) => self.bounds(buckets),
            (None, Some(base2), scale) => self.base2(base2, scale.as_ref()),
            (None, None, None) => Buckets::Default,
        }
    }

    /// The range says how many cells a series takes, so it is written down.
    fn base2(&mut self, range: Expr, scale: Option<&Expr>) -> Buckets {
        let scale = self.scale(scale);
        match range {
            Expr::Range(ExprRange {
                start: Some(from),
                end: Some(to),
                limits: RangeLimits::Closed(_),
                ..
            }) => Buckets::Base2(Box::new(Base2 { from: float(*from), to: float(*to), scale })),
            other => {
                self.add(
                    span_of(&other),
                    "`base2` takes the range to cover with both ends, as in `1e-6..=1e3`",
                );
                Buckets::Default
            }
        }
    }

    /// The finer the buckets, the more of them.
    fn scale(&mut self, scale: Option<&Expr>) -> u32 {
        let Some(scale) = scale else { return DEFAULT_SCALE };
        let value = match scale {
            Expr::Lit(ExprLit { lit: Lit::Int(literal), .. }) => literal.base10_parse().ok(),
            _ => None,
        };
        value.filter(|value| *value <= MAX_SCALE).unwrap_or_else(|| {
            self.add(
                span_of(scale),
                format_args!(
                    "the scale is a whole number from 0 to {MAX_SCALE}: a power of two has `2^scale` buckets"
                ),
            );
            DEFAULT_SCALE
        })
    }

    /// Buckets are finite and strictly increasing. Literals are checked here, anything else by const evaluation.
    fn bounds(&mut self, buckets: Expr) -> Buckets {
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
}

/// A literal as a floating-point number, whole ones too; anything else as it is.
fn float(expr: Expr) -> Expr {
    // Of others a literal cannot be made; const evaluation refuses them.
    let Some(value) = number(&expr).filter(|value| value.is_finite() && *value >= 0.0) else { return expr };
    let mut literal = Literal::f64_unsuffixed(value);
    literal.set_span(span_of(&expr));
    Expr::Verbatim(TokenTree::from(literal).into())
}

fn number(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Float(literal), .. }) => literal.base10_parse().ok(),
        Expr::Lit(ExprLit { lit: Lit::Int(literal), .. }) => literal.base10_parse().ok(),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => number(expr).map(|value| -value),
        _ => None,
    }
}
