//! No amount comes of a float.

use pagos_core::Currency;
use pagos_core::Money;

fn main() {
    let _ = Money::new(1500.50, Currency::Cop);
}
