//! Many threads at once.

use super::*;

#[test]
fn many_threads_and_a_drain_conserve_every_span() {
    const THREADS: u64 = 8;
    const SPANS: u64 = 20_000;
    for capacity in [256, 1_024, 16_384] {
        let ring = ring(capacity);
        let done = AtomicBool::new(false);
        let (opened, dropped) = (AtomicU64::new(0), AtomicU64::new(0));
        let mut seen = vec![false; (THREADS * SPANS) as usize];
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..THREADS)
                .map(|thread| {
                    let (opened, dropped) = (&opened, &dropped);
                    scope.spawn(move || {
                        let producer = ring.join();
                        let mut open_now = Vec::new();
                        for span in 0..SPANS {
                            match take(producer, ring) {
                                Ok(slot) => {
                                    open(slot, thread * SPANS + span);
                                    open_now.push(slot);
                                    opened.fetch_add(1, Ordering::Relaxed);
                                }
                                Err(_) => {
                                    dropped.fetch_add(1, Ordering::Relaxed);
                                }
                            }
                            // Spans nest three deep and end in an order of their own.
                            if open_now.len() == 3 {
                                close(open_now.remove((span % 3) as usize));
                                close(open_now.remove((span % 2) as usize));
                            }
                        }
                        open_now.into_iter().for_each(close);
                        ring.leave(producer);
                    })
                })
                .collect();
            let (seen, done) = (&mut seen, &done);
            let drainer = scope.spawn(move || {
                let mut taken = 0;
                loop {
                    let last = done.load(Ordering::Acquire);
                    taken += drain(ring, |value| {
                        assert!(!std::mem::replace(&mut seen[value as usize], true), "each span comes once");
                    });
                    if last {
                        return taken;
                    }
                    std::thread::yield_now();
                }
            });
            for worker in workers {
                worker.join().unwrap();
            }
            done.store(true, Ordering::Release);
            let taken = drainer.join().unwrap() as u64;
            assert_eq!(taken, opened.load(Ordering::Relaxed));
        });
        let counts = ring.counts();
        assert_eq!(counts.opened, opened.load(Ordering::Relaxed));
        assert_eq!(counts.dropped_full, dropped.load(Ordering::Relaxed));
        assert_eq!(counts.opened + counts.dropped_full, THREADS * SPANS);
        assert_eq!(ring.occupied(), 0);
    }
}

#[test]
fn whoever_counts_meanwhile_sees_each_span_that_has_begun_once_and_no_other() {
    const THREADS: u64 = 6;
    let ring = ring(256);
    let (begun, over, done) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let (begun, over, done) = (&begun, &over, &done);
        for thread in 0..THREADS {
            scope.spawn(move || {
                // Comes and goes, and holds more than its share, so that reservations are taken back.
                for round in 0..200 {
                    let producer = ring.join();
                    let mut held = Vec::new();
                    for span in 0..100 {
                        begun.fetch_add(1, Ordering::SeqCst);
                        if let Ok(slot) = take(producer, ring) {
                            open(slot, span);
                            held.push(slot);
                        }
                        over.fetch_add(1, Ordering::SeqCst);
                        if held.len() > (round + thread) as usize % 60 {
                            held.drain(..).for_each(close);
                        }
                    }
                    held.into_iter().for_each(close);
                    ring.leave(producer);
                }
            });
        }
        scope.spawn(move || {
            while !done.load(Ordering::Relaxed) {
                drain(ring, |_| {});
            }
        });
        while over.load(Ordering::SeqCst) != THREADS * 200 * 100 {
            let least = over.load(Ordering::SeqCst);
            let counts = ring.counts();
            let most = begun.load(Ordering::SeqCst);
            let counted = counts.opened + counts.dropped_full;
            assert!((least..=most).contains(&counted), "{least} to {most}: {counts:?}");
        }
        done.store(true, Ordering::Relaxed);
    });
    let counts = ring.counts();
    assert_eq!(counts.opened + counts.dropped_full, THREADS * 200 * 100);
    drain(ring, |_| {});
    assert_eq!(ring.occupied(), 0);
}

/// Runs `threads` threads, at most `at_once` of them at a time, each of which opens `spans` spans, and a drain; returns
/// the ring when it is empty.
fn pass_through(capacity: usize, threads: u64, at_once: u64, spans: u64) -> &'static Ring {
    let ring = ring(capacity);
    let (next, busy, taken) = (AtomicU64::new(0), AtomicU64::new(at_once), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let (next, busy, taken) = (&next, &busy, &taken);
        for _ in 0..at_once {
            scope.spawn(move || {
                while next.fetch_add(1, Ordering::Relaxed) < threads {
                    let thread = std::thread::spawn(move || {
                        let producer = ring.join();
                        for span in 0..spans {
                            if let Ok(slot) = take(producer, ring) {
                                open(slot, span);
                                close(slot);
                            }
                        }
                        ring.leave(producer);
                    });
                    thread.join().unwrap();
                }
                busy.fetch_sub(1, Ordering::Release);
            });
        }
        scope.spawn(move || {
            loop {
                let last = busy.load(Ordering::Acquire) == 0;
                taken.fetch_add(drain(ring, |_| {}) as u64, Ordering::Relaxed);
                if last {
                    return;
                }
            }
        });
    });
    let counts = ring.counts();
    assert_eq!(counts.opened + counts.dropped_full, threads * spans);
    assert_eq!(counts.opened, taken.load(Ordering::Relaxed));
    assert_eq!(ring.occupied(), 0);
    ring
}

#[test]
fn ten_thousand_short_lived_threads_share_a_few_places() {
    let ring = pass_through(1_024, 10_000, 8, 20);
    assert!(ring.places().count() <= 8, "as many places as threads were alive at once");
}

#[test]
fn sixty_four_threads_have_a_place_each_and_lose_nothing() {
    let ring = pass_through(1_024, 64 * 4, 64, 2_000);
    assert!(ring.places().count() <= 64, "as many places as threads were alive at once");
}
