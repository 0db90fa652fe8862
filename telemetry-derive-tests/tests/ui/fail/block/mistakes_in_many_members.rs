use telemetry_core::trace;

struct Book;

#[trace(knid = client)]
impl Book {
    #[trace(nmae = "book.load")]
    fn load(&self) -> Result<u8, u8> {
        Ok(0)
    }

    #[trace(type = Shelf, name = "save", attrs(id, id))]
    fn save(&self, id: u8) -> u8 {
        id
    }
}

fn main() {
    let _ = Book.load();
    let _ = Book.save(1);
}
