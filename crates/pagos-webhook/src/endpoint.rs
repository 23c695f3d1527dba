//! The endpoints for a provider's webhooks: one exact path per account.

use std::{fmt, sync::Arc};

use pagos_core::{AccountName, Error, PayoutProvider, WebhookDecoder};

/// The path of one account, and the provider that decodes what arrives there.
#[derive(Clone)]
pub struct Endpoint {
    account: AccountName,
    path: String,
    path_shown: String,
    segment_length: usize,
    provider: Arc<dyn PayoutProvider>,
}

/// The longest allowed segment.
const SEGMENT_LENGTH_MAX: usize = 64;

/// The shortest segment that nobody can guess: 16 hexadecimal digits are 64 bits.
const SEGMENT_LENGTH_SAFE: usize = 16;

impl Endpoint {
    /// An endpoint at `/webhooks/<account>`.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use pagos_core::AccountName;
    /// use pagos_webhook::Endpoint;
    ///
    /// # let provider = scene::provider();
    /// let endpoint = Endpoint::new(AccountName::new("cashypro")?, provider)?;
    /// assert_eq!(endpoint.path(), "/webhooks/cashypro");
    /// # Ok::<(), pagos_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid` if the provider has no webhooks.
    pub fn new(account: AccountName, provider: Arc<dyn PayoutProvider>) -> Result<Self, Error> {
        if provider.webhooks().is_none() {
            let name = provider.descriptor().provider;
            return Err(Error::invalid("provider")
                .because(format!("{name} sends no webhooks, so {account} can receive none")));
        }
        let path = format!("/webhooks/{account}");
        Ok(Self { account, path_shown: path.clone(), path, segment_length: 0, provider })
    }

    /// Moves the endpoint to `/webhooks/<account>/<segment>`; the path without the segment is then
    /// unknown. Use it for webhooks that are not signed, where the address is all that a stranger
    /// lacks. It proves nothing by itself.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// # let endpoint = scene::endpoint();
    /// let endpoint = endpoint.with_segment("5f3c9a1e7b2d4860")?;
    /// assert_eq!(endpoint.path(), "/webhooks/cashypro/5f3c9a1e7b2d4860");
    /// assert_eq!(endpoint.path_shown(), "/webhooks/cashypro/…");
    /// # Ok::<(), pagos_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid` for anything but 1 to 64 of `A-Z a-z 0-9 _ -`. The message does not contain the
    /// segment.
    pub fn with_segment(mut self, segment: &str) -> Result<Self, Error> {
        let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if segment.is_empty()
            || segment.len() > SEGMENT_LENGTH_MAX
            || !segment.bytes().all(is_legal)
        {
            return Err(Error::invalid("webhook_segment")
                .because("it is not 1 to 64 of A-Z a-z 0-9 _ -, such as 32 random digits"));
        }
        self.path = format!("/webhooks/{}/{segment}", self.account);
        self.path_shown = format!("/webhooks/{}/…", self.account);
        self.segment_length = segment.len();
        Ok(self)
    }

    /// The account.
    pub fn account(&self) -> &AccountName {
        &self.account
    }

    /// The exact path to register with the provider, after the host. No other path leads here: no
    /// trailing slash, no other case. For logs and people there is [`Endpoint::path_shown`].
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The path with `…` in place of the secret segment.
    pub fn path_shown(&self) -> &str {
        &self.path_shown
    }

    /// Whether a stranger could guess the path and be heard there: the account accepts unsigned
    /// deliveries, and the path has no segment of at least 16 characters.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// // Cashypro signs its webhooks, so a stranger is not heard at a path that he guesses.
    /// assert!(!scene::endpoint().is_open_to_strangers());
    /// ```
    pub fn is_open_to_strangers(&self) -> bool {
        self.segment_length < SEGMENT_LENGTH_SAFE
            && self.decoder().is_some_and(WebhookDecoder::takes_unsigned)
    }

    pub(crate) fn decoder(&self) -> Option<&dyn WebhookDecoder> {
        self.provider.webhooks()
    }
}

/// Does not show the segment.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("account", &self.account)
            .field("path", &self.path_shown)
            .finish_non_exhaustive()
    }
}
