//! Files of cases as a third party writes them: what is taken from `defaults/`, and what the reader says
//! to every mistake.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use pagos_conformance::{Case, Kind, Replay};

const HEAD: &str = "description = \"a\"\nsource = \"b\"\nread = \"2026-01-10\"\n";

const DEFAULTS: &str = r#"clock = "2026-01-15T13:20:30Z"
handle = "h"

[settings]
BASE_URL = "https://acme.example"
API_KEY = "k"

=== order
{"key": "default"}

=== request 1
GET https://acme.example/login

=== signature 1
signed

=== response 1
HTTP/1.1 200

=== request 2
GET https://acme.example/payouts
"#;

/// A folder of fixtures with these files.
struct Fixtures(PathBuf);

impl Fixtures {
    fn new(name: &str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&root);
        Self(root)
    }

    fn write(&self, file: &str, text: impl AsRef<[u8]>) {
        let file = self.0.join("acme").join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    fn read(&self) -> Result<Vec<Case>, String> {
        Case::read_all(&self.0, "acme")
    }
}

#[test]
fn a_case_takes_what_it_lacks() {
    let fixtures = Fixtures::new("cases-defaults");
    fixtures.write("defaults/listing.fixture", DEFAULTS);
    let last = "\n=== response 2\nHTTP/1.1 200\n\n[]\n";
    let own =
        "clock = \"2026-02-01T00:00:00Z\"\n\n[settings]\nAPI_KEY = \"own\"\n\n=== order\n{}\n";
    let cases = [
        ("computed", "asks", format!("{HEAD}{last}")),
        ("computed", "asks-nothing", HEAD.to_owned()),
        ("computed", "asks-otherwise", format!("{HEAD}\n=== request 1\nGET /\n{last}")),
        ("computed", "is-lost", format!("{HEAD}\n=== failure 1\nreached = \"no\"\nmessage = \"\"")),
        ("documented", "says-all", format!("{HEAD}{own}")),
    ];
    for (kind, name, text) in &cases {
        fixtures.write(&format!("{kind}/listing/{name}.fixture"), text);
    }
    let read = fixtures.read().unwrap();
    let names: Vec<&str> = read.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names, cases.map(|(_, name, _)| name));
    let has = |name: &str| {
        let words = ["order", "request 1", "signature 1", "response 1", "request 2", "response 2"];
        let case = read.iter().find(|case| case.name == name).unwrap();
        words.map(|word| case.section(word).is_some())
    };
    assert_eq!(has("asks"), [true; 6]);
    assert_eq!(has("asks-nothing"), [true, false, false, false, false, false]);
    // A signature belongs to its request.
    assert_eq!(has("asks-otherwise"), [true, true, false, true, true, true]);
    assert_eq!(has("is-lost"), [true, true, true, false, false, false]);

    let (asks, says_all) = (&read[0], &read[4]);
    assert_eq!(
        (asks.handle.as_deref(), asks.setting("API_KEY").as_deref()),
        (Some("h"), Some("k"))
    );
    assert_eq!(says_all.kind, Kind::Documented);
    assert_eq!(says_all.clock.to_string(), "2026-02-01T00:00:00Z");
    assert_eq!(says_all.setting("API_KEY").as_deref(), Some("own"));
    assert_eq!(says_all.setting("BASE_URL").as_deref(), Some("https://acme.example"));
    assert_eq!(says_all.section("order"), Some(&b"{}"[..]));
}

/// What a provider said is all in one file.
#[test]
fn a_documented_case_has_its_exchanges_itself() {
    let fixtures = Fixtures::new("cases-documented");
    fixtures.write("defaults/listing.fixture", DEFAULTS);
    fixtures.write("documented/listing/a.fixture", format!("{HEAD}\n=== response 1\nHTTP/1.1 200"));
    let told = fixtures.read().unwrap_err();
    assert!(told.ends_with("a.fixture:5: `response 1` stands here, but there is no `request 1`"));
}

