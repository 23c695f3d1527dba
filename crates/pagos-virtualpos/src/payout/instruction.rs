//! The instruction as bytes: serialised once, stored as the handle, then signed and sent from
//! there. `payout.rs` builds it from an order.
//!
//! Queries sign the whole instruction again (source: manual), so it must be kept byte for byte: the
//! same order under other settings may later give another text.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::value::RawValue;

use pagos_core::{Currency, Error, Handle, PayoutOrder};

use crate::{sign::Claims, wire::Tef};

/// An instruction and its bytes.
pub(crate) struct Instruction {
    json: Box<RawValue>,
    tef: Tef,
}

impl Instruction {
    /// Serialises it, once: compact, in the order of the manual, raw UTF-8.
    pub(crate) fn new(tef: Tef) -> Result<Self, Error> {
        let json = serde_json::value::to_raw_value(&tef).map_err(|cause| {
            Error::invalid("body").because("it has no JSON form").with_source(cause)
        })?;
        Ok(Self { json, tef })
    }

    /// Parses what [`Instruction::to_handle`] wrote. The bytes stay as they are.
    pub(crate) fn of_handle(handle: &Handle) -> Result<Self, Error> {
        let refused = || Error::invalid("handle").because("it holds no instruction");
        let json = URL_SAFE_NO_PAD.decode(handle.as_str()).map_err(|_| refused())?;
        let json = String::from_utf8(json).map_err(|_| refused())?;
        let tef = serde_json::from_str(&json).map_err(|_| refused())?;
        let json = RawValue::from_string(json).map_err(|_| refused())?;
        Ok(Self { json, tef })
    }

    /// The bytes in base64url. At most 3,700 characters, by the limits of `contract.rs`.
    pub(crate) fn to_handle(&self) -> Result<Handle, Error> {
        Handle::new(URL_SAFE_NO_PAD.encode(self.bytes()))
    }

    /// Checks that it is about this order. A handle of another order must not be sent for this one.
    pub(crate) fn check_order(&self, order: &PayoutOrder) -> Result<(), Error> {
        let is_same = self.tef.merchant_id == order.key.as_str()
            && self.tef.amount == order.amount.minor
            && order.amount.currency == Currency::Clp;
        match is_same {
            true => Ok(()),
            false => Err(Error::invalid("handle")
                .because("the stored instruction has another key or amount than the order")),
        }
    }

    /// Checks that it pays the same payee as `meant`. Messages may differ, since their default is a
    /// setting.
    pub(crate) fn check_payee(&self, meant: &Tef) -> Result<(), Error> {
        let is_same = self.tef.recipient.rut == meant.recipient.rut
            && self.tef.bank.sbif_code == meant.bank.sbif_code
            && self.tef.bank.account_number == meant.bank.account_number;
        match is_same {
            true => Ok(()),
            false => Err(Error::invalid("handle")
                .because("the stored instruction pays somebody else than the order")),
        }
    }

    pub(crate) fn tef(&self) -> &Tef {
        &self.tef
    }

    pub(crate) fn json(&self) -> &RawValue {
        &self.json
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.json.get().as_bytes()
    }

    pub(crate) fn claims(&self) -> Claims<'_> {
        Claims::Tef(self.bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Instruction, Error> {
        Instruction::of_handle(&Handle::new(URL_SAFE_NO_PAD.encode(json)).unwrap())
    }

    const SORTED: &str = r#"{"amount":990,"bank":{"account_number":"00123456789","sbif_code":"001"},"merchant_id":"tef-00002-01","message":"Devoluci\u00f3n","recipient":{"email":"jose@example.com","name":"José Ñandú","rut":"12345678-5"}}"#;

    #[test]
    fn bytes_come_back_from_a_handle_as_they_are() {
        let instruction = read(SORTED).unwrap();
        assert_eq!(instruction.bytes(), SORTED.as_bytes());
        assert_eq!(instruction.tef().message, "Devolución");
        let again = Instruction::of_handle(&instruction.to_handle().unwrap()).unwrap();
        assert_eq!(again.bytes(), SORTED.as_bytes());
    }

    #[test]
    fn what_is_no_instruction_is_refused_without_showing_it() {
        let twice = SORTED.replace(r#""amount":990"#, r#""amount":990,"amount":991"#);
        let decimal = SORTED.replace("990", "990.0");
        let text = SORTED.replace("990", "\"990\"");
        for bad in ["{}", "[]", "canary", "", twice.as_str(), decimal.as_str(), text.as_str()] {
            let handle = Handle::new(format!("{}A", URL_SAFE_NO_PAD.encode(bad))).unwrap();
            assert!(Instruction::of_handle(&handle).is_err(), "{bad}");
            if bad.is_empty() {
                continue;
            }
            let error = read(bad).err().unwrap();
            assert_eq!(error.field(), Some("handle"), "{bad}");
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
    }

    #[test]
    fn the_longest_instruction_fits_into_a_handle() {
        let wide = "\u{1F980}".repeat(255);
        let tef = Tef {
            merchant_id: "k".repeat(32),
            message: wide.clone(),
            amount: i64::MAX,
            recipient: crate::wire::Recipient {
                rut: "12345678-5".to_owned(),
                name: wide,
                email: format!("{}@example.com", "e".repeat(243)),
            },
            bank: crate::wire::BankAccount {
                sbif_code: "012".to_owned(),
                account_number: "1".repeat(20),
            },
        };
        let handle = Instruction::new(tef).unwrap().to_handle().unwrap();
        assert!(handle.as_str().len() <= 3_700, "{}", handle.as_str().len());
    }
}
