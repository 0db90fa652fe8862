use telemetry_core::step;

async fn load() {
    step!(timing = true, "load" => async {}).await;
}

fn main() {
    drop(load());
}
