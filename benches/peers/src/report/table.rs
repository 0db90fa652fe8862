//! The report for people: a line a case, in columns.

use std::fmt::Write;

use super::Machine;
use crate::case::{Goal, Outcome};
use crate::measure::{Effort, Measured, Role};

/// The widest title.
const TITLE: usize = 38;
/// The widest name of a peer.
const PEER: usize = 25;

/// How the table is written.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    /// Marks in colour.
    pub(crate) colour: bool,
    /// A line for every contestant.
    pub(crate) all: bool,
}

/// The whole run.
pub(crate) fn report(outcomes: &[Outcome<'_>], machine: &Machine, effort: Effort, style: Style) -> String {
    let mut out = String::new();
    let Machine { processor, processors, pinned } = machine;
    let pinned = if *pinned { ", threads pinned" } else { "" };
    line(&mut out, format_args!("{processor}, {processors} processors{pinned}"));
    let versions: Vec<String> =
        super::versions().iter().map(|(name, version)| format!("{name} {version}")).collect();
    versions.chunks(6).for_each(|some| line(&mut out, format_args!("{}", some.join(", "))));
    line(
        &mut out,
        format_args!(
            "medians of {} rounds; in each, everybody has a turn of {} bursts",
            effort.rounds, effort.bursts
        ),
    );
    let mut group = "";
    for outcome in outcomes {
        let of = outcome.case.id.split('/').next().unwrap_or_default();
        if of != group {
            group = of;
            head(&mut out, group);
        }
        row(&mut out, outcome, style);
    }
    out
}

fn head(out: &mut String, group: &str) {
    let title = match group {
        "span" => "SPANS",
        "http" => "REQUESTS",
        _ => "INSTRUMENTS",
    };
    let limit = format!("{:>9} {:>9} {:>5}   {:>9}   {:>6}", "limit", "ours", "±", "to reach", "×limit");
    line(out, format_args!("\n{title:TITLE$} {limit}   {:PEER$} {:>9}   {:>6}", "best peer", "", "×ours"));
}

fn row(out: &mut String, outcome: &Outcome<'_>, style: Style) {
    let unit = outcome.case.unit.symbol();
    let figure =
        |value: Option<f64>| value.map_or_else(String::new, |value| format!("{} {unit}", short(value)));
    let ours = outcome.ours().map(Measured::figure);
    let spread = outcome.ours().map_or_else(String::new, |ours| format!("{:.0} %", ours.spread() * 100.0));
    let reach = outcome.reach();
    let peer = outcome.best_peer();
    let lead = outcome.lead();
    let ahead = outcome.ahead().map_or_else(String::new, |ahead| format!("{ahead:.2}"));
    let over_limit = outcome.over_limit().map_or_else(String::new, |ratio| format!("{ratio:.2}"));
    line(
        out,
        format_args!(
            "{:TITLE$} {:>9} {:>9} {spread:>5} {} {:>9}   {over_limit:>6}   {:PEER$} {:>9} {} {ahead:>6}{}",
            outcome.case.title,
            figure(outcome.limit()),
            figure(ours),
            mark(reach, style),
            figure(reach.map(|reach| reach.wanted)),
            peer.map_or("", |peer| &peer.name),
            figure(peer.map(Measured::figure)),
            mark(lead, style),
            wanted_lead(outcome),
        ),
    );
    scaling(out, outcome, style);
    if style.all {
        outcome.measured.iter().for_each(|measured| contestant(out, measured, unit));
    }
}

/// What the lead is to be, where being ahead is not enough; and over whom, where that is not the best.
fn wanted_lead(outcome: &Outcome<'_>) -> String {
    let Some(lead) = outcome.lead() else { return String::new() };
    let best = outcome.best_peer().map_or("", |peer| &peer.name);
    match outcome.case.lead.over {
        Some(over) if !best.starts_with(over) => format!("  {over} {:.2} ≥ {}", lead.is, lead.wanted),
        _ if lead.wanted > 1.0 => format!("  ≥ {}", lead.wanted),
        _ => String::new(),
    }
}

/// More lines for cases of two threads: how they add up, and how many spans a second that is.
fn scaling(out: &mut String, outcome: &Outcome<'_>, style: Style) {
    let Some(ratio) = outcome.ours().and_then(Measured::scaling) else { return };
    let goal = outcome.scaling();
    let wanted =
        goal.map_or_else(String::new, |goal| format!(" {} ≥ {}", mark(goal.into(), style), goal.wanted));
    line(out, format_args!("  two threads do {ratio:.2} times what one does{wanted}"));
    let told =
        outcome.measured.iter().filter(|measured| measured.role != Role::Limit).filter_map(|measured| {
            let (_, lost) = measured.work.as_ref().ok()?.split_once(" received, ")?;
            Some(format!("{} {} M/s, {lost}", measured.name, short(1e3 / measured.figure())))
        });
    let told: Vec<String> = told.collect();
    told.chunks(4).for_each(|some| line(out, format_args!("  {}", some.join(" · "))));
}

fn contestant(out: &mut String, measured: &Measured, unit: &str) {
    let work = measured.work.as_ref().map_or_else(String::as_str, String::as_str);
    let scaling =
        measured.scaling().map_or_else(String::new, |ratio| format!(", {ratio:.2} times one thread"));
    let figure = short(measured.figure());
    line(out, format_args!("    {:<30} {figure:>9} {unit}{scaling}   {work}", measured.name));
}

fn mark(goal: Option<Goal>, style: Style) -> &'static str {
    match (goal.map(|goal| goal.reached), style.colour) {
        (None, _) => " ",
        (Some(true), false) => "✓",
        (Some(false), false) => "✗",
        (Some(true), true) => "\x1b[32m✓\x1b[0m",
        (Some(false), true) => "\x1b[31m✗\x1b[0m",
    }
}

/// A figure in about three digits.
fn short(value: f64) -> String {
    match value {
        value if value < 9.995 => format!("{value:.2}"),
        value if value < 99.95 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    let start = out.len();
    // Writing to a string cannot fail.
    let _ = write!(out, "{text}");
    out.truncate(out[start..].trim_end().len() + start);
    out.push('\n');
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
