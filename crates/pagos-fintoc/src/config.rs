//! The configuration of one account: read by name, and checked. No I/O: nobody here reads an
//! environment variable or a file by himself.

use pagos_core::{Contract, Environment, Error, Secret, Verification};
use pagos_wire::{BaseUrl, SettingReader, VERIFICATIONS};

use crate::settings::{self, SETTINGS};

/// One account in one environment.
#[derive(Debug, Clone)]
pub struct FintocConfig {
    /// Which world the key belongs to.
    pub environment: Environment,
    /// The address of the API. https in `Live`.
    pub base_url: String,
    /// The key that signs.
    pub api_key: Secret,
    /// Whether the contract that this crate assumes was compared with the provider's documents.
    pub verification: Verification,
}

/// The configuration once it is checked.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) environment: Environment,
    pub(crate) base: BaseUrl,
    pub(crate) api_key: Secret,
}

impl FintocConfig {
    /// The defaults around what the provider hands out.
    pub fn new(environment: Environment, base_url: impl Into<String>, api_key: Secret) -> Self {
        let verification = Verification::Missing;
        Self { environment, base_url: base_url.into(), api_key, verification }
    }

    /// Reads the configuration by name: `ENVIRONMENT`, `BASE_URL` and `API_KEY` are needed. Whoever
    /// reads environment variables puts `PAGOS_FINTOC_` in front. `docs/providers/fintoc.md`
    /// lists all names.
    ///
    /// # Errors
    /// `Invalid` for a missing or malformed value, never with the value of a key.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let reader = SettingReader::new(SETTINGS, &lookup);
        let mut config = Self::new(
            reader.environment()?,
            reader.text(&settings::BASE_URL)?,
            reader.secret(&settings::API_KEY)?,
        );
        reader.fill_word(&settings::CONTRACT_VERIFIED, &VERIFICATIONS, &mut config.verification)?;
        Ok(config)
    }

    /// What the provider works with.
    pub(crate) fn check(self) -> Result<Settings, Error> {
        // Money must not move over a wire format that nobody has seen.
        Contract::Assumed.admit(self.environment, self.verification)?;
        Ok(Settings {
            environment: self.environment,
            base: BaseUrl::parse(&self.base_url, self.environment)?,
            api_key: self.api_key,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_wants_a_verified_contract() {
        let key = Secret::new("sandbox-key-0123456789abcdef");
        let config = FintocConfig::new(Environment::Live, "https://api.example", key);
        assert_eq!(config.clone().check().unwrap_err().field(), Some("contract_verified"));
        let verified = FintocConfig { verification: Verification::Stated, ..config };
        assert!(verified.check().is_ok());
    }
}
