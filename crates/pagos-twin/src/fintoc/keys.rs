//! The throw-away pair that requests to the twin are signed and verified with, as PEM.
//! Not a secret: it was made for this file with `openssl genpkey`, stands in public, and moves no money
//! but a simulator's.

/// The half that signs, in PKCS#8. It opens nothing.
pub const SANDBOX_JWS_PRIVATE_KEY: &str = include_str!("private.pem");

/// The half that the twin was given, as a dashboard is.
pub const SANDBOX_JWS_PUBLIC_KEY: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAk1NWYgnD8iEJj9fleAVc\n\
bfsoU7dZHanI0ookdKLUoEpU68lJZrIUX7TUXwbiX4wln4NPhflAIfez+9Dh3L9j\n\
Mp6pDXNrSVbzVXexu7MzI7kLUCXrOWde3TYrM0IxEOA0C+rWKazFJCMy8bn90JyG\n\
NUzzAbq6QAW2XTD9e+HLpT3rDEt92qVjQR7me9P7MEi7boPU7Z2AX3SdlnP7eo6a\n\
OVVhin6gT80atB0Xj4d95Mb5+VFBGQ0q2FCMWBsKkLGuGlTz9RxbgV5bEJPz402r\n\
m8uNrtzCjEU81O6KBZ2/zNllUQg1ZraDk/GL35Rc4ZRuMr68BuU2NGjBfQIWtbbp\n\
rwIDAQAB\n\
-----END PUBLIC KEY-----\n\
";
