//! Removes secrets and personal data from evidence, and names what was removed. What is not removed
//! keeps its bytes.
//!
//! Two rules: the beneficiary's own data is removed wherever it stands, however it is spaced; and
//! in the words of a provider, everything whose member has the name of personal data, and every
//! long text without a blank, which may be a token.

use std::collections::BTreeSet;

use pagos_core::PayoutOrder;

/// Whose words a text consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    /// Ours, with the names of our own members.
    Ours,
    /// The provider's, who may write about anybody.
    Theirs,
}

/// Shorter numbers are masked only where they stand alone.
const EMBEDDED_MIN: usize = 6;

/// A number with fewer characters is removed as a whole.
const TAIL_MIN: usize = 8;

/// A text of a provider without a blank that is longer may be a token.
const TOKEN_MIN: usize = 40;

/// Parts of the names of members that hold personal data or secrets.
const NAMES: [&str; 21] = [
    "accountnumber",
    "beneficiar",
    "celular",
    "clabe",
    "correo",
    "cuenta",
    "curp",
    "document",
    "email",
    "holder",
    "nombre",
    "payer",
    "phone",
    "rfc",
    "rut",
    "secret",
    "signature",
    "telefono",
    "titular",
    "token",
    "password",
];

/// The personal data of one payout.
#[derive(Debug, Default)]
pub(super) struct Scrub {
    /// Our key stays, even if it has the beneficiary's name in it.
    key: String,
    values: Vec<Value>,
}

/// One thing to look for, without separators and accents.
struct Value {
    label: &'static str,
    folded: Vec<char>,
    must_stand_alone: bool,
    instead: String,
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Value({})", self.label)
    }
}

impl Scrub {
    /// Looks for the data of this order's beneficiary.
    pub(super) fn of(order: &PayoutOrder) -> Self {
        let person = &order.beneficiary;
        let mut scrub = Self { key: order.key.to_string(), values: Vec::new() };
        scrub.add("account", person.account_number.as_str());
        if let Some(document) = &person.document {
            scrub.add("document", document.number());
        }
        person.phone.iter().for_each(|phone| scrub.add("phone", phone));
        person.email.iter().for_each(|email| scrub.add("email", email));
        let words = person.name.split_whitespace().filter(|word| word.chars().count() > 2);
        words.for_each(|word| scrub.add("name", word));
        scrub
    }

    fn add(&mut self, label: &'static str, value: &str) {
        let folded: Vec<char> = value.chars().filter(|it| is_content(*it)).map(fold).collect();
        let is_number = folded.iter().any(char::is_ascii_digit);
        let zeros = folded.iter().take_while(|it| **it == '0').count();
        let folded: Vec<char> = match is_number {
            // A provider may leave the leading zeros of a number out.
            true => folded.into_iter().skip(zeros).collect(),
            false => folded,
        };
        if folded.is_empty() {
            return;
        }
        let must_stand_alone = !is_number || folded.len() < EMBEDDED_MIN;
        let instead = match label {
            "account" | "document" => format!("[{label} {}]", tail(value)),
            _ => format!("[{label}]"),
        };
        self.values.push(Value { label, folded, must_stand_alone, instead });
    }

    /// A text with the beneficiary's data masked.
    pub(super) fn text(&self, text: &str, part: &str, removed: &mut BTreeSet<String>) -> String {
        let characters: Vec<char> = text.chars().collect();
        let mut clean = String::with_capacity(text.len());
        let mut place = 0;
        while let Some(character) = characters.get(place) {
            let found = self.values.iter().find_map(|value| {
                value.length_at(&characters, place).map(|length| (value, length))
            });
            match found {
                Some((value, length)) => {
                    clean.push_str(&value.instead);
                    removed.insert(format!("{part}: {}", value.label));
                    place += length.max(1);
                }
                None => {
                    clean.push(*character);
                    place += 1;
                }
            }
        }
        clean
    }

