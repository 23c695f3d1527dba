//! The shared words of Pagos: money, orders, observations, the status machine and the provider traits.
