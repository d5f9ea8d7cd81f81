//! Folders of every kind become the course that their author expects.

use crate::{assert_round_trip, folder, import, lessons, outline};
use inkhorn_formats::{ExportCourse, ExportNode, ImportedCourse, NodeKind, plain_text};
use inkhorn_protocol::{body::Node, fidelity::Outcome};
use std::fs;

#[track_caller]
fn assert_outline(course: &ImportedCourse, title: &str, want: &str) {
    let got = outline(&course.nodes);
    let want: String =
        want.lines().filter(|l| !l.trim().is_empty()).map(|l| format!("{}\n", &l[8..])).collect();
    assert_eq!((course.title.as_str(), got.as_str()), (title, want.as_str()));
}

/// The `href` of the first link in a lesson, with the key of the lesson that it leads to.
fn leads_to(course: &ImportedCourse, from: &str) -> String {
    let all = lessons(&course.nodes);
    let lesson = all.iter().find(|l| l.key == from).unwrap();
    let mut href = String::new();
    lesson.lesson.as_ref().unwrap().body.walk(|node| {
        let mark = node.marks.iter().find(|m| m.kind == "link");
        if let Some(mark) = mark.filter(|_| href.is_empty()) {
            href = mark.attrs["href"].as_str().unwrap().to_owned();
        }
    });
    let id = href.trim_start_matches("lesson:").split('#').next().unwrap();
    match all.iter().find(|l| l.id.as_str() == id) {
        Some(target) => href.replace(&format!("lesson:{id}"), &target.key),
        None => href,
    }
}

#[test]
fn an_mdbook_follows_its_summary() {
    let dir = folder(&[
        ("book.toml", "[book]\ntitle = \"The Book\"\n"),
        (
            "src/SUMMARY.md",
            "# Summary\n\n[Preface](preface.md)\n\n# Part *one*\n\n- [One](one/index.md)\n  - [Inner `x`](one/a.md)\n    - [Deep](one/deep.md)\n- [Two](two.md)\n- [Draft]()\n- [Gone](gone.md)\n\n# Empty part\n\n---\n\n[End](end.md)\n",
        ),
        ("src/preface.md", "# Preface\n\nSee [One](one/index.html#part)."),
        ("src/one/index.md", "# One\n\n## Part\n\n[up](../preface.md)"),
        ("src/one/a.md", "# Another heading\n\n[two](/two.html)"),
        ("src/one/deep.md", "deep"),
        ("src/two.md", "two\n\n```rust\n{{#include ../code/x.rs:2}}\n{{#include gone.rs}}\n```\n"),
        ("code/x.rs", "one\nlet ink = 2;\n"),
        ("src/end.md", "end"),
        ("src/unlisted.md", "# Unlisted"),
    ]);
    let course = import(dir.path());
    assert_outline(
        &course,
        "The Book",
        "
        Chapter Introduction
          Lesson Preface
        Chapter Part one
          Section One
            Lesson One
            Lesson Inner x
            Lesson Deep
          Lesson Two
          Section Draft
          Section Gone
        Chapter Empty part
          Lesson End
        ",
    );
    assert_eq!(leads_to(&course, "src/preface.md"), "src/one/index.md#part");
    assert_eq!(leads_to(&course, "src/one/index.md"), "src/preface.md");
    assert_eq!(leads_to(&course, "src/one/a.md"), "src/two.md");
    let two = lessons(&course.nodes).into_iter().find(|l| l.title == "Two").unwrap();
    assert_eq!(plain_text(&two.lesson.as_ref().unwrap().body), "two let ink = 2;\n{{#include gone.rs}}");
    assert!(course.report.with(Outcome::Dropped).any(|item| item.file == "src/unlisted.md"));
    assert!(course.report.with(Outcome::Missing).any(|item| item.detail.contains("gone.md")));
    assert_round_trip(&course);
}

#[test]
fn an_mdbook_without_parts_has_its_top_level_as_chapters() {
    let dir = folder(&[
        (
            "src/SUMMARY.md",
            "# Summary\n\n[Intro](intro.md)\n\n- [A](a.md)\n  - [A1](a1.md)\n    - [A11](a11.md)\n- [B](b.md)\n- [C](c.md)\n  - [C1](c1.md)\n",
        ),
        ("src/intro.md", ""),
        ("src/a.md", ""),
        ("src/a1.md", ""),
        ("src/a11.md", ""),
        ("src/b.md", ""),
        ("src/c.md", ""),
        ("src/c1.md", ""),
        ("book.toml", "[book]\ntitle='T'"),
    ]);
    assert_outline(
        &import(dir.path()),
        "T",
        "
        Chapter Introduction
          Lesson Intro
        Chapter A
          Lesson A
          Section A1
            Lesson A1
            Lesson A11
        Chapter B
          Lesson B
        Chapter C
          Lesson C
          Lesson C1
        ",
    );
}

