//! Stateful local simulators of payout providers, with faults, for tests and sandboxes.
