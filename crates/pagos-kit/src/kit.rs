//! What every provider is asked, and the handle to one that answers.

use std::{cmp::Ordering, fmt, ops::Deref, str::FromStr, sync::Arc};

use pagos_conformance::{Case, Factory, Seams, Signer, Subject};
use pagos_core::{
    AccountName, Clock, Currency, Error, ErrorKind, PaymentOrder, PayoutOrder, PayoutProvider,
    Transport,
};
use pagos_twin::{Faults, Twin};

use crate::{
    KITS,
    behaviour::{
        Call, CreateReplies, DeliveryKey, Events, PaymentKit, Preparation, Repeat, Terms, Words,
    },
    json::Json,
    people::Payee,
    random::Random,
};

/// A provider's settings, by their names.
pub type Settings<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Everything that tests and trials have to know of one provider. No method has a default.
pub trait ProviderKit: fmt::Debug + Send + Sync {
    // Who it is.

    /// The name of the provider and of its account.
    fn name(&self) -> &'static str;

    /// The currency of the sample orders.
    fn currency(&self) -> Currency;

    /// What keys of the simulation begin with.
    fn key_initial(&self) -> char;

    // How it is built.

    /// The provider from settings, over `seams` and nothing else.
    ///
    /// # Errors
    /// What the provider has against the settings.
    fn build(&self, settings: Settings<'_>, seams: Seams)
    -> Result<Box<dyn PayoutProvider>, Error>;

    /// Its way of signing, if the case shows one. `secret` is a payment session's.
    ///
    /// # Errors
    /// What the provider has against the settings or the secret.
    fn signer(
        &self,
        settings: Settings<'_>,
        secret: Option<&str>,
    ) -> Result<Option<Box<dyn Signer>>, Error>;

    /// The provider with the twin's credentials. The seed determines its nonces.
    fn provider(
        &self,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        seed: u64,
    ) -> Arc<dyn PayoutProvider>;

    /// The twin with its usual settings.
    fn twin(&self, faults: Faults, terms: Terms) -> Box<dyn Twin>;

    // Whom it pays.

    /// A payout that the provider and the twin accept.
    fn order(&self, name: &str) -> PayoutOrder;

    /// A payment that both accept; `None` where nothing is collected.
    fn payment_order(&self, name: &str) -> Option<PaymentOrder>;

    /// The person of row `number` of a payroll, with an account that no other row has, who asks for
    /// no scenario of the twin.
    fn payee(&self, number: u64, key: &str, random: &mut Random) -> Payee;

    /// Turns the person into one whose payouts stay pending in the twin for days, where the twin
    /// knows such people.
    fn keep_pending(&self, payee: &mut Payee);

    // How it behaves.

    /// Does the twin's word for the end of a payout mean that the money stays with the payee?
    fn is_paid(&self, true_final: &str) -> bool;

    /// What it makes of a key that it knows already.
    fn repeat(&self) -> Repeat;

    /// Does Pagos send a payout again by itself once its absence is proven?
    fn resends_when_absent(&self) -> bool;

    /// Do its payouts take days, in which they are asked about?
    fn takes_days(&self) -> bool;

    /// Whether its payout events are signed.
    fn events(&self) -> Events;

    /// Do its payout events name our key?
    fn events_name_our_key(&self) -> bool;

    /// Is there one event about a payout, so that nothing more is heard if it is lost?
    fn has_one_event(&self) -> bool;

    /// What a delivery is verified with.
    fn delivery_key(&self) -> DeliveryKey;

    /// An unsigned event about a payout, where the provider sends such: `padding` is put into a field
    /// that nobody reads.
    fn hint(&self, key: &str, padding: &str) -> Option<String>;

    /// What is prepared before a payout.
    fn preparation(&self) -> Preparation;

    /// What the answers to a first `create` amount to under the faults that providers differ in.
    fn create_replies(&self) -> CreateReplies;

    /// How it collects; `None` where nothing is collected.
    fn payment(&self) -> Option<PaymentKit>;

    /// What a request is about, by its method and path.
    fn call(&self, method: &str, path: &str) -> Call;

    /// A part of the path of the request that counts, where one `create` or query makes several.
    fn path_part(&self, call: Call) -> Option<&'static str>;

    /// The name under which the twin's faults meet its list, where answers come from there.
    fn list_trigger(&self) -> Option<&'static str>;

    // What its documents say.

    /// The host that is asked where the settings name none.
    fn default_host(&self) -> Option<&'static str>;

    /// The body of an accepted login, where one comes before other calls.
    fn login_answer(&self) -> Option<&'static str>;

    /// Its fields and words.
    fn words(&self) -> Words;

    /// May this answer to a new payout be taken for an error of this kind? Not asked about `Unknown`,
    /// `Undelivered` and `Invalid`. No `json` is the page of something on the way.
    fn may_mean(&self, kind: ErrorKind, http: u16, json: Option<&Json>) -> bool;
}

/// One provider of [`KITS`]. Compared by its name.
#[derive(Clone, Copy)]
pub struct Kit(pub(crate) &'static dyn ProviderKit);

impl Kit {
    /// The account that is called like the provider.
    pub fn account(self) -> AccountName {
        AccountName::new(self.name()).unwrap()
    }
}

impl Deref for Kit {
    type Target = dyn ProviderKit;

    fn deref(&self) -> &Self::Target {
        self.0
    }
}

impl fmt::Display for Kit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kit {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = || KITS.iter().map(|kit| kit.name()).collect::<Vec<_>>().join(", ");
        find(name).ok_or_else(|| format!("it is not one of {}", known()))
    }
}

impl fmt::Debug for Kit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl PartialEq for Kit {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Kit {}

impl PartialOrd for Kit {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Kit {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name().cmp(other.name())
    }
}

/// Builds the subject of a fixture case.
impl Factory for Kit {
    fn build(&self, case: &Case, seams: Seams) -> Result<Subject, Error> {
        let settings = |name: &str| case.setting(name);
        let signer = self.signer(&settings, case.secret.as_deref())?;
        Ok(Subject { provider: self.0.build(&settings, seams)?, signer })
    }
}

/// The provider of that name.
pub fn find(name: &str) -> Option<Kit> {
    KITS.iter().copied().find(|kit| kit.name() == name)
}

/// A provider that refuses a key that it knows, for tests that need just one.
pub fn example() -> Kit {
    *KITS.iter().find(|kit| kit.repeat() == Repeat::Refused).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kit_is_found_by_its_name() {
        for kit in KITS {
            assert_eq!(kit.to_string().parse(), Ok(*kit));
        }
        assert!("nobody".parse::<Kit>().unwrap_err().contains(KITS[0].name()));
    }
}
