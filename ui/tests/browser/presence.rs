//! Who else is here.

use crate::support::with_page;
use anyhow::ensure;
use serde_json::{Value, json};

fn peer(client: u64, name: &str, hue: u8, lesson: Option<&str>) -> Value {
    json!({ "client": client, "name": name, "hue": hue, "lesson": lesson })
}

#[tokio::test]
async fn at_most_four_avatars_are_shown_and_the_rest_is_counted() -> anyhow::Result<()> {
    with_page(async |page| {
        let names = ["Ben Okafor", "Åsa Lind", "Chen Wei", "Dora Novak", "Eva Ruiz", "Finn", "Gita Rao"];
        let peers: Vec<_> =
            (1..).zip(names).map(|(client, name)| peer(client, name, client as u8, None)).collect();
        page.mock(json!({ "do": "peers", "course": "soil", "peers": peers })).await?;
        page.reads("[data-testid=avatars]", "+3").await?;
        let letters = page
            .js("return [...document.querySelectorAll('[data-testid=avatars] .avatar')].map(it => it.textContent)", &[])
            .await?;
        ensure!(letters == json!(["BO", "ÅL", "CW", "DN", "+3"]), "{letters}");
        let label = "return document.querySelector('[data-testid=avatars]').ariaLabel";
        let label = page.js(label, &[]).await?;
        ensure!(label.as_str().is_some_and(|label| label.starts_with("7 people") && label.contains("Gita Rao")));

        // Who has no avatar is in a list, with all others.
        page.click("[data-testid=more-people]").await?;
        page.click("[data-testid='follow-Gita Rao']").await?;
        page.reads("[data-testid=following]", "Following Gita Rao, who has no lesson open").await?;
        page.click("[data-testid=stop-following]").await?;
        page.sees_no("[data-testid=following]").await?;

        // Who reads the same lesson comes first; who leaves is gone.
        let peers = [peer(1, "Ben Okafor", 1, None), peer(9, "Hal", 0, Some("layers"))];
        page.mock(json!({ "do": "peers", "course": "soil", "peers": peers })).await?;
        page.reads("[data-testid=avatars] .avatar[data-here=true]", "H").await?;
        page.mock(json!({ "do": "peers", "course": "soil", "peers": [] })).await?;
        page.sees_no("[data-testid=avatars]").await
    })
    .await
}

#[tokio::test]
async fn the_outline_shows_who_is_in_which_lesson_and_at_the_closed_chapter_that_hides_it()
-> anyhow::Result<()> {
    with_page(async |page| {
        let peers = [
            peer(1, "Ben Okafor", 1, Some("moisture")),
            peer(2, "Åsa Lind", 2, Some("field")),
            peer(3, "Chen Wei", 3, None),
        ];
        page.mock(json!({ "do": "peers", "course": "soil", "peers": peers })).await?;
        page.reads("#node-moisture [data-testid=row-people]", "BO").await?;
        page.reads("#node-field [data-testid=row-people]", "ÅL").await?;
        let said = "return document.getElementById(arguments[0]).ariaLabel";
        let label = page.js(said, &[json!("node-moisture")]).await?;
        ensure!(label == json!("Soil moisture, open with Ben Okafor"), "{label}");
        page.click("#node-part-2 .tree-twist").await?;
        page.reads("#node-part-2 [data-testid=row-people]", "BO").await?;
        let label = page.js(said, &[json!("node-part-2")]).await?;
        ensure!(label == json!("Water in the soil, open with Ben Okafor, Åsa Lind"), "{label}");
        page.mock(json!({ "do": "peers", "course": "soil", "peers": [] })).await?;
        page.sees_no("[data-testid=row-people]").await
    })
    .await
}

#[tokio::test]
async fn the_core_is_told_where_the_user_is() -> anyhow::Result<()> {
    with_page(async |page| {
        page.commanded("set_presence", json!({ "course": "soil", "lesson": "layers" })).await?;
        page.click("#node-moisture").await?;
        page.commanded("set_presence", json!({ "course": "soil", "lesson": "moisture" })).await?;
        page.click("[data-testid=course-switch]").await?;
        page.click("[data-testid=all-courses]").await?;
        page.commanded("set_presence", json!({ "course": null, "lesson": null })).await
    })
    .await
}

