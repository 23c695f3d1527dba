//! Only the engine makes the permission to release a run.

use pagos_engine::Permit;

fn main() {
    let _ = Permit::for_run(1, 1);
    let _ = Permit::for_members(1);
}
