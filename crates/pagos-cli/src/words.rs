//! What `plan`, `pay` and the commands about payouts say to people, in Spanish and English, in tables:
//! a text that lacks a language does not compile. Programs read the English text of a problem in
//! every language. Other commands speak English.

/// Defines a table: each entry is a function that returns a [`Text`]. An entry with arguments names
/// them in both texts.
macro_rules! words {
    ($($name:ident $(($($argument:ident),+))? $es:literal $en:literal,)*) => {
        $(word! { $name $(($($argument),+))? $es $en })*

        /// Each entry with both of its texts.
        #[cfg(test)]
        pub(super) const ALL: &[(&str, &str, &str)] = &[$((stringify!($name), $es, $en),)*];
    };
}

macro_rules! word {
    ($name:ident $es:literal $en:literal) => {
        pub(crate) const fn $name() -> crate::words::Text {
            crate::words::Text::Fixed(&[$es, $en])
        }
    };
    ($name:ident ($($argument:ident),+) $es:literal $en:literal) => {
        pub(crate) fn $name($($argument: impl crate::words::Say),+) -> crate::words::Text {
            use crate::language::Language;

            let es = {
                $(let $argument = $argument.say(Language::Es);)+
                format!($es)
            };
            $(let $argument = $argument.say(Language::En);)+
            crate::words::Text::made(es, format!($en))
        }
    };
}

pub(crate) mod file;
mod heard;
pub(crate) mod pay;
pub(crate) mod payout;
pub(crate) mod witness;

use std::{fmt, ops::Deref};

use pagos_core::{Currency, Money, Violation};
use serde::{Serialize, Serializer};

use crate::language::{Language, spoken};

/// A text in both languages. It is shown in the language of the process, and serialized in English.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Text {
    /// In Spanish and in English.
    Fixed(&'static [&'static str; 2]),
    /// The same, made from values. Boxed, because problems travel in errors.
    Made(Box<[String; 2]>),
}

impl Text {
    fn made(es: String, en: String) -> Self {
        Self::Made(Box::new([es, en]))
    }

    /// What a provider says is wrong with an order, and what to do. One that has no Spanish is quoted
    /// in English.
    pub(crate) fn of_violation(violation: &Violation) -> (Self, Self) {
        let (because, remedy) = (violation.because.clone(), violation.remedy.clone());
        match violation.spanish() {
            Some((es, es_remedy)) => {
                (Self::made(es.to_owned(), because), Self::made(es_remedy.to_owned(), remedy))
            }
            None => (Self::heard(because), Self::heard(remedy)),
        }
    }

    /// An English text of a crate below, of the system or of a provider. One whose Spanish is not
    /// known is quoted.
    pub(crate) fn heard(english: impl Into<String>) -> Self {
        let english = english.into();
        let es = heard::spanish(&english).unwrap_or_else(|| heard::quoted(&english));
        Self::made(es, english)
    }

    /// The same where the text stands alone, as in a column: one whose Spanish is not known is as it is.
    pub(crate) fn heard_alone(english: impl Into<String>) -> Self {
        let english = english.into();
        let es = heard::spanish(&english).unwrap_or_else(|| english.clone());
        Self::made(es, english)
    }

    /// The text that programs read.
    pub(crate) fn english(&self) -> &str {
        self.in_language(Language::En)
    }

    /// The text in a language.
    fn in_language(&self, language: Language) -> &str {
        match (self, language) {
            (Self::Fixed([es, _]), Language::Es) => es,
            (Self::Fixed([_, en]), Language::En) => en,
            (Self::Made(texts), Language::Es) => {
                let [es, _] = texts.as_ref();
                es
            }
            (Self::Made(texts), Language::En) => {
                let [_, en] = texts.as_ref();
                en
            }
        }
    }

    /// Changes both texts.
    pub(crate) fn map(self, change: impl Fn(&str) -> String) -> Self {
        Self::made(change(self.in_language(Language::Es)), change(self.english()))
    }

    /// A violation with its field, in one text.
    pub(crate) fn of_refusal(violation: &Violation) -> Self {
        let (because, remedy) = Self::of_violation(violation);
        let said = |language| {
            let (because, remedy) = (because.in_language(language), remedy.in_language(language));
            format!("{}: {because}; {remedy}", violation.field)
        };
        Self::made(said(Language::Es), said(Language::En))
    }

