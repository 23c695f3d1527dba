//! What JSON says, read without any of the code under test: every field and value at every depth, as
//! they are written. Repeated fields are kept, and numbers keep all of their digits.

use std::{collections::BTreeSet, fmt};

use serde::{
    Deserialize,
    de::{Deserializer, MapAccess, Visitor},
};
use serde_json::value::RawValue;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// One JSON text, taken apart.
#[derive(Debug, Default)]
pub struct Json {
    /// The name of each scalar's field (empty in lists and at the root), and its value as text.
    pub scalars: Vec<(String, String)>,
    /// The names of all fields, scalar or not; an empty one if the root is a list.
    pub names: BTreeSet<String>,
    /// In which object each scalar stands, by a number.
    objects: Vec<usize>,
    count: usize,
}

impl Json {
    /// Takes `bytes` apart; `None` if they are not JSON. Bytes that are no UTF-8 are let pass inside of
    /// texts, as by every reader that leaves such a text alone.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let root: &RawValue = serde_json::from_str(&text).ok()?;
        let mut json = Self::default();
        if root.get().starts_with('[') {
            json.names.insert(String::new());
        }
        json.take(String::new(), root, 0);
        Some(json)
    }

    /// Only the scalars that stand in one object with `value`.
    pub fn beside(&self, value: &str) -> Self {
        let pairs = || self.scalars.iter().zip(&self.objects);
        let with = pairs().filter(|((_, told), _)| told == value).map(|(_, object)| object);
        let with: BTreeSet<&usize> = with.collect();
        let scalars = pairs().filter(|(_, object)| with.contains(object));
        Self { scalars: scalars.map(|(scalar, _)| scalar.clone()).collect(), ..Self::default() }
    }

    /// The values of all scalar fields of that name.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.scalars.iter().filter(move |(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    /// Is one of the words the value of any field? Letter case, accents and blanks around do not count.
    pub fn says(&self, words: &[&str]) -> bool {
        let is_word = |value: &str| {
            let plain: String = value.trim().nfd().filter(|it| !is_combining_mark(*it)).collect();
            words.iter().any(|word| word.eq_ignore_ascii_case(plain.trim()))
        };
        self.scalars.iter().any(|(_, value)| is_word(value))
    }

    fn push(&mut self, name: String, value: String, object: usize) {
        self.scalars.push((name, value));
        self.objects.push(object);
    }

    fn take(&mut self, name: String, json: &RawValue, object: usize) {
        let text = json.get();
        match text.as_bytes().first() {
            Some(b'{') => {
                let Ok(Pairs(pairs)) = serde_json::from_str(text) else { return };
                self.count += 1;
                let object = self.count;
                for (name, value) in pairs {
                    self.names.insert(name.clone());
                    self.take(name, value, object);
                }
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text).unwrap_or_default();
                items.into_iter().for_each(|item| self.take(name.clone(), item, object));
            }
            Some(b'"') => {
                let value: String = serde_json::from_str(text).unwrap_or_default();
                self.push(name, value, object);
            }
            _ => self.push(name, text.to_owned(), object),
        }
    }
}

/// The fields of an object in their order, repeated ones too.
struct Pairs<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

/// `text` as hundred-thousandths, exactly: a decimal as JSON writes them. `None` for everything else.
/// An oracle, so it shares nothing with the decimals of the core.
pub fn exact(text: &str) -> Option<i128> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (sign, digits) = match mantissa.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = format!("{whole}{fraction}");
    if plain.is_empty() || plain.len() > 30 || !plain.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i128 = plain.parse().ok()?;
    let shift = exponent.checked_add(5)?.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let power = 10_i128.checked_pow(shift.unsigned_abs())?;
    let scaled = match shift >= 0 {
        true => number.checked_mul(power)?,
        false if number % power == 0 => number / power,
        false => return None,
    };
    Some(sign * scaled)
}
