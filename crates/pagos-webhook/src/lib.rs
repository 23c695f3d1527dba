//! HTTP receiver for provider webhooks: stored before acknowledged.
