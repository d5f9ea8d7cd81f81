//! Bodies to Markdown and back.

use inkhorn_formats::{body_to_markdown, canonical, is_valid, markdown_to_blocks};
use inkhorn_protocol::body::{Mark, Node};
use proptest::prelude::*;

fn text() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        " ",
        "  ",
        "*",
        "**",
        "_",
        "__",
        "~~",
        "`",
        "``",
        "[",
        "](",
        "]",
        "!",
        "![",
        "<",
        ">",
        "&amp;",
        "&",
        "#",
        "$",
        "$$",
        "|",
        "\\",
        "{",
        "}",
        "{: .x}",
        ":::",
        "- ",
        "1. ",
        "+",
        "=",
        "\n",
        "\t",
        "\u{7f}",
        "www.a.b",
        "https://a.b/c_d",
        "x@y.z",
        "[[a]]",
        "[x]",
        "[^1]",
        "e\u{301}",
        "日本",
        "😀",
        "\u{a0}",
        "\u{200b}",
        "<br>",
        "<figure>\n<video controls src=\"a\"></video>\n</figure>",
        "<iframe src=\"https://youtu.be/a\"></iframe>",
        "<!-- x -->",
        "a_b_c",
        "%%",
        "==",
        "---",
        "***",
        "(c)",
        "\"",
        "'",
        ":tada:",
        "{{x}}",
        "~",
        "^",
        "!!! note",
        "> [!note]",
        "{#id}",
        "&#32;",
        "mailto:a@b.c",
        "\u{2028}",
        "\r",
    ]);
    let plain = prop::sample::select(vec!["ink", "horn", "a", "7", "Wörter", "x y", "end."]);
    prop::collection::vec(prop_oneof![3 => plain, 2 => odd], 1..5).prop_map(|parts| parts.concat())
}

fn marks() -> impl Strategy<Value = Vec<Mark>> {
    let simple = prop::sample::subsequence(
        vec!["bold", "italic", "strike", "code", "underline", "subscript", "superscript"],
        0..3,
    );
    let link = prop_oneof![
        4 => Just(None),
        1 => Just(Some(Mark::new("link").with("href", "https://a.b/c?d=e&f#g"))),
        1 => Just(Some(Mark::new("link").with("href", "lesson:abc#x y").with("title", "T \"q\" & \\"))),
        1 => text().prop_map(|href| Some(Mark::new("link").with("href", href))),
    ];
    let simple = simple.prop_map(|mut marks| {
        if marks.contains(&"subscript") {
            marks.retain(|mark| *mark != "superscript");
        }
        marks
    });
    (simple, link).prop_map(|(simple, link)| simple.into_iter().map(Mark::new).chain(link).collect())
}

fn inlines() -> impl Strategy<Value = Vec<Node>> {
    let node = prop_oneof![
        6 => (text(), marks()).prop_map(|(text, marks)| Node { marks, ..Node::text(text) }),
        1 => Just(Node::new("hardBreak", vec![])),
        1 => latex().prop_map(|latex| Node::new("inlineMath", vec![]).with("latex", latex)),
        1 => prop_oneof![text(), Just(String::new())].prop_map(|text| Node::new("footnote", vec![]).with("text", text)),
    ];
    prop::collection::vec(node, 0..5)
}

fn latex() -> impl Strategy<Value = String> {
    let plain = prop::sample::select(vec![
        "",
        "x^2",
        "\\frac{a_1}{b}",
        "a|b",
        "\\begin{aligned}\n= a \\\\\n+ b\n\\end{aligned}",
        "a\n\nb",
        "\\text{5 \\$}",
    ]);
    prop_oneof![plain.prop_map(str::to_owned), text()]
}

fn paragraph() -> impl Strategy<Value = Node> {
    inlines().prop_map(|content| Node::new("paragraph", content))
}

fn image() -> impl Strategy<Value = Node> {
    (text(), text(), prop::option::of(text())).prop_map(|(src, alt, title)| {
        let node = Node::new("image", vec![]).with("src", src).with("alt", alt);
        title.map_or(node.clone(), |title| node.with("title", title))
    })
}

