//! A crate that re-exports the framework under another name.

mod platform {
    pub use telemetry_core as telemetry;
}

use platform::telemetry::{Label, metric};

#[derive(Label)]
#[label(crate = crate::platform::telemetry)]
enum Outcome {
    Hit,
}

metric! {
    crate = crate::platform::telemetry;

    /// Things.
    static THINGS: Counter = "things_total" { outcome: Outcome };
}

fn main() {
    THINGS.with(Outcome::Hit).inc();
}
