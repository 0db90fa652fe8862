//! Functions that do not return.

use super::*;

#[span]
fn diverges() -> ! {
    panic!("diverged")
}

#[span]
async fn diverges_later() -> u8 {
    unreachable!("later")
}

#[span]
fn never_comes_back(stop: bool) -> Result<std::convert::Infallible, String> {
    loop {
        if stop {
            return Err(String::from("stopped"));
        }
    }
}

#[test]
fn panics_pass_through() {
    let scope = Scope::new();
    assert!(std::panic::catch_unwind(|| diverges()).is_err());
    assert!(std::panic::catch_unwind(|| block_on(diverges_later())).is_err());
    assert!(never_comes_back(true).is_err());
    assert!(!Span::current().is_recording());
    let tree = scope.tree();
    assert_eq!(tree.matches("error.type=\"panic\"").count(), 2, "{tree}");
}