/// Blocks with a file or a page: with all kinds of words in them, and with some of the words missing.
fn media() -> impl Strategy<Value = Node> {
    let kind = prop::sample::select(vec!["image", "video", "audio", "file", "embed"]);
    let src = prop_oneof![Just("https://example.org/a?b=1&c".to_owned()), Just("a b.mp4".to_owned()), text()];
    (kind, src, prop::option::of(text()), prop::option::of(text()), prop::option::of(0..9_u64)).prop_map(
        |(kind, src, name, caption, size)| {
            let words = match kind {
                "image" => ("alt", "caption"),
                "file" => ("name", "mime"),
                "embed" => ("title", "caption"),
                _ => ("name", "caption"),
            };
            let mut node = Node::new(kind, vec![]).with("src", src);
            node.attrs.extend(name.map(|name| (words.0.to_owned(), name.into())));
            node.attrs.extend(caption.map(|caption| (words.1.to_owned(), caption.into())));
            node.attrs.extend(size.filter(|_| kind == "file").map(|size| ("size".to_owned(), size.into())));
            node
        },
    )
}

fn leaf() -> impl Strategy<Value = Node> {
    let code = (prop::option::of(text()), prop::option::of(text())).prop_map(|(language, text)| {
        let node = Node::new("codeBlock", text.map(Node::text).into_iter().collect());
        language.map_or(node.clone(), |language| node.with("language", language))
    });
    let html = prop::sample::select(vec![
        "<div>\na\n</div>",
        "<details>",
        "</details>",
        "<p></p>",
        "<!-- c -->",
        "text",
        "<script>\n\na\n</script>",
        "<br>",
    ]);
    prop_oneof![
        6 => paragraph(),
        2 => (1..=6, inlines()).prop_map(|(level, content)| Node::new("heading", content).with("level", level)),
        1 => code,
        1 => Just(Node::new("horizontalRule", vec![])),
        1 => image(),
        1 => latex().prop_map(|latex| Node::new("blockMath", vec![]).with("latex", latex)),
        1 => media(),
        1 => html.prop_map(|html| Node::new("htmlBlock", vec![]).with("html", html)),
        1 => Just(Node::new("poll", vec![Node::new("option", vec![Node::text("later")])]).with("open", true)),
    ]
}

/// A block, and sometimes the direction of its text.
fn directed(inner: impl Strategy<Value = Node>) -> impl Strategy<Value = Node> {
    let direction = prop::sample::select(vec![None, None, None, None, Some("rtl"), Some("ltr")]);
    (inner, direction).prop_map(|(node, direction)| match (direction, node.kind.as_str()) {
        (Some(direction), "paragraph" | "heading" | "blockquote" | "callout") => node.with("dir", direction),
        _ => node,
    })
}

fn blocks(inner: impl Strategy<Value = Node> + Clone) -> impl Strategy<Value = Vec<Node>> {
    prop::collection::vec(directed(inner), 1..4)
}

fn item(kind: &'static str, inner: impl Strategy<Value = Node> + Clone) -> impl Strategy<Value = Node> {
    (paragraph(), prop::collection::vec(inner, 0..2), any::<bool>()).prop_map(
        move |(first, rest, checked)| {
            let node = Node::new(kind, [vec![first], rest].concat());
            if kind == "taskItem" { node.with("checked", checked) } else { node }
        },
    )
}

fn summary() -> impl Strategy<Value = Vec<Node>> {
    let text = (text(), marks()).prop_map(|(text, marks)| Node { marks, ..Node::text(text) });
    prop::collection::vec(text, 0..3)
}

