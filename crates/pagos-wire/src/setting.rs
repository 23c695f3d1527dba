//! The settings of an account as a table, and the only code that reads them. Each row describes one
//! setting; names, messages, a configuration file and a page of documentation are derived from it.
//! The caller provides the values, so there is no I/O here.

use std::fmt;

use pagos_core::{Currency, Environment, Error, Money, Secret, Verification};

/// One setting of a provider's account.
///
/// [`Setting::new`] makes a row; the other methods add what differs from the usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Its name in lower case, which names the field in a configuration file and in an [`Error`].
    /// It is looked up in upper case.
    pub name: &'static str,
    /// Its purpose, as one or more sentences.
    pub what: &'static str,
    /// The form of its value.
    pub form: Form,
    /// Whether it is required.
    pub need: Need,
    /// The side of the account that it concerns; `None` for the whole account.
    pub side: Option<Side>,
    /// A value for people to compare theirs with. Empty for a [`Form::Secret`].
    pub example: &'static str,
    /// The value that replaces a missing one where nothing is sent, and from which level on.
    pub stand_in: Option<(MissingFields, &'static str)>,
}

/// The form of a setting's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One line of text.
    Text,
    /// A secret text.
    Secret,
    /// A URL that we call.
    Address,
    /// A URL that others call.
    Page,
    /// The path of a PEM file, or the PEM text. Read only if something is sent.
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

/// Whether a setting is required.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Always, or whenever its side is switched on.
    Always,
    /// Under a condition, in words: `in live`.
    When(&'static str),
    /// No; this value is the default.
    Default(&'static str),
    /// No.
    Optional,
}

/// One of several abilities of an account, such as collecting payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side {
    /// Its name, in the plural: `payments`.
    pub what: &'static str,
    /// The name of the setting that switches it on. The other settings of the side have no effect
    /// without it.
    pub switch: &'static str,
    /// Whether an account can do without it.
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

/// Which settings may be missing. Their stand-ins are never sent anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MissingFields {
    /// None: the account will be used.
    Refused,
    /// Those that no signature depends on: signatures are computed and checked, nothing is sent.
    Unsigned,
    /// Credentials too: only the provider's rules are needed.
    Credentials,
}

/// The stand-in for a missing address where nothing is sent.
pub const NOWHERE: &str = "https://not-configured.example/";

/// The stand-in for a missing text where nothing is sent.
pub const NOT_CONFIGURED: &str = "not-configured";

/// The setting that every account has.
pub const ENVIRONMENT: Setting = Setting::new("environment", Form::Words(&["sandbox", "live"]))
    .what("Whether real money moves. Address and credentials must belong to it.")
    .example("sandbox");

/// The words of a setting that states whether a contract was compared with the provider's
/// documents.
pub const VERIFICATIONS: [(&str, Verification); 2] =
    [("true", Verification::Stated), ("false", Verification::Missing)];

impl Setting {
    /// A required setting.
    pub const fn new(name: &'static str, form: Form) -> Self {
        let (what, example) = ("", "");
        Self { name, what, form, need: Need::Always, side: None, example, stand_in: None }
    }

    /// Sets its purpose.
    #[must_use]
    pub const fn what(self, what: &'static str) -> Self {
        Self { what, ..self }
    }

    /// Sets a value for people to compare theirs with.
    #[must_use]
    pub const fn example(self, example: &'static str) -> Self {
        Self { example, ..self }
    }

    /// Makes it optional.
    #[must_use]
    pub const fn optional(self) -> Self {
        Self { need: Need::Optional, ..self }
    }

    /// Makes it optional, with a default.
    #[must_use]
    pub const fn default(self, text: &'static str) -> Self {
        Self { need: Need::Default(text), ..self }
    }

    /// Makes it optional unless this condition holds.
    #[must_use]
    pub const fn needed(self, when: &'static str) -> Self {
        Self { need: Need::When(when), ..self }
    }

    /// Assigns it to one side of the account.
    #[must_use]
    pub const fn side(self, side: Side) -> Self {
        Self { side: Some(side), ..self }
    }

    /// Allows it to be missing where nothing is sent, from `missing_fields` on.
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

    /// The rule of its form, as a sentence; empty if the form needs none.
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

    /// Whether it switches its side on.
    pub fn is_switch(&self) -> bool {
        self.side.is_some_and(|side| side.switch == self.name)
    }
}

/// Declares the rows of a table and makes `SETTINGS` of them, so that every setting that can be
/// read is in the table.
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

        /// The settings of an account, in the order in which they are presented.
        #[allow(unreachable_pub)]
        pub const SETTINGS: &[$crate::Setting] = &[$($name),+];
    };
}

/// Reads the settings of one table, by their names in upper case.
pub struct SettingReader<'a> {
    table: &'static [Setting],
    lookup: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> SettingReader<'a> {
    /// A reader of this table, which gets the values from `lookup`.
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

    /// The text of a required setting.
    ///
    /// # Errors
    /// `Invalid` if it is not set.
    pub fn text(&self, setting: &Setting) -> Result<String, Error> {
        self.optional(setting).ok_or_else(|| {
            let name = setting.name.to_ascii_uppercase();
            Error::invalid(setting.name).because(format!("{name} is not set"))
        })
    }

    /// A required secret.
    ///
    /// # Errors
    /// `Invalid` if it is not set.
    pub fn secret(&self, setting: &Setting) -> Result<Secret, Error> {
        self.text(setting).map(Secret::new)
    }

    /// The environment of the account.
    ///
    /// # Errors
    /// `Invalid` if [`ENVIRONMENT`] is not set, or has another word.
    pub fn environment(&self) -> Result<Environment, Error> {
        self.text(&ENVIRONMENT)?.parse()
    }

    /// The number of a [`Form::Number`], if it is set.
    ///
    /// # Errors
    /// `Invalid` if it is not a number, is outside the table's bounds, or does not fit `T`.
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

    /// Writes the number of a [`Form::Number`] to `place`, if it is set.
    ///
    /// # Errors
    /// The same as [`SettingReader::number`].
    pub fn fill_number<T: TryFrom<i64>>(
        &self,
        setting: &Setting,
        place: &mut T,
    ) -> Result<(), Error> {
        self.number(setting).map(|told| fill(told, place))
    }

    /// Writes an amount in minor units to `place`, if it is set.
    ///
    /// # Errors
    /// `Invalid` if it is not an amount of this currency in major units.
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

    /// Writes a text to `place`, if it is set.
    pub fn fill_text(&self, setting: &Setting, place: &mut String) {
        fill(self.optional(setting), place);
    }

    /// Writes the meaning of a word to `place`, if it is set.
    ///
    /// # Errors
    /// The same as [`SettingReader::word`].
    pub fn fill_word<T: Copy, const N: usize>(
        &self,
        setting: &Setting,
        words: &[(&'static str, T); N],
        place: &mut T,
    ) -> Result<(), Error> {
        self.word(setting, words).map(|told| fill(told, place))
    }

    /// The meaning of the word of a [`Form::Words`], if it is set.
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

    /// The values of a [`Form::List`], trimmed and without empty ones; `None` if it is not set.
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

/// The words of a table, for [`Form::Words`].
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
