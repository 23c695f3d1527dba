//! The world that an engine pays in: real providers, or simulators of them.

use std::fmt;

use pagos_core::Environment;

/// The world that an engine pays in. A store is tied to it, account by account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum World {
    /// The accounts' providers, each in the environment that it was configured for: real money, or
    /// the provider's own sandbox.
    Providers,
    /// Twins, whose time may run faster than ours. The text distinguishes one such world from
    /// another.
    Simulated(String),
}

impl World {
    /// The word by which a store ties an account of this environment to this world.
    ///
    /// ```
    /// use pagos_core::Environment;
    /// use pagos_engine::World;
    ///
    /// assert_eq!(World::Providers.word(Environment::Live), "live");
    /// assert_eq!(World::Simulated("tests".to_owned()).word(Environment::Live), "tests");
    /// ```
    pub fn word(&self, environment: Environment) -> String {
        match self {
            Self::Providers => environment.to_string(),
            Self::Simulated(name) => name.clone(),
        }
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Providers => f.write_str("providers"),
            Self::Simulated(name) => f.write_str(name),
        }
    }
}
