//! Its `Debug` does not show the number.

use pagos_core::AccountNumber;

fn shown(number: &AccountNumber) -> String {
    format!("{number:?}")
}

fn main() {
    let number = AccountNumber::new("0012345678");
    assert!(number.is_ok_and(|number| !shown(&number).contains("0012345678")));
}
