//! Recording on and off.

use super::GLOBAL;
use crate::span::gates;

/// Records spans and instruments of the process from here on.
pub fn enable() {
    GLOBAL.set_enabled(true);
    GLOBAL.metrics().enable();
    gates::set_global(true);
}

/// Records nothing from here on: every span and instrument costs one load and a branch. Spans that are open finish.
/// Instruments keep their values and are exported as they stand; what happens meanwhile is not made up for.
pub fn disable() {
    gates::set_global(false);
    GLOBAL.metrics().disable();
    GLOBAL.set_enabled(false);
}

/// Whether spans and instruments of the process are recorded.
pub fn is_enabled() -> bool {
    GLOBAL.is_enabled()
}
