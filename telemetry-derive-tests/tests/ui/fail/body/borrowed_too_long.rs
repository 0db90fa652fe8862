use telemetry_core::span;

struct Shelf(Vec<String>);

impl Shelf {
    #[span]
    fn first(&mut self) -> Result<&mut String, String> {
        let first = &mut self.0[0];
        self.0.clear();
        Ok(first)
    }
}

fn main() {}
