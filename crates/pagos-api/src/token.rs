//! API tokens: made once, shown once, stored as a digest. There is no HTTP here; the command line
//! makes and revokes tokens with the same functions.
//!
//! A token is `pagos_ID_SECRET`. The id finds the record, and the secret has 256 random bits. The
//! record keeps the SHA-256 of the secret. A slow hash such as argon2 protects passwords, which can
//! be guessed; nobody guesses 256 bits, and a slow hash would let strangers keep the processor busy.

mod kept;
mod scope;

use std::{collections::BTreeSet, fmt, time::Duration};

use pagos_core::{NonceSource, SignatureMatch, Timestamp};
use pagos_engine::{Actor, InstrumentedStore, RecordKind, RecordWrite, Store, StoreError};
use sha2::{Digest, Sha256};

use self::kept::{Kept, write};

pub use scope::Scope;

/// A token as everybody may see it; its secret is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id, the middle part of the text.
    pub id: String,
    /// Whoever uses it, as the history names them. Several tokens may have one name.
    pub name: Actor,
    /// What it allows.
    pub scopes: BTreeSet<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is refused; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The id of the token that somebody logged in with, if it is the token of a session. It is
    /// refused as soon as that one is.
    pub session_of: Option<String>,
}

/// A token to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// Whoever will use it.
    pub name: Actor,
    /// What it allows.
    pub scopes: BTreeSet<Scope>,
    /// From when on it is refused; `None` for never.
    pub expires_at: Option<Timestamp>,
}

/// A token that was just made, with its text. The text is stored nowhere and cannot be shown again.
pub struct Issued {
    /// The token.
    pub token: Token,
    text: String,
}

impl Issued {
    /// The text for the `Authorization: Bearer` header.
    pub fn into_text(self) -> String {
        self.text
    }
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued").field("token", &self.token).finish_non_exhaustive()
    }
}

/// Why a token was not made, revoked or accepted.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
    /// It would allow nothing.
    #[error("a token without a scope allows nothing; name at least one scope")]
    NoScope,
    /// It would be refused from the start.
    #[error("the token would be expired already; name a later moment")]
    Past,
    /// There is no token with this id.
    #[error("there is no token {0}; `pagos token list` shows the ids")]
    NoToken(String),
    /// Somebody else changed the token at the same moment.
    #[error("token {0} was changed at the same moment; try again")]
    Changed(String),
    /// The record cannot be read.
    #[error("the record of token {0} cannot be read; revoke it, and make another one")]
    Unreadable(String),
}

/// Why a presented token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is no token, or none of this store, or its secret is another one.
    NotKnown,
    /// It was genuine once, and is expired.
    Expired,
    /// It was genuine once, and was revoked.
    Revoked,
}

/// Makes a token and stores its digest.
///
/// ```
/// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
/// use pagos_api::token;
/// use pagos_core::Clock;
/// use pagos_engine::InstrumentedStore;
///
/// # scene::play(async {
/// # let (store, system) = (scene::store(), scene::Standing);
/// let writer = InstrumentedStore::from(store.clone());
/// let issued = token::create(&writer, &system, system.now(), scene::anas()).await.unwrap();
/// let text = issued.into_text(); // shown once
/// assert!(text.starts_with("pagos_"));
/// # });
/// ```
///
/// # Errors
/// [`TokenError::NoScope`] and [`TokenError::Past`]; the error of the store.
pub async fn create(
    writer: &InstrumentedStore,
    random: &dyn NonceSource,
    now: Timestamp,
    new: NewToken,
) -> Result<Issued, TokenError> {
    if new.scopes.is_empty() {
        return Err(TokenError::NoScope);
    }
    if new.expires_at.is_some_and(|expires_at| expires_at <= now) {
        return Err(TokenError::Past);
    }
    let id = hex(&random.draw()[..ID_BYTES]);
    let secret = format!("{}{}", hex(&random.draw()), hex(&random.draw()));
    let token = Token {
        id,
        name: new.name,
        scopes: new.scopes,
        created_at: now,
        expires_at: new.expires_at,
        revoked_at: None,
        session_of: None,
    };
    issue(writer, &secret, token).await
}