fn table(inner: impl Strategy<Value = Node> + Clone) -> impl Strategy<Value = Node> {
    let cell = prop_oneof![4 => paragraph().prop_map(|p| vec![p]), 1 => image().prop_map(|i| vec![i]), 1 => blocks(inner)];
    let align = prop::sample::select(vec![None, Some("left"), Some("center"), Some("right")]);
    (1..4_usize, 1..4_usize, any::<bool>()).prop_flat_map(move |(rows, columns, odd)| {
        let cells = prop::collection::vec(cell.clone(), rows * columns);
        (cells, prop::collection::vec(align.clone(), columns), Just((columns, odd))).prop_map(
            |(cells, align, (columns, odd))| {
                let rows = cells.chunks(columns).enumerate().map(|(row, cells)| {
                    let kind = if row == 0 && !odd { "tableHeader" } else { "tableCell" };
                    let cells = cells.iter().zip(&align).map(|(content, align)| {
                        let cell = Node::new(kind, content.clone());
                        let cell = align.map_or(cell.clone(), |align| cell.with("align", align));
                        if odd { cell.with("colspan", 2) } else { cell }
                    });
                    Node::new("tableRow", cells.collect())
                });
                Node::new("table", rows.collect())
            },
        )
    })
}

fn block() -> impl Strategy<Value = Node> {
    leaf().prop_recursive(3, 24, 4, |inner| {
        let kind = prop::sample::select(vec!["note", "warning", "key-point", "my kind", "a\"b", "", "details", "instructor"]);
        prop_oneof![
            2 => blocks(inner.clone()).prop_map(|content| Node::new("blockquote", content)),
            2 => (kind, prop::option::of(text()), blocks(inner.clone())).prop_map(|(kind, title, content)| {
                let node = Node::new("callout", content).with("kind", kind);
                title.map_or(node.clone(), |title| node.with("title", title))
            }),
            2 => prop::collection::vec(item("listItem", inner.clone()), 1..4).prop_map(|items| Node::new("bulletList", items)),
            2 => (0..12, prop::collection::vec(item("listItem", inner.clone()), 1..4))
                .prop_map(|(start, items)| Node::new("orderedList", items).with("start", start)),
            2 => prop::collection::vec(item("taskItem", inner.clone()), 1..4).prop_map(|items| Node::new("taskList", items)),
            1 => (summary(), blocks(inner.clone())).prop_map(|(summary, content)| Node::new("details", vec![
                Node::new("detailsSummary", summary), Node::new("detailsContent", content)])),
            1 => prop::collection::vec(blocks(inner.clone()), 1..4).prop_map(|columns|
                Node::new("columns", columns.into_iter().map(|content| Node::new("column", content)).collect())),
            1 => blocks(inner.clone()).prop_map(|content| Node::new("instructorNote", content)),
            1 => table(inner),
        ]
    })
}

fn body() -> impl Strategy<Value = Node> {
    prop::collection::vec(directed(block()), 1..5).prop_map(|blocks| canonical(&Node::new("doc", blocks)))
}

fn assert_same(body: &Node) -> Result<(), TestCaseError> {
    let markdown = body_to_markdown(body);
    let again = Node::new("doc", markdown_to_blocks(&markdown));
    prop_assert_eq!(&again, body, "\n{}", markdown);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_shrink_iters: 4000, ..ProptestConfig::default() })]

    #[test]
    fn every_body_survives_being_written_and_read(body in body()) {
        assert_same(&body)?;
    }

    #[test]
    fn whatever_is_read_is_a_body_that_an_editor_accepts(markdown in prop::collection::vec(text(), 0..40).prop_map(|m| m.concat() + "ink")) {
        let body = Node::new("doc", markdown_to_blocks(&markdown));
        prop_assert!(is_valid(&body), "{markdown}\n{body:?}");
        prop_assert_eq!(&canonical(&body), &body);
        assert_same(&body)?;
    }
}

