//! What a bank transaction code means: the external code set of ISO 20022, as far as it tells fees,
//! taxes, interest and returns from transfers.

use crate::{Kind, xml::Element};

/// The kind by the element `BkTxCd`; `None` if the code says nothing special.
pub(super) fn kind_of(code: Option<Element<'_>>) -> Option<Kind> {
    let domain = code?.at("Domn")?;
    let family = domain.text_at("Fmly/Cd").unwrap_or_default();
    let code = domain.text_at("Fmly/SubFmlyCd").unwrap_or_default();
    match code {
        "RRTN" | "RPCR" | "RIMB" => Some(Kind::Return),
        "CHRG" | "FEES" | "COMM" | "COME" | "COMI" | "COMT" => Some(Kind::Fee),
        "TAXE" => Some(Kind::Tax),
        "INTR" => Some(Kind::Interest),
        _ => match family {
            "CHRG" | "FEES" => Some(Kind::Fee),
            "TAXE" => Some(Kind::Tax),
            "INTR" => Some(Kind::Interest),
            _ => None,
        },
    }
}
