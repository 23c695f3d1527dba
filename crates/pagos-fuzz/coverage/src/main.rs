//! One target of `pagos-fuzz` under libFuzzer, which is guided by coverage. The target is named by
//! `PAGOS_FUZZ_TARGET`; `cargo xtask fuzz --coverage` sets it. No rule is here.

#![no_main]

use std::{env, sync::OnceLock};

use libfuzzer_sys::fuzz_target;
use pagos_fuzz::{Target, target};

static TARGET: OnceLock<&'static Target> = OnceLock::new();

fuzz_target!(|input: &[u8]| {
    let target = TARGET.get_or_init(|| {
        let name = env::var("PAGOS_FUZZ_TARGET").unwrap_or_default();
        target::find(&name).unwrap_or_else(|| panic!("PAGOS_FUZZ_TARGET names no target: {name:?}"))
    });
    target.run(input);
});
