use telemetry_core::trace;

#[trace(bind = span, attrs(rows: i64))]
mod books {
    pub fn load() {}
}

fn main() {
    books::load();
}