    /// JSON with the same removed from its texts and numbers. What stays keeps its bytes.
    pub(super) fn json(
        &self,
        json: &str,
        words: Words,
        part: &str,
        removed: &mut BTreeSet<String>,
    ) -> String {
        let mut clean = String::with_capacity(json.len());
        let mut member = String::new();
        let mut rest = json;
        while let Some(first) = rest.chars().next() {
            let length = match first {
                '"' => literal_length(rest),
                '-' | '0'..='9' => rest.find(|it: char| !is_numeric(it)).unwrap_or(rest.len()),
                _ => first.len_utf8(),
            };
            let (token, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
            rest = behind;
            let text = match first {
                '"' => serde_json::from_str::<String>(token).ok(),
                '-' | '0'..='9' => Some(token.to_owned()),
                _ => None,
            };
            let Some(text) = text.filter(|text| *text != self.key) else {
                clean.push_str(token);
                continue;
            };
            let is_name = first == '"' && rest.trim_start().starts_with(':');
            let place = match member.is_empty() || is_name {
                true => part.to_owned(),
                false => format!("{part}.{member}"),
            };
            let cleaned = match !is_name && words == Words::Theirs && is_private(&member, &text) {
                true => {
                    removed.insert(place);
                    "[removed]".to_owned()
                }
                false => self.text(&text, &place, removed),
            };
            if is_name {
                member.clone_from(&cleaned);
            }
            match cleaned == text {
                true => clean.push_str(token),
                false => clean.push_str(&serde_json::Value::from(cleaned).to_string()),
            }
        }
        clean
    }
}

/// The last four characters of a number that has enough others.
pub(super) fn tail(number: &str) -> String {
    let length = number.chars().count();
    match length >= TAIL_MIN {
        true => format!("...{}", number.chars().skip(length - 4).collect::<String>()),
        false => "removed".to_owned(),
    }
}

impl Value {
    /// How many characters the value takes at `place`, if it is there.
    fn length_at(&self, characters: &[char], place: usize) -> Option<usize> {
        let here = characters.get(place..)?;
        if !here.first().copied().is_some_and(is_content) {
            return None;
        }
        let before = place.checked_sub(1).and_then(|before| characters.get(before));
        if self.must_stand_alone && before.copied().is_some_and(is_content) {
            return None;
        }
        let mut wanted = self.folded.iter().peekable();
        let mut length = 0;
        for character in here {
            let Some(next) = wanted.peek() else { break };
            match is_content(*character) {
                true if fold(*character) == **next => drop(wanted.next()),
                true => return None,
                false if matches!(character, ' ' | '.' | '-' | '/' | '@' | '_' | '+') => {}
                false => return None,
            }
            length += 1;
        }
        let behind = characters.get(place + length).copied();
        let stands_alone = !behind.is_some_and(is_content);
        (wanted.peek().is_none() && (stands_alone || !self.must_stand_alone)).then_some(length)
    }
}

/// Whether a provider's text is removed because of its member's name, or because of its form.
fn is_private(member: &str, text: &str) -> bool {
    let name: String = member.chars().filter(|it| is_content(*it)).map(fold).collect();
    let is_kind = name.ends_with("type") || name.ends_with("status");
    let is_named = name == "name" || (!is_kind && NAMES.iter().any(|it| name.contains(it)));
    let is_token = text.chars().count() >= TOKEN_MIN && !text.contains(char::is_whitespace);
    !text.is_empty() && (is_named || is_token)
}

/// How long the text literal at the beginning is, with its quotation marks.
fn literal_length(json: &str) -> usize {
    let mut is_escaped = false;
    for (place, byte) in json.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return place + 1,
            _ => {}
        }
    }
    json.len()
}

fn is_numeric(character: char) -> bool {
    matches!(character, '0'..='9' | '-' | '+' | '.' | 'e' | 'E')
}

/// Letters and digits; everything else separates.
fn is_content(character: char) -> bool {
    character.is_alphanumeric()
}

/// Small, and without the accents of Spanish and Portuguese.
fn fold(character: char) -> char {
    match character.to_lowercase().next().unwrap_or(character) {
        'á' | 'à' | 'â' | 'ã' | 'ä' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ñ' => 'n',
        'ç' => 'c',
        small => small,
    }
}
