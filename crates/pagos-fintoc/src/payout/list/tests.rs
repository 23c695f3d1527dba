//! How a list goes on. Walks are in the fixtures.

use super::*;

#[test]
fn of_a_link_only_the_query_is_taken() {
    let next = |query: &str| Next::Query(query.to_owned());
    let long = format!("<https://a/?b={}>; rel=\"next\"", "c".repeat(QUERY_LENGTH_MAX));
    let cases = [
        ("", Next::End),
        ("  ", Next::End),
        ("<https://a/v2/transfers?a=1>; rel=\"first\"", Next::End),
        ("<https://a/v2/transfers?starting_after=tr_1>; rel=\"next\"", next("starting_after=tr_1")),
        ("</x?a=1>;rel=next", next("a=1")),
        ("<https://a/?a=1>; rel=\"last next\"", next("a=1")),
        ("<https://a/?a=1>; rel = \"next\"", next("a=1")),
        ("<https://a/?a=1>; title=\"x\"; REL=\"NEXT\"", next("a=1")),
        ("<https://a/?a=1>; rel=\"next\", <https://a/?a=2>; rel=\"last\"", next("a=1")),
        ("<https://a/?a=1>; rel=\"next\", <https://a/?a=1>; rel=\"next\"", Next::Lost),
        ("<https://a/>; rel=\"next\"", Next::Lost),
        ("<https://a/?>; rel=\"next\"", Next::Lost),
        ("<https://a/?a=1#b>; rel=\"next\"", Next::Lost),
        ("<https://a/?a=1?b=2>; rel=\"next\"", Next::Lost),
        ("<https://a/?a=b c>; rel=\"next\"", Next::Lost),
        ("<https://a/?a=1; rel=\"next\"", Next::Lost),
        ("rel=\"next\"", Next::Lost),
        (&long, Next::Lost),
    ];
    for (link, expected) in cases {
        assert_eq!(read_link(link), expected, "{link}");
    }
}

#[test]
fn filters_are_put_in_where_they_are_missing() {
    let filters = "direction=outbound&since=1&per_page=100";
    let cases = [
        ("starting_after=tr_1", "starting_after=tr_1&direction=outbound&since=1&per_page=100"),
        ("per_page=30&a=b", "per_page=30&a=b&direction=outbound&since=1"),
        (filters, filters),
    ];
    for (query, expected) in cases {
        assert_eq!(with(query, filters), expected, "{query}");
    }
}
