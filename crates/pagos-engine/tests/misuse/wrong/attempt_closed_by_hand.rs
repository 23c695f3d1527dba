//! The rules that close an attempt are the engine's own.

use pagos_engine::Progress;
use pagos_engine::Proof;
use pagos_engine::decide::Rules;

fn closed(rules: &Rules<'_>, progress: &Progress) {
    let _ = rules.close(progress, Proof::NeverReached, "it looks lost".to_owned(), None);
}

fn main() {
    let _ = closed;
}
