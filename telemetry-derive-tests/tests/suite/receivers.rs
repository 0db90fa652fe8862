//! Every receiver a method can have.

use super::*;

#[derive(Default)]
struct Shelf(RefCell<Vec<u8>>);

#[trace]
impl Shelf {
    fn by_value(self) -> Vec<u8> {
        self.0.into_inner()
    }

    fn by_mutable_value(mut self) -> Result<Self, String> {
        self.0.get_mut().push(1);
        Ok(self)
    }

    fn by_reference(&self) -> std::cell::Ref<'_, Vec<u8>> {
        self.0.borrow()
    }

    fn by_lifetime<'a>(&'a mut self) -> Result<&'a mut Vec<u8>, String> {
        Ok(self.0.get_mut())
    }

    fn by_box(self: Box<Self>) -> Option<Self> {
        Some(*self)
    }

    fn by_rc(self: &Rc<Self>) -> Rc<Self> {
        Rc::clone(self)
    }

    fn by_arc(self: Arc<Self>) -> Result<Arc<Self>, String> {
        Ok(self)
    }

    fn by_pin(self: Pin<&mut Self>) -> Result<(), String> {
        self.get_mut().0.get_mut().push(2);
        Ok(())
    }

    fn by_mutable_pin(mut self: Pin<&mut Self>) -> usize {
        self.as_mut().0.get_mut().len()
    }

    async fn by_pin_async(self: Pin<&mut Self>) -> usize {
        self.0.borrow().len()
    }

    async fn by_value_async(self) -> Vec<u8> {
        self.0.into_inner()
    }

    fn by_type(self: &Self) -> usize {
        self.0.borrow().len()
    }
}

#[test]
fn every_receiver_is_taken() {
    let scope = Scope::new();
    let mut shelf = Shelf::default().by_mutable_value().unwrap();
    assert_eq!(shelf.by_reference().len(), 1);
    shelf.by_lifetime().unwrap().clear();
    assert_eq!(shelf.by_type(), 0);
    let mut pinned = pin!(Box::new(shelf).by_box().unwrap());
    pinned.as_mut().by_pin().unwrap();
    assert_eq!(pinned.as_mut().by_mutable_pin(), 1);
    assert_eq!(block_on(pinned.by_pin_async()), 1);
    assert_eq!(Rc::strong_count(&Rc::new(Shelf::default()).by_rc()), 2);
    assert!(Arc::new(Shelf::default()).by_arc().is_ok());
    assert_eq!(block_on(Shelf::default().by_value_async()), Shelf::default().by_value());
    let tree = scope.tree();
    assert_eq!(tree.lines().count(), 12, "{tree}");
    assert!(tree.lines().all(|line| line.starts_with("Shelf::by_")), "{tree}");
}
