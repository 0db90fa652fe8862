//! What passes between an owner and its reclaimers, without the ring around it: small enough for many preemptions.

use super::*;

/// An owner takes `takes` times of a reservation that has three slots left, while it is reclaimed from `rounds` times.
fn owner_and_reclaimer(preemptions: usize, takes: usize, rounds: usize) {
    model(preemptions, move || {
        let ring = ring(4);
        let owner = ring.join();
        close(take(owner, &ring).unwrap(), 1);
        let first = ring.slots.as_ptr().addr();
        let stopper = Arc::clone(&ring);
        let bit = move |slot: &Slot| 1_u32 << ((std::ptr::from_ref(slot).addr() - first) / size_of::<Slot>());
        let reclaimer = thread::spawn(move || {
            let reclaim = || {
                if !owner.announce() {
                    return None;
                }
                assert!(stopper.heavy());
                owner.reclaim().map(|(_, mask)| mask)
            };
            (0..rounds).filter_map(|_| reclaim()).collect::<Vec<_>>()
        });
        let mut taken: Vec<_> = (0..takes).filter_map(|_| owner.take()).map(bit).collect();
        let reclaimed = reclaimer.join().unwrap();
        // What is left is the owner's: it settles and uses it up.
        while owner.unopened() != 0 {
            taken.extend(owner.take().map(bit));
        }
        let all = [&[0b0001], &*taken, &*reclaimed].concat();
        assert_eq!(all.iter().sum::<u32>(), 0b1111, "each slot is in one place: {all:?}");
        assert_eq!(all.iter().fold(0, |union, mask| union | mask), 0b1111, "and in no two: {all:?}");
        assert_eq!(ring.counts().opened, 1 + taken.len() as u64);
    });
}

#[test]
fn one_take_and_three_reclaims() {
    owner_and_reclaimer(6, 1, 3);
}

#[test]
fn two_takes_and_two_reclaims() {
    owner_and_reclaimer(6, 2, 2);
}

#[test]
fn three_takes_and_one_reclaim() {
    owner_and_reclaimer(8, 3, 1);
}
