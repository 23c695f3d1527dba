//! The Markdown files of the workspace: their headings, links, code blocks, and who proves each block.
//!
//! A block is proved by whoever a comment names that stands right before it, or at the top of the
//! page for all blocks of the page (`blocks:` in place of `block:`):
//!
//! * `<!-- block: tested by FILE -->`: the test in FILE reads the page and runs or reads the block;
//! * `<!-- block: part of FILE -->`: its lines stand in FILE, one after the other;
//! * `<!-- block: not run, because ... -->`: it is an illustration.

mod shell;

use std::{collections::BTreeSet, fs, ops::Range, path::Path};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

pub use self::shell::split_commands;
use crate::{failure::Failure, files::list_files};

/// The folders that have pages.
const FOLDERS: [&str; 7] = [".github", "crates", "docs", "examples", "fixtures", "ops", "xtask"];

/// One Markdown file.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// From the root of the workspace, with slashes.
    pub path: String,
    /// What GitHub calls its headings in addresses.
    pub anchors: BTreeSet<String>,
    /// Where it points to.
    pub links: Vec<Piece>,
    /// Code within a line.
    pub spans: Vec<Piece>,
    /// Fenced code.
    pub blocks: Vec<Block>,
}

/// A text and the line that it begins in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The line, from 1.
    pub line: usize,
    /// A target or a piece of code.
    pub text: String,
}

/// A fenced block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The line of its fence, from 1.
    pub line: usize,
    /// The words after the fence: `rust,ignore`.
    pub kind: String,
    /// What is in it.
    pub text: String,
    /// Who proves it, where a comment says so.
    pub mark: Option<String>,
}

impl Page {
    /// Every page below the root of the workspace, in the order of their paths.
    pub fn read_all(root: &Path) -> Result<Vec<Self>, Failure> {
        let mut files: Vec<_> = fs::read_dir(root)
            .map_err(Failure::while_doing(root.display()))?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.is_file())
            .collect();
        for folder in FOLDERS {
            files.extend(list_files(&root.join(folder))?);
        }
        files.retain(|file| file.extension().is_some_and(|it| it == "md") && !is_built(file));
        files.sort();
        let read = |file: &std::path::PathBuf| {
            let inner = file.strip_prefix(root).unwrap_or(file);
            let path = inner.to_string_lossy().replace('\\', "/");
            let text = fs::read_to_string(file).map_err(Failure::while_doing(&path))?;
            Ok(Self::parse(&path, &text))
        };
        files.iter().map(read).collect()
    }

    /// Reads one page.
    pub fn parse(path: &str, text: &str) -> Self {
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
        let mut page = Self { path: path.to_owned(), ..Self::default() };
        let (mut heading, mut block): (Option<String>, Option<Block>) = (None, None);
        let (mut mark, mut mark_of_all) = (None, None);
        for (event, place) in Parser::new_ext(text, options).into_offset_iter() {
            let line = line_of(text, &place);
            match event {
                Event::Html(html) => match read_mark(&html) {
                    Some(("block", who)) => mark = Some(who.to_owned()),
                    Some(("blocks", who)) => mark_of_all = Some(who.to_owned()),
                    _ => {}
                },
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(kind))) => {
                    let (kind, text) = (kind.to_string(), String::new());
                    block = Some(Block { line, kind, text, mark: mark.take() });
                }
                Event::End(TagEnd::CodeBlock) => page.blocks.extend(block.take()),
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    page.add_anchor(&heading.take().unwrap_or_default())
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(Piece { line, text: dest_url.to_string() });
                }
                Event::Text(text) | Event::Code(text) if heading.is_some() => {
                    heading.get_or_insert_default().push_str(&text);
                }
                Event::Code(text) => page.spans.push(Piece { line, text: text.to_string() }),
                Event::Text(text) => {
                    if let Some(block) = &mut block {
                        block.text.push_str(&text);
                    }
                }
                Event::Start(Tag::Paragraph | Tag::Table(_)) => mark = None,
                _ => {}
            }
        }
        for block in page.blocks.iter_mut().filter(|block| block.mark.is_none()) {
            block.mark.clone_from(&mark_of_all);
        }
        page
    }

    /// As GitHub names a heading: small letters, hyphens for blanks, a number for a repetition.
    fn add_anchor(&mut self, heading: &str) {
        let kept = heading.trim().to_lowercase();
        let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        let name: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let repeated = (1..).map(|number| format!("{name}-{number}"));
        let mut names = std::iter::once(name.clone()).chain(repeated);
        self.anchors.extend(names.find(|name| !self.anchors.contains(name)));
    }
}

impl Block {
    /// Is it lines for a shell?
    pub fn is_shell(&self) -> bool {
        matches!(self.kind.as_str(), "sh" | "console")
    }
}

/// Not ours: what a build left below a folder of ours.
fn is_built(file: &Path) -> bool {
    file.components().any(|part| part.as_os_str() == "target" || part.as_os_str() == "node_modules")
}

fn line_of(text: &str, place: &Range<usize>) -> usize {
    text.get(..place.start).unwrap_or_default().matches('\n').count() + 1
}

/// `block` or `blocks`, and what it says of them.
fn read_mark(html: &str) -> Option<(&str, &str)> {
    let (name, who) = html.trim().strip_prefix("<!--")?.strip_suffix("-->")?.split_once(": ")?;
    Some((name.trim(), who.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_has_the_name_that_github_gives_it() {
        let page = Page::parse(
            "a.md",
            "# The `pagos` command, and more\n## 2. Why it holds\n## Más: é_x - y\n## More\n## More\n",
        );
        let names =
            ["the-pagos-command-and-more", "2-why-it-holds", "más-é_x---y", "more", "more-1"];
        assert_eq!(page.anchors, names.map(str::to_owned).into());
    }

    #[test]
    fn links_and_code_have_their_lines_and_a_link_in_code_is_none() {
        let text = "Look [there](b.md#x),\n![a](c.png) and [d][e]: `[no](z.md)`.\n\n[e]: f.md\n";
        let page = Page::parse("a.md", text);
        let links: Vec<_> = page.links.iter().map(|it| (it.line, it.text.as_str())).collect();
        assert_eq!(links, [(1, "b.md#x"), (2, "c.png"), (2, "f.md")]);
        assert_eq!(page.spans, [Piece { line: 2, text: "[no](z.md)".to_owned() }]);
    }

    #[test]
    fn a_mark_is_about_the_block_after_it() {
        let text = "# A\n\n<!-- blocks: tested by a.rs -->\n\n```sh\none\n```\n\n\
                    <!-- block: part of b.rs -->\n```rust,ignore\ntwo\n```\n\n\
                    <!-- block: part of c.rs -->\n\nWords.\n\n```\nthree\n```\n\n\
                    1. In a list:\n\n   <!-- block: part of d.rs -->\n   ```\n   four\n   ```\n";
        let page = Page::parse("a.md", text);
        let marks: Vec<_> = page.blocks.iter().map(|it| it.mark.as_deref().unwrap()).collect();
        assert_eq!(marks, ["tested by a.rs", "part of b.rs", "tested by a.rs", "part of d.rs"]);
        let texts: Vec<_> = page.blocks.iter().map(|it| it.text.trim()).collect();
        assert_eq!(texts, ["one", "two", "three", "four"]);
        assert_eq!((page.blocks[1].line, page.blocks[1].kind.as_str()), (10, "rust,ignore"));
        assert!(page.blocks[0].is_shell() && !page.blocks[1].is_shell());
    }
}
