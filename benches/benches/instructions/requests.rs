//! Requests to an axum router in process, with and without the HTTP layer around it.

use std::cell::RefCell;

use axum::Router;
use telemetry_http::TelemetryLayer;

use super::layers::{Nothing, OtherBody};
use super::service::{Prototype, router, serve};

thread_local! {
    static BARE: RefCell<Router> = RefCell::new(router());
    static BOXED: RefCell<Router> = RefCell::new(router().layer(Nothing));
    static WRAPPED: RefCell<Router> = RefCell::new(router().layer(OtherBody));
    static LAYERED: RefCell<Router> = RefCell::new(router().layer(TelemetryLayer::new()));
    static PROTOTYPE: Prototype = Prototype::new();
}

#[inline(never)]
pub(crate) fn bare(x: u64) -> u64 {
    BARE.with_borrow_mut(request);
    x
}

#[inline(never)]
pub(crate) fn boxed(x: u64) -> u64 {
    BOXED.with_borrow_mut(request);
    x
}

#[inline(never)]
pub(crate) fn wrapped(x: u64) -> u64 {
    WRAPPED.with_borrow_mut(request);
    x
}

#[inline(never)]
pub(crate) fn layered(x: u64) -> u64 {
    LAYERED.with_borrow_mut(request);
    x
}

fn request(router: &mut Router) {
    serve(router, PROTOTYPE.with(Prototype::request));
}