/// How many of some plain bodies need the last resort.
#[test]
fn ordinary_content_is_written_as_ordinary_markdown() {
    for markdown in [
        "Ink on *paper*, **bold** and ~~gone~~, `code` and [a link](https://a.b/c).\n",
        "# Title\n\n- one\n- two\n  - nested\n\n1. first\n2. second\n",
        "- [x] done\n- [ ] open\n",
        "> A quote.\n>\n> Two paragraphs.\n",
        "> [!NOTE]\n> Take care.\n",
        "::: challenge\n\nTry it.\n\n:::\n",
        "```rust ignore\nfn main() {}\n```\n",
        "| a | b |\n| --- | ---: |\n| 1 | 2 |\n",
        "![A drawing](fig/a.png \"Ink\")\n",
        "H<sub>2</sub>O and x<sup>2</sup>, <u>under</u>\n",
        "a\\\nb\n",
        "Costs $x^2 + y_1$ and $5, or $`a$b`$\n",
        "It is $5, not more\n",
        "Before\n\n$$\n\\sum_i\n= 3\n$$\n\nafter\n",
        "One[^1] and **two**[^2] and one again[^1]\n\n- in a list[^3]\n\n[^1]: See https://a.b/c\n[^2]: Second\n[^3]: 3\\. third\n",
        "::: details What is *ink*?\n\nA fluid.\n\n:::\n",
        "::: details\n\nA fluid.\n\n:::\n",
        ":::: columns\n\n::: column\n\nLeft\n\n:::\n\n::: column\n\nRight\n\n:::\n\n::::\n",
        "::: instructor\n\nGo slowly.\n\n:::\n",
        "::: {.key-point title=\"Ink dries\"}\n\nSlowly.\n\n:::\n",
        "<https://a.b/c>\n",
        "3\\. is no list and snake_case is no emphasis\n",
    ] {
        let body = Node::new("doc", markdown_to_blocks(markdown));
        assert_eq!(body_to_markdown(&body), markdown);
    }
}

/// Compares what a text becomes.
#[track_caller]
pub fn reads(markdown: &str, json: serde_json::Value) {
    let blocks = serde_json::to_value(markdown_to_blocks(markdown)).unwrap();
    assert_eq!(blocks, json, "{markdown}\n{blocks:#}");
}

