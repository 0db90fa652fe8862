//! Contestants and rounds: who is measured when, and what the figure is.

/// What a contestant is in its case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// What no library can go below.
    Limit,
    /// This framework.
    Ours,
    /// Another library.
    Peer,
}

/// What one burst showed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// In the case's unit.
    pub(crate) figure: f64,
    /// The same by one thread alone, where the case is about two.
    pub(crate) alone: Option<f64>,
}

impl Reading {
    /// A figure of one thread.
    pub(crate) const fn of(figure: f64) -> Self {
        Self { figure, alone: None }
    }
}

/// One way to do what a case is about.
pub(crate) struct Contestant {
    /// What it is called in the table.
    pub(crate) name: String,
    pub(crate) role: Role,
    /// Does one burst and hands over what it recorded, the handing over outside the figure.
    pub(crate) burst: Box<dyn FnMut() -> Reading>,
    /// Says what work was done, or what was missing.
    pub(crate) check: Box<dyn FnMut() -> Result<String, String>>,
}

/// How often everything is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Rounds of a case; in each, every contestant has a turn.
    pub(crate) rounds: usize,
    /// Bursts that count in a turn.
    pub(crate) bursts: usize,
}

/// What a contestant achieved in its case.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// The median of each round's bursts, in the order of the rounds.
    pub(crate) rounds: Vec<f64>,
    /// The same by one thread alone; empty where the case is about one thread.
    pub(crate) alone: Vec<f64>,
    /// What was found to be done, or what was missing.
    pub(crate) work: Result<String, String>,
}

impl Measured {
    /// The median of the rounds.
    pub(crate) fn figure(&self) -> f64 {
        quantile(&self.rounds, 0.5)
    }

    /// Half of the distance between the quartiles of the rounds, as a share of the figure.
    pub(crate) fn spread(&self) -> f64 {
        (quantile(&self.rounds, 0.75) - quantile(&self.rounds, 0.25)) / 2.0 / self.figure()
    }

    /// How much more two threads do together than one alone.
    pub(crate) fn scaling(&self) -> Option<f64> {
        (!self.alone.is_empty()).then(|| quantile(&self.alone, 0.5) / self.figure())
    }
}

/// Bursts of a turn before those that count: what others have left in the caches makes room, and our ring, which has
/// four bursts' slots, comes around once.
const WARM_UP: usize = 4;

/// Measures all contestants in rounds, in an order that rotates and turns around, so that nobody always follows the
/// same neighbour.
pub(crate) fn run(contestants: &mut [Contestant], effort: Effort) -> Vec<Measured> {
    let mut measured: Vec<Measured> = contestants
        .iter()
        .map(|contestant| Measured {
            name: contestant.name.clone(),
            role: contestant.role,
            rounds: Vec::with_capacity(effort.rounds),
            alone: Vec::new(),
            work: Err("was not looked at".to_owned()),
        })
        .collect();
    for round in 0..effort.rounds {
        for who in order(contestants.len(), round) {
            let turn = turn(&mut contestants[who], effort.bursts);
            measured[who].rounds.push(turn.figure);
            measured[who].alone.extend(turn.alone);
        }
    }
    for (contestant, measured) in contestants.iter_mut().zip(&mut measured) {
        measured.work = (contestant.check)();
    }
    measured
}

/// The order of turns in a round.
fn order(contestants: usize, round: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..contestants).map(|place| (place + round / 2) % contestants).collect();
    if round % 2 == 1 {
        order.reverse();
    }
    order
}

fn turn(contestant: &mut Contestant, bursts: usize) -> Reading {
    for _ in 0..WARM_UP {
        (contestant.burst)();
    }
    let readings: Vec<Reading> = (0..bursts).map(|_| (contestant.burst)()).collect();
    let figures: Vec<f64> = readings.iter().map(|reading| reading.figure).collect();
    let alone: Vec<f64> = readings.iter().filter_map(|reading| reading.alone).collect();
    Reading { figure: quantile(&figures, 0.5), alone: (!alone.is_empty()).then(|| quantile(&alone, 0.5)) }
}

/// The value below which a share of all values lies, between neighbours in proportion; not a number for none.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = share.clamp(0.0, 1.0) * last as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "the figures of the tests are exact")]
#[path = "measure_tests.rs"]
mod tests;
