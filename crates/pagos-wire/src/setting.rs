//! The settings of an account as a table, and the one reader of them. A row of the table says what a
//! setting is for; names, messages, a configuration file and a page of documentation follow from it.
//! No I/O: where values come from is the caller's business.

use std::fmt;

use pagos_core::{Currency, Environment, Error, Money, Secret, Verification};

/// One setting of a provider's account.
///
/// A row begins with [`Setting::new`]; the other methods say what is not usual about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Its name in lower case, which is a field of a configuration file and of an [`Error`]. It is
    /// looked up in capitals.
    pub name: &'static str,
    /// What it is for, as one or more sentences.
    pub what: &'static str,
    /// What its value looks like.
    pub form: Form,
    /// Whether it must be there.
    pub need: Need,
    /// What of the account it is about, if not the whole.
    pub side: Option<Side>,
    /// A value that people can compare theirs with. Empty for a [`Form::Secret`].
    pub example: &'static str,
    /// What takes its place where nothing is sent, and from which level on.
    pub stand_in: Option<(MissingFields, &'static str)>,
}

/// What the value of a setting looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One line of text.
    Text,
    /// A text that nobody may see.
    Secret,
    /// A URL that we call.
    Address,
    /// A URL that others call.
    Page,
    /// The path of a PEM file, or the PEM text. Read only where something is sent.
    Pem,
    /// A whole number between these two.
    Number(i64, i64),
    /// An amount in major units.
    Amount,
    /// One of these words.
    Words(&'static [&'static str]),
    /// Several values with commas between them.
    List,
}

/// Whether a setting must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Always, or always where its side is switched on.
    Always,
    /// Under a condition, in words: `in live`.
    When(&'static str),
    /// Not at all; this is taken in its place.
    Default(&'static str),
    /// Not at all.
    Optional,
}

/// One of several things that an account can do, such as collecting payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side {
    /// What it is, in the plural: `payments`.
    pub what: &'static str,
    /// The name of the setting that switches it on. The others of the side have no effect without it.
    pub switch: &'static str,
    /// Whether an account can do without.
    pub kind: SideKind,
}

/// Whether an account can do without a side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SideKind {
    /// Any account can.
    Extra,
    /// An account has at least one of the sides of this kind.
    Alternative,
}

/// Which settings may be missing. What stands in for them is never sent anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MissingFields {
    /// None: the account will be used.
    Refused,
    /// What no signature rests on: signatures are computed and checked, nothing is sent.
    Unsigned,
    /// Credentials too: only the provider's rules are wanted.
    Credentials,
}

/// An address that stands in for one that is missing where nothing is sent.
pub const NOWHERE: &str = "https://not-configured.example/";

/// A text that stands in for one that is missing where nothing is sent.
pub const NOT_CONFIGURED: &str = "not-configured";

/// The setting that every account has.
pub const ENVIRONMENT: Setting = Setting::new("environment", Form::Words(&["sandbox", "live"]))
    .what("Whether real money moves. Address and credentials must belong to it.")
    .example("sandbox");

/// The words of a setting that says whether a contract was compared with the provider's documents.
pub const VERIFICATIONS: [(&str, Verification); 2] =
    [("true", Verification::Stated), ("false", Verification::Missing)];

impl Setting {
    /// A setting that must be there.
    pub const fn new(name: &'static str, form: Form) -> Self {
        let (what, example) = ("", "");
        Self { name, what, form, need: Need::Always, side: None, example, stand_in: None }
    }

    /// Says what it is for.
    #[must_use]
    pub const fn what(self, what: &'static str) -> Self {
        Self { what, ..self }
    }

    /// Gives a value that people can compare theirs with.
    #[must_use]
    pub const fn example(self, example: &'static str) -> Self {
        Self { example, ..self }
    }

    /// It may be missing.
    #[must_use]
    pub const fn optional(self) -> Self {
        Self { need: Need::Optional, ..self }
    }

    /// It may be missing, and this is taken in its place.
    #[must_use]
    pub const fn default(self, text: &'static str) -> Self {
        Self { need: Need::Default(text), ..self }
    }

    /// It may be missing unless this is so.
    #[must_use]
    pub const fn needed(self, when: &'static str) -> Self {
        Self { need: Need::When(when), ..self }
    }

    /// It is about one side of the account.
    #[must_use]
    pub const fn side(self, side: Side) -> Self {
        Self { side: Some(side), ..self }
    }

    /// It may be missing where nothing is sent, from `missing_fields` on.
    #[must_use]
    pub const fn stand_in(self, missing_fields: MissingFields, text: &'static str) -> Self {
        Self { stand_in: Some((missing_fields, text)), ..self }
    }

