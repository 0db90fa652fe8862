//! Label values and label sets, checked by the compiler.

use super::hash::Digest;

/// A label with a fixed set of values, usually a field-less enum with `#[derive(Label)]`.
///
/// An instrument whose labels all have fixed sets finds its series by arithmetic on the indices, with no hashing.
///
/// ```
/// use telemetry_core::metric::Label;
///
/// assert_eq!(<bool as Label>::VALUES, ["false", "true"]);
/// assert_eq!(true.index(), 1);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a label",
    label = "not a label type",
    note = "a label is `str`, `bool`, or a field-less enum with `#[derive(Label)]`"
)]
pub trait Label: 'static {
    /// Every value, as it stands in the exposition.
    const VALUES: &'static [&'static str];

    /// The position of this value in [`VALUES`](Self::VALUES). One beyond the end counts as the last.
    fn index(&self) -> usize;
}

impl Label for bool {
    const VALUES: &'static [&'static str] = &["false", "true"];

    #[inline(always)]
    fn index(&self) -> usize {
        usize::from(*self)
    }
}

/// The label set of an instrument, implemented by `metric!` for the struct it makes beside the static.
///
/// `()` is the label set of an instrument without labels.
pub trait LabelSet: 'static {
    /// The struct with a field for each label, borrowing the string ones.
    type Values<'a>;
    /// One text for each label.
    type Texts<'v>: Texts<'v>;
    /// The names, in the order of the declaration.
    const NAMES: &'static [&'static str];
    /// The values of each label; empty for a string.
    const VALUES: &'static [&'static [&'static str]];
    /// Whether every label has a fixed set of values.
    const ENUMERATED: bool;
    /// The largest number of series; further label sets share one.
    const LIMIT: usize = DEFAULT_SERIES_LIMIT;
    /// The number of label sets there can be; 1 without labels. Meaningless with a string label.
    const COMBINATIONS: usize = combinations(Self::VALUES);
    /// Whether the series is found by index.
    const DENSE: bool = Self::ENUMERATED && Self::COMBINATIONS <= Self::LIMIT;

    /// The position of a label set among all combinations, the last label varying fastest.
    fn index(values: &Self::Values<'_>) -> usize;

    /// The text of each label.
    fn texts<'v>(values: &'v Self::Values<'_>) -> Self::Texts<'v>;
}

/// The number of series of one instrument before further label sets share one, where nothing else is declared.
pub const DEFAULT_SERIES_LIMIT: usize = 1_000;

/// The value of every label of the series that takes what is beyond the limit.
pub const OVERFLOW_VALUE: &str = "_other";

/// The extra label that marks that series.
pub const OVERFLOW_LABEL: (&str, &str) = ("otel_metric_overflow", "true");

/// The texts of a label set, an array.
#[doc(hidden)]
pub trait Texts<'v>: AsRef<[&'v str]> {
    /// A digest for each.
    type Digests: AsRef<[Digest]>;

    /// The digests of the texts.
    fn digests(&self) -> Self::Digests;
}

impl<'v, const LABELS: usize> Texts<'v> for [&'v str; LABELS] {
    type Digests = [Digest; LABELS];

    #[inline(always)]
    fn digests(&self) -> [Digest; LABELS] {
        self.map(Digest::of)
    }
}

impl LabelSet for () {
    type Values<'a> = ();
    type Texts<'v> = [&'v str; 0];
    const NAMES: &'static [&'static str] = &[];
    const VALUES: &'static [&'static [&'static str]] = &[];
    const ENUMERATED: bool = true;

    #[inline(always)]
    fn index((): &()) -> usize {
        0
    }

    fn texts((): &()) -> [&str; 0] {
        []
    }
}

/// The index of a label, held inside its set of values whatever the implementation says.
#[doc(hidden)]
#[inline(always)]
pub const fn position(index: usize, values: &'static [&'static str]) -> usize {
    let last = values.len().saturating_sub(1);
    if index > last { last } else { index }
}

/// The text of a label.
#[doc(hidden)]
pub fn text(index: usize, values: &'static [&'static str]) -> &'static str {
    values.get(position(index, values)).copied().unwrap_or("")
}

const fn combinations(values: &[&[&str]]) -> usize {
    let mut product = 1_usize;
    let mut label = 0;
    while label < values.len() {
        product = product.saturating_mul(values[label].len());
        label += 1;
    }
    product
}

/// The texts of the dense label set at `index`, in the order of the labels.
pub(super) fn texts_at(values: &[&'static [&'static str]], mut index: usize) -> Vec<&'static str> {
    let mut texts: Vec<&'static str> = values
        .iter()
        .rev()
        .map(|values| {
            let text = values.get(index % values.len().max(1)).copied().unwrap_or("");
            index /= values.len().max(1);
            text
        })
        .collect();
    texts.reverse();
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dense_indices_and_texts_agree() {
        let values: &[&[&str]] = &[&["a", "b"], &["x", "y", "z"]];
        assert_eq!(combinations(values), 6);
        assert_eq!(texts_at(values, 0), ["a", "x"]);
        assert_eq!(texts_at(values, 2), ["a", "z"]);
        assert_eq!(texts_at(values, 5), ["b", "z"]);
        assert_eq!(texts_at(&[], 0), Vec::<&str>::new());
    }

    #[test]
    fn an_index_beyond_the_end_counts_as_the_last() {
        let values = &["tame", "last"];
        assert_eq!((position(77, values), text(77, values)), (1, "last"));
        assert_eq!((position(0, values), text(0, values)), (0, "tame"));
        assert_eq!((position(0, &[]), text(0, &[])), (0, ""));
    }
}
