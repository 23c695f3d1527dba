//! Every command that a page shows, in a block or within a line, is one that its program understands:
//! `pagos`, `cargo xtask`, and cargo with the crates, tests, benches and examples of the workspace.
//!
//! Words in capitals are placeholders and stand for any value, and so do variables. What is shown within a line may lack what
//! is needed ("`pagos resolve KEY`"), since a sentence may be about a part of a command.

use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory, builder::ValueParser, error::ErrorKind};
use xtask::pages::{Page, split_commands};

use super::Trial;

/// Where a command stands decides what it may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Block,
    Line,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn every_command_of_every_page_is_understood() {
    let pages = Page::read_all(&root()).unwrap();
    let (mut seen, mut findings) = (0, Vec::new());
    // What an entry of the change log says was so in its version.
    for page in pages.iter().filter(|page| page.path != "CHANGELOG.md") {
        let blocks = page.blocks.iter().filter(|block| block.is_shell());
        let blocks = blocks.map(|block| (block.line, block.text.as_str(), Place::Block));
        let spans = page.spans.iter().map(|span| (span.line, span.text.as_str(), Place::Line));
        for (line, text, place) in blocks.chain(spans) {
            for words in split_commands(text).iter().flat_map(|words| alternatives(words)) {
                let Some(judged) = judge(&words, place) else { continue };
                seen += 1;
                if let Err(because) = judged {
                    findings.push(format!("{}:{line}: {}: {because}", page.path, words.join(" ")));
                }
            }
        }
    }
    assert!(seen > 300, "{seen} commands");
    assert!(findings.is_empty(), "of {seen} commands:\n{}", findings.join("\n"));
}

/// `a|b` is either of them.
fn alternatives(words: &[String]) -> Vec<Vec<String>> {
    words.iter().fold(vec![Vec::new()], |commands, word| {
        let parts: Vec<&str> = match word.contains("://") {
            true => vec![word],
            false => word.split('|').collect(),
        };
        let mut longer = Vec::new();
        for part in parts {
            longer.extend(
                commands.iter().map(|it: &Vec<String>| [it, &[part.to_owned()][..]].concat()),
            );
        }
        longer
    })
}

/// Nothing where it is a command of another program.
fn judge(words: &[String], place: Place) -> Option<Result<(), String>> {
    // Which compiler it is for says nothing about the command.
    let words = words.iter().map(String::as_str).filter(|word| !word.starts_with("+1."));
    let words: Vec<&str> = words.collect();
    match words.as_slice() {
        ["sudo", "-u", _, "pagos", rest @ ..] => Some(parse(&pagos_cli::definition(), rest, place)),
        ["pagos", rest @ ..] => Some(parse(&pagos_cli::definition(), rest, place)),
        ["cargo", "xtask", rest @ ..] => {
            let trials = Trial::command();
            let is_trial = rest.first().is_some_and(|name| trials.find_subcommand(name).is_some());
            Some(parse(&if is_trial { trials } else { xtask::definition() }, rest, place))
        }
        ["cargo", "run", "--", rest @ ..] => Some(parse(&pagos_cli::definition(), rest, place)),
        ["cargo", "new" | "install" | "update" | "publish" | "deb" | "test" | "run", ..]
        | ["cargo", "bench" | "nextest" | "shear" | "tree", ..] => Some(find_targets(&words)),
        ["cargo", ..] => Some(Err("no command of cargo that a page names".to_owned())),
        _ => None,
    }
}

fn parse(definition: &Command, words: &[&str], place: Place) -> Result<(), String> {
    let words = fill(words);
    let told =
        |error: &clap::Error| error.to_string().lines().next().unwrap_or_default().to_owned();
    let line = || std::iter::once("program").chain(words.iter().map(String::as_str));
    let error = match definition.clone().try_get_matches_from(line()) {
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    let may_lack = place == Place::Line;
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(()),
        ErrorKind::MissingRequiredArgument
        | ErrorKind::MissingSubcommand
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            if may_lack =>
        {
            Ok(())
        }
        ErrorKind::InvalidValue if may_lack && told(&error).ends_with("none was supplied") => {
            Ok(())
        }
        // A placeholder is no number and no date: then only names and places are judged.
        ErrorKind::ValueValidation | ErrorKind::InvalidValue
            if words.iter().any(|word| is_placeholder(word) && told(&error).contains(word)) =>
        {
            match lenient(definition.clone()).try_get_matches_from(line()) {
                Err(error) if error.kind() != ErrorKind::MissingRequiredArgument || !may_lack => {
                    Err(told(&error))
                }
                _ => Ok(()),
            }
        }
        // `pagos COMMAND --help`
        ErrorKind::InvalidSubcommand if words.first().is_some_and(|word| is_placeholder(word)) => {
            Ok(())
        }
        _ => Err(told(&error)),
    }
}

