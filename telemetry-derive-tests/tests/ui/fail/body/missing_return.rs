use telemetry_core::span;

#[span]
async fn load(id: u8) -> Result<u8, String> {
    if id == 0 {
        return Ok(1);
    }
}

fn main() {}
