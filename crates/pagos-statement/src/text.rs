//! Texts and references as the readers put them together.

use crate::Text;

impl Text {
    /// The text, unless it is empty.
    pub(crate) fn some(text: &str) -> Option<Self> {
        Some(Self::new(text)).filter(|it| !it.is_empty())
    }
}

/// Words of several fields, joined by a space.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words {
    text: String,
}

impl Words {
    pub(crate) fn add(&mut self, text: &str) {
        for word in text.split_whitespace() {
            if !self.text.is_empty() {
                self.text.push(' ');
            }
            self.text.push_str(word);
        }
    }

    pub(crate) fn finish(self) -> Text {
        Text::new(self.text)
    }
}

/// References in their order, each once, without the words that stand for none.
pub(crate) fn references<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<Text> {
    let mut found: Vec<Text> = Vec::new();
    for text in texts {
        let is_none = NONE.iter().any(|word| text.trim().eq_ignore_ascii_case(word));
        if let Some(text) = Text::some(text).filter(|_| !is_none)
            && !found.contains(&text)
        {
            found.push(text);
        }
    }
    found
}

/// What banks write where there is no reference.
const NONE: [&str; 4] = ["NOTPROVIDED", "NOT PROVIDED", "NONREF", "NOREF"];
