//! An amount is a whole number of the minor unit.

use pagos_core::Currency;
use pagos_core::Money;

fn main() {
    let _ = Money::new(150_050, Currency::Cop);
}
