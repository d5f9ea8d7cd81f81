//! Details that are HTML among Markdown.

use crate::bodies::reads;
use serde_json::{Value, json};

fn p(text: &str) -> Value {
    json!({"type": "paragraph", "content": [{"type": "text", "text": text}]})
}

#[test]
fn details_become_a_block_with_what_is_between_them_and_what_does_not_fit_stays_html() {
    reads(
        "<details>\n<summary>s</summary>\n\nx\n\n</details>",
        json!([
        {"type": "details", "content": [
            {"type": "detailsSummary", "content": [{"type": "text", "text": "s"}]},
            {"type": "detailsContent", "content": [p("x")]}]}]),
    );
    reads(
        "<details open><summary><b>a &amp; b</b></summary>\n\nx\n\n<DETAILS>\n\ny\n\n</DETAILS>\n\n</details>\n\nz",
        json!([
        {"type": "details", "content": [
            {"type": "detailsSummary", "content": [{"type": "text", "text": "a & b"}]},
            {"type": "detailsContent", "content": [p("x"), {"type": "details", "content": [
                {"type": "detailsSummary"},
                {"type": "detailsContent", "content": [p("y")]}]}]}]},
        p("z")]),
    );
    // What does not end, or holds words beside its summary, stays as it is.
    reads("<details>\n\nx", json!([{"type": "htmlBlock", "attrs": {"html": "<details>"}}, p("x")]));
    reads(
        "<details><summary>s</summary>\nwords\n\n</details>",
        json!([
        {"type": "htmlBlock", "attrs": {"html": "<details><summary>s</summary>\nwords"}},
        {"type": "htmlBlock", "attrs": {"html": "</details>"}}]),
    );
}
