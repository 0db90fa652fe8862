//! Every form of a step.
use telemetry_core::step;

const NAME: &str = "render";

async fn wait(text: &str) -> Result<usize, String> {
    let length = step!("wait", text, length = text.len() => async { text.len() }).await;
    step!(NAME => std::future::ready(Ok::<(), String>(()))).await?;
    step!("last" => std::future::ready(()),).await;
    Ok(length)
}

fn main() {
    let _plain = step!("render");
    let _constant = step!(NAME,);
    let _attributes = step!(crate = telemetry_core, "render", rows = 1, %NAME, debug = ?NAME, "quoted" = NAME);
    drop(wait("text"));
}
