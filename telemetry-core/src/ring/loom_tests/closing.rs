//! The close: who is refused, and what is counted when it returns.

use super::*;

/// Checks the counts read right after the close, `then`, against the last ones: every span that ever got a slot was
/// counted as opened then, and beside them at most those that were just being opened, of which there were at most
/// `opening`.
fn check(then: Counts, last: Counts, opening: u64) {
    assert!(last.opened <= then.opened, "a span opened after the close: {then:?}, {last:?}");
    assert!(then.opened - last.opened <= opening, "{then:?}, {last:?}");
    assert!(then.started() <= last.started(), "{then:?}, {last:?}");
}

#[test]
fn the_close_counts_what_it_lets_through() {
    model(3, || {
        let ring = ring(4);
        let worker = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || produce(&ring, 1..=3))
        };
        ring.close();
        let then = ring.counts();
        let early = drain(&ring);
        let opened = worker.join().unwrap();
        check(then, finish(&ring, early, opened, 3), 1);
    });
}

#[test]
fn whoever_counts_during_the_close_sees_no_more_than_was_begun() {
    model(3, || {
        let ring = ring(4);
        let worker = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || produce(&ring, 1..=2))
        };
        let closer = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || ring.close())
        };
        let seen = ring.counts();
        let opened = worker.join().unwrap();
        closer.join().unwrap();
        let last = finish(&ring, Vec::new(), opened, 2);
        assert!(seen.started() <= 2, "{seen:?}, {last:?}");
    });
}

#[test]
fn the_close_counts_what_it_lets_through_also_without_membarrier() {
    without_membarrier(3, || {
        let ring = ring(4);
        let worker = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || produce(&ring, 1..=3))
        };
        ring.close();
        let then = ring.counts();
        let opened = worker.join().unwrap();
        check(then, finish(&ring, Vec::new(), opened, 3), 1);
    });
}

#[test]
fn a_close_in_the_middle_of_a_reclaim_misses_nobody() {
    model(2, || {
        let ring = ring(4);
        // The owner has one slot left, so its reservation looks empty while it is being taken.
        let owner = ring.join();
        let held: Vec<_> = (0..3).map(|_| take(owner, &ring).unwrap()).collect();
        let thief = {
            let (ring, place) = (Arc::clone(&ring), ring.join());
            thread::spawn(move || {
                let opened = spans(place, &ring, [10]);
                ring.leave(place);
                opened
            })
        };
        let closer = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || {
                ring.close();
                ring.counts()
            })
        };
        let mut opened = spans(owner, &ring, [20]);
        let then = closer.join().unwrap();
        opened.extend(thief.join().unwrap());
        for (slot, value) in held.into_iter().zip(1..) {
            close(slot, value);
            opened.push(value);
        }
        ring.leave(owner);
        check(then, finish(&ring, Vec::new(), opened, 5), 2);
    });
}

#[test]
fn a_ring_that_is_opened_again_takes_spans() {
    model(3, || {
        let ring = ring(4);
        let worker = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || {
                let place = ring.join();
                (place, spans(place, &ring, 1..=2))
            })
        };
        ring.close();
        ring.reopen();
        let (place, mut opened) = worker.join().unwrap();
        opened.extend(spans(place, &ring, [3]));
        assert!(opened.contains(&3), "the ring is open and has room");
        ring.leave(place);
        finish(&ring, Vec::new(), opened, 3);
    });
}
