//! The handle: the payee of a payout. It is stored before the transfer is sent, and a fresh payee
//! belongs to only one payout, so a transfer to it is that payout's.

use pagos_core::{Clabe, Error, Handle};

/// Whether the payee was made for this payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    /// It was made for this payout only: a transfer to it is this payout's.
    Fresh,
    /// It is paid again and again: nobody can tell which payout a transfer belongs to.
    Reused,
}

const WORDS: [(&str, Age); 2] = [("fresh", Age::Fresh), ("reused", Age::Reused)];

/// A handle such as `fresh/payee_1/pytdst_1/072225008217746674`: age, payee, its account's id if it
/// is known, its account.
#[derive(PartialEq, Eq)]
pub(crate) struct PayeeHandle {
    pub(crate) age: Age,
    pub(crate) payee: String,
    /// For display only and never sent: another call gives the same account another id. Source:
    /// manual, `pytdst_` and `pytmtd_`.
    pub(crate) destination: Option<String>,
    pub(crate) account: Clabe,
}

/// Takes the place of a missing id.
const NONE: &str = "-";

impl PayeeHandle {
    /// The stored form.
    pub(crate) fn to_handle(&self) -> Result<Handle, Error> {
        let word = WORDS.iter().find(|(_, age)| *age == self.age).map_or("", |(word, _)| word);
        let destination = self.destination.as_deref().unwrap_or(NONE);
        let (payee, account) = (&self.payee, self.account.as_str());
        Handle::new(format!("{word}/{payee}/{destination}/{account}"))
    }

    /// Parses the stored form.
    ///
    /// # Errors
    /// `Invalid` for a text that is not a handle of this provider. The message does not contain the
    /// text.
    pub(crate) fn of(handle: &Handle) -> Result<Self, Error> {
        parse(handle.as_str())
            .ok_or_else(|| Error::invalid("handle").because("it was not made by this provider"))
    }

    /// # Errors
    /// `Invalid` if the payee's account is not this one.
    pub(crate) fn check_account(&self, account: &Clabe) -> Result<(), Error> {
        match self.account == *account {
            true => Ok(()),
            false => Err(Error::invalid("handle")
                .because("the payee that was prepared has another account than the order")),
        }
    }
}

fn parse(text: &str) -> Option<PayeeHandle> {
    let mut parts = text.split('/');
    let (word, payee, destination) = (parts.next()?, parts.next()?, parts.next()?);
    let (account, rest) = (parts.next()?, parts.next());
    let (_, age) = WORDS.iter().find(|(known, _)| *known == word)?;
    let is_whole = rest.is_none() && is_segment(payee) && is_segment(destination);
    is_whole.then_some(())?;
    Some(PayeeHandle {
        age: *age,
        payee: payee.to_owned(),
        destination: (destination != NONE).then(|| destination.to_owned()),
        account: account.parse().ok()?,
    })
}

/// Whether it can be part of a path as it is. All ids that were seen are letters, digits and `_`.
pub(crate) fn is_segment(id: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=128).contains(&id.len()) && id.bytes().all(is_legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_reads_back() {
        let texts = [
            "fresh/payee_2qJLL3ruTBAa39LAZ/pytdst_2tP8Ghmusukdshfj/072225008217746674",
            "reused/payee_1/-/072225008217746674",
        ];
        for text in texts {
            let handle = Handle::new(text).unwrap();
            let read = PayeeHandle::of(&handle).unwrap();
            assert!(read.to_handle().unwrap() == handle);
        }
    }

    #[test]
    fn what_is_no_handle_of_ours_is_refused_and_not_shown() {
        let cases = [
            "payee_1",
            "fresh/payee_1/-",
            "fresh/payee_1/-/072225008217746675",
            "fresh/payee_1/-/072225008217746674/more",
            "old/payee_1/-/072225008217746674",
            "fresh//-/072225008217746674",
            "fresh/payee?1/-/072225008217746674",
            "fresh/../-/072225008217746674",
        ];
        for text in cases {
            let refused = PayeeHandle::of(&Handle::new(text).unwrap()).err().unwrap();
            assert_eq!(refused.field(), Some("handle"), "{text}");
            assert!(!refused.to_string().contains("0722"), "{refused}");
        }
    }

    #[test]
    fn a_handle_belongs_to_one_account() {
        let handle = Handle::new("fresh/payee_1/-/072225008217746674").unwrap();
        let read = PayeeHandle::of(&handle).unwrap();
        assert!(read.check_account(&"072225008217746674".parse().unwrap()).is_ok());
        assert!(read.check_account(&"002115016003269411".parse().unwrap()).is_err());
    }
}
