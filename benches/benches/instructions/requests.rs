//! Requests to an axum router in process, with and without the HTTP layer around it.

use std::cell::RefCell;

use axum::Router;
use telemetry_http::TelemetryLayer;

use super::layers::{Nothing, OtherBody};
use super::service::{Prototype, router, serve};

/// The routers that requests are counted on: as they were made, and as `axum::serve` serves them, which puts the
/// services of all routes together once and not for every request.
macro_rules! routers {
    ($($(#[$doc:meta])* $call:ident, $served:ident: $router:expr;)*) => {$(
        $(#[$doc])*
        #[inline(never)]
        pub(crate) fn $call(x: u64) -> u64 {
            thread_local!(static ROUTER: RefCell<Router> = RefCell::new($router));
            ROUTER.with_borrow_mut(request);
            x
        }

        /// The same as it is served.
        #[inline(never)]
        pub(crate) fn $served(x: u64) -> u64 {
            thread_local!(static ROUTER: RefCell<Router> = RefCell::new($router.with_state(())));
            ROUTER.with_borrow_mut(request);
            x
        }
    )*};
}

routers! {
    /// Without a layer.
    bare, served_bare: router();
    /// Under one that does nothing.
    boxed, served_boxed: router().layer(Nothing);
    /// Under one that does nothing, with a body of its own.
    wrapped, served_wrapped: router().layer(OtherBody);
    /// Under ours.
    layered, served_layered: router().layer(TelemetryLayer::new());
}

thread_local! {
    static PROTOTYPE: Prototype = Prototype::new();
}

fn request(router: &mut Router) {
    serve(router, PROTOTYPE.with(Prototype::request));
}