/// Makes the token of a session: with the name and the scopes of the token that somebody logged in
/// with, for a short time, and refused as soon as that one is. It deletes the expired sessions of the
/// same token.
///
/// ```
/// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
/// use std::time::Duration;
///
/// use pagos_api::token;
/// use pagos_core::Clock;
///
/// # scene::play(async {
/// # let (store, system) = (scene::store(), scene::Counting::default());
/// # let writer = pagos_engine::InstrumentedStore::from(store.clone());
/// # let ana = token::create(&writer, &system, system.now(), scene::anas()).await.unwrap().token;
/// let now = system.now();
/// let hour = Duration::from_secs(3_600);
/// let session =
///     token::begin_session(store.as_ref(), &writer, &system, now, &ana, hour).await.unwrap();
/// assert_eq!(session.token.expires_at, Some(now.plus(hour)));
/// # });
/// ```
///
/// # Errors
/// The error of the store.
pub async fn begin_session(
    store: &dyn Store,
    writer: &InstrumentedStore,
    random: &dyn NonceSource,
    now: Timestamp,
    of: &Token,
    lasts: Duration,
) -> Result<Issued, TokenError> {
    let root = &of.id;
    for token in with_sessions(store).await? {
        let is_over = token.expires_at.is_some_and(|at| at <= now) || token.revoked_at.is_some();
        if is_over && token.session_of.as_ref() == Some(root) {
            delete(store, writer, &token.id).await?;
        }
    }
    let ends_at = now.plus(lasts);
    let id = hex(&random.draw()[..ID_BYTES]);
    let secret = format!("{}{}", hex(&random.draw()), hex(&random.draw()));
    let token = Token {
        id,
        name: of.name.clone(),
        scopes: of.scopes.clone(),
        created_at: now,
        expires_at: Some(of.expires_at.map_or(ends_at, |at| at.min(ends_at))),
        revoked_at: None,
        session_of: Some(root.clone()),
    };
    issue(writer, &secret, token).await
}

async fn issue(
    writer: &InstrumentedStore,
    secret: &str,
    token: Token,
) -> Result<Issued, TokenError> {
    let kept = Kept::of(&token, digest_of(secret));
    write(writer, &token.id, None, &kept).await?;
    let text = format!("{PREFIX}{}_{secret}", token.id);
    Ok(Issued { token, text })
}

async fn delete(store: &dyn Store, writer: &InstrumentedStore, id: &str) -> Result<(), TokenError> {
    let Some(record) = store.record(RecordKind::Token, id).await? else { return Ok(()) };
    let was = Some(record.version);
    let name = id.to_owned();
    let write = RecordWrite { kind: RecordKind::Token, name, was, body: None, notices: Vec::new() };
    // A conflict means that somebody else deleted it.
    writer.write_record(write).await?;
    Ok(())
}

/// All tokens, by id, also those that are expired or revoked. Sessions are not listed: they end with their
/// token.
///
/// ```
/// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
/// use pagos_api::token;
/// use pagos_core::Clock;
///
/// # scene::play(async {
/// # let (store, system) = (scene::store(), scene::Standing);
/// # let writer = pagos_engine::InstrumentedStore::from(store.clone());
/// # let issued = token::create(&writer, &system, system.now(), scene::anas()).await.unwrap();
/// let tokens = token::list(store.as_ref()).await.unwrap();
/// assert_eq!(tokens[0].name.as_str(), "ana");
/// # });
/// ```
///
/// # Errors
/// The error of the store; [`TokenError::Unreadable`].
pub async fn list(store: &dyn Store) -> Result<Vec<Token>, TokenError> {
    let mut tokens = with_sessions(store).await?;
    tokens.retain(|token| token.session_of.is_none());
    Ok(tokens)
}

async fn with_sessions(store: &dyn Store) -> Result<Vec<Token>, TokenError> {
    let (mut tokens, mut after) = (Vec::new(), String::new());
    loop {
        let page = store.records(RecordKind::Token, &after, PAGE).await?;
        let is_last = page.len() < PAGE;
        for record in page {
            tokens.push(Kept::read(&record)?.token(&record.name));
            after = record.name;
        }
        if is_last {
            return Ok(tokens);
        }
    }
}

