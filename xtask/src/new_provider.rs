//! `cargo xtask new-provider NAME`: writes what every provider has, from the templates below
//! `xtask/scaffold`, and a row into each list of providers. It fills in nothing: tests fail and say where.

mod list;

use std::{collections::BTreeMap, fs, path::Path};

use clap::Args;

use crate::{
    failure::Failure,
    files::list_files,
    new_provider::list::LISTS,
    process,
    workspace::{PROVIDERS, Workspace},
};

/// The longest name. It is part of the names of crates, variables and files.
const NAME_LENGTH_MAX: usize = 20;

/// No module can have these names.
const KEYWORDS: [&str; 38] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self", "static",
    "super", "true", "type", "use",
];

/// Where a provider is a feature, and where it is a module.
const FACADE: [&str; 2] = ["crates/pagos/Cargo.toml", "crates/pagos/src/lib.rs"];

/// Where the kits of providers are; each has a letter of its own.
const KITS: &str = "crates/pagos-kit/src";

/// Writes everything that a new provider needs, unfilled: the workspace compiles, nobody can be paid
/// through it, and its tests say what is missing.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The provider's name: lower case letters and digits.
    name: String,
}

/// Files of the workspace, by their paths from its root.
type Files = BTreeMap<String, String>;

/// Writes the files and edits the lists, all of them or none.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<(), Failure> {
    let version = workspace.find("pagos").map_or("0.1.0", |facade| facade.version.as_str());
    let changes = plan(&workspace.root, &options.name, version)?;
    for (path, text) in &changes {
        let path = workspace.root.join(path);
        let written = path.parent().map_or(Ok(()), fs::create_dir_all);
        written
            .and_then(|()| fs::write(&path, text))
            .map_err(Failure::while_doing(path.display()))?;
    }
    if workspace.has_tool("fmt", "formatting")? {
        process::run(&mut workspace.cargo(&["fmt", "--all"]))?;
    }
    lock(workspace);
    changes.keys().for_each(|path| println!("wrote {path}"));
    println!("next: CONTRIBUTING.md, \"Adding a provider\"; cargo test -p pagos-{}", options.name);
    Ok(())
}

/// Writes the new crate into the lock files, with nothing else changed. Without a registry that may fail;
/// then whoever builds does it.
fn lock(workspace: &Workspace) {
    for folder in [".", "crates/pagos-fuzz/coverage"] {
        let mut command = workspace.cargo(&["update", "--workspace", "--quiet"]);
        if process::run(command.current_dir(workspace.root.join(folder))).is_err() {
            println!("not done: `cargo update --workspace` in {folder}");
        }
    }
}

/// What is written: every template with its names, and every list with its row.
fn plan(root: &Path, name: &str, version: &str) -> Result<Files, Failure> {
    check_name(name)?;
    if root.join("crates").join(format!("pagos-{name}")).exists() {
        return Err(Failure::new(format!("crates/pagos-{name} exists; choose another name")));
    }
    let names = Names { name, version, initial: free_initial(root, name)? };
    let mut files = Files::new();
    let templates = root.join("xtask/scaffold");
    for template in list_files(&templates)? {
        let text = read(&template)?;
        let inner = template.strip_prefix(&templates).unwrap_or(&template).to_string_lossy();
        let path = inner.strip_suffix(".in").unwrap_or(&inner).replace('\\', "/");
        let path = names.put_into(&path);
        if root.join(&path).exists() {
            return Err(Failure::new(format!("{path} exists; choose another name")));
        }
        files.insert(path, names.put_into(&text));
    }
    for (file, mark) in [(FACADE[0], format!("\n{name} = ")), (FACADE[1], format!(" as {name};"))] {
        if read(&root.join(file))?.contains(&mark) {
            let message = format!("{file} calls something {name}; choose another name");
            return Err(Failure::new(message));
        }
    }
    for list in &LISTS {
        let before = match files.remove(list.file) {
            Some(text) => text,
            None => read(&root.join(list.file))?,
        };
        let after = list
            .insert(&before, name, &names.put_into(list.row))
            .map_err(|because| Failure::new(format!("{}: {because}", list.file)))?;
        files.insert(list.file.to_owned(), after);
    }
    Ok(files)
}

fn check_name(name: &str) -> Result<(), Failure> {
    let refused = |because: &str| Err(Failure::new(format!("{name:?} is no name: {because}")));
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return refused("it begins with a lower case letter");
    }
    if !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()) {
        return refused("it has lower case letters and digits only");
    }
    if name.len() > NAME_LENGTH_MAX {
        return refused(&format!("it has at most {NAME_LENGTH_MAX} characters"));
    }
    if KEYWORDS.contains(&name) {
        return refused("it is a word of Rust");
    }
    Ok(())
}

/// What takes the place of the marks of a template.
struct Names<'a> {
    name: &'a str,
    version: &'a str,
    initial: char,
}

impl Names<'_> {
    fn put_into(&self, text: &str) -> String {
        let (first, rest) = self.name.split_at(1);
        text.replace("{name}", self.name)
            .replace("{Name}", &format!("{}{rest}", first.to_ascii_uppercase()))
            .replace("{NAME}", &self.name.to_ascii_uppercase())
            .replace("{version}", self.version)
            .replace("{initial}", &self.initial.to_string())
    }
}

/// The letter that keys of the simulation begin with: the name's own, or the first one that no other
/// provider has.
fn free_initial(root: &Path, name: &str) -> Result<char, Failure> {
    let mut taken = Vec::new();
    for provider in PROVIDERS.iter() {
        let kit = read(&root.join(KITS).join(format!("{provider}.rs")))?;
        let (_, body) = kit.split_once("fn key_initial").unwrap_or_default();
        taken.extend(body.split('\'').nth(1).and_then(|letter| letter.chars().next()));
    }
    let letters = name.chars().filter(char::is_ascii_lowercase).chain('a'..='z');
    let free = letters.into_iter().find(|letter| !taken.contains(letter));
    free.ok_or_else(|| Failure::new(format!("{KITS}: no letter is left for key_initial")))
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(Failure::while_doing(path.display()))
}

#[cfg(test)]
mod tests;