#[test]
fn every_mistake_in_a_case_is_told_with_its_line() {
    let clock = "clock = \"2026-01-15T13:20:30Z\"\n";
    let cases = [
        ("", "1: `clock` is missing; write it at the top, or in defaults/banks.fixture"),
        ("clock = \"noon\"", "1: `clock`: "),
        ("clok = \"2026-01-15T13:20:30Z\"", "4: unknown field `clok`"),
        (&format!("{clock}cursor = \"2\""), "1: `cursor` needs `from` and `until`, and these both"),
        (&format!("{clock}source = \"c\""), "5: duplicate key"),
        (&format!("{clock}=== request 2\nGET /"), "5: `request 2` stands here, but there is no"),
    ];
    for (text, expected) in cases {
        let text = format!("{HEAD}{text}");
        let told = Case::parse("acme", Kind::Computed, "banks", "a", text.as_bytes()).unwrap_err();
        let expected = format!("acme/computed/banks/a.fixture:{expected}");
        assert!(told.starts_with(&expected), "{told}");
    }
    for field in ["description", "source", "read"] {
        let text = format!("{HEAD}{clock}").replace(field, "secret");
        let told = Case::parse("acme", Kind::Computed, "banks", "a", text.as_bytes()).unwrap_err();
        assert!(told.contains(&format!("1: `{field}` is missing; write it at the top")), "{told}");
    }
}

#[test]
fn every_mistake_in_a_section_is_told_with_its_line() {
    let head = format!("{HEAD}clock = \"2026-01-15T13:20:30Z\"\n\n=== order\n{{\n\"a\" 1}}\n");
    let read = |rest: &str| {
        let text = format!("{head}{rest}");
        Case::parse("acme", Kind::Computed, "banks", "a", text.as_bytes()).unwrap()
    };
    let order = read("").json::<serde_json::Value>("order").unwrap_err();
    assert!(order.starts_with("acme/computed/banks/a.fixture:8: expected `:`"), "{order}");
    let missing = read("").json::<serde_json::Value>("expected").unwrap_err();
    assert!(missing.ends_with("a.fixture:1: there is no section `=== expected`"), "{missing}");
    let cases = [
        ("=== request 1\nGET /", "9: it has neither `response 1` nor `failure 1`"),
        ("=== request 1\nGET\n=== response 1\nHTTP/1.1 200", "10: the first line is a method and"),
        ("=== request 1\nGET /\n=== response 1\nHTTP/1.1 OK", "12: the first line is `HTTP/1.1`"),
        ("=== request 1\nGET /\n=== failure 1\nreached = \"perhaps\"", "12: unknown variant"),
        (
            "=== request 1\nGET /\n=== failure 1\n=== response 1\n",
            "11: the request has a response too; only one can be",
        ),
    ];
    for (rest, expected) in cases {
        let told = Replay::of(&read(rest)).unwrap_err();
        let expected = format!("acme/computed/banks/a.fixture:{expected}");
        assert!(told.starts_with(&expected), "{told}");
    }
}

/// A file that nobody reads would be taken for a test.
#[test]
fn no_file_is_passed_over() {
    for stray in ["banks/a.fixture", "computed/banks/a.txt", "computed/banks/a/case.toml"] {
        let fixtures = Fixtures::new("cases-stray");
        fixtures.write(stray, HEAD);
        let told = fixtures.read().unwrap_err();
        assert!(told.contains("no case is read from here; a case is a file"), "{told}");
    }
    let fixtures = Fixtures::new("cases-twice");
    let text = format!("{HEAD}clock = \"2026-01-15T13:20:30Z\"\n");
    fixtures.write("computed/banks/a.fixture", &text);
    fixtures.write("documented/banks/a.fixture", &text);
    let told = fixtures.read().unwrap_err();
    assert!(told.ends_with("documented and computed have a case of this name"), "{told}");
}
