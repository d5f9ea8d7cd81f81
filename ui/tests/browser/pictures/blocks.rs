//! What a lesson can hold, and what floats over it.

use super::{in_every_look, people};
use serde_json::{Value, json};
use thirtyfour::prelude::*;

fn text(words: &str) -> Value {
    json!({ "type": "text", "text": words })
}

fn block(kind: &str, attrs: Value, content: Vec<Value>) -> Value {
    json!({ "type": kind, "attrs": attrs, "content": content })
}

fn line(words: &str) -> Value {
    block("paragraph", json!({}), vec![text(words)])
}

fn callouts() -> Value {
    let kinds =
        ["note", "tip", "important", "warning", "caution", "objective", "key-point", "example", "field work"];
    let mut all: Vec<Value> = kinds
        .into_iter()
        .map(|kind| {
            block(
                "callout",
                json!({ "kind": kind }),
                vec![line("A handful tells a lot: squeeze it, and see.")],
            )
        })
        .collect();
    let title =
        "A title of its own, and a rather long one that does not fit into a single line of a narrow page";
    all.push(block("callout", json!({ "kind": "tip", "title": title }), vec![line("With a title.")]));
    all.push(block(
        "callout",
        json!({ "kind": "warning", "title": "تنبيه" }),
        vec![line("هذه ملاحظة بالعربية.")],
    ));
    json!(all)
}

fn containers() -> Value {
    let column =
        |words: &str| block("column", json!({}), vec![line(words), line("And below it, a second one.")]);
    let details = |summary: &str| {
        let parts = vec![
            block("detailsSummary", json!({}), vec![text(summary)]),
            block("detailsContent", json!({}), vec![line("What is shown when it is open.")]),
        ];
        block("details", json!({}), parts)
    };
    let cell = |kind: &str, words: &str| block(kind, json!({}), vec![line(words)]);
    let row = |kind: &str, from: usize| {
        let cells = (from..from + 9).map(|at| cell(kind, &format!("Measurement {at}")));
        block("tableRow", json!({}), cells.collect())
    };
    json!([
        line("Before a wide table."),
        block("table", json!({}), vec![row("tableHeader", 1), row("tableCell", 10)]),
        block(
            "codeBlock",
            json!({ "language": "python" }),
            vec![text(
                "def moisture(wet, dry):\n    return (wet - dry) / dry  # a very long comment that goes on and on beyond the right edge of the page and further"
            )]
        ),
        block(
            "columns",
            json!({}),
            vec![column("Sand drains fast"), column("Silt holds more"), column("Clay holds most")]
        ),
        details("How to read this table"),
        details("كيف تقرأ هذا الجدول"),
        block("instructorNote", json!({}), vec![line("Bring three jars of soil.")]),
    ])
}

fn formulas() -> Value {
    let inline = |latex: &str| block("inlineMath", json!({ "latex": latex }), vec![]);
    let note = |words: &str| block("footnote", json!({ "text": words }), vec![]);
    let media = |kind: &str, attrs: Value| block(kind, attrs, vec![]);
    let away = format!("asset:{}", "b".repeat(64));
    json!([
        block(
            "paragraph",
            json!({}),
            vec![
                text("The water content "),
                inline("\\theta = V_w / V"),
                text(" is a share of the volume"),
                note("Some call it volumetric water content."),
                text(", and "),
                inline("\\frac{"),
                text(" is not finished"),
                note(""),
                text("."),
            ]
        ),
        media("blockMath", json!({ "latex": "\\theta = \\frac{m_{wet} - m_{dry}}{\\rho_w V}" })),
        media("blockMath", json!({ "latex": "" })),
        media(
            "image",
            json!({ "src": away, "alt": "A profile of a soil", "caption": "A profile, with the name of each layer." })
        ),
        media("video", json!({ "src": away, "name": "river.mp4", "caption": "The river in spring." })),
        media("audio", json!({ "src": "https://example.org/rain.mp3", "name": "rain.mp3" })),
        media(
            "file",
            json!({ "src": away, "name": "measurements of the last ten years.csv", "size": 1_234_567 })
        ),
        media("file", json!({ "src": null, "name": "gone.pdf" })),
        media("embed", json!({ "src": "https://example.org/map", "title": "Map of the fields" })),
        media("embed", json!({ "src": null })),
        media("htmlBlock", json!({ "html": "<marquee>Kept</marquee>" })),
    ])
}

const SELECT: &str = "const at = document.querySelector(arguments[0]); getSelection().selectAllChildren(at);
    if (arguments[1]) getSelection().collapseToEnd()";

#[tokio::test]
async fn every_block_is_drawn_in_both_themes_and_at_both_widths() -> anyhow::Result<()> {
    in_every_look(async |page, album| {
        let lessons = [("texture", callouts()), ("moisture", containers()), ("field", formulas())];
        for (lesson, blocks) in lessons {
            page.mock(json!({ "do": "blocks", "lesson": lesson, "blocks": blocks })).await?;
        }
        let open = async |lesson: &str| -> anyhow::Result<()> {
            if !album.is_wide() {
                page.click("[data-testid=show-sidebar]").await?;
            }
            page.click(&format!("#node-{lesson}")).await?;
            page.sees(&format!("[data-testid=lesson][data-lesson={lesson}] .prose")).await
        };
        let show = async |css: &str| {
            page.js("document.querySelector(arguments[0]).scrollIntoView()", &[json!(css)]).await.map(drop)
        };
        open("texture").await?;
        album.take("callouts").await?;
        show(".prose > :nth-child(7)").await?;
        album.take("callouts-end").await?;
        open("moisture").await?;
        page.mock(json!({ "do": "peers", "course": "soil", "peers": people("moisture") })).await?;
        album.take("containers").await?;
        show(".prose .columns").await?;
        page.click(".details-toggle").await?;
        page.click(".columns p").await?;
        album.take("containers-end").await?;
        open("field").await?;
        album.take("formulas").await?;
        show(".prose > :last-child").await?;
        album.take("media").await?;
        open("layers").await?;
        page.click(".prose > p").await?;
        page.chord(&[Key::Control, Key::Shift], ".").await?;
        page.sees("[data-testid=block-menu] [role=menuitemradio]").await?;
        album.take("block-menu").await?;
        page.keys(Key::Escape).await?;
        page.js(SELECT, &[json!(".prose > p"), json!(false)]).await?;
        page.sees(".bubble:not([hidden])").await?;
        album.take("bubble").await?;
        page.js(SELECT, &[json!(".prose > p:last-child"), json!(true)]).await?;
        page.keys(Key::Enter).await?;
        page.keys("/").await?;
        page.sees(".slash-menu:not([hidden])").await?;
        album.take("slash-menu").await?;
        page.keys(Key::Escape).await?;
        page.chord(&[Key::Control], "f").await?;
        page.keys("the").await?;
        page.sees("[data-testid=find-bar]:not([hidden])").await?;
        album.take("find-bar").await
    })
    .await
}
