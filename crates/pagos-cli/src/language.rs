//! The language in which the process speaks to people: what `--lang` says, or else the locale.
//! Nothing that a program reads depends on it.

use std::sync::OnceLock;

use clap::ValueEnum;

/// A language of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// Español
    Es,
    /// English
    En,
}

/// In the order in which POSIX looks at them.
const LOCALE: [&str; 3] = ["LC_ALL", "LC_MESSAGES", "LANG"];

/// It belongs to the process, like the streams of `console.rs`.
static SPOKEN: OnceLock<Language> = OnceLock::new();

/// Sets the language of the process, once, before anything is said. A command that does not set it
/// speaks English.
pub(crate) fn speak(chosen: Option<Language>) {
    let language = chosen.unwrap_or_else(|| of_locale(|name| std::env::var(name).ok()));
    // Nobody else sets it.
    let _ = SPOKEN.set(language);
}

/// The language of the process; English until it is set.
pub(crate) fn spoken() -> Language {
    SPOKEN.get().copied().unwrap_or(Language::En)
}

/// The first variable that is set and not empty decides.
fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Language {
    let locale = LOCALE.into_iter().filter_map(variable).find(|value| !value.is_empty());
    match locale.is_some_and(|locale| locale.to_ascii_lowercase().starts_with("es")) {
        true => Language::Es,
        false => Language::En,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_of_the_locale_decides() {
        let cases: [(&[(&str, &str)], Language); 8] = [
            (&[("LANG", "es_CL.UTF-8")], Language::Es),
            (&[("LANG", "ES")], Language::Es),
            (&[("LANG", "en_US.UTF-8")], Language::En),
            (&[("LANG", "es_CO.UTF-8"), ("LC_ALL", "C")], Language::En),
            (&[("LANG", "es_CO.UTF-8"), ("LC_MESSAGES", "en_US.UTF-8")], Language::En),
            (&[("LANG", "C"), ("LC_MESSAGES", "es_MX"), ("LC_ALL", "")], Language::Es),
            (&[("LANG", "pt_BR.UTF-8")], Language::En),
            (&[], Language::En),
        ];
        for (variables, expected) in cases {
            let value = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(of_locale(value), expected, "{variables:?}");
        }
    }
}
