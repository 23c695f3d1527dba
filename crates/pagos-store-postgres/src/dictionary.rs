//! JSON in fewer bytes: fragments that nearly every row has are one or two control characters each, which
//! JSON itself never contains, but for line breaks and tabs. Most of what is written about a payout are names of fields.
//!
//! What has none of these characters is read as it is, so rows of earlier versions need no rewriting.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::LazyLock;

use crate::failure::Failure;

/// Never edited and never put in another order, only added to: rows refer to the places. The longest that
/// fits is taken, so one can be the beginning of another.
const FRAGMENTS: [&str; 72] = [
    // One character each.
    "{\"entry\":\"observed\",\"observation\":{\"status\":\"",
    "\",\"source\":\"query\",\"seen_at\":",
    "\",\"source\":\"reply\",\"seen_at\":",
    ",\"asked_at\":",
    ",\"reference\":\"",
    "\",\"echo\":{}},\"change\":\"advanced\"}",
    "\",\"echo\":{",
    "{\"entry\":\"attempt_begun\",\"number\":1,\"at\":",
    "{\"standing\":{\"held\":{\"status\":\"",
    "{\"account\":\"",
    "\",\"event\":{\"kind\":\"advanced\"},\"subject\":\"payout\",\"key\":\"",
    "\",\"status\":\"",
    "\",\"was\":\"",
    "\",\"reason\":null,\"amount\":{\"minor\":",
    ",\"currency\":\"",
    "\"},\"returned\":null,\"reference\":\"",
    "\",\"at\":",
    "{\"key\":\"",
    "\",\"account\":\"",
    "\",\"amount\":{\"minor\":",
    "\"},\"beneficiary\":{\"name\":\"",
    "\",\"document\":{\"kind\":\"",
    "\",\"number\":\"",
    "\"},\"bank\":\"",
    // Two characters each.
    "\",\"account_type\":\"",
    "\",\"account_number\":\"",
    "\",\"email\":null,\"phone\":null},\"description\":null}",
    "\",\"email\":\"",
    "\",\"email\":null,\"phone\":",
    "\",\"phone\":\"",
    "\",\"phone\":null},\"description\":",
    "\"},\"description\":\"",
    "\",\"document\":null,\"bank\":\"",
    "savings",
    "checking",
    "succeeded",
    "pending",
    "created",
    "unknown",
    "\",\"source\":\"verified_event\",\"seen_at\":",
    "\",\"source\":\"listing\",\"seen_at\":",
    "\",\"source\":\"",
    "\",\"seen_at\":",
    ",\"provider_at\":",
    "\",\"provider_code\":\"",
    "\",\"message\":\"",
    "\",\"echo\":{\"key\":\"",
    "\"amount\":{\"minor\":",
    "\"}}},\"change\":\"advanced\"}",
    "\"}},\"change\":\"",
    "},\"change\":\"",
    "{\"status\":{\"failed\":\"",
    "\"},\"source\":\"",
    "{\"failed\":\"",
    "\",\"event\":{\"kind\":\"",
    "\"},\"subject\":\"payout\",\"key\":\"",
    "\"},\"subject\":\"payment\",\"key\":\"",
    "},\"first_begun_at\":",
    ",\"attempts\":1",
    ",\"attempts\":",
    ",\"open\":{\"number\":",
    ",\"begun_at\":",
    ",\"asking\":{\"questions\":",
    ",\"absences\":",
    ",\"settled_at\":",
    ",\"waiting\":{\"wait\":\"",
    "\",\"since\":",
    ",\"attention\":{\"kind\":\"",
    "\",\"because\":\"",
    "{\"entry\":\"asked\",\"at\":",
    ",\"answer\":\"",
    "{\"entry\":\"",
];

/// What stands for the first fragments. Line breaks and tabs can stand between the words of JSON, so they
/// stand for nothing else.
const SHORT: [char; 24] = [
    '\u{1}', '\u{2}', '\u{3}', '\u{4}', '\u{5}', '\u{6}', '\u{7}', '\u{8}', '\u{b}', '\u{c}',
    '\u{e}', '\u{f}', '\u{10}', '\u{11}', '\u{12}', '\u{13}', '\u{14}', '\u{15}', '\u{16}',
    '\u{17}', '\u{18}', '\u{19}', '\u{1a}', '\u{1b}',
];

/// What begins a fragment of two characters; the second one counts from [`BASE`].
const LEAD: char = '\u{1c}';

const BASE: u8 = b'0';

/// Puts characters in the places of fragments.
pub(crate) fn compress(json: &str) -> String {
    let mut text = String::with_capacity(json.len() / 2);
    let mut rest = json;
    while !rest.is_empty() {
        // Fragments begin with a few characters only, and what lies between is taken over at once.
        let plain = rest.find(is_first).unwrap_or(rest.len());
        let (before, after) = rest.split_at(plain);
        text.push_str(before);
        rest = after;
        let candidates = rest.chars().next().and_then(|first| BY_FIRST.get(&first));
        let mut fitting = candidates.into_iter().flatten().filter_map(|place| {
            Some((*place, rest.strip_prefix(FRAGMENTS.get(*place).copied()?)?))
        });
        match fitting.next() {
            Some((place, after)) => {
                push_place(&mut text, place);
                rest = after;
            }
            None => {
                let mut letters = rest.chars();
                text.extend(letters.next());
                rest = letters.as_str();
            }
        }
    }
    text
}

