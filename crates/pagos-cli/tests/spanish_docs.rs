//! The pages in Spanish do not drift from those in English: the same headings, code blocks and
//! commands in the same order.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

/// A page and its translation.
const PAGES: [(&str, &str); 2] =
    [("docs/OPERATIONS.md", "docs/es/OPERACIONES.md"), ("README.md", "README.es.md")];

#[test]
fn each_translation_has_the_headings_code_and_commands_of_its_page() {
    for (page, translation) in PAGES {
        let (english, spanish) = (sections(&read(page)), sections(&read(translation)));
        for (place, (there, here)) in english.iter().zip(&spanish).enumerate() {
            assert_eq!(
                there.level, here.level,
                "heading {place} of {translation}: {}",
                here.heading
            );
            assert_eq!(there.code, here.code, "code below {:?} of {translation}", here.heading);
            let commands = (&there.commands, &here.commands);
            assert_eq!(
                commands.0, commands.1,
                "commands below {:?} of {translation}",
                here.heading
            );
        }
        assert_eq!(english.len(), spanish.len(), "headings of {translation}");
    }
}

#[test]
fn a_page_that_lacks_a_command_or_a_block_is_seen() {
    let page = sections("# A\nUse `pagos pay FILE --yes`.\n```sh\npagos plan FILE  # why\n```\n");
    let text = "# B\nUse `pagos pay ARCHIVO --yes`.\n```sh\npagos plan ARCHIVO  # por qué\n```\n";
    let same = sections(text);
    assert_eq!((&page[0].code, &page[0].commands), (&same[0].code, &same[0].commands));
    assert_ne!(page[0].commands, sections(&text.replace("--yes", "--json"))[0].commands);
    assert_ne!(page[0].code, sections(&text.replace("plan", "status"))[0].code);
}

fn read(page: &str) -> String {
    let path = format!("{}/../../{page}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// What is below one heading.
#[derive(Default)]
struct Section {
    level: usize,
    heading: String,
    /// The lines of code, without comments.
    code: Vec<Vec<String>>,
    /// The commands within the text, sorted, because another language has another order.
    commands: Vec<Vec<String>>,
}

fn sections(page: &str) -> Vec<Section> {
    let mut sections = Vec::new();
    let (mut section, mut text, mut is_code) = (Section::default(), String::new(), false);
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
            section.code.push(vec![line.trim().to_owned()]);
        } else if is_code {
            let code = line.split(" # ").next().unwrap_or_default();
            let is_comment = code.trim_start().starts_with("# ");
            section.code.extend((!is_comment && !code.is_empty()).then(|| words(code)));
        } else if let Some(heading) = line.strip_prefix('#') {
            sections.push(finish(section, &text));
            let level = heading.chars().take_while(|letter| *letter == '#').count();
            section = Section { level, heading: line.to_owned(), ..Section::default() };
            text.clear();
        } else {
            text.push_str(line);
            text.push('\n');
        }
    }
    sections.push(finish(section, &text));
    sections.retain(|section| !section.heading.is_empty());
    sections
}

fn finish(mut section: Section, text: &str) -> Section {
    let spans = text.split('`').skip(1).step_by(2);
    let commands = spans.filter(|span| span.starts_with("pagos ") || span.starts_with("cargo "));
    section.commands = commands.map(words).collect();
    section.commands.sort();
    section
}

/// The words of a command, without its placeholders, its notes for people and the names of files.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut is_note = false;
    for word in command.split_whitespace() {
        let word = word.trim_end_matches(';');
        is_note |= word.starts_with('"');
        let is_placeholder =
            word.chars().any(char::is_uppercase) && !word.contains(char::is_lowercase);
        if !(is_note || is_placeholder || word.ends_with(".csv")) {
            words.push(word.to_owned());
        }
        is_note &= !(word.len() > 1 && word.ends_with('"'));
    }
    words
}
