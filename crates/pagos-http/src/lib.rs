//! The Pagos transport over reqwest and rustls, with record and replay.