    /// Its default, or else its example.
    pub fn value_shown(&self) -> &'static str {
        match self.need {
            Need::Default(text) if self.example.is_empty() => text,
            _ => self.example,
        }
    }

    /// What its form demands, as a sentence; empty where that is plain.
    pub fn rule(&self) -> String {
        match self.form {
            Form::Words([_, "false"]) => String::new(),
            Form::Words([one, other]) => format!("`{one}` or `{other}`."),
            Form::Words(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
                format!("One of {}.", words.join(", "))
            }
            Form::Number(0, 1) => "0 or 1.".to_owned(),
            Form::Number(least, most) if most < i64::from(u32::MAX) => {
                format!("From {least} to {most}.")
            }
            Form::Pem => "The path of a PEM file, or the PEM text.".to_owned(),
            Form::List => "Separated by commas.".to_owned(),
            Form::Text
            | Form::Secret
            | Form::Address
            | Form::Page
            | Form::Amount
            | Form::Number(..) => String::new(),
        }
    }

    /// Does it switch its side on?
    pub fn is_switch(&self) -> bool {
        self.side.is_some_and(|side| side.switch == self.name)
    }
}

/// Names the rows of a table, and makes `SETTINGS` of them, so that a setting which can be read is
/// always in the table.
///
/// ```
/// use pagos_wire::{Form, Setting, SettingReader};
///
/// pagos_wire::settings! {
///     API_KEY = Setting::new("api_key", Form::Secret).what("The key that signs requests.");
///     PAGE_FIRST = Setting::new("page_first", Form::Number(0, 1)).default("1");
/// }
///
/// let named = |name: &str| (name == "PAGE_FIRST").then(|| "7".to_owned());
/// let reader = SettingReader::new(SETTINGS, &named);
/// let missing = reader.secret(&API_KEY).unwrap_err();
/// assert_eq!(missing.to_string(), "api_key: API_KEY is not set");
/// let wrong = reader.number::<u32>(&PAGE_FIRST).unwrap_err();
/// assert_eq!(wrong.to_string(), "page_first: \"7\" is no whole number between 0 and 1");
/// ```
#[macro_export]
macro_rules! settings {
    ($($name:ident = $setting:expr;)+) => {
        $(pub(crate) const $name: $crate::Setting = $setting;)+

        /// The settings of an account, in the order in which people read them.
        #[allow(unreachable_pub)]
        pub const SETTINGS: &[$crate::Setting] = &[$($name),+];
    };
}

/// Reads the settings of one table, by their names in capitals.
pub struct SettingReader<'a> {
    table: &'static [Setting],
    lookup: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> SettingReader<'a> {
    /// A reader of this table, to which `lookup` tells the values.
    pub fn new(table: &'static [Setting], lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { table, lookup }
    }

    /// The text of a setting, if it is set.
    pub fn optional(&self, setting: &Setting) -> Option<String> {
        debug_assert!(
            self.table.iter().any(|known| known.name == setting.name),
            "{}",
            setting.name
        );
        (self.lookup)(&setting.name.to_ascii_uppercase())
    }

    /// The text of a setting that must be there.
    ///
    /// # Errors
    /// `Invalid` if it is not set.
    pub fn text(&self, setting: &Setting) -> Result<String, Error> {
        self.optional(setting).ok_or_else(|| {
            let name = setting.name.to_ascii_uppercase();
            Error::invalid(setting.name).because(format!("{name} is not set"))
        })
    }

    /// A secret that must be there.
    ///
    /// # Errors
    /// `Invalid` if it is not set.
    pub fn secret(&self, setting: &Setting) -> Result<Secret, Error> {
        self.text(setting).map(Secret::new)
    }

    /// In which world the account is.
    ///
    /// # Errors
    /// `Invalid` if [`ENVIRONMENT`] is not set, or is none of its words.
    pub fn environment(&self) -> Result<Environment, Error> {
        self.text(&ENVIRONMENT)?.parse()
    }

    /// The number of a [`Form::Number`], if it is set.
    ///
    /// # Errors
    /// `Invalid` if it is no number, is out of the table's bounds, or does not fit `T`.
    pub fn number<T: TryFrom<i64>>(&self, setting: &Setting) -> Result<Option<T>, Error> {
        let Some(text) = self.optional(setting) else { return Ok(None) };
        let (least, most) = match setting.form {
            Form::Number(least, most) => (least, most),
            _ => (i64::MIN, i64::MAX),
        };
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        match number.and_then(|number| T::try_from(number).ok()) {
            Some(number) => Ok(Some(number)),
            None => Err(Error::invalid(setting.name)
                .because(format!("{text:?} is no whole number between {least} and {most}"))),
        }
    }

    /// Puts the number of a [`Form::Number`] into `place`, if it is set.
    ///
    /// # Errors
    /// As [`SettingReader::number`].
    pub fn fill_number<T: TryFrom<i64>>(
        &self,
        setting: &Setting,
        place: &mut T,
    ) -> Result<(), Error> {
        self.number(setting).map(|told| fill(told, place))
    }

    /// Puts an amount in minor units into `place`, if it is set.
    ///
    /// # Errors
    /// `Invalid` if it is no amount of this currency in major units.
    pub fn fill_minor(
        &self,
        setting: &Setting,
        currency: Currency,
        place: &mut i64,
    ) -> Result<(), Error> {
        let Some(text) = self.optional(setting) else { return Ok(()) };
        *place = Money::parse(&text, currency).map_err(|error| error.about(setting.name))?.minor;
        Ok(())
    }

    /// Puts a text into `place`, if it is set.
    pub fn fill_text(&self, setting: &Setting, place: &mut String) {
        fill(self.optional(setting), place);
    }

    /// Puts what a word means into `place`, if it is set.
    ///
    /// # Errors
    /// As [`SettingReader::word`].
    pub fn fill_word<T: Copy, const N: usize>(
        &self,
        setting: &Setting,
        words: &[(&'static str, T); N],
        place: &mut T,
    ) -> Result<(), Error> {
        self.word(setting, words).map(|told| fill(told, place))
    }

    /// What the word of a [`Form::Words`] means, if it is set.
    ///
    /// # Errors
    /// `Invalid` if it is none of `words`.
    pub fn word<T: Copy, const N: usize>(
        &self,
        setting: &Setting,
        words: &[(&'static str, T); N],
    ) -> Result<Option<T>, Error> {
        let Some(told) = self.optional(setting) else { return Ok(None) };
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == told) {
            return Ok(Some(*meaning));
        }
        let known = words.map(|(word, _)| word).join(", ");
        Err(Error::invalid(setting.name).because(format!("{told:?} is none of {known}")))
    }

    /// The values of a [`Form::List`], without blanks and empty ones; `None` if it is not set.
    pub fn list(&self, setting: &Setting) -> Option<Vec<String>> {
        let list = self.optional(setting)?;
        let values = list.split(',').map(str::trim).filter(|value| !value.is_empty());
        Some(values.map(str::to_owned).collect())
    }
}

impl fmt::Debug for SettingReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SettingReader").finish_non_exhaustive()
    }
}

