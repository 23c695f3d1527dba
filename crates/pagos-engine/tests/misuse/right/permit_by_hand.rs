//! A store is given it, and reads it.

use pagos_engine::Permit;

fn may_release(permit: Permit, members: u64, id: u64) -> bool {
    permit.expected() == members && permit.id().is_none_or(|it| it == id)
}

fn main() {
    let _ = may_release;
}
