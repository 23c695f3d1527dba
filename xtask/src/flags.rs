//! `--name value` and `--switch` arguments of a command, and names before them.

use std::collections::BTreeMap;

use crate::failure::Failure;

/// The arguments that were given and not taken yet.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Flags {
    names: Vec<String>,
    given: BTreeMap<String, Option<String>>,
}

impl Flags {
    /// Reads names first, then `--name value`, `--name=value` and `--switch`.
    pub fn parse(words: &[String]) -> Result<Self, Failure> {
        let mut given = BTreeMap::new();
        let mut words = words.iter().peekable();
        let mut names = Vec::new();
        while let Some(name) = words.next_if(|next| !next.starts_with("--")) {
            names.push(name.clone());
        }
        while let Some(word) = words.next() {
            let Some(name) = word.strip_prefix("--") else {
                return Err(Failure::new(format!("{word:?} is not a flag; flags begin with --")));
            };
            let (name, value) = match name.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (name, words.next_if(|next| !next.starts_with("--")).cloned()),
            };
            if given.insert(name.to_owned(), value).is_some() {
                return Err(Failure::new(format!("--{name} was given twice")));
            }
        }
        Ok(Self { names, given })
    }

    /// The names before the flags.
    pub fn take_names(&mut self) -> Vec<String> {
        std::mem::take(&mut self.names)
    }

    /// Was the switch given?
    pub fn take_switch(&mut self, name: &str) -> Result<bool, Failure> {
        match self.given.remove(name) {
            None => Ok(false),
            Some(None) => Ok(true),
            Some(Some(value)) => {
                Err(Failure::new(format!("--{name} takes no value, but was given {value:?}")))
            }
        }
    }

    /// The text of a flag, or what holds without it.
    pub fn take_text(&mut self, name: &str, otherwise: &str) -> Result<String, Failure> {
        match self.given.remove(name) {
            None => Ok(otherwise.to_owned()),
            Some(Some(value)) => Ok(value),
            Some(None) => Err(Failure::new(format!("--{name} needs a value"))),
        }
    }

    /// The number of a flag, or what holds without it.
    pub fn take_number(&mut self, name: &str, otherwise: u64) -> Result<u64, Failure> {
        let text = self.take_text(name, &otherwise.to_string())?;
        text.parse().map_err(|_| Failure::new(format!("--{name} {text:?} is not a whole number")))
    }

    /// Refuses whatever nobody took.
    pub fn end(self) -> Result<(), Failure> {
        if let Some(name) = self.names.first() {
            return Err(Failure::new(format!("{name:?} is not a flag; flags begin with --")));
        }
        match self.given.keys().next() {
            None => Ok(()),
            Some(name) => Err(Failure::new(format!("this command has no flag --{name}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Flags, Failure> {
        Flags::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn flags_are_taken_by_name() {
        let mut flags = parse("--kills 5 --dry-run --seed=9").unwrap();
        assert_eq!(flags.take_number("kills", 50), Ok(5));
        assert_eq!(flags.take_number("seed", 1), Ok(9));
        assert_eq!(flags.take_number("rows", 5_000), Ok(5_000));
        assert_eq!(flags.take_switch("dry-run"), Ok(true));
        assert_eq!(flags.take_switch("verbose"), Ok(false));
        assert_eq!(flags.end(), Ok(()));
    }

    #[test]
    fn names_come_before_the_flags() {
        let mut flags = parse("one two --seed 3").unwrap();
        assert_eq!(flags.take_names(), ["one", "two"]);
        assert_eq!(flags.take_number("seed", 1), Ok(3));
        assert_eq!(flags.end(), Ok(()));
        assert!(parse("--dry-run one").unwrap().take_switch("dry-run").is_err());
        assert!(parse("--seed 3 one").is_err());
    }

    #[test]
    fn what_nobody_understands_is_refused() {
        assert!(parse("kills").unwrap().end().is_err());
        assert!(parse("--seed 1 --seed 2").is_err());
        assert!(parse("--kills many").unwrap().take_number("kills", 1).is_err());
        assert!(parse("--kills").unwrap().take_number("kills", 1).is_err());
        assert!(parse("--dry-run yes").unwrap().take_switch("dry-run").is_err());
        assert!(parse("--kill 5").unwrap().end().is_err());
    }
}
