//! What a traced future adds to its size: a bound, whatever it holds.

use telemetry_core::span;

/// The span, what polls it, and the states of two more futures. A future that keeps arguments that are dropped may
/// hold them twice beside that, as any `async` block inside another does.
const ADDED: usize = 96;

async fn yields() {
    std::future::ready(()).await;
}

async fn bare_small(x: u64) -> u64 {
    yields().await;
    x
}

#[span]
async fn traced_small(x: u64) -> u64 {
    yields().await;
    x
}

async fn bare_large() -> u8 {
    let buffer = [7_u8; 1_024];
    yields().await;
    buffer[3]
}

#[span]
async fn traced_large() -> u8 {
    let buffer = [7_u8; 1_024];
    yields().await;
    buffer[3]
}

#[test]
fn a_traced_future_grows_by_a_bounded_number_of_bytes() {
    let small = size_of_val(&traced_small(1)) - size_of_val(&bare_small(1));
    let large = size_of_val(&traced_large()) - size_of_val(&bare_large());
    assert!(small <= ADDED, "{small} bytes more");
    assert!(large <= ADDED, "{large} bytes more");
    assert!(size_of_val(&traced_large()) > 1_024, "the comparison is about futures that hold something");
}
