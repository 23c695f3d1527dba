//! One transaction of an entry: the element `TxDtls`, before its entry is known.

use pagos_core::{Currency, Money};

use crate::{
    Charge, Counterparty, Kind, Problem, Side, Text,
    text::{Words, references},
    xml::Element,
};

use super::{
    codes, entry,
    statement::{account_of, is_true, money},
};

/// What the details say.
#[derive(Debug)]
pub(super) struct Details {
    /// In whatever currency Pagos knows; `None` if there is none.
    pub(super) amount: Option<Money>,
    pub(super) side: Option<Side>,
    pub(super) kind: Option<Kind>,
    pub(super) bank_reference: Option<Text>,
    pub(super) references: Vec<Text>,
    pub(super) tracking: Option<Text>,
    debtor: Counterparty,
    creditor: Counterparty,
    /// Whose account the debtor's and the creditor's is, as far as it is that of the statement.
    is_debtor_ours: bool,
    is_creditor_ours: bool,
    pub(super) text: Words,
    pub(super) returned_because: Option<Text>,
    pub(super) charges: Vec<Charge>,
}

impl Details {
    /// Reads `TxDtls` of a statement about `account`.
    pub(super) fn read(element: Element<'_>, account: Option<&Text>) -> Result<Self, Problem> {
        // Up to version .02 the amount is in AmtDtls; from .04 on it is an element of its own.
        let amount = element.at("Amt").or_else(|| element.at("AmtDtls/TxAmt/Amt"));
        let amount = amount.map(known_money).transpose()?.flatten();
        let side = element.at("CdtDbtInd").map(|_| entry::side_of(element)).transpose()?;
        let parties = element.at("RltdPties");
        let debtor = parties.map(|it| party(it, "Dbtr", "DbtrAcct")).unwrap_or_default();
        let creditor = parties.map(|it| party(it, "Cdtr", "CdtrAcct")).unwrap_or_default();
        let is_ours = |it: &Counterparty| it.account.is_some() && it.account.as_ref() == account;
        let refs = element.at("Refs");
        let (tracking, others) = refs.map(proprietary).unwrap_or_default();
        let named = ["EndToEndId", "InstrId", "TxId", "UETR", "PmtInfId", "MsgId", "AcctOwnrTxId"];
        let named = named.into_iter().filter_map(|name| refs?.text_at(name));
        let late = ["MktInfrstrctrTxId", "MndtId", "ChqNb", "AcctSvcrTxId"];
        let late = late.into_iter().filter_map(|name| refs?.text_at(name));
        let remittance = element.at("RmtInf");
        let creditor_references = remittance.into_iter().flat_map(|it| it.all("Strd"));
        let creditor_references = creditor_references.filter_map(|it| it.text_at("CdtrRefInf/Ref"));
        let names = named.chain(others).chain(late).chain(creditor_references);
        let returned = element.at("RtrInf");
        let mut text = Words::default();
        remittance.into_iter().flat_map(|it| it.all("Ustrd")).for_each(|it| text.add(it.text()));
        text.add(element.text_at("AddtlTxInf").unwrap_or_default());
        let is_clearing = tracking.or_else(|| refs?.text_at("ClrSysRef"));
        Ok(Self {
            amount,
            side,
            kind: match returned {
                Some(_) => Some(Kind::Return),
                None => codes::kind_of(element.at("BkTxCd")),
            },
            bank_reference: refs.and_then(|it| it.text_at("AcctSvcrRef")).and_then(reference),
            references: references(names),
            tracking: is_clearing.and_then(reference),
            is_debtor_ours: is_ours(&debtor),
            is_creditor_ours: is_ours(&creditor),
            debtor,
            creditor,
            text,
            returned_because: returned.and_then(reason),
            charges: charges(element)?,
        })
    }

    /// Whoever is on the other side of an entry of that side. What comes back names the parties of
    /// the transfer that it was, so whose account is ours decides first.
    pub(super) fn counterparty(&mut self, side: Side) -> Counterparty {
        let is_creditor = match (self.is_debtor_ours, self.is_creditor_ours) {
            (true, false) => true,
            (false, true) => false,
            _ => side == Side::Debit,
        };
        std::mem::take(if is_creditor { &mut self.creditor } else { &mut self.debtor })
    }
}

/// A reference, unless it is a word that says that there is none.
pub(super) fn reference(text: &str) -> Option<Text> {
    references([text]).pop()
}

/// An amount in a currency that Pagos knows. An instructed amount may be in any other.
fn known_money(element: Element<'_>) -> Result<Option<Money>, Problem> {
    let Ok(currency) = element.currency().parse::<Currency>() else { return Ok(None) };
    money(element, currency).map(Some)
}

/// `Dbtr` or `Cdtr`; from version .08 on its parts are in an element `Pty`.
fn party(parties: Element<'_>, name: &str, account: &str) -> Counterparty {
    let party = parties.at(name);
    let party = party.and_then(|it| it.at("Pty")).or(party);
    let id = |party: Element<'_>| {
        let id = party.text_at("Id/OrgId/Othr/Id").or_else(|| party.text_at("Id/PrvtId/Othr/Id"));
        id.and_then(Text::some)
    };
    Counterparty {
        name: party.and_then(|it| it.text_at("Nm")).and_then(Text::some),
        account: parties.at(account).and_then(account_of),
        document: party.and_then(id),
    }
}

/// References that only this bank or rail knows: a tracking key by its name, and the others.
fn proprietary<'a>(refs: Element<'a>) -> (Option<&'a str>, Vec<&'a str>) {
    let (mut tracking, mut others) = (None, Vec::new());
    for item in refs.all("Prtry") {
        let Some(text) = item.text_at("Ref") else { continue };
        let name = item.text_at("Tp").unwrap_or_default().to_lowercase();
        let is_tracking = name.contains("rastreo") || name.contains("tracking");
        if is_tracking && tracking.is_none() {
            tracking = Some(text);
        } else {
            others.push(text);
        }
    }
    (tracking, others)
}

/// The code, then the bank's words.
fn reason(returned: Element<'_>) -> Option<Text> {
    let mut words = Words::default();
    let code = returned.text_at("Rsn/Cd").or_else(|| returned.text_at("Rsn/Prtry"));
    words.add(code.unwrap_or_default());
    returned.all("AddtlInf").for_each(|it| words.add(it.text()));
    Text::some(words.finish().as_str())
}

/// Charges of an entry or a transaction: records, or as in version .02 the element itself. A charge
/// that the bank gave back, or in a currency that Pagos does not know, is none.
pub(super) fn charges(element: Element<'_>) -> Result<Vec<Charge>, Problem> {
    let records = element.all("Chrgs").flat_map(|charges| {
        let itself = charges.at("Amt").is_some().then_some(charges);
        charges.all("Rcrd").chain(itself)
    });
    let mut found = Vec::new();
    for record in records {
        let Some(amount) = record.at("Amt").map(known_money).transpose()?.flatten() else {
            continue;
        };
        let is_credit = record.text_at("CdtDbtInd") == Some("CRDT");
        if amount.minor > 0 && !is_credit {
            let is_included = record.text_at("ChrgInclInd").is_some_and(is_true);
            found.push(Charge { amount, is_included });
        }
    }
    Ok(found)
}
