//! Cashypro payouts and pay-ins for Pagos: signing, wire shapes, webhooks.
