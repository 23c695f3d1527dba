//! The lists that name every provider, and how a row comes into one: in the order of names, once.

use crate::workspace::PROVIDERS;

/// One list of providers in a file.
pub(super) struct List {
    pub(super) file: &'static str,
    /// The lines of one provider. Up to the first `{name}`, and from there to the next space or sign,
    /// the first of them is what the rows are known by.
    pub(super) row: &'static str,
}

/// Every list there is. Whoever adds one adds a reason why it cannot be derived.
pub(super) const LISTS: [List; 15] = [
    List {
        file: "Cargo.toml",
        row: "pagos-{name} = { version = \"{version}\", path = \"crates/pagos-{name}\" }",
    },
    List { file: "crates/pagos/Cargo.toml", row: "{name} = [\"dep:pagos-{name}\"]" },
    List { file: "crates/pagos/Cargo.toml", row: ALL_PROVIDERS },
    List {
        file: "crates/pagos/Cargo.toml",
        row: "pagos-{name} = { workspace = true, optional = true }",
    },
    List {
        file: "crates/pagos/src/lib.rs",
        row: "#[cfg(feature = \"{name}\")]\n#[doc(inline)]\npub use pagos_{name} as {name};\n",
    },
    // Readers of the crate's page see them, and no tool makes a table of features.
    List {
        file: "crates/pagos/src/lib.rs",
        row: "//! | `{name}` | `{name}` | the provider {Name} |",
    },
    List {
        file: "crates/pagos/README.md",
        row: "| `{name}` | the provider {Name}, as `pagos::{name}` |",
    },
    List { file: "crates/pagos-cli/Cargo.toml", row: "pagos-{name}.workspace = true" },
    List { file: "crates/pagos-cli/src/accounts.rs", row: "mod {name};" },
    List { file: "crates/pagos-cli/src/accounts.rs", row: "    {name}::KNOWN," },
    List { file: "crates/pagos-kit/Cargo.toml", row: "pagos-{name}.workspace = true" },
    List { file: "crates/pagos-kit/src/lib.rs", row: "mod {name};" },
    List { file: "crates/pagos-kit/src/lib.rs", row: "    Kit(&{name}::{Name}Kit)," },
    List { file: "crates/pagos-twin/src/lib.rs", row: "pub mod {name};" },
    List {
        file: "crates/pagos-twin/src/lib.rs",
        row: "        Box::new({name}::{Name}Twin::new({name}::{Name}Settings::default())),",
    },
];

/// The line of the facade's feature, in which the names stand side by side.
const ALL_PROVIDERS: &str = "all-providers = [";

impl List {
    /// The text with `row`, which is the list's row with the names of provider `name`.
    pub(super) fn insert(&self, text: &str, name: &str, row: &str) -> Result<String, String> {
        if self.row == ALL_PROVIDERS {
            return insert_word(text, name);
        }
        let lines: Vec<&str> = text.lines().collect();
        if lines.iter().any(|line| self.key(line) == Some(name)) {
            return Err(format!("{name} is in its list of providers already"));
        }
        let at = self.find_place(&lines, name).ok_or("its list of providers is not found")?;
        let (above, below) = lines.split_at(at);
        let mut inserted = [above, &[row], below].concat().join("\n");
        inserted.push('\n');
        Ok(inserted)
    }

    /// Whose row the line is.
    pub(super) fn key<'a>(&self, line: &'a str) -> Option<&'a str> {
        let (before, after) = self.row.split_once("{name}")?;
        let sign = after.get(..1).unwrap_or_default();
        let (before, line) = (without_visibility(before), without_visibility(line));
        let (key, rest) = line.strip_prefix(before)?.split_once(sign)?;
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
        let after = after.split(['{', '\n']).next().unwrap_or_default();
        let is_alike = rest.starts_with(after.get(1..).unwrap_or_default());
        (is_alike && !key.is_empty() && key.chars().all(is_name)).then_some(key)
    }

    /// Before the first row of a greater name. Rows of providers say where the list is; others, such as
    /// modules, may stand in it too.
    fn find_place(&self, lines: &[&str], name: &str) -> Option<usize> {
        let key = |at: usize| lines.get(at).and_then(|line| self.key(line));
        let is_provider = |at: &usize| key(*at).is_some_and(|it| PROVIDERS.iter().any(|p| p == it));
        let rows: Vec<usize> = (0..lines.len()).filter(is_provider).collect();
        let greater = rows.iter().find(|at| key(**at) > Some(name));
        let height = self.row.split('\n').count();
        let mut place = match greater {
            Some(at) => *at,
            None => *rows.last()? + height,
        };
        let is_attribute = |at: usize| lines.get(at).is_some_and(|line| line.starts_with("#["));
        while let Some(above) = place.checked_sub(1)
            && (is_attribute(above) || key(above) > Some(name))
        {
            place = above;
        }
        let is_less = |at: usize| key(at).is_some_and(|it| it < name);
        while is_less(place) || is_attribute(place) && is_less(place + 1) {
            place += height;
        }
        Some(place)
    }
}

fn without_visibility(line: &str) -> &str {
    ["pub(crate) ", "pub "].iter().find_map(|word| line.strip_prefix(word)).unwrap_or(line)
}

/// The feature `all-providers` with one name more, in order.
fn insert_word(text: &str, name: &str) -> Result<String, String> {
    let (before, rest) =
        text.split_once(ALL_PROVIDERS).ok_or("it has no feature all-providers in one line")?;
    let (words, after) = rest.split_once(']').ok_or("its feature all-providers has no end")?;
    let quoted = format!("\"{name}\"");
    let mut words: Vec<&str> = words.split(", ").collect();
    if words.contains(&quoted.as_str()) {
        return Err(format!("{name} is in the feature all-providers already"));
    }
    words.push(&quoted);
    words.sort_unstable();
    Ok(format!("{before}{ALL_PROVIDERS}{}]{after}", words.join(", ")))
}
