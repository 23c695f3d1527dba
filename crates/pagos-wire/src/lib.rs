//! What Pagos providers are built of: exact JSON decimals, HS256 tokens, request building, redaction.