/// Refuses a token from now on. Revoking it again changes nothing.
///
/// ```
/// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
/// use pagos_api::token;
/// use pagos_core::Clock;
///
/// # scene::play(async {
/// # let (store, system) = (scene::store(), scene::Standing);
/// # let writer = pagos_engine::InstrumentedStore::from(store.clone());
/// # let issued = token::create(&writer, &system, system.now(), scene::anas()).await.unwrap();
/// let id = &issued.token.id;
/// let revoked = token::revoke(store.as_ref(), &writer, id, system.now()).await.unwrap();
/// assert!(revoked.revoked_at.is_some());
/// # });
/// ```
///
/// # Errors
/// [`TokenError::NoToken`]; the error of the store.
pub async fn revoke(
    store: &dyn Store,
    writer: &InstrumentedStore,
    id: &str,
    now: Timestamp,
) -> Result<Token, TokenError> {
    let record = store.record(RecordKind::Token, id).await?;
    let record = record.ok_or_else(|| TokenError::NoToken(id.to_owned()))?;
    let mut kept = Kept::read(&record)?;
    if kept.revoked_at.is_none() {
        kept.revoked_at = Some(now);
        write(writer, id, Some(record.version), &kept).await?;
    }
    Ok(kept.token(id))
}

/// The token behind a presented text, if it is genuine at `now`. It reads one row of the store every
/// time, so that a revocation holds at once.
///
/// ```
/// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
/// use pagos_api::token;
/// use pagos_core::Clock;
///
/// # scene::play(async {
/// # let (store, system) = (scene::store(), scene::Standing);
/// # let writer = pagos_engine::InstrumentedStore::from(store.clone());
/// # let issued = token::create(&writer, &system, system.now(), scene::anas()).await.unwrap();
/// let text = issued.into_text();
/// let token = token::verify(store.as_ref(), &text, system.now()).await.unwrap();
/// assert_eq!(token.unwrap().name.as_str(), "ana");
/// let guess = token::verify(store.as_ref(), "pagos_guess", system.now()).await.unwrap();
/// assert_eq!(guess, Err(token::Refusal::NotKnown));
/// # });
/// ```
///
/// # Errors
/// The error of the store; [`TokenError::Unreadable`].
pub async fn verify(
    store: &dyn Store,
    presented: &str,
    now: Timestamp,
) -> Result<Result<Token, Refusal>, TokenError> {
    let Some((id, secret)) = split(presented) else {
        return Ok(Err(Refusal::NotKnown));
    };
    let Some(record) = store.record(RecordKind::Token, id).await? else {
        return Ok(Err(Refusal::NotKnown));
    };
    let kept = Kept::read(&record)?;
    // In constant time. Digests are compared, so a prefix that fits would tell nothing either.
    if SignatureMatch::of(digest_of(secret).as_bytes(), kept.digest.as_bytes()).is_none() {
        return Ok(Err(Refusal::NotKnown));
    }
    if let Some(refusal) = kept.refusal(now) {
        return Ok(Err(refusal));
    }
    if let Some(root) = &kept.session_of {
        let Some(record) = store.record(RecordKind::Token, root).await? else {
            return Ok(Err(Refusal::Revoked));
        };
        if let Some(refusal) = Kept::read(&record)?.refusal(now) {
            return Ok(Err(refusal));
        }
    }
    Ok(Ok(kept.token(id)))
}

/// The id in a text that has the form of a token, which proves nothing.
pub(crate) fn id_of(presented: &str) -> Option<&str> {
    split(presented).map(|(id, _)| id)
}

/// Id and secret of a text that has the form of a token.
fn split(presented: &str) -> Option<(&str, &str)> {
    let (id, secret) = presented.strip_prefix(PREFIX)?.split_once('_')?;
    let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let fits = id.len() == 2 * ID_BYTES && secret.len() == 2 * SECRET_BYTES;
    (fits && is_hex(id) && is_hex(secret)).then_some((id, secret))
}

/// Scanners for leaked secrets find it by this.
const PREFIX: &str = "pagos_";
const ID_BYTES: usize = 6;
const SECRET_BYTES: usize = 32;
const PAGE: usize = 100;

fn digest_of(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
