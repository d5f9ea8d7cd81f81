//! Video, audio, files, embedded pages and captions: readable, exact, and never run.

use crate::{assert_round_trip, folder, import, lessons};
use inkhorn_formats::{body_to_markdown, markdown_to_blocks};
use inkhorn_protocol::{body::Node, fidelity::Outcome};
use serde_json::json;

fn body(blocks: serde_json::Value) -> Node {
    serde_json::from_value(json!({ "type": "doc", "content": blocks })).unwrap()
}

fn read(markdown: &str) -> serde_json::Value {
    serde_json::to_value(markdown_to_blocks(markdown)).unwrap()
}

#[test]
fn each_is_html_that_a_renderer_shows_and_reads_back_as_it_was() {
    for (block, html) in [
        (
            json!({"type": "video", "attrs": {"src": "a/tide%20in.mp4", "name": "tide in.mp4", "caption": "The \"tide\" <in>"}}),
            "<figure>\n<video controls src=\"a/tide%20in.mp4\" title=\"tide in.mp4\"></video>\n\
             <figcaption>The &quot;tide&quot; &lt;in&gt;</figcaption>\n</figure>\n",
        ),
        (
            json!({"type": "audio", "attrs": {"src": "a/bell.mp3"}}),
            "<figure>\n<audio controls src=\"a/bell.mp3\"></audio>\n</figure>\n",
        ),
        (
            json!({"type": "file", "attrs": {"src": "a/plan.pdf", "name": "plan.pdf", "size": 1200, "mime": "application/pdf"}}),
            "<figure>\n<a download=\"plan.pdf\" href=\"a/plan.pdf\" type=\"application/pdf\" data-size=\"1200\">plan.pdf</a>\n</figure>\n",
        ),
        (
            json!({"type": "embed", "attrs": {"src": "https://example.org/map?a=1&b=2", "title": "A map"}}),
            "<figure>\n<iframe src=\"https://example.org/map?a=1&amp;b=2\" title=\"A map\"></iframe>\n</figure>\n",
        ),
        (
            json!({"type": "image", "attrs": {"src": "a.png", "alt": "A", "caption": "Below it"}}),
            "<figure>\n<img src=\"a.png\" alt=\"A\">\n<figcaption>Below it</figcaption>\n</figure>\n",
        ),
    ] {
        let body = body(json!([block]));
        assert_eq!(body_to_markdown(&body), html);
        assert_eq!(read(html), json!([block]));
    }
}

#[test]
fn a_page_that_is_not_on_the_web_is_never_written_as_something_that_runs() {
    for src in ["javascript:alert(1)", "file:///etc/passwd", "http://localhost/", "data:text/html,x", ""] {
        let body = body(json!([{"type": "embed", "attrs": {"src": src}}]));
        let text = body_to_markdown(&body);
        assert!(!text.contains("<iframe") && text.starts_with("```inkhorn-node"), "{text}");
        assert_eq!(read(&text), json!([{"type": "embed", "attrs": {"src": src}}]));
    }
}

#[test]
fn what_other_programs_write_becomes_a_block_where_it_is_only_that() {
    let film = "https://www.youtube.com/embed/abc";
    for (html, block) in [
        (
            "<iframe width=\"560\" height=\"315\" src=\"https://www.youtube.com/embed/abc\" title=\"T\" allowfullscreen></iframe>",
            json!({"type": "embed", "attrs": {"src": film, "title": "T"}}),
        ),
        (
            "<div class=\"w\"><iframe src=\"//www.youtube.com/embed/abc\"></iframe></div>",
            json!({"type": "embed", "attrs": {"src": film}}),
        ),
        (
            "<video width=\"320\" controls>\n<source src=\"a.mp4\" type=\"video/mp4\">\nYour browser plays nothing.\n</video>",
            json!({"type": "video", "attrs": {"src": "a.mp4"}}),
        ),
        (
            "![The tide](in/tide.mp4)",
            json!({"type": "video", "attrs": {"src": "in/tide.mp4", "name": "tide.mp4", "caption": "The tide"}}),
        ),
        (
            "![A](a.png){caption=\"Below it\"}",
            json!({"type": "image", "attrs": {"src": "a.png", "alt": "A", "caption": "Below it"}}),
        ),
    ] {
        assert_eq!(read(html), json!([block]), "{html}");
    }
    for kept in [
        "<iframe src=\"https://example.org/\" width=\"3\"></iframe>",
        "<iframe src=\"http://www.youtube.com/embed/abc\"></iframe>",
        "<iframe src=\"javascript:alert(1)\"></iframe>",
        "<iframe src=\"https://www.youtube.com.example.org/\" width=\"1\"></iframe>",
        "<div>text <video src=\"a.mp4\"></video></div>",
        "<figure>\n<video src=\"a.mp4\"></video><video src=\"b.mp4\"></video>\n</figure>",
    ] {
        assert_eq!(read(kept), json!([{"type": "htmlBlock", "attrs": {"html": kept}}]), "{kept}");
    }
}

#[test]
fn their_files_travel_with_a_course_in_both_directions() {
    let dir = folder(&[
        (
            "a.md",
            "# A\n\n<video controls src=\"in/tide%20in.mp4\"></video>\n\n![](bell.wav)\n\n\
             <figure>\n<a download=\"plan.pdf\" href=\"plan.pdf\">plan.pdf</a>\n</figure>\n\n\
             <audio src=\"gone.mp3\"></audio>\n\n<video src=\"https://example.org/far.mp4\"></video>",
        ),
        ("in/tide in.mp4", "\0\0\0\u{20}ftypisom and more"),
        ("bell.wav", "RIFF....WAVEfmt "),
        ("plan.pdf", "%PDF-1.7 plan"),
    ]);
    let course = import(dir.path());
    let types: Vec<_> =
        course.assets.iter().map(|asset| (asset.name.as_str(), asset.mime.as_str())).collect();
    for wanted in
        [("tide in.mp4", "video/mp4"), ("bell.wav", "audio/wav"), ("plan.pdf", "application/octet-stream")]
    {
        assert!(types.contains(&wanted), "{wanted:?} is not among {types:?}");
    }
    let body = &lessons(&course.nodes)[0].lesson.as_ref().unwrap().body;
    let ours = |node: &&Node| node.attr("src").is_some_and(|src| src.starts_with("asset:"));
    assert_eq!(body.content.iter().filter(ours).count(), 3);
    let missing: Vec<_> = course.report.with(Outcome::Missing).map(|item| item.what.as_str()).collect();
    assert_eq!(missing, ["audio"]);
    let again = assert_round_trip(&course);
    assert_eq!(again.assets.len(), 3);
}
