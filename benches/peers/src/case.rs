//! A case: what is compared, in which unit, and what is to be reached.

use crate::measure::{Contestant, Measured, Role};

/// One question to everybody.
pub(crate) struct Case {
    /// What `--only` and the JSON call it.
    pub(crate) id: &'static str,
    /// What the table calls it.
    pub(crate) title: &'static str,
    pub(crate) unit: Unit,
    /// How the name of the limit begins; the fastest of its forms counts.
    pub(crate) limit: Option<&'static str>,
    pub(crate) reach: Option<Reach>,
    pub(crate) lead: Lead,
    /// How much more two threads are to do together than one alone.
    pub(crate) scaling: Option<f64>,
    pub(crate) contestants: fn() -> Vec<Contestant>,
}

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Nanoseconds,
    Microseconds,
}

impl Unit {
    pub(crate) const fn symbol(self) -> &'static str {
        match self {
            Self::Nanoseconds => "ns",
            Self::Microseconds => "µs",
        }
    }
}

/// The figure ours is to reach.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reach {
    /// So many times the limit: a figure set on another machine, over the limit there.
    TimesLimit { figure_there: f64, limit_there: f64 },
    /// So much more than a contestant.
    Above { contestant: &'static str, by: f64 },
    /// A figure of its own, where no limit was measured on the machine it was set on.
    Figure(f64),
}

impl Reach {
    fn figure(self, limit: Option<f64>, of: impl Fn(&str) -> Option<f64>) -> Option<f64> {
        match self {
            Self::TimesLimit { figure_there, limit_there } => Some(figure_there / limit_there * limit?),
            Self::Above { contestant, by } => Some(of(contestant)? + by),
            Self::Figure(figure) => Some(figure),
        }
    }
}

/// How far behind still counts as level, where being ahead is all that is wanted: two plain stores take turns.
const LEVEL: f64 = 0.97;

/// How many times as fast as others ours is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lead {
    pub(crate) factor: f64,
    /// The library it is to be ahead of, in its fastest form; the best of all where none is named.
    pub(crate) over: Option<&'static str>,
}

impl Lead {
    /// Ahead of everybody, or level.
    pub(crate) const FIRST: Self = Self { factor: 1.0, over: None };

    pub(crate) const fn over(over: &'static str, factor: f64) -> Self {
        Self { factor, over: Some(over) }
    }

    pub(crate) const fn over_all(factor: f64) -> Self {
        Self { factor, over: None }
    }
}

/// A figure beside what it is to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Goal {
    pub(crate) is: f64,
    pub(crate) wanted: f64,
    pub(crate) reached: bool,
}

impl Goal {
    fn at_most(is: f64, wanted: f64) -> Self {
        Self { is, wanted, reached: is <= wanted }
    }

    fn at_least(is: f64, wanted: f64) -> Self {
        Self { is, wanted, reached: is >= wanted }
    }
}

/// What came out of a case.
pub(crate) struct Outcome<'a> {
    pub(crate) case: &'a Case,
    pub(crate) measured: Vec<Measured>,
}

impl Outcome<'_> {
    fn named(&self, name: &str) -> Option<f64> {
        self.measured.iter().find(|measured| measured.name == name).map(Measured::figure)
    }

    /// The fastest form of the limit.
    pub(crate) fn limit(&self) -> Option<f64> {
        self.fastest(Role::Limit, self.case.limit?).map(Measured::figure)
    }

    /// Ours; every case has it.
    pub(crate) fn ours(&self) -> Option<&Measured> {
        self.measured.iter().find(|measured| measured.role == Role::Ours)
    }

    /// The fastest of a role whose name begins with `name`.
    fn fastest(&self, role: Role, name: &str) -> Option<&Measured> {
        self.measured
            .iter()
            .filter(|measured| measured.role == role && measured.name.starts_with(name))
            .min_by(|one, other| one.figure().total_cmp(&other.figure()))
    }

    /// The fastest of all peers.
    pub(crate) fn best_peer(&self) -> Option<&Measured> {
        self.fastest(Role::Peer, "")
    }

    /// How many times the limit ours is.
    pub(crate) fn over_limit(&self) -> Option<f64> {
        Some(self.ours()?.figure() / self.limit()?)
    }

    /// How many times ours the best peer is.
    pub(crate) fn ahead(&self) -> Option<f64> {
        Some(self.best_peer()?.figure() / self.ours()?.figure())
    }

    /// The figure to reach.
    pub(crate) fn reach(&self) -> Option<Goal> {
        let wanted = self.case.reach?.figure(self.limit(), |name| self.named(name))?;
        Some(Goal::at_most(self.ours()?.figure(), wanted))
    }

    /// The lead to have, over whom it is to be had.
    pub(crate) fn lead(&self) -> Option<Goal> {
        let Lead { factor, over } = self.case.lead;
        let peer = self.fastest(Role::Peer, over.unwrap_or(""))?.figure();
        let is = peer / self.ours()?.figure();
        let level = if factor > 1.0 { factor } else { LEVEL };
        Some(Goal { is, wanted: factor, reached: is >= level })
    }

    /// What two threads are to do together.
    pub(crate) fn scaling(&self) -> Option<Goal> {
        Some(Goal::at_least(self.ours()?.scaling()?, self.case.scaling?))
    }

    /// Contestants whose work was not done, with what was missing.
    pub(crate) fn failures(&self) -> impl Iterator<Item = (&str, &str)> {
        self.measured
            .iter()
            .filter_map(|measured| Some((measured.name.as_str(), measured.work.as_ref().err()?.as_str())))
    }
}

#[cfg(test)]
#[path = "case_tests.rs"]
mod tests;