#[test]
fn every_construct_becomes_its_node() {
    use serde_json::json;
    let p = |text: &str| json!({"type": "paragraph", "content": [{"type": "text", "text": text}]});
    let t = |text: &str| json!({"type": "text", "text": text});
    let m = |text: &str, mark: &str| json!({"type": "text", "text": text, "marks": [{"type": mark}]});
    reads(
        "3. a\n4. b",
        json!([{"type": "orderedList", "attrs": {"start": 3}, "content": [
        {"type": "listItem", "content": [p("a")]}, {"type": "listItem", "content": [p("b")]}]}]),
    );
    reads(
        "- ```x\n  y\n  ```",
        json!([{"type": "bulletList", "content": [{"type": "listItem", "content": [
        {"type": "paragraph"}, {"type": "codeBlock", "attrs": {"language": "x"}, "content": [t("y")]}]}]}]),
    );
    reads(
        "- [x] a\n- b",
        json!([
        {"type": "taskList", "content": [{"type": "taskItem", "attrs": {"checked": true}, "content": [p("a")]}]},
        {"type": "bulletList", "content": [{"type": "listItem", "content": [p("b")]}]}]),
    );
    reads(
        "a ![x](y.png \"t\") b",
        json!([p("a"), {"type": "image", "attrs": {"src": "y.png", "alt": "x", "title": "t"}}, p("b")]),
    );
    reads(
        "![](y.png){alt='A \"b\" {c}' width=40%}",
        json!([{"type": "image", "attrs": {"src": "y.png", "alt": "A \"b\" {c}"}}]),
    );
    reads(
        "[![x](y.png)](z)",
        json!([{"type": "image", "attrs": {"src": "y.png", "alt": "x"}},
        {"type": "paragraph", "content": [{"type": "text", "text": "x", "marks": [{"type": "link", "attrs": {"href": "z"}}]}]}]),
    );
    reads("# ![x](y.png)", json!([{"type": "image", "attrs": {"src": "y.png", "alt": "x"}}]));
    reads(
        "a<br>b<kbd>c</kbd><span class=x>d</span><odd>e",
        json!([{"type": "paragraph", "content": [
        t("a"), {"type": "hardBreak"}, t("b"), m("c", "code"), t("d<odd>e")]}]),
    );
    reads(
        "a[^n] b\n\n[^n]: note\n\n[^never]: kept",
        json!([
        {"type": "paragraph", "content": [t("a"), {"type": "footnote", "attrs": {"text": "note"}}, t(" b")]},
        {"type": "horizontalRule"},
        {"type": "orderedList", "attrs": {"start": 2}, "content": [{"type": "listItem", "content": [p("kept")]}]}]),
    );
    // Plain ones have the first numbers, richer ones those behind them.
    reads(
        "a[^r] b[^p]\n\n[^r]: *rich*\n[^p]: plain\n  words",
        json!([
        {"type": "paragraph", "content": [t("a"), m("2", "superscript"), t(" b"), {"type": "footnote", "attrs": {"text": "plain words"}}]},
        {"type": "horizontalRule"},
        {"type": "orderedList", "attrs": {"start": 2}, "content": [
            {"type": "listItem", "content": [{"type": "paragraph", "content": [m("rich", "italic")]}]}]}]),
    );
    reads(
        "# Title[^1]\n\n[^1]: said",
        json!([{"type": "heading", "attrs": {"level": 1}, "content": [t("Title"), {"type": "footnote", "attrs": {"text": "said"}}]}]),
    );
    reads(
        "::::: details Why $x$ *now*?\n\n:::::",
        json!([{"type": "details", "content": [
            {"type": "detailsSummary", "content": [t("Why $x$ *now*?")]}, {"type": "detailsContent", "content": [{"type": "paragraph"}]}]}]),
    );
    reads(
        ":::: {.columns}\n::: {.column width=\"40%\"}\na\n:::\n::: {.column}\nb\n:::\n::::",
        json!([{"type": "columns", "content": [{"type": "column", "content": [p("a")]}, {"type": "column", "content": [p("b")]}]}]),
    );
    reads("::: column\na\n:::", json!([p("a")]));
    reads(
        "::: {.instructor title=\"Slowly\"}\na\n:::",
        json!([{"type": "instructorNote", "content": [{"type": "paragraph", "content": [m("Slowly", "bold")]}, p("a")]}]),
    );
    reads(
        "a $$x$$ b [$y$](z)",
        json!([p("a"), {"type": "blockMath", "attrs": {"latex": "x"}}, {"type": "paragraph", "content": [
            t("b "), {"type": "text", "text": "$y$", "marks": [{"type": "link", "attrs": {"href": "z"}}]}]}]),
    );
    reads(
        "# Of $$x$$",
        json!([{"type": "heading", "attrs": {"level": 1}, "content": [t("Of "), {"type": "inlineMath", "attrs": {"latex": "x"}}]}]),
    );
    reads(
        "> [!tip]- Fold *me*\n> in",
        json!([{"type": "callout", "attrs": {"kind": "tip", "title": "Fold me"}, "content": [p("in")]}]),
    );
    reads(
        "::::: challenge :::::\n\n::: solution\n\nx\n\n:::::::\n\n::::",
        json!([
        {"type": "callout", "attrs": {"kind": "challenge"}, "content": [
            {"type": "callout", "attrs": {"kind": "solution"}, "content": [p("x")]}]}]),
    );
    reads(
        "> ## Try\n> do\n> > ## Answer\n> > yes\n> {: .solution}\n{: .challenge}\n\nend",
        json!([
        {"type": "callout", "attrs": {"kind": "challenge", "title": "Try"}, "content": [p("do"),
            {"type": "callout", "attrs": {"kind": "solution", "title": "Answer"}, "content": [p("yes")]}]}, p("end")]),
    );
    reads(
        "~~~\nls\n~~~\n{: .language-bash}",
        json!([{"type": "codeBlock", "attrs": {"language": "bash"}, "content": [t("ls")]}]),
    );
    reads("{: .note }\n> x", json!([{"type": "callout", "attrs": {"kind": "note"}, "content": [p("x")]}]));
    reads(
        "!!! warning \"Hot\"\n    x\n",
        json!([{"type": "callout", "attrs": {"kind": "warning", "title": "Hot"}, "content": [p("x")]}]),
    );
    reads(
        "Term\n: Meaning",
        json!([{"type": "bulletList", "content": [{"type": "listItem", "content": [
        {"type": "paragraph", "content": [m("Term", "bold")]}, p("Meaning")]}]}]),
    );
    reads(
        "<p align=center>\n<img src=\"a.png\" alt=\"b\">\n</p>",
        json!([{"type": "image", "attrs": {"src": "a.png", "alt": "b"}}]),
    );
    reads(
        "| a | b |\n|:-:|---|\n| ![x](y) | `p\\|q`<br>z |",
        json!([{"type": "table", "content": [
        {"type": "tableRow", "content": [
            {"type": "tableHeader", "attrs": {"align": "center"}, "content": [p("a")]}, {"type": "tableHeader", "content": [p("b")]}]},
        {"type": "tableRow", "content": [
            {"type": "tableCell", "attrs": {"align": "center"}, "content": [{"type": "image", "attrs": {"src": "y", "alt": "x"}}]},
            {"type": "tableCell", "content": [{"type": "paragraph", "content": [m("p|q", "code"), {"type": "hardBreak"}, t("z")]}]}]}]}]),
    );
    reads(
        "a <!-- hidden --> b :tada: $x_1$ [q][r]\n\n[r]: http://e.f",
        json!([{"type": "paragraph", "content": [
        t("a  b :tada: "), {"type": "inlineMath", "attrs": {"latex": "x_1"}}, t(" "), {"type": "text", "text": "q", "marks": [{"type": "link", "attrs": {"href": "http://e.f"}}]}]}]),
    );
    reads(
        "[[nowhere]] [ -f x ] [[1]](u)",
        json!([{"type": "paragraph", "content": [
        t("[[nowhere]] [ -f x ] "), {"type": "text", "text": "[1]", "marks": [{"type": "link", "attrs": {"href": "u"}}]}]}]),
    );
}

