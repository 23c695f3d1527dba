//! It is what a comparison returns.

use pagos_core::TagMatch;

fn main() {
    let _ = TagMatch::of(b"tag", b"other");
}
