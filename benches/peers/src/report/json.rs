//! The report for machines: everything that was measured, and what was made of it.

use serde_json::{Value, json};

use super::Machine;
use crate::case::{Goal, Outcome};
use crate::measure::{Effort, Measured, Role, quantile};

/// The whole run.
pub(crate) fn report(outcomes: &[Outcome<'_>], machine: &Machine, effort: Effort) -> Value {
    let versions: serde_json::Map<String, Value> =
        super::versions().into_iter().map(|(name, version)| (name.to_owned(), version.into())).collect();
    json!({
        "processor": machine.processor,
        "processors": machine.processors,
        "pinned": machine.pinned,
        "versions": versions,
        "rounds": effort.rounds,
        "bursts": effort.bursts,
        "work_done": outcomes.iter().all(|outcome| outcome.failures().next().is_none()),
        "cases": outcomes.iter().map(case).collect::<Vec<_>>(),
    })
}

fn case(outcome: &Outcome<'_>) -> Value {
    let best = outcome.best_peer();
    json!({
        "id": outcome.case.id,
        "title": outcome.case.title,
        "unit": outcome.case.unit.symbol(),
        "limit": outcome.limit(),
        "ours": outcome.ours().map(Measured::figure),
        "ours_over_limit": outcome.over_limit(),
        "reach": outcome.reach().map(goal),
        "best_peer": best.map(|peer| json!({ "name": peer.name, "figure": peer.figure() })),
        "best_peer_over_ours": outcome.ahead(),
        "lead": outcome.lead().map(|lead| {
            let mut lead = goal(lead);
            lead["over"] = outcome.case.lead.over.into();
            lead
        }),
        "scaling": outcome.scaling().map(goal),
        "contestants": outcome.measured.iter().map(contestant).collect::<Vec<_>>(),
    })
}

fn goal(Goal { is, wanted, reached }: Goal) -> Value {
    json!({ "is": is, "wanted": wanted, "reached": reached })
}

fn contestant(measured: &Measured) -> Value {
    json!({
        "name": measured.name,
        "role": match measured.role {
            Role::Limit => "limit",
            Role::Ours => "ours",
            Role::Peer => "peer",
        },
        "median": measured.figure(),
        "lower_quartile": quantile(&measured.rounds, 0.25),
        "spread": measured.spread(),
        "upper_quartile": quantile(&measured.rounds, 0.75),
        "rounds": measured.rounds,
        "scaling": measured.scaling(),
        "work_done": measured.work.is_ok(),
        "work": measured.work.as_ref().map_or_else(String::as_str, String::as_str),
    })
}