/// `...` is a value after a flag, and nothing elsewhere; a path after a placeholder is one.
fn fill(words: &[&str]) -> Vec<String> {
    let mut filled: Vec<String> = Vec::new();
    for word in words {
        let follows_flag =
            filled.last().is_some_and(|last| last.starts_with("--") && !last.contains('='));
        match *word {
            "..." | "…" if follows_flag => filled.push("WHATEVER".to_owned()),
            "..." | "…" => {}
            word => filled.push(word.to_owned()),
        }
    }
    filled
}

/// `KEY`, or a variable of the shell.
fn is_placeholder(word: &str) -> bool {
    let word = word.trim_start_matches('$');
    let letters = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    !word.is_empty() && word.chars().all(letters) && word.chars().any(|c| c.is_ascii_uppercase())
}

/// The same commands and flags, whatever their values.
fn lenient(command: Command) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|it| it.get_name().to_owned()).collect();
    let command = command.mut_args(|argument| match argument.get_action().takes_values() {
        true => argument.value_parser(ValueParser::string()).default_value(None::<&str>),
        false => argument,
    });
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, lenient))
}

/// Crates, tests, benches and examples that are named are there.
fn find_targets(words: &[&str]) -> Result<(), String> {
    let after = |flags: &[&str]| -> Vec<&str> {
        let pairs = words.windows(2).filter(|pair| flags.contains(&pair[0]));
        pairs.map(|pair| pair[1]).filter(|name| !is_placeholder(name)).collect()
    };
    let crates = after(&["-p", "--package"]);
    let folder = |name: &str| root().join("crates").join(name);
    let is_ours = |name: &str| name.starts_with("pagos");
    if let Some(lost) =
        crates.iter().find(|it| is_ours(it) && !folder(it).join("Cargo.toml").is_file())
    {
        return Err(format!("there is no crate {lost}"));
    }
    for (flag, inner) in [("--test", "tests"), ("--bench", "benches"), ("--example", "examples")] {
        for name in after(&[flag]) {
            let is_there = crates.iter().any(|it| {
                let at = folder(it).join(inner);
                at.join(format!("{name}.rs")).is_file() || at.join(name).join("main.rs").is_file()
            });
            if !is_there {
                return Err(format!("there is no {name} in {inner}"));
            }
        }
    }
    Ok(())
}

#[test]
fn what_no_program_understands_is_found() {
    let judge = |text: &str, place| judge(&split_commands(text)[0], place);
    for (text, place, is_good) in [
        ("pagos pay FILE --sandbox", Place::Block, true),
        ("pagos pay FILE --sandbox --rate N", Place::Block, true),
        ("pagos pay FILE --send-twice", Place::Block, false),
        ("pagos pay FILE --rate many", Place::Block, false),
        ("pagos resolve KEY", Place::Line, true),
        ("pagos resolve KEY", Place::Block, false),
        ("pagos resolve KEY --as ... --note ...", Place::Block, true),
        ("pagos resolve KEY --as paid --note done", Place::Line, false),
        ("pagos reslove KEY", Place::Line, false),
        ("cargo xtask crash --kills 5", Place::Line, true),
        ("cargo xtask crash --kill 5", Place::Line, false),
        ("cargo xtask tidy --quick", Place::Line, false),
        ("cargo run -- pay a.csv --sandbox", Place::Block, true),
        ("cargo test -p pagos-cli --test pages", Place::Block, true),
        ("cargo test -p pagos-cli --test nobody", Place::Block, false),
        ("cargo bench -p pagos-nobody", Place::Block, false),
    ] {
        assert_eq!(judge(text, place).unwrap().is_ok(), is_good, "{text} in a {place:?}");
    }
    assert_eq!(judge("curl -s http://127.0.0.1", Place::Block), None);
}
