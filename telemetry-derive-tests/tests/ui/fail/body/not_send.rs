use telemetry_core::span;

use std::rc::Rc;

#[span]
async fn load() -> Rc<u8> {
    let shared = Rc::new(1);
    std::future::ready(()).await;
    shared
}

fn spawn(_: impl Send) {}

fn main() {
    spawn(load());
}
