//! A payment: what a create must hold, its states, and how it is shown.
//! Not how it is paid; see `checkout`.

use std::{fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use pagos_core::Timestamp;

use super::{instruction::is_rut, settings::Switches, wire};
use crate::{
    book::Entry,
    chile::check_digit,
    fields::{Fields, Flaw},
    web::is_web_address,
};

/// Source: `virtualpos.md` 3, the states of the sibling API's payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PaymentStatus {
    Pending,
    Paid,
    Rejected,
    Expired,
}

impl PaymentStatus {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pendiente",
            Self::Paid => "pagado",
            Self::Rejected => "rechazado",
            Self::Expired => "expirado",
        }
    }

    /// The word that it ends with if nobody pays any more.
    pub(super) const fn last_word(self) -> &'static str {
        match self {
            Self::Pending => Self::Expired.word(),
            Self::Paid | Self::Rejected | Self::Expired => self.word(),
        }
    }
}

/// One payment.
pub(super) struct Payment {
    pub(super) uuid: Arc<str>,
    pub(super) draft: PaymentDraft,
    pub(super) status: PaymentStatus,
    /// Where the payer goes afterwards; the latest request that named one counts.
    pub(super) return_url: Option<String>,
    /// Where the end is told; likewise.
    pub(super) callback_url: Option<String>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) expires_at: Timestamp,
    /// How many notices it has had.
    pub(super) notices: u32,
}

/// A create that passed every check.
#[derive(Clone)]
pub struct PaymentDraft {
    pub(super) account: usize,
    /// `merchant_internal_code`, empty if there is none.
    pub(super) code: Arc<str>,
    pub(super) amount_minor: i64,
    pub(super) email: Box<str>,
    pub(super) social_id: Box<str>,
    pub(super) first_name: Box<str>,
    pub(super) last_name: Box<str>,
    pub(super) description: Box<str>,
    pub(super) urls: Urls,
    /// Where the merchant found the twin: links begin so.
    pub(super) origin: String,
}

/// The addresses that a request names.
#[derive(Debug, Clone, Default)]
pub(super) struct Urls {
    pub(super) return_url: Option<String>,
    pub(super) callback_url: Option<String>,
}

impl Urls {
    /// Both are sent in Base64; a `return_url` may be plain. Source: `virtualpos.md` 4 and 7.1.
    pub(super) fn read(fields: &Fields) -> Result<Self, Flaw> {
        let plain = fields.text("return_url", 2_800)?.filter(|it| is_web_address(it));
        let return_url = match plain {
            Some(url) => Some(url.to_owned()),
            None => decoded(fields, "return_url")?,
        };
        Ok(Self { return_url, callback_url: decoded(fields, "callback_url")? })
    }
}

fn decoded(fields: &Fields, name: &str) -> Result<Option<String>, Flaw> {
    let Some(text) = fields.text(name, 2_800)? else {
        return Ok(None);
    };
    let bytes = STANDARD.decode(text).map_err(|_| Flaw::wrong(name))?;
    let url = String::from_utf8(bytes).map_err(|_| Flaw::wrong(name))?;
    if is_web_address(&url) { Ok(Some(url)) } else { Err(Flaw::wrong(name)) }
}

impl PaymentDraft {
    /// Reads the body of a create. The names are those of public integrations; which of them are
    /// required is `[sim]`.
    pub(super) fn read(
        fields: &Fields,
        account: usize,
        switches: &Switches,
        origin: String,
    ) -> Result<Self, Flaw> {
        let social_id = fields.required("social_id", 10)?;
        if !is_rut(social_id, switches.strict_rut.then_some(check_digit)) {
            return Err(Flaw::wrong("social_id"));
        }
        let email = fields.required("email", 255)?;
        if email.split('@').count() != 2 {
            return Err(Flaw::wrong("email"));
        }
        fields.text("phone", 15)?;
        fields.text("merchant_internal_channel", 255)?;
        Ok(Self {
            account,
            code: fields.text("merchant_internal_code", 64)?.unwrap_or_default().into(),
            amount_minor: fields.amount("amount", switches.amount_max)?,
            email: email.into(),
            social_id: social_id.into(),
            first_name: fields.required("first_name", 255)?.into(),
            last_name: fields.required("last_name", 255)?.into(),
            description: fields.required("description", 255)?.into(),
            urls: Urls::read(fields)?,
            origin,
        })
    }
}

impl Payment {
    pub(super) fn shown(&self) -> wire::Payment<'_> {
        let draft = &self.draft;
        wire::Payment {
            order: wire::Order {
                uuid: &self.uuid,
                status: self.status.word(),
                amount: draft.amount_minor,
                description: &draft.description,
                merchant_internal_code: Some(&*draft.code).filter(|it| !it.is_empty()),
                created_at: wire::local_time(self.created_at),
                updated_at: wire::local_time(self.updated_at),
            },
            client: wire::Client {
                email: &draft.email,
                social_id: &draft.social_id,
                first_name: &draft.first_name,
                last_name: &draft.last_name,
            },
        }
    }
}

impl Entry for Payment {
    fn reference(&self) -> &Arc<str> {
        &self.uuid
    }

    fn key(&self) -> &Arc<str> {
        &self.draft.code
    }
}

/// Without the payer.
impl fmt::Debug for PaymentDraft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaymentDraft").field("code", &self.code).finish_non_exhaustive()
    }
}
