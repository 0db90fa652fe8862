//! Idle reservations taken back: from owners that come back, that end, that were just claiming.

use super::*;

#[test]
fn a_reclaimer_and_the_owner_never_hold_the_same_slot() {
    model(3, || {
        let ring = ring(4);
        // The owner reserves all four and opens one.
        let owner = ring.join();
        let first = take(owner, &ring).unwrap();
        let other = ring.join();
        let thief = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || spans(other, &ring, 10..12))
        };
        let mut opened = spans(owner, &ring, [20]);
        opened.extend(thief.join().unwrap());
        close(first, 1);
        opened.push(1);
        ring.leave(owner);
        ring.leave(other);
        finish(&ring, Vec::new(), opened, 4);
    });
}

#[test]
fn a_reservation_made_while_the_last_one_was_being_reclaimed_is_whole() {
    model(2, || {
        let ring = ring(8);
        // The owner has one slot left of one run; the other run is all taken, and one of its spans is over.
        let owner = ring.join();
        let mut held: Vec<_> = (0..3).map(|_| take(owner, &ring).unwrap()).collect();
        let other = ring.join();
        held.extend((0..3).map(|_| take(other, &ring).unwrap()));
        close(take(other, &ring).unwrap(), 99);
        let thief = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || spans(other, &ring, [10]))
        };
        let mut opened = spans(owner, &ring, [20]);
        // What comes back here is the owner's next reservation, in the other run.
        let early = drain(&ring);
        opened.extend(spans(owner, &ring, [21]));
        opened.extend(thief.join().unwrap());
        opened.push(99);
        for (slot, value) in held.into_iter().zip(1..) {
            close(slot, value);
            opened.push(value);
        }
        ring.leave(owner);
        ring.leave(other);
        finish(&ring, early, opened, 10);
    });
}

#[test]
fn of_the_last_slot_one_of_two_has_it() {
    model(3, || {
        let ring = ring(4);
        let owner = ring.join();
        let mut held: Vec<_> = (0..3).map(|_| take(owner, &ring).unwrap()).collect();
        let other = ring.join();
        let thief = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || take(other, &ring).ok())
        };
        let own = take(owner, &ring).ok();
        let stolen = thief.join().unwrap();
        assert!(!(own.is_some() && stolen.is_some()), "one slot was left: it went to one of them");
        held.extend(own);
        held.extend(stolen);
        let opened: Vec<u64> = (1..=held.len() as u64).collect();
        held.into_iter().zip(&opened).for_each(|(slot, value)| close(slot, *value));
        ring.leave(owner);
        ring.leave(other);
        finish(&ring, Vec::new(), opened, 5);
    });
}

#[test]
fn a_thread_that_ends_while_it_is_reclaimed_from_loses_nothing() {
    model(3, || {
        let ring = ring(4);
        let leaver = ring.join();
        let held = take(leaver, &ring).unwrap();
        let thief = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || produce(&ring, 10..12))
        };
        ring.leave(leaver);
        close(held, 1);
        let mut opened = thief.join().unwrap();
        opened.push(1);
        finish(&ring, Vec::new(), opened, 3);
    });
}

#[test]
fn a_place_handed_on_in_the_middle_of_a_reclaim_is_its_new_owners() {
    model(2, || {
        let ring = ring(4);
        let leaver = ring.join();
        let held = take(leaver, &ring).unwrap();
        let other = ring.join();
        let thief = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || spans(other, &ring, [10]))
        };
        ring.leave(leaver);
        let heir = ring.join();
        assert!(std::ptr::eq(leaver, heir), "the place is used again");
        let mut opened = spans(heir, &ring, 20..22);
        opened.extend(thief.join().unwrap());
        close(held, 1);
        opened.push(1);
        ring.leave(heir);
        ring.leave(other);
        finish(&ring, Vec::new(), opened, 4);
    });
}

#[test]
fn two_that_starve_take_back_from_one_that_idles() {
    model(2, || {
        let ring = ring(4);
        let idle = ring.join();
        let held = take(idle, &ring).unwrap();
        let starving: Vec<_> = [10, 20]
            .into_iter()
            .map(|value| {
                let (ring, place) = (Arc::clone(&ring), ring.join());
                thread::spawn(move || {
                    let opened = spans(place, &ring, [value]);
                    ring.leave(place);
                    opened
                })
            })
            .collect();
        let mut opened: Vec<_> = starving.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert!(!opened.is_empty(), "whoever reclaims gets what it reclaimed");
        close(held, 1);
        opened.push(1);
        ring.leave(idle);
        finish(&ring, Vec::new(), opened, 3);
    });
}

#[test]
fn a_look_that_came_too_early_is_repeated() {
    model(3, || {
        let ring = ring(4);
        let other = ring.join();
        // Two are free and two are held, half of them for the owner to reserve.
        let held = [1, 2].map(|value| (take(other, &ring).unwrap(), value));
        ring.leave(other);
        let other = ring.join();
        let owner = {
            let (ring, place) = (Arc::clone(&ring), ring.join());
            thread::spawn(move || (place, take(place, &ring).ok()))
        };
        // May find slots neither free nor reserved, for the owner has just claimed them.
        let mut opened = spans(other, &ring, [10]);
        let (owner, first) = owner.join().unwrap();
        // The ring has one run, so one refusal is as much as it costs.
        opened.extend(spans(other, &ring, [11, 12]));
        assert!(opened.iter().any(|value| *value > 2), "one slot at least is free or idle");
        for (slot, value) in held.into_iter().chain(first.map(|slot| (slot, 3))) {
            close(slot, value);
            opened.push(value);
        }
        ring.leave(owner);
        ring.leave(other);
        finish(&ring, Vec::new(), opened, 6);
    });
}