#[test]
fn mkdocs_follows_its_nav() {
    let dir = folder(&[
        (
            "mkdocs.yml",
            "site_name: Guide\nmarkdown_extensions:\n  - pymdownx.emoji:\n      emoji_index: !!python/name:material.extensions.emoji.twemoji\nnav:\n  - index.md\n  - Basics:\n      - Start here: start.md\n      - more.md\n      - Deeper:\n          - deep.md\n",
        ),
        ("docs/index.md", "# Home\n\n[s](start.md)"),
        ("docs/start.md", "# S\n\n=== \"Linux\"\n\n    apt\n"),
        ("docs/more.md", "# More"),
        ("docs/deep.md", "# Deep"),
        ("README.md", "# Repository"),
    ]);
    let course = import(dir.path());
    assert_outline(
        &course,
        "Guide",
        "
        Chapter Introduction
          Lesson Home
        Chapter Basics
          Lesson Start here
          Lesson More
          Section Deeper
            Lesson Deep
        ",
    );
    assert_eq!(leads_to(&course, "docs/index.md"), "docs/start.md");
    assert_round_trip(&course);
}

#[test]
fn docusaurus_orders_by_front_matter_and_category() {
    let dir = folder(&[
        ("docusaurus.config.js", ""),
        (
            "docs/intro.md",
            "---\nsidebar_position: 1\n---\n# Tutorial intro\n\n:::tip[Good to know]\n\nx\n\n:::\n\n![x](/img/x.svg)",
        ),
        ("docs/b/_category_.json", "{\"label\": \"Basics\", \"position\": 2}"),
        ("docs/b/z.md", "---\nsidebar_position: 1\ntitle: Zed\n---\nimport Tabs from '@theme/Tabs';\n"),
        ("docs/b/a.mdx", "---\nsidebar_position: 2\n---\n# Ay\n\n[z](./z.md#x)"),
        ("docs/a-extras/c.md", "c"),
        ("docs/a-extras/d.md", "d"),
        ("static/img/x.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ]);
    let course = import(dir.path());
    assert_outline(
        &course,
        course.title.clone().as_str(),
        "
        Chapter Introduction
          Lesson Tutorial intro
        Chapter Basics
          Lesson Zed
          Lesson Ay
        Chapter A extras
          Lesson C
          Lesson D
        ",
    );
    assert_eq!(course.assets.len(), 1);
    assert_eq!(leads_to(&course, "docs/b/a.mdx"), "docs/b/z.md#x");
    assert_round_trip(&course);
}

#[test]
fn plain_folders_are_ordered_as_people_count() {
    let dir = folder(&[
        ("README.md", "# My course\n\nRead [b](10-b/README.md)"),
        ("2-a/lessons/1-x/README.md", "# The X\n\n[q](q%20r.md) then [p](p.md)"),
        ("2-a/lessons/1-x/p.md", "p"),
        ("2-a/lessons/1-x/q r.md", "[up](../../) [root](../../../) [me](./)"),
        ("2-a/lessons/1-x/assignment.md", "# Assignment"),
        ("2-a/README.md", "# Part A"),
        ("10-b/01_only.md", "Text first\n\n## Later"),
        ("10-b/2/3/4/deep.md", "# Deep"),
        ("10-b/2/y.md", "# Y"),
        ("node_modules/x/README.md", "# No"),
        ("notes.md", "# Notes"),
        ("zoo.md", "# Zoo"),
    ]);
    let course = import(dir.path());
    assert_outline(&course, "My course", "
        Chapter Introduction
          Lesson My course
        Chapter Part A
          Lesson Part A
          Section The X
            Lesson The X
            Lesson Q r
            Lesson P
            Lesson Assignment
        Chapter 10 b
        ".replace("Chapter 10 b\n", "Chapter B\n          Lesson Only\n          Section 2\n            Lesson Deep\n            Lesson Y\n        Chapter More pages\n          Lesson Notes\n          Lesson Zoo\n").as_str());
    assert_eq!(leads_to(&course, "2-a/lessons/1-x/README.md"), "2-a/lessons/1-x/q r.md");
    assert_eq!(leads_to(&course, "2-a/lessons/1-x/q r.md"), "2-a/README.md");
    assert_round_trip(&course);
}

#[test]
fn a_flat_folder_is_one_chapter_and_one_file_one_lesson() {
    let dir =
        folder(&[("b.md", "# Bee"), ("a.md", "---\ntitle: Ay\nteaching: 5\n---\n# Bee\n"), ("x.txt", "")]);
    let course = import(dir.path());
    let chapter = course.title.clone();
    assert_outline(
        &course,
        &chapter,
        &format!(
            "
        Chapter {chapter}
          Lesson Ay
          Lesson Bee
        "
        ),
    );
    let ay = lessons(&course.nodes)[0].lesson.clone().unwrap();
    assert_eq!(ay.front_matter.len(), 1, "the title is the node's; the rest stays");
    assert_eq!(plain_text(&ay.body), "Bee", "a heading that is not the title stays");
    let single = import(&dir.path().join("b.md"));
    assert_eq!((single.title.as_str(), lessons(&single.nodes).len()), ("Bee", 1));
}

#[test]
fn an_obsidian_vault_keeps_its_links_and_pictures() {
    let dir = folder(&[
        (".obsidian/app.json", "{}"),
        (
            "Daily/My note.md",
            "See [[Other page#Part|that]], [[other page]], ![[pic.svg|300]] and [[Nobody]] `[[Other page]]`.\n\n> [!question]+ Why?\n> Because\n",
        ),
        ("Daily/Second.md", "x"),
        ("Pages/Other page.md", "## Part\n\ntext"),
        ("Files/pic.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ]);
    let course = import(dir.path());
    let note = lessons(&course.nodes)[0];
    assert_eq!((note.title.as_str(), lessons(&course.nodes)[2].title.as_str()), ("My note", "Other page"));
    assert_eq!(leads_to(&course, "Daily/My note.md"), "Pages/Other page.md#Part");
    let body = &note.lesson.as_ref().unwrap().body;
    assert_eq!(
        plain_text(body),
        "See that, other page,   and [[Nobody]] [[Other page]].   Because"
            .replace("   ", " ")
            .replace("  ", " ")
    );
    assert_eq!(course.assets.len(), 1);
    assert!(body.content.iter().any(|n| n.kind == "callout" && n.attr("kind") == Some("question")));
    assert_round_trip(&course);
}

#[test]
fn windows_line_ends_and_marks_change_nothing() {
    let text = "---\ntitle: T\n---\n\n# T\n\n- a\n- b\n\n```x\n1\n2\n```\n";
    let unix = import(folder(&[("a.md", text)]).path());
    let windows = import(folder(&[("a.md", &format!("\u{feff}{}", text.replace('\n', "\r\n")))]).path());
    assert_eq!(lessons(&unix.nodes)[0].lesson, lessons(&windows.nodes)[0].lesson);
}

#[test]
fn html_keeps_its_pictures_and_links() {
    let dir = folder(&[
        (
            "a.md",
            "# A\n\n<figure class=\"x\">\n<img src=\"i%20j.png\"><figcaption>Text</figcaption>\n<a href=\"b.md#c\">b</a>\n</figure>\n",
        ),
        ("b.md", "# B"),
    ]);
    fs::write(dir.path().join("i j.png"), b"\x89PNG\r\n\x1a\n1").unwrap();
    let course = import(dir.path());
    let html = lessons(&course.nodes)[0].lesson.as_ref().unwrap().body.content[0].attr("html").unwrap();
    assert!(
        html.contains("src=\"asset:") && html.contains("href=\"lesson:") && html.contains("<figcaption>Text"),
        "{html}"
    );
    assert_round_trip(&course);
}

#[test]
fn odd_titles_empty_chapters_and_unknown_ids_survive_an_export() {
    let mut next = crate::ids();
    let mut node = |kind, title: &str, children: Vec<ExportNode>, body: Option<Node>| ExportNode {
        id: next(),
        kind,
        title: title.to_owned(),
        children,
        body,
        front_matter: Default::default(),
        assets: vec![],
    };
    let body = Node::new(
        "doc",
        inkhorn_formats::markdown_to_blocks("# 1. *Odd* [title](x) #\n\n[x](lesson:nobody) ![y](asset:no)"),
    );
    let odd = "1. *Odd* [title](x) #";
    let lesson = node(NodeKind::Lesson, odd, vec![], Some(body.clone()));
    let twin =
        node(NodeKind::Lesson, odd, vec![], Some(Node::new("doc", vec![Node::new("paragraph", vec![])])));
    let heading = Node::new("doc", vec![Node::new("heading", vec![Node::text(odd)]).with("level", 1)]);
    let doubled = node(NodeKind::Lesson, odd, vec![], Some(heading.clone()));
    let section = node(NodeKind::Section, "<b>Ünï</b> & `code` 😀", vec![twin], None);
    let empty = node(NodeKind::Section, "- empty", vec![], None);
    let nodes = vec![
        node(NodeKind::Chapter, "# Summary", vec![lesson, section, empty, doubled], None),
        node(NodeKind::Chapter, "Empty: \\ ** __ ~~ ![x]", vec![], None),
        node(NodeKind::Chapter, "Empty: \\ ** __ ~~ ![x]", vec![], None),
    ];
    let course = ExportCourse { title: "A \"title\" \\ é\n#".into(), nodes, ..ExportCourse::default() };
    let dir = folder(&[]);
    let out = dir.path().join("x");
    inkhorn_formats::export_course(&course, &mut |_| Ok(None), &out).unwrap();
    let again = import(&out);
    assert_eq!(again.title, course.title.trim());
    assert_eq!(
        outline(&again.nodes),
        "Chapter # Summary\n  Lesson 1. *Odd* [title](x) #\n  Section <b>Ünï</b> & `code` 😀\n    Lesson 1. *Odd* [title](x) #\n  Section - empty\n  Lesson 1. *Odd* [title](x) #\nChapter Empty: \\ ** __ ~~ ![x]\nChapter Empty: \\ ** __ ~~ ![x]\n"
    );
    assert_eq!(lessons(&again.nodes)[0].lesson.as_ref().unwrap().body, body);
    assert_eq!(lessons(&again.nodes)[2].lesson.as_ref().unwrap().body, heading);
}

#[test]
fn the_tour_of_inkhorn_is_whole() {
    let dir = folder(&[]);
    inkhorn_formats::sample::write_to(dir.path()).unwrap();
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sample");
    let on_disk = import(&here);
    let course = import(dir.path());
    assert_eq!((outline(&course.nodes), lessons(&course.nodes).len()), (outline(&on_disk.nodes), 6));
    assert_eq!((course.title.as_str(), course.assets.len()), ("A tour of Inkhorn", 1));
    assert_eq!(course.report.count(Outcome::Missing) + course.report.count(Outcome::Dropped), 0);
    assert_eq!(leads_to(&course, "src/1-writing/first-lesson.md"), "src/1-writing/blocks.md");
    assert_round_trip(&course);
}

#[test]
fn what_has_a_form_of_its_own_is_said_to_be_kept_and_what_has_not_is_said_to_be_converted() {
    let text = "Text[^1] and $x$, said[^2] of $5 and $10\n\n:::::: instructor\n\nSlowly\n\n::::::\n\n\
        ::: details Why\n\nSo\n\n:::\n\n::: {.columns #c}\n\n::: {.column width=30%}\n\na\n\n:::\n\n:::\n\n\
        $$\ny\n$$\n\n[^1]: plain\n[^2]: with *force*\n";
    let dir = folder(&[("a.md", text)]);
    let course = import(dir.path());
    let counts: Vec<_> = course
        .report
        .counts
        .iter()
        .filter(|count| count.what != "lesson")
        .map(|count| format!("{:?} {} {}", count.outcome, count.count, count.what))
        .collect();
    assert_eq!(
        counts,
        [
            "Kept 1 columns",
            "Dropped 2 columns",
            "Kept 1 details",
            "Kept 1 footnote",
            "Converted 1 footnotes",
            "Kept 2 formula",
            "Kept 1 instructor note",
        ]
    );
    assert!(course.report.with(Outcome::Dropped).any(|item| item.detail.contains("width=30%")));
    assert_round_trip(&course);
}

#[test]
fn a_carpentries_lesson_has_its_own_order_and_shared_links() {
    let dir = folder(&[
        ("config.yaml", "title: 'Ink'\nepisodes:\n- b.md\n- a.Rmd\n- gone.md\nlearners:\n"),
        ("index.md", "---\nsite: x\n---\nWelcome"),
        ("links.md", "[inkhorn]: https://ink.example\n"),
        ("episodes/a.Rmd", "---\ntitle: Second\n---\n```{r, echo=FALSE}\n1\n```\n"),
        (
            "episodes/b.md",
            "---\ntitle: First\nteaching: 1\n---\nThe [inkhorn] and [setup](../learners/setup.html) and [b](a.html#x)",
        ),
        ("learners/setup.md", "---\ntitle: Setup\n---\n"),
    ]);
    let course = import(dir.path());
    assert_outline(
        &course,
        "Ink",
        "
        Chapter Introduction
          Lesson Ink
        Chapter Episodes
          Lesson First
          Lesson Second
        Chapter For learners
          Lesson Setup
        Chapter More pages
          Lesson Links
        ",
    );
    assert_eq!(leads_to(&course, "episodes/b.md"), "https://ink.example");
    assert!(course.report.with(Outcome::Missing).any(|item| item.detail.contains("episodes/gone.md")));
    assert_round_trip(&course);
}
