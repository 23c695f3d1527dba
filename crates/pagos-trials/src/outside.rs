//! `cargo xtask outside`: crates outside of the workspace, made of nothing but a page of the guide, as a
//! reader makes them. They take the crates of Pagos from this folder, as if a registry had them.

use std::{fmt::Write, fs, path::Path};

use clap::Args;
use xtask::pages::{Block, Page};

use crate::{failure::Failure, process, tally::Tally, workspace::Workspace};

/// Builds and runs crates that are made of pages of the guide.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only these: first-payout, third-party-provider.
    names: Vec<String>,
}

/// A page, how its crate is made, and what shows that it works.
struct Outside {
    name: &'static str,
    /// The name of the crate.
    package: &'static str,
    /// What is in it, by the page.
    make: fn(&Workspace, &[Block]) -> Result<Vec<File>, Failure>,
    /// The command of cargo that a reader gives.
    command: &'static str,
    /// A line that it prints.
    says: &'static str,
}

/// A file of such a crate; of its manifest, what is added.
struct File {
    path: &'static str,
    text: String,
}

const OUTSIDES: [Outside; 2] = [
    Outside {
        name: "third-party-provider",
        package: "acme",
        make: make_provider,
        command: "test",
        says: "test acme_does_what_its_documents_say ... ok",
    },
    Outside {
        name: "first-payout",
        package: "first-payout",
        make: make_payout,
        command: "run",
        says: "salary-2026-01-ana succeeded",
    },
];

/// Makes, builds and runs the crates that are named, or all of them.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<Tally, Failure> {
    let is_known = |name: &&String| OUTSIDES.iter().any(|outside| outside.name == **name);
    if let Some(name) = options.names.iter().find(|name| !is_known(name)) {
        return Err(Failure::new(format!("no page of the name {name} makes a crate")));
    }
    let is_meant = |it: &&Outside| {
        options.names.is_empty() || options.names.iter().any(|name| name == it.name)
    };
    // Downloads what this machine does not have yet; the crates then take it from there.
    let words = ["tree", "--quiet", "--locked", "--workspace", "--all-features"];
    process::read_stdout(&mut workspace.cargo(&words))?;
    let mut tally = Tally::default();
    for outside in OUTSIDES.iter().filter(is_meant) {
        let has_passed = try_page(workspace, outside)?;
        let word = if has_passed { "ok" } else { "failed" };
        println!("outside: docs/guide/{}.md: {word}", outside.name);
        tally.passed += usize::from(has_passed);
        tally.failed += usize::from(!has_passed);
    }
    Ok(tally)
}

fn try_page(workspace: &Workspace, outside: &Outside) -> Result<bool, Failure> {
    let blocks = read_blocks(workspace, outside.name)?;
    let files = (outside.make)(workspace, &blocks)?;
    let folder = workspace.target.join("outside").join(outside.package);
    let _ = fs::remove_dir_all(&folder);
    for File { path, text } in files {
        let made = if path == "Cargo.toml" { manifest(outside.package) } else { String::new() };
        write(&folder.join(path), &(made + &text))?;
    }
    // The versions of the workspace, which are there already, and its crates in place of a registry's.
    write(&folder.join(".cargo/config.toml"), &patches(workspace))?;
    let lock = workspace.root.join("Cargo.lock");
    fs::copy(&lock, folder.join("Cargo.lock")).map_err(Failure::while_doing(lock.display()))?;
    let mut command = workspace.cargo(&[outside.command, "--offline"]);
    command.current_dir(&folder);
    let heard = process::overhear(command.env("CARGO_TARGET_DIR", &workspace.target))?;
    let warns = heard.text.contains(&format!("warning: `{}`", outside.package));
    Ok(heard.is_success && !warns && heard.text.lines().any(|line| line == outside.says))
}

/// As `cargo new` writes it, up to the dependencies. It is a workspace of its own, since the target
/// folder can lie inside of ours, to which `cargo new` would add it.
fn manifest(package: &str) -> String {
    format!(
        "[workspace]\n\n[package]\nname = \"{package}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n"
    )
}

fn read_blocks(workspace: &Workspace, name: &str) -> Result<Vec<Block>, Failure> {
    let path = format!("docs/guide/{name}.md");
    let text =
        fs::read_to_string(workspace.root.join(&path)).map_err(Failure::while_doing(&path))?;
    Ok(Page::parse(&path, &text).blocks)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).map_err(Failure::while_doing(parent.display()))?;
    fs::write(path, text).map_err(Failure::while_doing(path.display()))
}

/// Every published crate of the workspace, under the name that a registry would have.
fn patches(workspace: &Workspace) -> String {
    let published = workspace.packages.iter().filter(|package| package.is_published);
    published.fold("[patch.crates-io]\n".to_owned(), |mut text, package| {
        let _ = writeln!(text, "{} = {{ path = {:?} }}", package.name, package.folder);
        text
    })
}

fn file(path: &'static str, text: &str) -> File {
    File { path, text: text.to_owned() }
}

fn make_payout(_: &Workspace, blocks: &[Block]) -> Result<Vec<File>, Failure> {
    match blocks {
        [manifest, main] => {
            Ok(vec![file("Cargo.toml", &manifest.text), file("src/main.rs", &main.text)])
        }
        _ => Err(Failure::new(format!("a page with {} blocks", blocks.len()))),
    }
}

/// The library is the program of another page, changed as this page says.
fn make_provider(workspace: &Workspace, blocks: &[Block]) -> Result<Vec<File>, Failure> {
    let own = read_blocks(workspace, "own-provider")?;
    let ([manifest, constructor, fixture, suite], [program]) = (blocks, own.as_slice()) else {
        return Err(Failure::new(format!("{} and {} blocks", blocks.len(), own.len())));
    };
    let (before, rest) = split(&program.text, "use pagos_conformance::")?;
    let (_, rest) = split(rest, "\n")?;
    let (code, _) = split(rest, "\n/// Builds Acme for one case")?;
    let library = format!("{before}{code}\n{}", constructor.text);
    let library = library.replace("\nstruct Acme {", "\npub struct Acme {");
    let library = library.replace("error::Error as StdError, path::Path, ", "");
    Ok(vec![
        file("Cargo.toml", &manifest.text),
        file("src/lib.rs", &library),
        file("fixtures/acme/documented/payout-create/accepted.fixture", &fixture.text),
        file("tests/conformance.rs", &suite.text),
    ])
}

fn split<'a>(text: &'a str, at: &str) -> Result<(&'a str, &'a str), Failure> {
    text.split_once(at).ok_or_else(|| Failure::new(format!("the program lacks {at:?}")))
}
