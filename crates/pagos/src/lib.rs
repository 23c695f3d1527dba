//! Payouts in Latin America behind one domain model: re-exports the selected providers.
