//! Claim, publish, drain, and round again.

use super::*;

#[test]
fn two_producers_and_a_drain_conserve_every_span() {
    model(2, || {
        let ring = ring(4);
        // Half of the ring is closed spans already.
        let (here, there) = (ring.join(), ring.join());
        let mut opened = spans(here, &ring, 1..=2);
        let producers = [(here, 10..11), (there, 20..21)].map(|(place, values)| {
            let ring = Arc::clone(&ring);
            thread::spawn(move || spans(place, &ring, values))
        });
        let early = drain(&ring);
        opened.extend(producers.into_iter().flat_map(|producer| producer.join().unwrap()));
        ring.leave(here);
        ring.leave(there);
        finish(&ring, early, opened, 4);
    });
}

#[test]
fn threads_that_join_at_once_have_a_place_each() {
    bare(5, || {
        let ring = ring(8);
        let other = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || std::ptr::from_ref(ring.join()) as usize)
        };
        let here = std::ptr::from_ref(ring.join()) as usize;
        assert_ne!(here, other.join().unwrap());
        assert_eq!(ring.places().count(), 2);
    });
}

#[test]
fn a_ring_that_goes_round_hands_out_only_what_was_drained() {
    bare(3, || {
        let ring = ring(4);
        let producer = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || produce(&ring, 1..=6))
        };
        let early = drain(&ring);
        let opened = producer.join().unwrap();
        assert!(opened.len() >= 4, "an empty ring takes four");
        finish(&ring, early, opened, 6);
    });
}

#[test]
fn what_comes_back_is_found_at_once_by_whoever_was_refused() {
    bare(3, || {
        let ring = ring(4);
        let producer = ring.join();
        let mut opened = spans(producer, &ring, 1..=4);
        let drainer = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || drain(&ring))
        };
        opened.extend(spans(producer, &ring, [5]));
        let early = drainer.join().unwrap();
        // Whether it was refused on an old count of returns or found slots by a new one: it looks again, and there are.
        let found = spans(producer, &ring, [6]);
        assert_eq!(found, [6]);
        opened.extend(found);
        ring.leave(producer);
        finish(&ring, early, opened, 6);
    });
}

#[test]
fn a_place_is_handed_from_thread_to_thread_with_all_it_counted() {
    bare(3, || {
        let ring = ring(8);
        let other = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || produce(&ring, 10..12))
        };
        let mut opened = produce(&ring, 20..22);
        opened.extend(other.join().unwrap());
        let counts = finish(&ring, Vec::new(), opened, 4);
        assert_eq!(counts.opened, 4, "there was room for all");
    });
}

#[test]
fn a_system_without_membarrier_conserves_every_span() {
    without_membarrier(2, || {
        let ring = ring(4);
        let (here, there) = (ring.join(), ring.join());
        let other = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || spans(there, &ring, 10..12))
        };
        let mut opened = spans(here, &ring, 20..21);
        let early = drain(&ring);
        opened.extend(spans(here, &ring, 30..31));
        opened.extend(other.join().unwrap());
        ring.leave(here);
        ring.leave(there);
        finish(&ring, early, opened, 4);
    });
}

#[test]
fn two_producers_that_go_round_never_meet_in_a_slot() {
    model(2, || {
        let ring = ring(4);
        let (here, there) = (ring.join(), ring.join());
        let other = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || spans(there, &ring, 10..12))
        };
        let mut opened = spans(here, &ring, 20..22);
        let early = drain(&ring);
        opened.extend(spans(here, &ring, 30..31));
        opened.extend(other.join().unwrap());
        ring.leave(here);
        ring.leave(there);
        finish(&ring, early, opened, 5);
    });
}

#[test]
fn two_runs_are_claimed_by_two_threads() {
    bare(2, || {
        let ring = ring(8);
        let other = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || produce(&ring, 10..14))
        };
        let mut opened = produce(&ring, 20..24);
        let early = drain(&ring);
        opened.extend(other.join().unwrap());
        let counts = finish(&ring, early, opened, 8);
        assert_eq!(counts.opened, 8, "there was room for all");
    });
}

#[test]
fn a_span_ended_on_another_thread_is_drained_whole() {
    bare(5, || {
        let ring = ring(4);
        let producer = ring.join();
        let slot = take(producer, &ring).unwrap();
        let other = thread::spawn(move || close(slot, 7));
        let mut early = drain(&ring);
        ring.leave(producer);
        early.extend(drain(&ring));
        other.join().unwrap();
        finish(&ring, early, vec![7], 1);
    });
}

#[test]
fn whoever_counts_meanwhile_sees_no_more_than_was_begun_and_no_less_than_had_ended() {
    model(4, || {
        let ring = ring(4);
        let producer = ring.join();
        let first = spans(producer, &ring, 1..=1);
        let reader = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || ring.counts().started())
        };
        // Uses the reservation up, reserves again, is refused, gives back.
        let mut opened = spans(producer, &ring, 2..=4);
        let early = drain(&ring);
        opened.extend(spans(producer, &ring, 5..=5));
        ring.leave(producer);
        let seen = reader.join().unwrap();
        opened.extend(first);
        assert!((1..=5).contains(&seen), "{seen}");
        finish(&ring, early, opened, 5);
    });
}
