use telemetry_core::span;

struct Lost;

#[span]
#[track_caller]
fn of_another_kind(found: Option<u8>) -> Result<u8, Lost> {
    Ok(found?)
}

#[span]
#[track_caller]
fn of_another_error(found: Result<u8, String>) -> Result<u8, Lost> {
    Ok(found?)
}

#[span]
#[track_caller]
fn of_another_type() -> Result<u8, Lost> {
    return 3;
}

fn main() {
    let _ = (of_another_kind(None), of_another_error(Ok(1)), of_another_type());
}
