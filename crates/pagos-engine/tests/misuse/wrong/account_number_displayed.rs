//! An account number has no `Display`.

use pagos_core::AccountNumber;

fn shown(number: &AccountNumber) -> String {
    number.to_string()
}

fn main() {
    let _ = shown;
}
