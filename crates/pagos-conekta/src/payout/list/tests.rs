//! Cursors. Walks are in the fixtures.

use super::*;

#[test]
fn a_cursor_is_taken_and_its_host_is_not() {
    let cases = [
        (
            "https://api.conekta.io/transfers?limit=5&next=6419562fdb5c8a0001e1cd61",
            Some("6419562fdb5c8a0001e1cd61"),
        ),
        ("https://api-core.stg.conekta.io/transfers?next=a_1-B", Some("a_1-B")),
        ("/transfers?next=1#next=2", Some("1")),
        ("https://api.conekta.io/transfers?limit=5", None),
        ("https://api.conekta.io/transfers", None),
        ("https://api.conekta.io/next=1", None),
        ("?next=", None),
        ("?next=a%26limit%3D1", None),
        ("?next=a b", None),
        ("?next=1&next=2", None),
        ("?xnext=1", None),
        ("", None),
    ];
    for (url, expected) in cases {
        assert_eq!(read_cursor(url), expected, "{url}");
    }
}
