//! The commands of a piece of shell, each as its words. Not a shell: it knows quotes, comments, `$(...)`,
//! redirections and here-documents, and leaves variables as they are.

use std::{iter::Peekable, str::Chars};

/// What stands in a word for the output of a command.
const OUTPUT: &str = "OUTPUT";

/// Every command, those inside `$(...)` too. Prompts (`$ `) and assignments before a command are left out.
pub fn split_commands(script: &str) -> Vec<Vec<String>> {
    let mut reader = Reader::new(script);
    reader.read();
    let strip = |words: Vec<String>| -> Vec<String> {
        words
            .into_iter()
            .skip_while(|word| word == "!" || word == "$" || is_assignment(word))
            .collect()
    };
    let commands = reader.commands.into_iter().map(strip);
    commands.filter(|words| !words.is_empty()).collect()
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
    })
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    commands: Vec<Vec<String>>,
    words: Vec<String>,
    word: Option<String>,
    /// The next word is the file of a redirection.
    is_redirected: bool,
    /// The last lines of the here-documents that begin on the next line.
    documents: Vec<String>,
}

impl<'a> Reader<'a> {
    fn new(script: &'a str) -> Self {
        Self {
            rest: script.chars().peekable(),
            commands: Vec::new(),
            words: Vec::new(),
            word: None,
            is_redirected: false,
            documents: Vec::new(),
        }
    }

    fn read(&mut self) {
        while let Some(c) = self.rest.next() {
            match c {
                '\'' => self.quote('\''),
                '"' => self.quote('"'),
                '\\' => match self.rest.next() {
                    Some('\n') | None => self.end_word(),
                    Some(other) => self.push(other),
                },
                '$' if self.rest.peek() == Some(&'(') => self.read_inner(),
                '#' if self.word.is_none() => while self.rest.next_if(|c| *c != '\n').is_some() {},
                '<' | '>' => self.redirect(c),
                '&' if self.is_redirected => {}
                ';' | '|' | '&' => self.end_command(),
                '\n' => {
                    self.end_command();
                    self.skip_documents();
                }
                ' ' | '\t' => self.end_word(),
                _ => self.push(c),
            }
        }
        self.end_command();
    }

    fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    fn quote(&mut self, end: char) {
        self.word.get_or_insert_default();
        while let Some(c) = self.rest.next() {
            match c {
                _ if c == end => return,
                '\\' if end == '"' => self.word.get_or_insert_default().extend(self.rest.next()),
                '$' if end == '"' && self.rest.peek() == Some(&'(') => self.read_inner(),
                _ => self.push(c),
            }
        }
    }

    /// The command of `$(...)`, up to its parenthesis.
    fn read_inner(&mut self) {
        self.rest.next();
        let (mut depth, mut inner) = (1, String::new());
        for c in self.rest.by_ref() {
            depth += i32::from(c == '(') - i32::from(c == ')');
            if depth == 0 {
                break;
            }
            inner.push(c);
        }
        self.commands.extend(split_commands(&inner));
        self.word.get_or_insert_default().push_str(OUTPUT);
    }

    fn redirect(&mut self, c: char) {
        // `2>` has its number before it.
        if self.word.as_ref().is_some_and(|word| word.chars().all(|c| c.is_ascii_digit())) {
            self.word = None;
        }
        self.end_word();
        let is_document = c == '<' && self.rest.next_if_eq(&'<').is_some();
        self.rest.next_if_eq(&'>');
        self.is_redirected = true;
        if is_document {
            let line = self.rest.clone().take_while(|c| !c.is_whitespace());
            self.documents.push(line.filter(|c| *c != '\'' && *c != '"').collect());
        }
    }

    fn skip_documents(&mut self) {
        for end in std::mem::take(&mut self.documents) {
            loop {
                let mut line = String::new();
                while let Some(c) = self.rest.next_if(|c| *c != '\n') {
                    line.push(c);
                }
                if self.rest.next().is_none() || line == end {
                    break;
                }
            }
        }
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        if !std::mem::take(&mut self.is_redirected) {
            self.words.push(word);
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        self.is_redirected = false;
        self.commands.push(std::mem::take(&mut self.words));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_split_as_a_shell_does() {
        for (script, expected) in [
            ("pagos pay a.csv # pay", "pagos pay a.csv"),
            ("pagos a; pagos b && c | d &", "pagos a/pagos b/c/d"),
            ("$ pagos a 'b c' \"d 'e'\"", "pagos a b c d 'e'"),
            ("pagos a \\\n    --b", "pagos a --b"),
            (
                "A=1 B=$(pagos c | cut -f 1) pagos d \"$(date +%F)\"",
                "pagos c/cut -f 1/date +%F/pagos d OUTPUT",
            ),
            ("pagos a 2>&1 > out.txt | tee b || echo \"c $?\"", "pagos a/tee b/echo c $?"),
            ("cat > a.csv <<'END'\npagos no\nEND\n! pagos b", "cat/pagos b"),
            ("# only words\n\n", ""),
        ] {
            let told: Vec<String> = split_commands(script).iter().map(|it| it.join(" ")).collect();
            assert_eq!(told.join("/"), expected, "{script}");
        }
    }
}
