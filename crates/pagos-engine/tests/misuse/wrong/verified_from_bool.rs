//! A verdict that is a mere `true` is no proof.

use pagos_core::Verified;

fn main() {
    let is_genuine = b"tag" == b"tag";
    let _ = Verified::new(is_genuine, "paid");
}
