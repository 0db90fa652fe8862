use telemetry_core::span;

trait Named {
    const NAME: &str;
}

#[span(name = T::NAME)]
fn load<T: Named>() {}

fn main() {}
