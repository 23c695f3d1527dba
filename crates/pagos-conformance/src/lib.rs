//! The fixture replay and the suites that any Pagos provider or store can run.
