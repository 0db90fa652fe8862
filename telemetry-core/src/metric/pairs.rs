//! The labels of one series as a snapshot carries them.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::exposition::push_labels;

/// A label's name and value.
pub type Pair = (Cow<'static, str>, Cow<'static, str>);

/// The labels of one series: names and values, in the order of the declaration. Reads as a slice; made from a vector.
///
/// Those of an instrument's series are shared with the instrument: taking a snapshot copies none.
///
/// # Examples
/// ```
/// use telemetry_core::metric::snapshot::Labels;
///
/// let labels = Labels::from(vec![("outcome".into(), "hit".into())]);
/// assert_eq!(labels, [("outcome".into(), "hit".into())]);
/// assert_eq!(labels[0].1, "hit");
/// ```
#[derive(Clone)]
pub struct Labels(Source);

#[derive(Clone)]
enum Source {
    Own(Vec<Pair>),
    Known(&'static SeriesLabels),
    Shared(Arc<SharedLabels>),
}

/// The labels of a series that may go, written out once.
#[derive(Debug)]
struct SharedLabels {
    pairs: Vec<Pair>,
    /// As they stand in the exposition, without the braces.
    text: String,
}

/// The labels of a series, written out once.
#[derive(Debug)]
pub(super) struct SeriesLabels {
    pairs: &'static [Pair],
    /// As they stand in the exposition, without the braces.
    text: &'static str,
}

impl SeriesLabels {
    pub(super) const fn none() -> Self {
        Self { pairs: &[], text: "" }
    }

    /// Takes memory that is not given back.
    pub(super) fn new<'a>(pairs: impl Iterator<Item = (&'static str, &'a str)>) -> Self {
        let pairs: Vec<Pair> = pairs.map(|(name, value)| (name.into(), value.to_owned().into())).collect();
        let mut text = String::new();
        push_labels(&mut text, &pairs);
        Self { pairs: pairs.leak(), text: text.leak() }
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|(_, value)| &**value)
    }
}

impl Labels {
    /// Labels that cost nothing to copy.
    pub(super) fn shared(pairs: Vec<Pair>) -> Self {
        let mut text = String::new();
        push_labels(&mut text, &pairs);
        Self(Source::Shared(Arc::new(SharedLabels { pairs, text })))
    }

    /// As they stand in the exposition, where they have been written out.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.0 {
            Source::Own(_) => None,
            Source::Known(known) => Some(known.text),
            Source::Shared(shared) => Some(&shared.text),
        }
    }
}

impl Default for Labels {
    fn default() -> Self {
        Self(Source::Own(Vec::new()))
    }
}

impl Deref for Labels {
    type Target = [Pair];

    fn deref(&self) -> &[Pair] {
        match &self.0 {
            Source::Own(pairs) => pairs,
            Source::Known(known) => known.pairs,
            Source::Shared(shared) => &shared.pairs,
        }
    }
}

impl From<Vec<Pair>> for Labels {
    fn from(pairs: Vec<Pair>) -> Self {
        Self(Source::Own(pairs))
    }
}

impl FromIterator<Pair> for Labels {
    fn from_iter<I: IntoIterator<Item = Pair>>(pairs: I) -> Self {
        Self::from(Vec::from_iter(pairs))
    }
}

impl From<&'static SeriesLabels> for Labels {
    fn from(known: &'static SeriesLabels) -> Self {
        Self(Source::Known(known))
    }
}

impl<'a> IntoIterator for &'a Labels {
    type Item = &'a Pair;
    type IntoIter = std::slice::Iter<'a, Pair>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<const N: usize> PartialEq<[Pair; N]> for Labels {
    fn eq(&self, other: &[Pair; N]) -> bool {
        **self == *other
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
