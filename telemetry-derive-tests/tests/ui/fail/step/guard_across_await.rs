use telemetry_core::step;

fn assert_send<T: Send>(_: T) {}

async fn load() {
    let _step = step!("load");
    std::future::ready(()).await;
}

fn main() {
    assert_send(load());
}
