use telemetry_core::span;

#[span(short_name = true, enter_on_poll = true, properties = { "id": "{id}" })]
fn load(id: u8) {
    let _ = id;
}

fn main() {}