fn fill<T>(told: Option<T>, place: &mut T) {
    if let Some(told) = told {
        *place = told;
    }
}

/// The words of a table of words, for [`Form::Words`].
pub const fn words<T: Copy, const N: usize>(table: &[(&'static str, T); N]) -> [&'static str; N] {
    let mut words = [""; N];
    let mut place = 0;
    while place < N {
        // `place` is less than N, the length of both.
        #[allow(clippy::indexing_slicing)]
        {
            words[place] = table[place].0;
        }
        place += 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASES: [(&str, u8); 2] = [("lower", 1), ("upper", 2)];
    const MARGIN_DAYS: Form = Form::Number(1, 7);

    crate::settings! {
        KEY = Setting::new("key", Form::Secret);
        CASE = Setting::new("case", Form::Words(&words(&CASES))).default("lower");
        DAYS = Setting::new("days", MARGIN_DAYS).default("1");
        MOST = Setting::new("most", Form::Amount).optional();
        BANKS = Setting::new("banks", Form::List).optional();
    }

    fn read<T>(value: &str, read: impl FnOnce(&SettingReader<'_>) -> T) -> T {
        read(&SettingReader::new(SETTINGS, &|name| {
            assert_eq!(name, name.to_ascii_uppercase());
            (!value.is_empty()).then(|| value.to_owned())
        }))
    }

    fn amount(value: &str, currency: Currency) -> Result<i64, Error> {
        let mut minor = 7;
        read(value, |reader| reader.fill_minor(&MOST, currency, &mut minor)).map(|()| minor)
    }

    #[test]
    fn what_is_not_set_is_nothing_or_is_refused() {
        let missing = read("", |reader| reader.secret(&KEY)).unwrap_err();
        assert_eq!(missing.to_string(), "key: KEY is not set");
        assert_eq!(read("", |reader| reader.word(&CASE, &CASES)).unwrap(), None);
        assert_eq!(read("", |reader| reader.number::<u8>(&DAYS)).unwrap(), None);
        assert_eq!(amount("", Currency::Clp).unwrap(), 7);
        assert_eq!(read("", |reader| reader.list(&BANKS)), None);
    }

    #[test]
    fn values_are_read_as_the_table_says() {
        let mut case = 0;
        read("upper", |reader| reader.fill_word(&CASE, &CASES, &mut case)).unwrap();
        assert_eq!(case, 2);
        assert_eq!(read("7", |reader| reader.number::<u8>(&DAYS)).unwrap(), Some(7));
        assert_eq!(amount("1.50", Currency::Mxn).unwrap(), 150);
        assert_eq!(read(" a, ,b", |reader| reader.list(&BANKS)).unwrap(), ["a", "b"]);
        assert_eq!(CASE.form, Form::Words(&["lower", "upper"]));
    }

    #[test]
    fn what_is_wrong_is_told_with_what_would_be_right() {
        let told = read("Upper", |reader| reader.word(&CASE, &CASES)).unwrap_err();
        assert_eq!(told.to_string(), "case: \"Upper\" is none of lower, upper");
        for bad in ["0", "8", "-1", "1.5", "x"] {
            let told = read(bad, |reader| reader.number::<u8>(&DAYS)).unwrap_err().to_string();
            assert_eq!(told, format!("days: {bad:?} is no whole number between 1 and 7"));
        }
        assert_eq!(amount("1,5", Currency::Clp).unwrap_err().field(), Some("most"));
    }
}