    /// Texts one after another, with commas between them.
    pub(crate) fn list(texts: &[Text]) -> Self {
        Self::separated(texts, ", ")
    }

    /// Texts one after another.
    pub(crate) fn separated(texts: &[Text], separator: &str) -> Self {
        let joined = |language| {
            let texts: Vec<&str> = texts.iter().map(|text| text.in_language(language)).collect();
            texts.join(separator)
        };
        Self::made(joined(Language::Es), joined(Language::En))
    }

    /// Names one after another, with a word of each language between them.
    pub(crate) fn joined(names: &[&str], es: &str, en: &str) -> Self {
        Self::made(names.join(es), names.join(en))
    }

    /// Replaces a private value.
    pub(crate) fn hide(&mut self, private: &str) {
        let is_there = |language| self.in_language(language).contains(private);
        if is_there(Language::Es) || is_there(Language::En) {
            let hidden = |language| self.in_language(language).replace(private, "...");
            *self = Self::made(hidden(Language::Es), hidden(Language::En));
        }
    }
}

/// A value within a text. A [`Text`] is none by its `Display`, which would put the language of the
/// process into both languages.
pub(crate) trait Say {
    /// The value in a language.
    fn say(&self, language: Language) -> impl fmt::Display + fmt::Debug;
}

impl Say for Text {
    fn say(&self, language: Language) -> impl fmt::Display + fmt::Debug {
        self.in_language(language)
    }
}

impl Say for str {
    fn say(&self, _language: Language) -> impl fmt::Display + fmt::Debug {
        self
    }
}

macro_rules! say {
    ($($kind:ty),+) => {
        $(impl Say for $kind {
            fn say(&self, _language: Language) -> impl fmt::Display + fmt::Debug {
                self
            }
        })+
    };
}

say!(String, u32, u64, usize, Currency, Money);

impl<T: Say + ?Sized> Say for &T {
    fn say(&self, language: Language) -> impl fmt::Display + fmt::Debug {
        (**self).say(language)
    }
}

/// A text of others, which exists in one language only.
impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::made(text.clone(), text)
    }
}

/// A text of others, which exists in one language only.
impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        text.to_owned().into()
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        (*text).to_owned()
    }
}

/// The text in the language of the process, for whatever speaks to people.
impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.in_language(spoken())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

/// Always in English, because programs compare it.
impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.english())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn arguments(text: &str) -> BTreeSet<&str> {
        let rests = text.split('{').skip(1);
        rests.filter_map(|rest| rest.split(['}', ':']).next()).collect()
    }

    #[test]
    fn both_texts_name_the_same_values_and_differ() {
        // Formats, marks and names that are the same in both languages.
        let same = [
            "error",
            "setting",
            "rule_line",
            "ends",
            "heading_total",
            "learned",
            "with_effect",
            "failed_because",
        ];
        for (name, es, en) in [file::ALL, pay::ALL, payout::ALL, witness::ALL].concat() {
            assert_eq!(arguments(es), arguments(en), "{name}");
            assert!(es != en || same.contains(&name), "{name} is not translated: {en}");
        }
    }

    #[test]
    fn the_statuses_are_those_of_the_glossary() {
        let glossary = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/GLOSSARY.md");
        let glossary = std::fs::read_to_string(glossary).unwrap();
        let statuses = ["created", "unknown", "pending", "succeeded", "failed", "quarantined"];
        for (name, es, en) in payout::ALL.iter().filter(|(name, ..)| statuses.contains(name)) {
            let mut rows = glossary.lines().filter(|row| row.ends_with(&format!("| `{en}` |")));
            assert!(rows.any(|row| row.starts_with(&format!("| {es} |"))), "{name}: {es}, {en}");
        }
    }

    #[test]
    fn programs_read_english() {
        let text = file::a_name(file::is_empty());
        assert_eq!(text.in_language(Language::Es), "un nombre está vacío");
        assert_eq!(serde_json::to_string(&text).unwrap(), "\"a name is empty\"");
    }
}