#[tokio::test]
async fn two_quick_moves_are_told_one_after_the_other_and_the_last_one_stays() -> anyhow::Result<()> {
    with_page(async |page| {
        page.commanded("set_presence", json!({ "course": "soil", "lesson": "layers" })).await?;
        page.mock(json!({ "do": "delay", "command": "set_presence", "ms": 600 })).await?;
        page.click("#node-moisture").await?;
        page.sees("[data-testid=lesson][data-lesson=moisture]").await?;
        // The next one would be there first.
        page.mock(json!({ "do": "delay", "command": "set_presence", "ms": 0 })).await?;
        page.click("#node-texture").await?;
        page.click("#node-field").await?;
        page.commanded("set_presence", json!({ "course": "soil", "lesson": "field" })).await?;
        // The one that took long is in the log when it is done: by then the others would be too, were they not to wait for it.
        page.commanded("set_presence", json!({ "course": "soil", "lesson": "moisture" })).await?;
        let log = page.mock(json!({ "do": "log" })).await?;
        let told: Vec<_> = log
            .as_array()
            .into_iter()
            .flatten()
            .filter(|entry| entry[0] == "set_presence")
            .filter_map(|entry| entry[1]["lesson"].as_str())
            .collect();
        ensure!(told.ends_with(&["layers", "moisture", "field"]), "{told:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn nobody_is_asked_for_in_a_course_that_is_on_no_server() -> anyhow::Result<()> {
    with_page(async |page| {
        page.click("[data-testid=course-switch]").await?;
        page.click("[data-testid=all-courses]").await?;
        page.click("[data-course=notes]").await?;
        page.reads("[data-testid=course-switch]", "Notes on bread").await?;
        page.settled().await?;
        ensure!(page.calls("query presence/notes").await? == 0);
        page.sees_no("[data-testid=avatars]").await
    })
    .await
}

/// A table and code, both wider than the page.
fn wide() -> Value {
    let text = |text: &str| json!({ "type": "text", "text": text });
    let cell = |at: usize| json!({ "type": "tableCell", "content": [{ "type": "paragraph", "content": [text(&format!("Measurement {at}"))] }] });
    let row = json!({ "type": "tableRow", "content": (1..12).map(cell).collect::<Vec<_>>() });
    let code = format!("first {}", "and on ".repeat(60));
    json!([
        { "type": "table", "content": [row] },
        { "type": "codeBlock", "attrs": { "language": null }, "content": [text(&code)] },
    ])
}

#[tokio::test]
async fn the_name_at_a_caret_is_not_cut_off_by_a_wide_table_or_code() -> anyhow::Result<()> {
    with_page(async |page| {
        page.mock(json!({ "do": "blocks", "lesson": "texture", "blocks": wide() })).await?;
        page.click("#node-texture").await?;
        page.sees("[data-testid=lesson][data-lesson=texture] .prose table").await?;
        let ada = peer(4001, "Ada Bergström", 3, Some("texture"));
        page.mock(json!({ "do": "peers", "course": "soil", "peers": [ada] })).await?;
        let caret = |cursor: &Value| json!({ "do": "carets", "lesson": "texture", "carets": [{ "client": 4001, "name": "Ada Bergström", "hue": 3, "cursor": cursor }] });
        let end = json!({ "tname": "body", "assoc": 0 });
        page.mock(caret(&json!({ "anchor": end, "head": end }))).await?;
        for place in ["td:first-child p", "td:nth-child(5) p", "pre code"] {
            // What this window tells of its own caret is a place that somebody else's can have.
            let put = "document.querySelector('.prose').focus(); const at = document.querySelector(arguments[0]);
                const text = document.createTreeWalker(at, NodeFilter.SHOW_TEXT).nextNode();
                getSelection().collapse(text, arguments[1])";
            let told = page.mock(json!({ "do": "log" })).await?.as_array().map_or(0, Vec::len);
            page.js(put, &[json!(place), json!(if place == "pre code" { 60 } else { 3 })]).await?;
            let said = "const log = JSON.parse(inkhornMock(JSON.stringify({ do: 'log' }))).slice(arguments[0]);
                return log.filter(([name]) => name === 'set_caret').at(-1)?.[1].cursor";
            let cursor = page.wait("the own caret", said, &[json!(told)]).await?;
            page.mock(caret(&cursor)).await?;
            let seen = "const flag = document.querySelector(arguments[0] + ' .caret[data-shown=true] .caret-name');
                if (!flag) return false;
                const [box, edge] = [flag, flag.closest('.table-scroll, pre')].map(it => it.getBoundingClientRect());
                return box.width > 0 && box.left >= edge.left - 1 && box.right <= edge.right + 1 && box.top >= edge.top - 1 && box.bottom <= edge.bottom + 1";
            page.wait(&format!("the whole name in {place}"), seen, &[json!(place)]).await?;
        }
        Ok(())
    })
    .await
}
