//! Tests of the lines from ticks to time.

use super::*;

#[test]
fn manual_clock_reads_what_was_set() {
    let timeline = Timeline::new();
    timeline.set_manual(1_000);
    timeline.advance(500);
    assert_eq!(timeline.unix_nanos(), 1_500);
    let conversion = timeline.conversion();
    assert_eq!(conversion.unix_nanos(0, 1_500), 1_500);
    assert_eq!(conversion.nanos_between(0, 1_000, 1_500), 500);
}

#[test]
fn real_clock_agrees_with_the_wall_clock() {
    let timeline = Timeline::new();
    let source = timeline.source();
    let conversion = timeline.conversion();
    let wall = source::wall_nanos();
    let ours = conversion.unix_nanos(timeline.epoch(), source.ticks());
    assert!(ours.abs_diff(wall) < 50_000_000, "{ours} is far from {wall}");
}

#[test]
fn an_end_before_the_start_is_no_length() {
    let timeline = Timeline::new();
    timeline.source();
    assert_eq!(timeline.conversion().nanos_between(0, 10, 5), 0);
}

#[test]
fn every_conversion_of_a_trace_uses_the_line_of_its_root() {
    let timeline = Timeline::new();
    let source = timeline.source();
    let (early, epoch) = (source.ticks(), timeline.epoch());
    let before = timeline.conversion().unix_nanos(epoch, early);
    for _ in 0..10 {
        timeline.anchor();
    }
    assert_eq!(timeline.conversion().unix_nanos(epoch, early), before);
}