#[test]
fn the_direction_of_a_text_is_kept_as_kramdown_says_it() {
    use serde_json::{Value, json};
    let t = |text: &str| json!({"type": "text", "text": text});
    let p = |text: &str| json!({"type": "paragraph", "content": [t(text)]});
    let rtl = |node: Value| {
        let mut node = node;
        node["attrs"]["dir"] = json!("rtl");
        node
    };
    let body = json!([
        rtl(p("שלום")),
        rtl(json!({"type": "heading", "attrs": {"level": 2}, "content": [t("كتاب")]})),
        {"type": "bulletList", "content": [{"type": "listItem", "content": [rtl(p("a"))]}, {"type": "listItem", "content": [p("b")]}]},
        rtl(json!({"type": "blockquote", "content": [p("q")]})),
        p("plain")
    ]);
    let blocks: Vec<Node> = serde_json::from_value(body).unwrap();
    let markdown = body_to_markdown(&Node::new("doc", blocks.clone()));
    assert_eq!(markdown_to_blocks(&markdown), blocks, "\n{markdown}");
    assert!(markdown.starts_with("שלום\n{: dir=rtl}\n\n## كتاب\n{: dir=rtl}\n"), "{markdown}");
    // What no line can say goes as JSON: an item, a cell.
    let item = json!({"type": "listItem", "attrs": {"dir": "rtl"}, "content": [p("a")]});
    let cell = json!({"type": "tableCell", "attrs": {"dir": "rtl"}, "content": [p("a")]});
    for node in [
        json!({"type": "bulletList", "content": [item]}),
        json!({"type": "table", "content": [{"type": "tableRow", "content": [cell]}]}),
    ] {
        let blocks: Vec<Node> = vec![serde_json::from_value(node).unwrap()];
        assert_eq!(markdown_to_blocks(&body_to_markdown(&Node::new("doc", blocks.clone()))), blocks);
    }
}
