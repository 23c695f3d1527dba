//! The embedded SQLite store of the Pagos engine.