fn is_first(letter: char) -> bool {
    matches!(letter, '"' | '{' | '}' | ',' | 'c' | 'p' | 's' | 'u')
}

/// The places of the fragments by their first characters, the longest first.
static BY_FIRST: LazyLock<HashMap<char, Vec<usize>>> = LazyLock::new(|| {
    let mut places: HashMap<char, Vec<usize>> = HashMap::new();
    let mut all: Vec<(usize, &str)> = FRAGMENTS.into_iter().enumerate().collect();
    all.sort_by_key(|(_, fragment)| Reverse(fragment.len()));
    for (place, fragment) in all {
        for first in fragment.chars().take(1) {
            places.entry(first).or_default().push(place);
        }
    }
    places
});

fn push_place(text: &mut String, place: usize) {
    if let Some(letter) = SHORT.get(place) {
        text.push(*letter);
        return;
    }
    // There are fewer fragments than letters from the base on.
    let number = u8::try_from(place - SHORT.len()).unwrap_or(u8::MAX);
    text.push(LEAD);
    text.push(char::from(BASE.saturating_add(number)));
}

/// Puts the fragments back.
///
/// # Errors
/// Of the kind `UnreadableRow` if a newer version knows more of them.
pub(crate) fn expand(text: &str) -> Result<Cow<'_, str>, Failure> {
    if !text.contains(is_place) {
        return Ok(Cow::Borrowed(text));
    }
    let mut json = String::with_capacity(text.len() * 3);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if !is_place(letter) {
            json.push(letter);
            continue;
        }
        let place = match letter {
            LEAD => letters.next().and_then(behind_lead),
            _ => SHORT.iter().position(|short| *short == letter),
        };
        let fragment = place.and_then(|place| FRAGMENTS.get(place));
        let unknown = || Failure::unreadable("it is written with a dictionary of a newer version");
        json.push_str(fragment.ok_or_else(unknown)?);
    }
    Ok(Cow::Owned(json))
}

fn behind_lead(letter: char) -> Option<usize> {
    let number = u8::try_from(letter).ok()?.checked_sub(BASE)?;
    Some(SHORT.len() + usize::from(number))
}

fn is_place(letter: char) -> bool {
    letter < ' ' && !matches!(letter, '\t' | '\n' | '\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, bytes_max: usize) {
        let text = compress(json);
        assert!(text.len() <= bytes_max, "{} bytes: {text:?}", text.len());
        assert_eq!(expand(&text).unwrap(), json);
    }

    #[test]
    fn what_was_compressed_comes_back() {
        let long = "PAYOUT0000048271000000001";
        for (json, bytes_max) in [
            ("", 0),
            ("{}", 2),
            ("{\n\t\"key\": \"x\",\r\n\t\"b\": []\n}", 40),
            (r#"{"of":"tomorrow","text":"a\nb\u0001 ñ \"key\":\"x\""}"#, 60),
            (r#"{"entry":"attempt_begun","number":1,"at":1768046400000}"#, 15),
            (
                &format!(
                    r#"{{"entry":"observed","observation":{{"status":"pending","source":"query","seen_at":1768046400000,"asked_at":1768046400000,"reference":"{long}","echo":{{}}}},"change":"advanced"}}"#
                ),
                62,
            ),
            (
                &format!(
                    r#"{{"account":"account-0","event":{{"kind":"advanced"}},"subject":"payout","key":"k78dde6c4-4","status":"succeeded","was":"pending","reason":null,"amount":{{"minor":15000000,"currency":"COP"}},"returned":null,"reference":"{long}","at":1768046400000}}"#
                ),
                84,
            ),
        ] {
            check(json, bytes_max);
        }
    }

    #[test]
    fn every_fragment_has_a_place_of_its_own_and_can_be_found() {
        for (place, fragment) in FRAGMENTS.iter().enumerate() {
            assert!(fragment.starts_with(is_first), "{fragment}");
            assert!(!fragment.contains(is_place), "{fragment}");
            let mut text = String::new();
            push_place(&mut text, place);
            assert_eq!(expand(&text).unwrap(), *fragment, "{place}");
            assert_eq!(compress(fragment), text, "{fragment}");
        }
    }

    #[test]
    fn what_a_newer_version_wrote_is_unreadable() {
        for text in ["\u{1c}~", "\u{1c}", "\u{1c}ñ", "\u{1c} ", "\u{1f}", "{\u{1d}}"] {
            assert!(expand(text).unwrap_err().is_unreadable_row(), "{text:?}");
        }
    }
}
