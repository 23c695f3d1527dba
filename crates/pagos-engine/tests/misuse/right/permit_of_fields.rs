//! What it permits can be looked at.

use pagos_engine::Permit;

fn members(permit: &Permit) -> (u64, Option<u64>) {
    (permit.expected(), permit.id())
}

fn main() {
    let _ = members;
}
